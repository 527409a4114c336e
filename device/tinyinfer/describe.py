"""Words for people: what print(model) says, and what Model.check finds wrong with an input."""

from . import backend
from .model import flatten
from .model_file import DTYPE_CODES, DTYPE_RANGES, element_count

_BACKENDS = {
    "usermod": "native code in the firmware",
    "natmod": "native code from _tinyinfer.mpy",
    "cpython": "native code",
    "python": "the Python engine, same numbers but slow",
}


def describe(model):
    metadata = model.metadata
    lines = [
        "%s: %s -> %s" % (metadata.get("name", "model"), _inputs(model), _outputs(model)),
        _expectations(metadata.get("input", {})),
        _accuracy(metadata.get("accuracy", {})),
        "file: %d bytes, %s"
        % (model.file_size, "used where it lies" if model.zero_copy else "in RAM"),
        "memory: %d bytes" % model.arena_size,
    ]
    if model.state_size:
        lines[-1] += ", %d of them kept between runs" % model.state_size
    if not model.aligned:
        lines.append(
            "slower than need be: the file starts at an odd address; "
            "Model(..., copy=True) copies it to RAM"
        )
    lines.append("runs in %s" % _BACKENDS[backend.BACKEND])
    return "\n  ".join(line for line in lines if line)


def _shape(shape):
    return " x ".join(str(size) for size in shape) or "1"


def _inputs(model):
    return " and ".join("%s numbers" % _shape(info.shape) for info in model.inputs)


def _outputs(model):
    labels = model.labels
    if labels:
        shown = ", ".join(labels[:12]) + (", ..." if len(labels) > 12 else "")
        return "one of %d: %s" % (len(labels), shown)
    return " and ".join("%s numbers" % _shape(info.shape) for info in model.outputs)


def _expectations(spec):
    """The metadata's `input`: what to feed."""
    parts = []
    if "axes" in spec:
        axes = spec["axes"]
        parts.append(axes if isinstance(axes, str) else ", ".join(str(axis) for axis in axes))
    if "units" in spec:
        parts.append("in %s" % spec["units"])
    if "window" in spec:
        parts.append("%s at a time" % spec["window"])
    if "rate" in spec:
        parts.append("%s times a second" % spec["rate"])
    return "feed: " + ", ".join(parts) if parts else ""


def _accuracy(accuracy):
    if "packed" not in accuracy:
        return ""
    if accuracy.get("metric") == "top1":
        text = "right in %.1f%%" % (100 * accuracy["packed"])
        if "float" in accuracy:
            text += " (%.1f%% before packing)" % (100 * accuracy["float"])
    else:
        text = "%s %.4g" % (accuracy.get("metric", "score"), accuracy["packed"])
        if "float" in accuracy:
            text += " (%.4g before packing)" % accuracy["float"]
    if "samples" in accuracy:
        text += " of %d samples" % accuracy["samples"]
    return text


def check(model, x):
    if len(model.inputs) == 1:
        return _check_input(model, 0, x)
    if len(x) != len(model.inputs):
        return ["The model has %d inputs, this has %d." % (len(model.inputs), len(x))]
    found = []
    for index in range(len(x)):
        name = model.inputs[index].name or str(index)
        found += ["Input %s: %s" % (name, text) for text in _check_input(model, index, x[index])]
    return found


def _check_input(model, index, x):
    info = model.inputs[index]
    tensor = model._file.tensor(model._file.inputs[index])
    values = _values(tensor, x)
    wanted = element_count(info.shape)
    if len(values) != wanted:
        return [
            "It needs %d numbers (%s), this has %d." % (wanted, _shape(info.shape), len(values))
        ]
    found = []
    numbers = [value for value in values if value - value == 0]  # neither NaN nor infinite
    if len(numbers) < wanted:
        found.append("%d of the numbers are NaN or infinite." % (wanted - len(numbers)))
    ranges = _ranges(tensor)
    outside = 0
    for position in range(wanted):
        low, high = ranges[position % len(ranges)]
        # a number just beyond the last step is still rounded to it
        slack = (high - low) / 255
        if not low - slack <= values[position] <= high + slack:
            outside += 1
    outside -= wanted - len(numbers)
    low = min(pair[0] for pair in ranges)
    high = max(pair[1] for pair in ranges)
    if outside * 100 > wanted:
        found.append(
            "%d of %d numbers are outside of %.4g to %.4g, all that the model can tell apart: "
            "scale them as in training." % (outside, wanted, low, high)
        )
    if numbers and wanted > 1:
        spread = max(numbers) - min(numbers)
        if spread == 0:
            found.append("All numbers are %.4g: is the sensor connected?" % numbers[0])
        elif spread * 50 < high - low:
            found.append(
                "The numbers only go from %.4g to %.4g, the model takes %.4g to %.4g: scale them "
                "as in training." % (min(numbers), max(numbers), low, high)
            )
    return found


def _values(tensor, x):
    """Real numbers of an input, given in any way that Model.predict takes."""
    try:
        view = memoryview(x)
    except TypeError:
        return flatten(x)
    if not hasattr(x, "dtype") and _is_own_type(tensor, view):
        low = DTYPE_RANGES[tensor.dtype][0]
        scales = _scales(tensor)
        values = []
        for position, q in enumerate(view):
            if low < 0 and q > DTYPE_RANGES[tensor.dtype][1]:
                q += 2 * low  # plain bytes hold signed numbers
            step, offset = scales[position % len(scales)]
            values.append((q - tensor.zero_point - offset) / step)
        return values
    return flatten(x)


def _is_own_type(tensor, view):
    code = getattr(view, "format", None)
    if code is not None:
        return code in (DTYPE_CODES[tensor.dtype], "B")
    return len(view) == 0 or isinstance(view[0], int)


def _scales(tensor):
    """(integer steps per unit, offset in steps), one or one for each element of the last axis."""
    if tensor.quantizer is None:
        return [(1 / tensor.scale, 0)]
    pairs = []
    for m, shift, offset in zip(*tensor.quantizer):
        pairs.append((m * 2.0 ** (shift - 31), offset / 16384))
    return pairs


def _ranges(tensor):
    """(lowest, highest) real number that has an integer of its own, like _scales."""
    low, high = DTYPE_RANGES[tensor.dtype]
    zero = tensor.zero_point
    return [((low - zero - o) / step, (high - zero - o) / step) for step, o in _scales(tensor)]
