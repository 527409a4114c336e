"""Small networks as makers and classrooms build them in Keras; make_keras.py exports them."""

from collections.abc import Callable, Sequence
from functools import partial

import keras
from keras import Model, layers


def _sequential(*body: layers.Layer, shape: tuple[int, ...]) -> Model:
    return keras.Sequential([keras.Input(shape), *body])


def _conv_bn(x, filters: int, kernel=3, strides=1, activation: str | None = "relu"):
    x = layers.Conv2D(filters, kernel, strides, "same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    return layers.Activation(activation)(x) if activation else x


def mnist_cnn() -> Model:
    """The one of every tutorial, pixels from 0 to 255."""
    return _sequential(
        layers.Rescaling(1 / 255),
        layers.Conv2D(6, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(8, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dropout(0.5),
        layers.Dense(10, activation="softmax"),
        shape=(28, 28, 1),
    )


def motion_mlp() -> Model:
    """Edge Impulse's classifier of spectral features."""
    return _sequential(
        layers.Dense(20, activation="relu"),
        layers.Dense(10, activation="relu"),
        layers.Dense(4, activation="softmax"),
        shape=(33,),
    )


def audio_conv1d() -> Model:
    """Edge Impulse's keywords: MFCC features in a row, reshaped."""
    return _sequential(
        layers.Reshape((50, 13)),
        layers.Conv1D(8, 3, padding="same", activation="relu"),
        layers.MaxPooling1D(2, padding="same"),
        layers.Dropout(0.25),
        layers.Conv1D(16, 3, padding="same", activation="relu"),
        layers.MaxPooling1D(2, padding="same"),
        layers.Flatten(),
        layers.Dense(5, activation="softmax"),
        shape=(650,),
    )


def kws_ds_cnn() -> Model:
    """The keyword spotter of MLPerf Tiny, narrower."""
    x = inputs = keras.Input((49, 10, 1))
    x = _conv_bn(x, 12, (10, 4), (2, 2))
    for _ in range(2):
        x = layers.DepthwiseConv2D(3, padding="same")(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
        x = _conv_bn(x, 12, 1)
    x = layers.AveragePooling2D((25, 5))(layers.Dropout(0.4)(x))
    return Model(inputs, layers.Dense(12)(layers.Flatten()(x)))


def mobilenet_v1() -> Model:
    """Teachable Machine's kind: pixels become -1 to 1, ReLU6, padding before each stride."""
    x = inputs = keras.Input((32, 32, 3))
    x = layers.Rescaling(1 / 127.5, offset=-1)(x)
    x = layers.ZeroPadding2D(((0, 1), (0, 1)))(x)
    x = layers.Conv2D(8, 3, 2, use_bias=False)(x)
    x = layers.ReLU(6.0)(layers.BatchNormalization()(x))
    for filters, stride in ((12, 1), (16, 2), (16, 1)):
        if stride == 2:
            x = layers.ZeroPadding2D(((0, 1), (0, 1)))(x)
        padding = "valid" if stride == 2 else "same"
        x = layers.DepthwiseConv2D(3, stride, padding, use_bias=False)(x)
        x = layers.ReLU(6.0)(layers.BatchNormalization()(x))
        x = layers.Conv2D(filters, 1, padding="same", use_bias=False)(x)
        x = layers.ReLU(6.0)(layers.BatchNormalization()(x))
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = layers.Reshape((5,))(layers.Conv2D(5, 1)(layers.Dropout(0.001)(x)))
    return Model(inputs, layers.Activation("softmax")(x))


def mobilenet_v2() -> Model:
    """Teachable Machine's images: features of MobileNetV2, two dense layers without a bias."""
    x = inputs = keras.Input((32, 32, 3))
    x = _conv_bn(x, 8, 3, 2, "relu6")
    for filters, stride in ((8, 1), (12, 2), (12, 1)):
        y = _conv_bn(x, 2 * x.shape[-1], 1, 1, "relu6")
        y = layers.DepthwiseConv2D(3, stride, "same", use_bias=False)(y)
        y = layers.ReLU(6.0)(layers.BatchNormalization()(y))
        y = _conv_bn(y, filters, 1, 1, None)
        x = layers.Add()([x, y]) if stride == 1 else y
    x = layers.GlobalAveragePooling2D()(_conv_bn(x, 24, 1, 1, "relu6"))
    x = layers.Dense(16, activation="relu")(x)
    return Model(inputs, layers.Dense(3, use_bias=False, activation="softmax")(x))


def squeeze_excite() -> Model:
    """MobileNetV3's block: hard swish, a gate of hard sigmoid."""
    x = inputs = keras.Input((24, 24, 2))
    x = _conv_bn(x, 8, 3, 2, "hard_swish")
    for _ in range(2):
        y = layers.SeparableConv2D(8, 3, padding="same", activation="hard_swish")(x)
        gate = layers.GlobalAveragePooling2D(keepdims=True)(y)
        gate = layers.Conv2D(4, 1, activation="relu")(gate)
        gate = layers.Conv2D(8, 1, activation="hard_sigmoid")(gate)
        x = layers.Add()([x, layers.Multiply()([y, gate])])
    x = layers.GlobalMaxPooling2D()(x)
    return Model(inputs, layers.Dense(4)(x))


def resnet() -> Model:
    """Sums, and a join of both pools."""
    x = inputs = keras.Input((24, 24, 3))
    x = _conv_bn(x, 6)
    for filters, stride in ((6, 1), (8, 2)):
        y = _conv_bn(_conv_bn(x, filters, 3, stride), filters, activation=None)
        if stride == 2:
            x = layers.Conv2D(filters, 1, stride)(x)
        x = layers.ReLU()(layers.Add()([x, y]))
    x = layers.Concatenate()([layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)])
    return Model(inputs, layers.Dense(6, activation="softmax")(x))


def batch_norms() -> Model:
    """In front of everything, behind an activation, behind a pool, between dense layers."""
    return _sequential(
        layers.BatchNormalization(),
        layers.Conv2D(6, 3, activation="relu"),
        layers.BatchNormalization(),
        layers.AveragePooling2D(3, 3, "same"),
        layers.BatchNormalization(scale=False),
        layers.DepthwiseConv2D(3, depth_multiplier=2),
        layers.BatchNormalization(center=False),
        layers.LeakyReLU(0.1),
        layers.Flatten(),
        layers.BatchNormalization(),
        layers.Dense(12),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.Dense(1, activation="sigmoid"),
        shape=(16, 16, 2),
    )


def activations() -> Model:
    """Of these TensorFlow Lite computes ELU in floats between its integers."""
    return _sequential(
        layers.Conv2D(8, 3, activation="elu"),
        layers.Conv2D(8, 1, activation="swish"),
        layers.Conv2D(8, 1),
        layers.PReLU(shared_axes=(1, 2)),
        layers.Conv2D(8, 1, activation="tanh"),
        layers.GlobalAveragePooling2D(),
        layers.Dense(8, activation="leaky_relu"),
        layers.Dense(8, activation="sigmoid"),
        layers.Dense(4),
        shape=(12, 12, 2),
    )


def rare_activations() -> Model:
    """What tf2onnx writes as Erfc, a condition, a quotient."""
    return _sequential(
        layers.Conv2D(8, 3, activation="gelu"),
        layers.Conv2D(8, 1, activation="selu"),
        layers.Conv2D(8, 1, activation="softplus"),
        layers.GlobalAveragePooling2D(),
        layers.Dense(8, activation="softsign"),
        layers.Dense(4, activation="log_softmax"),
        shape=(12, 12, 2),
    )


def paddings() -> Model:
    """Kernels of even sides, strides, dilations, a grouped convolution."""
    return _sequential(
        layers.Conv2D(6, (4, 2), (2, 1), "same", activation="relu"),
        layers.Conv2D(6, 3, padding="same", dilation_rate=2, activation="relu"),
        layers.DepthwiseConv2D(3, padding="same", dilation_rate=(2, 2), activation="relu"),
        layers.Conv2D(8, 3, padding="valid", dilation_rate=(1, 2), activation="relu"),
        layers.MaxPooling2D(3, 2, "same"),
        layers.SeparableConv2D(8, (3, 5), 2, "same", depth_multiplier=2, activation="relu"),
        layers.ZeroPadding2D(((1, 0), (2, 1))),
        layers.Cropping2D(((0, 1), (1, 1))),
        layers.AveragePooling2D(2),
        layers.Flatten(),
        layers.Dense(4),
        shape=(33, 30, 1),
    )


def har_conv1d() -> Model:
    """Accelerometers: strides, a separable and a depthwise layer over time."""
    return _sequential(
        layers.Conv1D(8, 5, 2, "same"),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.SeparableConv1D(12, 3, padding="same", activation="relu"),
        layers.DepthwiseConv1D(3, padding="same", activation="relu"),
        layers.AveragePooling1D(2),
        layers.SpatialDropout1D(0.2),
        layers.GlobalAveragePooling1D(),
        layers.Dense(6, activation="softmax"),
        shape=(64, 3),
    )


def tcn() -> Model:
    """Causal dilated convolutions with residuals; the last step decides."""
    x = inputs = keras.Input((40, 4))
    x = layers.Conv1D(8, 3, padding="causal", activation="relu")(x)
    for rate in (2, 4):
        y = layers.Conv1D(8, 3, padding="causal", dilation_rate=rate, activation="relu")(x)
        x = layers.Add()([x, y])
    return Model(inputs, layers.Dense(4)(x[:, -1, :]))


def unet() -> Model:
    x = inputs = keras.Input((24, 24, 1))
    a = _conv_bn(x, 4)
    b = _conv_bn(layers.MaxPooling2D()(a), 6)
    x = _conv_bn(layers.MaxPooling2D()(b), 8)
    x = layers.Conv2DTranspose(6, 2, 2)(x)
    x = _conv_bn(layers.Concatenate()([x, b]), 6)
    x = layers.UpSampling2D(interpolation="bilinear")(x)
    x = _conv_bn(layers.Concatenate()([x, a]), 4)
    return Model(inputs, layers.Conv2D(2, 1, activation="sigmoid")(x))


def autoencoder() -> Model:
    """Convolutional: the picture comes back."""
    return _sequential(
        layers.Conv2D(4, 3, 2, "same", activation="relu"),
        layers.Conv2D(6, 3, 2, "same", activation="relu"),
        layers.Flatten(),
        layers.Dense(8),
        layers.Dense(96, activation="relu"),
        layers.Reshape((4, 4, 6)),
        layers.Conv2DTranspose(4, 3, 2, "same", activation="relu"),
        layers.UpSampling2D(),
        layers.Conv2D(1, 3, padding="same", activation="sigmoid"),
        shape=(16, 16, 1),
    )


def anomaly_mlp() -> Model:
    """Dense autoencoder with batch norms; the mean square error beside the reconstruction."""
    x = inputs = keras.Input((32,))
    for units in (16, 4, 16):
        x = layers.ReLU()(layers.BatchNormalization()(layers.Dense(units)(x)))
    y = layers.Dense(32)(x)
    error = keras.ops.mean(keras.ops.square(inputs - y), axis=-1, keepdims=True)
    return Model(inputs, [y, error])


def resizing() -> Model:
    return _sequential(
        layers.Resizing(16, 20),
        layers.Rescaling(1 / 127.5, -1),
        layers.Conv2D(6, 3, activation="relu"),
        layers.Resizing(7, 9, interpolation="nearest"),
        layers.Flatten(),
        layers.Dense(3, activation="softmax"),
        shape=(24, 24, 1),
    )


def normalized() -> Model:
    """Preprocessing in the model: means and variances of each feature."""
    return _sequential(
        layers.Normalization(
            mean=[0.1, -0.3, 0.5, 0.0, 0.2, -0.1], variance=[1.0, 0.5, 2.0, 1.5, 0.7, 1.1]
        ),
        layers.Dense(16, activation="relu"),
        layers.LayerNormalization(),
        layers.Dense(8, activation="tanh"),
        layers.UnitNormalization(),
        layers.Dense(1),
        shape=(6,),
    )


def permuted() -> Model:
    """Channels first at the door; Permute, Reshape, repeated rows."""
    x = inputs = keras.Input((3, 12, 10))
    x = layers.Permute((2, 3, 1))(x)
    x = layers.Conv2D(6, 3, activation="relu")(x)
    x = layers.Reshape((10, 48))(x)
    x = layers.Permute((2, 1))(x)
    x = layers.Dense(5, activation="relu")(x)
    y = layers.RepeatVector(48)(layers.GlobalMaxPooling1D()(x))
    x = layers.Flatten()(layers.Subtract()([x, y]))
    return Model(inputs, layers.Dense(4)(x))


def fusion() -> Model:
    """Two sensors, two answers."""
    motion, air = keras.Input((32, 3), name="motion"), keras.Input((5,), name="air")
    x = layers.Conv1D(8, 7, 2, "same", activation="relu")(motion)
    x = layers.GlobalAveragePooling1D()(x)
    y = layers.Dense(8, activation="relu")(air)
    joined = layers.Concatenate()([x, y, layers.Maximum()([x, y]), layers.Average()([x, y])])
    z = layers.Dense(12, activation="relu")(joined)
    kind = layers.Dense(3, activation="softmax", name="kind")(z)
    return Model([motion, air], [kind, layers.Dense(1, name="amount")(z)])


def attention() -> Model:
    x = inputs = keras.Input((16, 8))
    y = layers.MultiHeadAttention(2, 4)(x, x)
    x = layers.LayerNormalization()(layers.Add()([x, y]))
    y = layers.Dense(8)(layers.Dense(16, activation="relu")(x))
    x = layers.LayerNormalization()(layers.Add()([x, y]))
    x = layers.GlobalAveragePooling1D()(x)
    return Model(inputs, layers.Dense(4, activation="softmax")(x))


def text_cnn() -> Model:
    """Indices of words in."""
    x = inputs = keras.Input((20,), dtype="int32")
    x = layers.Embedding(50, 8)(x)
    parts = [
        layers.GlobalMaxPooling1D()(layers.Conv1D(6, size, activation="relu")(x))
        for size in (2, 3, 4)
    ]
    return Model(inputs, layers.Dense(2, activation="softmax")(layers.Concatenate()(parts)))


def _recurrent(*body: Callable[[], layers.Layer], steps: int = 12) -> Callable[[], Model]:
    def build() -> Model:
        head = layers.Dense(4, activation="softmax")
        return _sequential(*(layer() for layer in body), head, shape=(steps, 4))

    return build


NETS: dict[str, Callable[[], Model]] = {
    build.__name__: build
    for build in (
        mnist_cnn,
        motion_mlp,
        audio_conv1d,
        kws_ds_cnn,
        mobilenet_v1,
        mobilenet_v2,
        squeeze_excite,
        resnet,
        batch_norms,
        activations,
        rare_activations,
        paddings,
        har_conv1d,
        tcn,
        unet,
        autoencoder,
        anomaly_mlp,
        resizing,
        normalized,
        permuted,
        fusion,
        attention,
        text_cnn,
    )
} | {
    "lstm": _recurrent(partial(layers.LSTM, 8)),
    "lstm_unrolled": _recurrent(partial(layers.LSTM, 6, unroll=True), steps=3),
    "lstm_sequence": _recurrent(partial(layers.LSTM, 6, return_sequences=True)),
    "gru": _recurrent(partial(layers.GRU, 6)),
    "gru_unrolled": _recurrent(partial(layers.GRU, 6, unroll=True), steps=3),
    "rnn": _recurrent(partial(layers.SimpleRNN, 8)),
    "rnn_unrolled": _recurrent(partial(layers.SimpleRNN, 8, unroll=True), steps=6),
    "bidirectional": _recurrent(lambda: layers.Bidirectional(layers.LSTM(6))),
    "time_distributed": _recurrent(
        lambda: layers.TimeDistributed(layers.Dense(6)), layers.Flatten, steps=4
    ),
}
# Pixels, and indices of words.
RANGES: dict[str, Sequence[int]] = {
    "mnist_cnn": (0, 256),
    "mobilenet_v1": (0, 256),
    "resizing": (0, 256),
    "text_cnn": (0, 50),
}
