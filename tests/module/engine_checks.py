# The interface of an engine, whichever this target has. Runs on MicroPython and CPython.
import gc
import sys
from array import array

import tinyinfer
from tinyinfer.engine import float_bits
from tinyinfer.model_file import DTYPE_RANGES, ModelFile

if BACKEND in (None, tinyinfer.BACKEND):
    BACKEND = tinyinfer.BACKEND
if BACKEND == "python":
    from tinyinfer import engine as native
else:
    import _tinyinfer as native

NATIVE = BACKEND != "python"
MICROPYTHON = sys.implementation.name == "micropython"
CLASSIFIER = open("classifier.tinf", "rb").read()
TWO_PORTS = open("two_ports.tinf", "rb").read()
REGRESSOR = open("regressor.tinf", "rb").read()
STATEFUL = open("stateful.tinf", "rb").read()


def raised(kind, function, *args):
    """What the call raised, which must be of this kind."""
    try:
        function(*args)
    except kind as error:
        return error
    raise AssertionError("not raised: %s" % (kind,))


def new_engine(file):
    return native.Engine(file, bytearray(native.needs(file)[0]))


def picture():
    return array("f", [i * 37 % 64 / 63 for i in range(64)])


def classify(engine):
    engine.run(picture())
    return bytes(engine.output(0))


def check_backend():
    assert tinyinfer.BACKEND == BACKEND
    if NATIVE:
        assert native.BACKEND == BACKEND


def check_needs():
    file = ModelFile(STATEFUL)
    assert native.needs(STATEFUL)[:2] == (file.arena_bytes, 16) == (24, 16)
    assert native.needs(bytearray(CLASSIFIER)) == native.needs(memoryview(CLASSIFIER))


def check_golden_vectors():
    for data in (CLASSIFIER, TWO_PORTS, REGRESSOR):
        tinyinfer.Model(data).test()


def check_input_of_integers_and_floats():
    engine = new_engine(CLASSIFIER)
    floats = picture()
    integers = array("b", bytes(64))
    engine.load(0, floats)
    for i in range(64):
        integers[i] = engine.input(0)[i]
    assert integers[0] == -128 and max(integers) == 127
    results = []
    for inp in (floats, bytes(floats), integers, bytes(integers), memoryview(integers)):
        out = bytearray(5)
        engine.run(inp, out)
        results.append(bytes(out))
    engine.load(0, floats)
    engine.run()
    results.append(bytes(engine.output(0)))
    assert results == [results[0]] * 6 and len(set(results[0])) > 1, results


def check_output_of_integers_and_floats():
    engine = new_engine(CLASSIFIER)
    engine.run(picture())
    integers = array("b", bytes(5))
    raw = bytearray(5)
    floats = array("f", bytes(20))
    raw_floats = bytearray(20)
    for out in (integers, raw, floats, raw_floats):
        engine.store(0, out)
    assert bytes(integers) == bytes(raw) == bytes(engine.output(0))
    assert bytes(floats) == bytes(raw_floats)
    for i in range(5):
        assert floats[i] == (integers[i] + 128) / 256
    assert engine.argmax(0) == list(integers).index(max(integers))


def check_views_are_typed_and_writable():
    engine = new_engine(REGRESSOR)
    inp, out = engine.input(0), engine.output(0)
    assert len(inp) == 3 and len(out) == 1
    inp[0], inp[1], inp[2] = -128, 127, -1
    assert list(inp) == [-128, 127, -1]
    engine.run()
    first = out[0]
    engine.run(bytes((0x80, 0x7F, 0xFF)))
    assert out[0] == first and -32768 <= first <= 32767 and abs(first) > 128
    assert len(bytes(out)) == 2


def check_several_inputs_and_outputs():
    engine = new_engine(TWO_PORTS)
    engine.load(0, array("f", [1, 2, 3, -4]))
    engine.load(1, array("f", [0.5, -1, 2, 7]))
    engine.run()
    total, product = array("f", bytes(16)), array("f", bytes(16))
    engine.store(0, total)
    engine.store(1, product)
    assert list(total) == [1.5, 1, 5, 3], total
    assert list(product) == [0.5, -2, 3.96875, -4], product
    assert engine.argmax(0) == 2 and engine.argmax(1) == 2


