"""Exports the networks of torch_nets.py to torch/, as both exporters of PyTorch write them.

python -m tests.zoo.make_torch [NAME ...]     needs torch and onnxscript, which no test needs
"""

import sys
import warnings
import zlib
from pathlib import Path

import onnx
import torch
from torch import nn
from torch.ao import quantization
from torch.ao.quantization.quantize_fx import prepare_qat_fx
from torch.fx import GraphModule

from .torch_nets import NETS

FOLDER = Path(__file__).parent / "torch"
# Also trained aware of quantization: the dynamo exporter has no form for these.
QUANTIZED = ("resnet8", "mlp")
BATCHES = 30


def _seeded(name: str) -> nn.Module:
    """The same weights each time, and statistics in the batch norms as training leaves them."""
    torch.manual_seed(zlib.crc32(name.encode()))
    net = NETS[name]()
    for parameter in net.parameters():
        if parameter.dim() == 1:
            parameter.data += 0.1 * torch.randn_like(parameter)
    return _run(net.train()).eval()


def _run(net: nn.Module, shapes: tuple[tuple[int, ...], ...] = ()) -> nn.Module:
    with torch.no_grad():
        for _ in range(BATCHES):
            net(*_samples(shapes or net.INPUTS, 32))
    return net


def _samples(shapes: tuple[tuple[int, ...], ...], batch: int) -> tuple[torch.Tensor, ...]:
    return tuple(torch.randn(batch, *shape[1:]) for shape in shapes)


def _aware(name: str) -> nn.Module:
    """Fake quantization at every place where the integers of a microcontroller are rounded."""
    net = _seeded(name)
    signed = {"quant_min": -128, "quant_max": 127, "dtype": torch.qint8}
    activation = quantization.FakeQuantize.with_args(
        observer=quantization.MovingAverageMinMaxObserver, **signed
    )
    weight = quantization.FakeQuantize.with_args(
        observer=quantization.MovingAveragePerChannelMinMaxObserver,
        qscheme=torch.per_channel_symmetric,
        **signed,
    )
    everywhere = quantization.QConfigMapping().set_global(
        quantization.QConfig(activation=activation, weight=weight)
    )
    prepared = prepare_qat_fx(net.train(), everywhere, _samples(net.INPUTS, 1))
    prepared = _run(prepared, net.INPUTS).eval()
    prepared.apply(quantization.disable_observer)
    prepared.INPUTS = net.INPUTS
    return prepared


def _export(net: nn.Module, path: Path, dynamo: bool) -> None:
    """As the documentation of each exporter begins: the older one with a batch of any size."""
    names = [f"input_{i}" for i in range(len(net.INPUTS))]
    if dynamo:
        options = {"external_data": False, "verbose": False}
    elif isinstance(net, GraphModule):
        options = {}
    else:
        options = {"dynamic_axes": {name: {0: "batch"} for name in names}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            net,
            _samples(net.INPUTS, 1),
            str(path),
            input_names=names,
            dynamo=dynamo,
            **options,
        )
    _without_traces(path)
    print(f"{path.name:32}{path.stat().st_size:8}")


def _without_traces(path: Path) -> None:
    """The exporter notes beside each node and value in which line of which file it stood."""
    model = onnx.load(path)
    graph = model.graph
    for item in (graph, *graph.node, *graph.initializer, *graph.input, *graph.output):
        del item.metadata_props[:]
    for node in graph.node:
        node.doc_string = ""
    del graph.value_info[:]
    onnx.save(model, path)


def main(chosen: list[str]) -> None:
    FOLDER.mkdir(exist_ok=True)
    for name in chosen or NETS:
        for exporter in ("legacy", "dynamo"):
            _export(_seeded(name), FOLDER / f"{name}_{exporter}.onnx", exporter == "dynamo")
        if name in QUANTIZED:
            _export(_aware(name), FOLDER / f"{name}_qat.onnx", False)


if __name__ == "__main__":
    main(sys.argv[1:])
