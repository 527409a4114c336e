# Two threads run one model: sooner or later one of them is told that it is busy.
import _thread
import time

import _tinyinfer


def check_second_run_raises_ebusy():
    data = open("classifier.tinf", "rb").read()
    engine = _tinyinfer.Engine(data, bytearray(_tinyinfer.needs(data)[0]))
    raised = []
    ended = []

    def run():
        for _ in range(300000):
            if raised:
                break
            try:
                engine.run()
            except OSError as error:
                raised.append(error.errno)
        ended.append(True)

    _thread.start_new_thread(run, ())
    run()
    while len(ended) < 2:
        time.sleep(0.01)
    assert raised and set(raised) == {16}, raised
    engine.run()
