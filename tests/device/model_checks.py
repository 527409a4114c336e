# tinyinfer.Model, from files in the current folder and from buffers.
import asyncio
import gc
import sys
from array import array

import tinyinfer
from tinyinfer.model_file import ModelFile

if BACKEND is None:
    BACKEND = tinyinfer.BACKEND

NATIVE = BACKEND != "python"
MICROPYTHON = sys.implementation.name == "micropython"
LABELS = ("circle", "square", "star", "wave", "none")


def read(name):
    with open(name, "rb") as file:
        return file.read()


def raised(kind, function, *args):
    """What the call raised, which must be of this kind."""
    try:
        function(*args)
    except kind as error:
        return error
    raise AssertionError("not raised: %s" % (kind,))


def numbers():
    return [i * 37 % 64 / 63 for i in range(64)]


def near(a, b):
    return len(a) == len(b) and all(abs(x - y) < 1e-6 for x, y in zip(a, b))


def check_backend():
    assert tinyinfer.BACKEND == BACKEND


def check_facts():
    model = tinyinfer.Model("classifier.tinf")
    assert len(model.inputs) == len(model.outputs) == 1
    info = model.inputs[0]
    assert isinstance(info, tinyinfer.TensorInfo)
    assert (info.name, info.shape, info.dtype, info.zero_point) == (
        "image",
        (1, 8, 8, 1),
        "s8",
        -128,
    )
    assert abs(info.scale - 1 / 255) < 1e-9
    assert model.outputs[0].name == "probabilities" and model.outputs[0].scale == 1 / 256
    assert model.labels == LABELS
    assert model.metadata["name"] == "shapes"
    assert model.file_size == len(read("classifier.tinf"))
    assert (model.arena_size, model.state_size) == tinyinfer.needs("classifier.tinf")
    stateful = tinyinfer.Model("stateful.tinf")
    assert (stateful.arena_size, stateful.state_size) == (24, 16)
    assert stateful.labels == () and stateful.metadata == {}


def check_sources():
    data = read("classifier.tinf")
    wanted = tinyinfer.Model("classifier.tinf").predict(numbers())
    for source in (data, bytearray(data), memoryview(data)):
        model = tinyinfer.Model(source)
        assert model.zero_copy and model.predict(numbers()) == wanted
        model = tinyinfer.Model(source, copy=True)
        assert not model.zero_copy and model.aligned and model.predict(numbers()) == wanted
    assert not tinyinfer.Model("classifier.tinf", copy=True).zero_copy
    room = bytearray(b"?") + data
    model = tinyinfer.Model(memoryview(room)[1:])
    assert model.zero_copy and model.aligned == (not NATIVE)
    assert model.predict(numbers()) == wanted
    assert ("copy=True" in str(model)) == NATIVE
    model.test()


def check_romfs_is_read_in_place():
    if not hasattr(sys.implementation, "_mpy"):
        return
    import vfs

    with open("classifier.tinf", "rb") as file:
        try:
            memoryview(file)
        except TypeError:
            return  # files lie on another file system here
    model = tinyinfer.Model("classifier.tinf")
    assert model.zero_copy
    assert hasattr(vfs, "VfsRom")
    gc.collect()
    before = gc.mem_alloc()
    again = tinyinfer.Model("classifier.tinf")
    gc.collect()
    if NATIVE:
        assert gc.mem_alloc() - before < 2000 < model.file_size
    again.test()


def check_wrong_sources():
    assert raised(OSError, tinyinfer.Model, "no_such_file.tinf").errno == 2
    for wrong in (5, None, [1, 2, 3]):
        raised(TypeError, tinyinfer.Model, wrong)
        raised(TypeError, tinyinfer.needs, wrong)
    data = read("classifier.tinf")
    for wrong in (b"", data[:100], data[:-1] + b"?"):
        raised(ValueError, tinyinfer.Model, wrong)
        raised(ValueError, tinyinfer.needs, wrong)


def check_arena():
    needed, _ = tinyinfer.needs("classifier.tinf")
    wanted = tinyinfer.Model("classifier.tinf").predict(numbers())
    model = tinyinfer.Model("classifier.tinf", arena=bytearray(needed))
    assert model.predict(numbers()) == wanted
    shared = bytearray(needed)
    first = tinyinfer.Model("classifier.tinf", arena=shared)
    second = tinyinfer.Model("logits.tinf", arena=shared)
    assert first.predict(numbers()) == wanted
    second.predict(numbers())
    assert first.predict(numbers()) == wanted

    def small():
        return tinyinfer.Model("classifier.tinf", arena=bytearray(needed - 1))

    error = raised(MemoryError, small)
    assert str(needed) in str(error) and str(needed - 1) in str(error)


def check_no_room_for_arena():
    """The message tells what is needed, and what is free where that is known."""
    if not MICROPYTHON:
        return
    huge = 1 << 28
    error = raised(MemoryError, tinyinfer.source.allocate, huge, "the model")
    assert str(huge) in str(error) and "free" in str(error), error


