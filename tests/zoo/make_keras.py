"""Exports the networks of keras_nets.py to keras/, as tf2onnx and TensorFlow Lite write them.

python -m tests.zoo.make_keras [NAME ...]     needs tensorflow and tf2onnx, which no test needs

NAME.onnx, NAME.int8.tflite (integers at its doors) or NAME.int8_float.tflite, and some others.

The weights are random, by a seed of the network's name; the files have the project's licence.
"""

import os
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import keras
import numpy as np
import tensorflow as tf
import tf2onnx

from .keras_nets import NETS, RANGES

FOLDER = Path(__file__).parent / "keras"
OPSETS = (13, 15, 18)
SAMPLES = 60
_INT8 = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
_INT16 = [tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8]
# TensorFlow's calibration of loops crashes.
LOOPS = ("lstm", "lstm_sequence", "gru", "rnn", "bidirectional")
# To keep the folder small: one format where both say the same.
ONLY_ONNX = (
    *LOOPS,
    *("mobilenet_v1", "resnet", "rare_activations", "autoencoder", "permuted", "time_distributed"),
)
ONLY_TFLITE = (
    *("kws_ds_cnn", "motion_mlp", "mobilenet_v2", "anomaly_mlp", "har_conv1d"),
    *("lstm_unrolled", "gru_unrolled", "rnn_unrolled"),
)
FURTHER = {
    "rare_activations": ("float",),
    "rnn": ("float",),
    "mnist_cnn": ("dynamic",),
    "audio_conv1d": ("float16",),
    "motion_mlp": ("int16x8",),
}


def seeded(name: str) -> keras.Model:
    """The same weights each time, and statistics in the batch norms as training leaves them."""
    keras.utils.clear_session()
    keras.utils.set_random_seed(zlib.crc32(name.encode()))
    net = NETS[name]()
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    for variable in net.variables:
        if variable.path.startswith("seed") or not variable.dtype.startswith("float"):
            continue
        if len(variable.shape) == 1 and "normalization/" not in variable.path:
            variable.assign(variable + 0.1 * rng.standard_normal(variable.shape))
        elif len(variable.shape) == 1:
            variable.assign(abs(variable + 0.2 * rng.standard_normal(variable.shape)))
        elif "p_re_lu" in variable.path:
            variable.assign(0.1 + 0.2 * rng.random(variable.shape))
    return net


def samples(name: str, net: keras.Model, seed: int, count: int) -> list[np.ndarray]:
    """Smooth noise: neighbours resemble each other, as in pictures and recordings."""
    rng = np.random.default_rng(seed)
    made = []
    for tensor in net.inputs:
        shape = (count, *tensor.shape[1:])
        if tensor.dtype == "int32":
            made.append(rng.integers(*RANGES[name], shape).astype(np.int32))
            continue
        x = rng.standard_normal(shape)
        for axis in range(1, x.ndim):
            x = 0.6 * x + 0.4 * np.roll(x, 1, axis) + 0.2 * np.roll(x, 2, axis)
        if name in RANGES:
            low, high = RANGES[name]
            x = np.clip((low + high) / 2 + x * (high - low) / 5, low, high - 1)
        made.append(x.astype(np.float32))
    return made


def onnx_file(net: keras.Model, opset: int) -> bytes:
    for layer in net.layers:
        if isinstance(layer, keras.layers.Normalization):
            # Tensors that no variable holds would become inputs.
            layer.mean, layer.variance = np.array(layer.mean), np.array(layer.variance)
    signature = [
        tf.TensorSpec((None, *tensor.shape[1:]), tensor.dtype, name=f"input_{i}")
        for i, tensor in enumerate(net.inputs)
    ]

    @tf.function(input_signature=signature)
    def run(*inputs):
        return net(list(inputs) if len(inputs) > 1 else inputs[0], training=False)

    model, _ = tf2onnx.convert.from_function(run, signature, opset=opset)
    return model.SerializeToString()


def tflite_file(name: str, net: keras.Model, kind: str) -> bytes:
    converter = tf.lite.TFLiteConverter.from_keras_model(_of_one(net))
    if kind != "float":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if kind == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if kind.startswith("int"):
        data = samples(name, net, 1, SAMPLES)

        def representative() -> Iterator[list[np.ndarray]]:
            for i in range(SAMPLES):
                yield [x[i : i + 1] for x in data]

        converter.representative_dataset = representative
        converter.target_spec.supported_ops = _INT16 if kind == "int16x8" else _INT8
        if kind == "int8":
            converter.inference_input_type = converter.inference_output_type = tf.int8
    return converter.convert()


def _of_one(net: keras.Model) -> keras.Model:
    """TensorFlow Lite keeps an LSTM whole only for a known number of sequences."""
    inputs = [keras.Input(t.shape[1:], 1, dtype=t.dtype, name=t.name) for t in net.inputs]
    return keras.Model(inputs, net(inputs if len(inputs) > 1 else inputs[0]))


def main(chosen: list[str]) -> None:
    FOLDER.mkdir(exist_ok=True)
    for i, name in enumerate(NETS):
        if chosen and name not in chosen:
            continue
        net = seeded(name)
        kinds = FURTHER.get(name, ())
        if name not in ONLY_ONNX:
            kinds += ("int8_float" if i % 4 == 3 else "int8",)
        files = {f"{name}.{kind}.tflite": tflite_file(name, net, kind) for kind in kinds}
        if name not in ONLY_TFLITE:
            files[f"{name}.onnx"] = onnx_file(net, OPSETS[i % len(OPSETS)])
        for file, data in files.items():
            (FOLDER / file).write_bytes(data)
            print(f"{file:36}{len(data):8}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