def check_steps():
    whole = classify(new_engine(CLASSIFIER))
    for max_macs in (0, 1, 200, 1000, 10000000):
        engine = new_engine(CLASSIFIER)
        engine.load(0, picture())
        engine.start()
        count = 1
        while engine.step(max_macs):
            count += 1
        assert bytes(engine.output(0)) == whole
        assert count > 5 if max_macs <= 200 else count >= 1
    assert not engine.step(100)


def check_nodes():
    golden = ModelFile(CLASSIFIER).golden(1)
    engine = new_engine(CLASSIFIER)
    engine.load(0, bytes(golden.input))
    engine.start()
    for index in range(5):
        engine.run_node()
        assert engine.crc(index) == golden.node_crc[index]
    engine.run_node()  # there is none
    assert engine.crc(4) == golden.node_crc[4]
    assert not engine.step(0)
    engine.start()
    assert engine.step(0)


def check_reset():
    arena = bytearray(b"\xaa" * 24)
    engine = native.Engine(STATEFUL, arena)
    assert bytes(arena[:16]) == bytes(16)
    arena[3] = 7
    engine.reset()
    assert bytes(arena[:16]) == bytes(16)


def float_patterns():
    """Bits of binary32: every exponent, and halves between integers."""
    for exponent in range(256):
        for sign in (0, 1 << 31):
            for fraction in (0, 1, 0x2AAAAA, 0x400000, 0x7FFFFF):
                yield sign | exponent << 23 | fraction
    for i in range(-3, 260):
        half = int.from_bytes(bytes(array("f", [(i + 0.5) / 255])), "little")
        for bits in (half - 1, half, half + 1):
            yield bits


def parts(values, count):
    """Lists of so many values, the last filled up with zeros."""
    part = []
    for value in values:
        part.append(value)
        if len(part) == count:
            yield part
            part = []
    if part:
        yield part + [0] * (count - len(part))