def check_run():
    model = tinyinfer.Model("classifier.tinf")
    floats = array("f", numbers())
    out, out_floats = bytearray(5), array("f", bytes(20))
    model.run(floats, out)
    model.run(floats, out_floats)
    assert bytes(out) == bytes(model.output())
    assert near(list(out_floats), [(q - 256 if q > 127 else q) / 256 + 0.5 for q in out])
    assert near(model.predict(numbers()), list(out_floats))
    assert model.argmax() == list(out_floats).index(max(out_floats))
    again = bytearray(5)
    view = model.input()
    model.run(floats)
    for i in range(64):
        view[i] = round(floats[i] * 255) - 128
    model.run(None, again)
    assert again == out


def check_several_inputs_and_outputs():
    model = tinyinfer.Model("two_ports.tinf")
    a, b = array("f", [1, 2, 3, -4]), array("f", [0.5, -1, 2, 7])
    total, product = array("f", bytes(16)), bytearray(4)
    model.run((a, b), (total, product))
    assert list(total) == [1.5, 1, 5, 3]
    assert bytes(product) == bytes((16, 192, 127, 128))
    assert model.predict((list(a), b)) == ([1.5, 1, 5, 3], [0.5, -2, 3.96875, -4])
    raised(ValueError, model.predict, [a])
    assert model.argmax(1) == 2
    assert list(model.output(0)) == [12, 8, 40, 24]
    assert len(model.input(1)) == 4
    raised(IndexError, model.output, 2)


def check_predict_takes_numbers_in_any_form():
    model = tinyinfer.Model("classifier.tinf")
    wanted = model.predict(numbers())
    flat = numbers()
    nested = [[flat[row * 8 : row * 8 + 8] for row in range(8)]]
    for x in (tuple(flat), nested, array("f", flat), array("d", flat)):
        assert model.predict(x) == wanted
    integers = array("b", [round(value * 255) - 128 for value in flat])
    assert model.predict(integers) == model.predict(bytes(integers)) == wanted
    assert model.predict(array("h", [0] * 64)) == model.predict([0] * 64)
    raised(ValueError, model.predict, flat[1:])
    raised(TypeError, model.predict, 5)
    raised((TypeError, ValueError), model.predict, "text")


def check_classify():
    model = tinyinfer.Model("classifier.tinf")
    probabilities = model.predict(numbers())
    label, score = model.classify(numbers())
    assert score == max(probabilities) and label == LABELS[probabilities.index(score)]
    assert model.classify(numbers(), score) == (label, score)
    assert model.classify(numbers(), threshold=score + 0.01) == (None, score)
    logits = tinyinfer.Model("logits.tinf")
    other, likelihood = logits.classify(numbers())
    assert other == label and abs(likelihood - score) < 0.02
    raised(ValueError, tinyinfer.Model("regressor.tinf").classify, [10, -3, 500])
    assert tinyinfer.Model("stateful.tinf").classify(bytes((1, 2, 3, 0)))[0] == 2


def check_regression():
    model = tinyinfer.Model("regressor.tinf")
    (base,) = model.predict([10, -3, 500])
    (other,) = model.predict([11, -3, 500])
    assert base != other
    assert model.predict(array("f", [11, -3, 500])) == [other]
    out = array("h", [0])
    model.run(array("f", [10, -3, 500]), out)
    assert abs(base - (out[0] + 100) * 0.001) < 1e-6


def check_step():
    model = tinyinfer.Model("classifier.tinf")
    model.run(array("f", numbers()))
    wanted = bytes(model.output())
    out = bytearray(5)
    for _ in range(2):
        model.run(array("f", numbers()))
        view = model.input()
        for i, value in enumerate(numbers()):
            view[i] = round(value * 255) - 128
        assert model.step(300)
        for call in (model.run, model.test, model.profile):
            assert raised(OSError, call).errno == 16
        assert raised(OSError, model.predict, numbers()).errno == 16
        while model.step(300):
            pass
        assert bytes(model.output()) == wanted
    model.step(1)
    model.reset()
    model.run(array("f", numbers()), out)
    assert bytes(out) == wanted


def check_run_async():
    model = tinyinfer.Model("classifier.tinf")
    wanted = bytearray(5)
    model.run(array("f", numbers()), wanted)
    seen = []

    async def watch():
        for _ in range(4):
            seen.append("turn")
            try:
                model.run()
            except OSError as error:
                seen.append(error.errno)
            await asyncio.sleep(0)

    async def main():
        out = bytearray(5)
        task = asyncio.create_task(watch())
        await model.run_async(array("f", numbers()), out, max_macs=300)
        seen.append(bytes(out))
        await task

    asyncio.run(main())
    assert seen.count("turn") == 4 and 16 in seen and bytes(wanted) in seen, seen


def check_cancelled_run_async():
    model = tinyinfer.Model("classifier.tinf")

    async def main():
        task = asyncio.create_task(model.run_async(array("f", numbers()), max_macs=1))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            pass

    asyncio.run(main())
    model.run()


def check_test_passes():
    for name in ("classifier.tinf", "logits.tinf", "two_ports.tinf", "regressor.tinf"):
        assert tinyinfer.Model(name).test() == 2
    raised(ValueError, tinyinfer.Model("stateful.tinf").test)


