# Two threads run one model: sooner or later one of them is told that it is busy.
import _thread

import _tinyinfer


def check_second_run_raises_ebusy():
    data = open("classifier.tinf", "rb").read()
    engine = _tinyinfer.Engine(data, bytearray(_tinyinfer.needs(data)[0]))
    raised = []

    def run():
        for _ in range(300000):
            if raised:
                return
            try:
                engine.run()
            except OSError as error:
                raised.append(error.errno)

    _thread.start_new_thread(run, ())
    run()
    assert raised and set(raised) == {16}, raised
    engine.run()