def check_float_bits():
    """Against the arithmetic on Python's integers, which tests/ops holds to SPEC.md."""
    for data in (CLASSIFIER, REGRESSOR):
        engine = new_engine(data)
        file = ModelFile(data)
        tensor = file.tensor(file.inputs[0])
        low, high = DTYPE_RANGES[tensor.dtype]
        multipliers, shifts, offsets = tensor.quantizer
        columns = len(multipliers)
        result = engine.input(0)
        for patterns in parts(float_patterns(), len(result) // columns):
            engine.load(0, b"".join(p.to_bytes(4, "little") * columns for p in patterns))
            for i in range(len(result)):
                j = i % columns
                m, shift, offset = multipliers[j], shifts[j], offsets[j]
                bits = patterns[i // columns]
                wanted = float_bits.quantize(bits, m, shift, offset, tensor.zero_point, low, high)
                assert result[i] == wanted, (hex(bits), j, result[i], wanted)


def check_float_output():
    for data, values in (
        (CLASSIFIER, range(-128, 128)),
        (REGRESSOR, (-32768, -32767, -101, -100, -99, 0, 1, 12345, 32767)),
    ):
        engine = new_engine(data)
        file = ModelFile(data)
        tensor = file.tensor(file.outputs[0])
        scale = file.scale_bits(file.outputs[0])
        output = engine.output(0)
        for part in parts(values, len(output)):
            for i in range(len(part)):
                output[i] = part[i]
            stored = bytearray(4 * len(part))
            engine.store(0, stored)
            result = array("I", bytes(stored))
            for i in range(len(part)):
                assert result[i] == float_bits.dequantize(scale, part[i] - tensor.zero_point)


def check_wrong_buffers():
    engine = new_engine(CLASSIFIER)
    view = bytes(engine.input(0))
    for wrong in (None, 3, [0.0] * 64, array("h", bytes(64)), array("i", bytes(256))):
        raised(TypeError, engine.load, 0, wrong)
    raised(TypeError, engine.run, [0.0] * 64)
    for size in (0, 1, 63, 65, 255, 257):
        error = raised(ValueError, engine.run, bytes(size))
        assert "64" in str(error) and "256" in str(error) and str(size) in str(error)
    raised(ValueError, engine.load, 0, array("f", bytes(252)))
    raised(ValueError, engine.load, 0, array("f", bytes(64)))
    raised(TypeError, engine.store, 0, bytes(5))
    raised(TypeError, engine.store, 0, array("h", bytes(6)))
    assert bytes(engine.input(0)) == view
    raised(ValueError, engine.run, None, bytearray(6))


def check_input_without_quantizer():
    engine = new_engine(STATEFUL)
    for wrong in (array("f", [1, 2, 3, 4]), bytes(16)):
        raised(ValueError, engine.load, 0, wrong)
    engine.run(b"\x01\x02\x03\xff")
    assert list(engine.output(0)) == [1, 2, 3, -1]


def check_wrong_indices():
    engine = new_engine(CLASSIFIER)
    for index in (-1, 1, 1000) if NATIVE else (1, 1000):
        raised(IndexError, engine.input, index)
        raised(IndexError, engine.output, index)
        raised(IndexError, engine.argmax, index)
        raised(IndexError, engine.load, index, bytes(64))
        raised(IndexError, engine.store, index, bytearray(5))
    if NATIVE:
        raised(IndexError, engine.crc, 5)
        raised(IndexError, engine.crc, -1)


def check_wrong_files():
    for wrong in (
        b"",
        b"TINF",
        bytes(64),
        CLASSIFIER[:-16],
        CLASSIFIER[:100],
        CLASSIFIER + bytes(16),
    ):
        raised(ValueError, native.needs, wrong)
        raised(ValueError, native.Engine, wrong, bytearray(1000))
    for wrong in (None, 5, [1, 2]):
        raised(TypeError, native.needs, wrong)
        raised(TypeError, native.Engine, wrong, bytearray(1000))
    damaged = bytearray(CLASSIFIER)
    for place in range(0, len(damaged), 41):
        damaged[place] ^= 0x10
        raised(ValueError, native.needs, damaged)
        damaged[place] ^= 0x10
    assert native.needs(damaged) == native.needs(CLASSIFIER)


def check_wrong_arenas():
    needed = native.needs(CLASSIFIER)[0]
    for size in (0, 1, needed - 1):
        error = raised(MemoryError, native.Engine, CLASSIFIER, bytearray(size))
        assert str(needed) in str(error) and str(size) in str(error), error
    for wrong in (None, 5, bytes(needed)):
        raised(TypeError, native.Engine, CLASSIFIER, wrong)


def check_arena_at_any_address():
    wanted = classify(new_engine(CLASSIFIER))
    needed = native.needs(CLASSIFIER)[0]
    for start in range(9):
        room = bytearray(b"\x5a" * (start + needed + 3 + 8))
        arena = memoryview(room)[start : start + needed + 3]
        engine = native.Engine(CLASSIFIER, arena)
        assert classify(engine) == wanted
        assert bytes(room[:start]) == b"\x5a" * start
        assert bytes(room[start + needed + 3 :]) == b"\x5a" * 8


def check_file_at_any_address():
    wanted = classify(new_engine(CLASSIFIER))
    aligned = 0
    for start in range(4):
        room = bytearray(start) + CLASSIFIER
        file = memoryview(room)[start:]
        assert classify(new_engine(file)) == wanted
        aligned += native.needs(file)[2]
    assert aligned == (1 if NATIVE else 4)


def check_arena_outlives_engine():
    """The collector must see that a view still needs the arena, wherever the view starts."""
    views = []
    for _ in range(10):
        engine = new_engine(TWO_PORTS)
        for view in (engine.input(0), engine.input(1), engine.output(1)):
            views.append(view)
        engine.run(array("f", [1, 2, 3, -4]))
    del engine
    before = [bytes(view) for view in views]
    for _ in range(50):
        gc.collect()
        rubbish = [bytearray(b"\xee" * size) for size in range(1, 80, 3)]
    del rubbish
    assert [bytes(view) for view in views] == before


def check_engine_keeps_file_and_arena():
    def small_garbage():
        return [bytearray(b"\xee" * size) for size in (16, 64, 312, 512, len(CLASSIFIER))]

    engine = new_engine(bytes(bytearray(CLASSIFIER)))
    wanted = classify(engine)
    for _ in range(30):
        gc.collect()
        small_garbage()
        assert classify(engine) == wanted


def check_no_allocation():
    if not (MICROPYTHON and NATIVE):
        return
    import micropython

    engine = new_engine(CLASSIFIER)
    inp, out = picture(), bytearray(5)
    floats = array("f", bytes(20))
    micropython.heap_lock()
    try:
        engine.run()
        engine.run(inp)
        engine.run(inp, out)
        engine.run(inp, floats)
        best = engine.argmax(0)
        engine.load(0, inp)
        engine.start()
        while engine.step(300):
            pass
        engine.start()
        for _ in range(5):
            engine.run_node()
        engine.store(0, floats)
        engine.reset()
    finally:
        micropython.heap_unlock()
    assert best == engine.argmax(0)