def check_test_names_the_first_wrong_operator():
    """With other weights and a right CRC the file is sound, but its golden vectors tell."""
    from tinyinfer.model_file import crc32

    data = bytearray(read("classifier.tinf"))
    file = ModelFile(data)
    head = file.node(3)
    assert head.name == "head"
    weights = bytes(file.buffer(file.tensor(head.inputs[1]).buffer))
    place = bytes(data).find(weights)
    for i in range(place, place + len(weights)):
        data[i] ^= 0x55
    data[-4:] = (crc32(bytes(data[:-4])) & 0xFFFFFFFF).to_bytes(4, "little")
    error = raised(RuntimeError, tinyinfer.Model(data).test)
    assert "node 3" in str(error) and "fully_connected" in str(error) and "head" in str(error)


def check_profile():
    rows = tinyinfer.Model("classifier.tinf").profile()
    assert [row[0] for row in rows] == [
        "conv_2d", "depthwise_conv_2d", "reshape", "fully_connected", "softmax",
    ]  # fmt: skip
    assert rows[0][1] == "first" and all(row[2] >= 0 for row in rows)
    kernels = [row[3] for row in rows]
    if not NATIVE:
        assert kernels == ["python"] * 5
        return
    assert kernels[2] == kernels[4] == "plain c"
    # The native module for the PC is plain C throughout; a file at an odd address takes others.
    assert kernels[0] == "plain c" or kernels[0].startswith("gemm"), kernels
    family = kernels[0].split(" ")[-1]
    for kernel, block in (kernels[1], "dw"), (kernels[3], "fc"):
        assert kernel == "plain c" or (kernel.startswith(block) and kernel.endswith(family))


def check_check():
    model = tinyinfer.Model("classifier.tinf")
    assert model.check(numbers()) == []
    assert model.check(array("f", numbers())) == []
    assert model.check(bytes(round(v * 255) - 128 & 255 for v in numbers())) == []

    def complaint(x):
        found = model.check(x)
        assert len(found) == 1, found
        return found[0]

    assert "64" in complaint(numbers()[1:]) and "63" in complaint(numbers()[1:])
    assert "outside of 0 to 1" in complaint([v * 255 for v in numbers()])
    assert "All numbers are 0.5" in complaint([0.5] * 64)
    assert "only go from" in complaint([0.5 + v / 1000 for v in numbers()])
    assert "NaN" in complaint(numbers()[1:] + [float("nan")])
    regressor = tinyinfer.Model("regressor.tinf")
    assert regressor.check([10, -3, 500]) == []
    assert len(regressor.check([10, -3, 5000])) == 1
    ports = tinyinfer.Model("two_ports.tinf")
    assert ports.check(([1, 2, 3, 4], [1, 2, 3, -4])) == []
    assert "Input b" in ports.check(([1, 2, 3, 4], [1, 2, 3]))[0]
    assert "2 inputs" in ports.check([[1, 2, 3, 4]])[0]


def check_print():
    model = tinyinfer.Model("classifier.tinf")
    text = str(model)
    for words in ("shapes", "8 x 8", "circle, square", "97.", "96.8%", "light"):
        assert words in text, text
    assert "%d bytes" % model.arena_size in text and "%d bytes" % model.file_size in text
    assert "numbers" in str(tinyinfer.Model("regressor.tinf"))
    assert "16 of them" in str(tinyinfer.Model("stateful.tinf"))
    assert repr(tinyinfer.Model("classifier.tinf")).startswith("<Model ")


def check_deinit():
    with tinyinfer.Model("classifier.tinf") as model:
        model.run()
    for call in (model.run, model.argmax, model.reset, model.test):
        raised(ValueError, call)
    raised(ValueError, model.predict, numbers())
    raised(ValueError, model.input)
    model.deinit()


def check_no_allocation():
    if not (MICROPYTHON and NATIVE):
        return
    import micropython

    model = tinyinfer.Model("classifier.tinf")
    inp, out, floats = array("f", numbers()), bytearray(5), array("f", bytes(20))
    view, result = model.input(), 0
    micropython.heap_lock()
    try:
        for _ in range(3):
            model.run(inp)
            model.run(inp, out)
            model.run(inp, floats)
            view[0] = 5
            model.run()
            result += model.argmax() + model.output()[0]
            while model.step(500):
                pass
            model.reset()
    finally:
        micropython.heap_unlock()
    gc.collect()
    before = gc.mem_alloc()
    for _ in range(10):
        model.run(inp, out)
        model.argmax()
    assert gc.mem_alloc() == before


def check_python_engine_on_demand():
    """The same bits from the Python engine, whatever this target has. Must be the last check."""
    names = ("classifier.tinf", "logits.tinf", "regressor.tinf")
    inputs = (numbers(), numbers(), [10.5, -3.25, 444])
    before = [tinyinfer.Model(name).predict(x) for name, x in zip(names, inputs)]
    tinyinfer._force_python()
    assert tinyinfer.BACKEND == "python"
    assert [tinyinfer.Model(name).predict(x) for name, x in zip(names, inputs)] == before
    assert "Python engine" in str(tinyinfer.Model("classifier.tinf"))
