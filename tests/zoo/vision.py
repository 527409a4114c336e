"""Networks for pictures, as PyTorch exports them (NCHW)."""

from .builder import Net

SIZE = 32


def lenet() -> Net:
    n = Net("lenet", opset=11)
    x = n.max_pool(n.op("Tanh", n.conv(n.input(1, 1, 28, 28), 1, 6, 5)))
    x = n.max_pool(n.op("Tanh", n.conv(x, 6, 16, 5, pad=0)))
    x = n.op("Tanh", n.dense(n.op("Flatten", x), 16 * 5 * 5, 120))
    return n, n.dense(n.op("Tanh", n.dense(x, 120, 84)), 84, 10)


def vgg() -> Net:
    n = Net("vgg", opset=13)
    x, c = n.input(1, 3, SIZE, SIZE), 3
    for oc in (16, 24, 32):
        x = n.max_pool(n.conv_bn(n.conv_bn(x, c, oc), oc, oc))
        c = oc
    x = n.op("Relu", n.dense(n.op("Flatten", x), 32 * 16, 64))
    return n, n.dense(n.op("Dropout", x), 64, 10)


def _basic_block(n: Net, x: str, c: int, oc: int, stride: int) -> str:
    y = n.conv_bn(n.conv_bn(x, c, oc, 3, stride), oc, oc, act="")
    if stride > 1 or c != oc:
        x = n.conv_bn(x, c, oc, 1, stride, act="")
    return n.op("Relu", n.op("Add", y, x))


def resnet_basic() -> Net:
    n = Net("resnet_basic")
    x, c = n.conv_bn(n.input(1, 3, SIZE, SIZE), 3, 16), 16
    for oc, stride in ((16, 1), (16, 1), (24, 2), (32, 2)):
        x, c = _basic_block(n, x, c, oc, stride), oc
    return n, n.dense(n.global_pool(x), c, 10)


def resnet_bottleneck() -> Net:
    n = Net("resnet_bottleneck", opset=16)
    x = n.max_pool(n.conv_bn(n.input(1, 3, 64, 64), 3, 16, 7, 2), 3, 2, 1)
    c = 16
    for oc, stride in ((32, 1), (32, 1), (64, 2)):
        y = n.conv_bn(x, c, oc // 4, 1)
        y = n.conv_bn(n.conv_bn(y, oc // 4, oc // 4, 3, stride), oc // 4, oc, 1, act="")
        if c != oc or stride > 1:
            x = n.conv_bn(x, c, oc, 1, stride, act="")
        x, c = n.op("Relu", n.op("Add", y, x)), oc
    return n, n.dense(n.global_pool(x), c, 10)


def resnet_preactivation() -> Net:
    n = Net("resnet_preactivation", opset=18)
    x = n.conv(n.input(1, 3, SIZE, SIZE), 3, 16)
    for _ in range(3):
        y = n.conv(n.op("Relu", n.batch_norm(x, 16)), 16, 16)
        y = n.conv(n.op("Relu", n.batch_norm(y, 16)), 16, 16)
        x = n.op("Add", x, y)
    x = n.op("ReduceMean", n.op("Relu", n.batch_norm(x, 16)), n.integers(2, 3), keepdims=0)
    return n, n.dense(x, 16, 10)


def mobilenet_v1() -> Net:
    n = Net("mobilenet_v1", opset=12)
    x, c = n.conv_bn(n.input(1, 3, 48, 48), 3, 8, 3, 2), 8
    for oc, stride in ((16, 1), (32, 2), (32, 1), (64, 2)):
        x = n.activation(n.batch_norm(n.depthwise(x, c, 3, stride, bias=False), c), "Relu6")
        x, c = n.conv_bn(x, c, oc, 1, act="Relu6"), oc
    return n, n.classifier(x, c)


def _inverted_residual(
    n: Net, x: str, c: int, oc: int, stride: int, expand: int, act: str = "Relu6", se: bool = False
) -> str:
    middle = c * expand
    y = n.conv_bn(x, c, middle, 1, act=act)
    y = n.activation(n.batch_norm(n.depthwise(y, middle, 3, stride, bias=False), middle), act)
    if se:
        y = _squeeze_excite(n, y, middle)
    y = n.conv_bn(y, middle, oc, 1, act="")
    return n.op("Add", x, y) if stride == 1 and c == oc else y


def _squeeze_excite(n: Net, x: str, c: int, gate: str = "HardSigmoid") -> str:
    y = n.op("Relu", n.conv(n.op("GlobalAveragePool", x), c, max(c // 4, 4), 1))
    y = n.conv(y, max(c // 4, 4), c, 1)
    return n.op("Mul", x, n.op(gate, y))


def mobilenet_v2() -> Net:
    n = Net("mobilenet_v2", opset=17)
    x, c = n.conv_bn(n.input(1, 3, 48, 48), 3, 8, 3, 2, act="Relu6"), 8
    for oc, stride in ((8, 1), (16, 2), (16, 1), (24, 2), (24, 1)):
        x, c = _inverted_residual(n, x, c, oc, stride, 4), oc
    return n, n.dense(n.global_pool(n.conv_bn(x, c, 64, 1, act="Relu6")), 64, 10)


def mobilenet_v3() -> Net:
    n = Net("mobilenet_v3", opset=15)
    x, c = n.conv_bn(n.input(1, 3, 48, 48), 3, 8, 3, 2, act="HardSwish"), 8
    for oc, stride, se, act in (
        (8, 1, True, "Relu"),
        (16, 2, False, "Relu"),
        (16, 1, True, "HardSwish"),
        (24, 2, True, "HardSwish"),
    ):
        x, c = _inverted_residual(n, x, c, oc, stride, 3, act, se), oc
    x = n.op("HardSwish", n.dense(n.global_pool(x), c, 48))
    return n, n.dense(x, 48, 10)


def efficientnet() -> Net:
    n = Net("efficientnet", opset=13)
    x, c = n.conv_bn(n.input(1, 3, 48, 48), 3, 8, 3, 2, act="Silu"), 8
    for oc, stride in ((8, 1), (16, 2), (16, 1)):
        middle = c * 4
        y = n.conv_bn(x, c, middle, 1, act="Silu")
        y = n.batch_norm(n.depthwise(y, middle, 5, stride, bias=False), middle)
        y = _squeeze_excite(n, n.activation(y, "Silu"), middle, "Sigmoid")
        y = n.conv_bn(y, middle, oc, 1, act="")
        x, c = (n.op("Add", x, y) if c == oc and stride == 1 else y), oc
    return n, n.dense(n.global_pool(x), c, 10)


def shufflenet() -> Net:
    n = Net("shufflenet", opset=13)
    x, c = n.max_pool(n.conv_bn(n.input(1, 3, 64, 64), 3, 16, 3, 2), 3, 2, 1), 16
    for _ in range(3):
        left, right = n.op("Split", x, n.integers(8, 8), outputs=2, axis=1)
        y = n.conv_bn(right, 8, 8, 1)
        y = n.conv_bn(n.batch_norm(n.depthwise(y, 8, bias=False), 8), 8, 8, 1)
        x = n.op("Concat", left, y, axis=1)
        x = n.reshape(x, 1, 2, 8, 16, 16)
        x = n.reshape(n.transpose(x, 0, 2, 1, 3, 4), 1, 16, 16, 16)
    return n, n.dense(n.global_pool(x), c, 10)


def squeezenet() -> Net:
    n = Net("squeezenet", opset=9)
    x, c = n.max_pool(n.op("Relu", n.conv(n.input(1, 3, 48, 48), 3, 16, 3, 2))), 16
    for squeeze, expand in ((8, 16), (8, 16), (12, 24)):
        s = n.op("Relu", n.conv(x, c, squeeze, 1))
        a = n.op("Relu", n.conv(s, squeeze, expand, 1))
        b = n.op("Relu", n.conv(s, squeeze, expand, 3))
        x, c = n.op("Concat", a, b, axis=1), 2 * expand
    x = n.op("Relu", n.conv(x, c, 10, 1))
    return n, n.op("Softmax", n.op("Flatten", n.op("GlobalAveragePool", x)), axis=1)


def densenet() -> Net:
    n = Net("densenet", opset=14)
    x, c = n.conv(n.input(1, 3, SIZE, SIZE), 3, 12), 12
    for block in range(2):
        for _ in range(3):
            y = n.conv(n.op("Relu", n.batch_norm(x, c)), c, 8, bias=False)
            x, c = n.op("Concat", x, y, axis=1), c + 8
        if block == 0:
            y = n.conv(n.op("Relu", n.batch_norm(x, c)), c, c // 2, 1, bias=False)
            x, c = n.average_pool(y), c // 2
    return n, n.dense(n.global_pool(n.op("Relu", n.batch_norm(x, c))), c, 10)


def inception() -> Net:
    n = Net("inception", opset=13)
    x, c = n.max_pool(n.conv_bn(n.input(1, 3, 48, 48), 3, 16, 5, 2)), 16
    for _ in range(2):
        branches = [
            n.conv_bn(x, c, 8, 1),
            n.conv_bn(n.conv_bn(x, c, 8, 1), 8, 12, 3),
            n.conv_bn(n.conv_bn(x, c, 4, 1), 4, 8, 5),
            n.conv_bn(n.max_pool(x, 3, 1, 1), c, 8, 1),
        ]
        x, c = n.op("Concat", *branches, axis=1), 36
    return n, n.dense(n.global_pool(x), c, 10)


def xception() -> Net:
    n = Net("xception", opset=13)
    x, c = n.conv_bn(n.input(1, 3, 48, 48), 3, 16, 3, 2), 16
    for oc in (24, 32):
        y, inner = x, c
        for _ in range(2):
            y = n.depthwise(n.op("Relu", y), inner, bias=False)
            y, inner = n.conv_bn(y, inner, oc, 1, act=""), oc
        y = n.max_pool(y, 3, 2, 1)
        x, c = n.op("Add", y, n.conv_bn(x, c, oc, 1, 2, act="")), oc
    return n, n.dense(n.global_pool(x), c, 10)


def repvgg() -> Net:
    n = Net("repvgg", opset=17)
    x, c = n.conv_bn(n.input(1, 3, SIZE, SIZE), 3, 16), 16
    for _ in range(3):
        three = n.conv_bn(x, c, c, act="")
        one = n.conv_bn(x, c, c, 1, act="")
        x = n.op("Relu", n.op("Add", n.op("Add", three, one), n.batch_norm(x, c)))
    return n, n.dense(n.global_pool(x), c, 10)


def ghostnet() -> Net:
    n = Net("ghostnet", opset=13)
    x, c = n.conv_bn(n.input(1, 3, SIZE, SIZE), 3, 16, 3, 2), 16
    for _ in range(2):
        primary = n.conv_bn(x, c, 12, 1)
        cheap = n.op("Relu", n.batch_norm(n.depthwise(primary, 12, bias=False), 12))
        y = n.op("Concat", primary, cheap, axis=1)
        starts, ends, axes = n.integers(0), n.integers(16), n.integers(1)
        x = n.op("Add", x, n.op("Slice", y, starts, ends, axes))
    return n, n.dense(n.global_pool(x), c, 10)


def convnext() -> Net:
    n = Net("convnext", opset=17)
    x = n.conv(n.input(1, 3, SIZE, SIZE), 3, 24, 4, 4, pad=0)
    for _ in range(2):
        y = n.transpose(n.depthwise(x, 24, 7), 0, 2, 3, 1)
        y = n.matmul(n.layer_norm(y, 24), 24, 48)
        y = n.matmul(n.activation(y, "Gelu"), 48, 24)
        y = n.op("Mul", y, n.constant(0.5 + 0.1 * n.normal(24)))
        x = n.op("Add", x, n.transpose(y, 0, 3, 1, 2))
    return n, n.dense(n.global_pool(x), 24, 10)


def unet() -> Net:
    n = Net("unet", opset=17)
    first = n.conv_bn(n.input(1, 1, SIZE, SIZE), 1, 8)
    second = n.conv_bn(n.max_pool(first), 8, 16)
    x = n.conv_bn(n.max_pool(second), 16, 24)
    for skip, c, oc in ((second, 24, 16), (first, 16, 8)):
        weights = n.constant(n.normal(c, oc, 2, 2, scale=0.3))
        x = n.op("ConvTranspose", x, weights, kernel_shape=[2, 2], strides=[2, 2])
        x = n.conv_bn(n.op("Concat", skip, x, axis=1), 2 * oc, oc)
    return n, n.op("Sigmoid", n.conv(x, 8, 1, 1))


def fcn_resize() -> Net:
    n = Net("fcn_resize", opset=17)
    x = n.conv_bn(n.conv_bn(n.input(1, 3, SIZE, SIZE), 3, 16, 3, 2), 16, 24, 3, 2)
    x = n.conv(x, 24, 4, 1)
    scales = n.constant([1, 1, 4, 4])
    return n, n.op(
        "Resize", x, "", scales, mode="linear", coordinate_transformation_mode="pytorch_half_pixel"
    )


def conv_autoencoder() -> Net:
    n = Net("conv_autoencoder", opset=13)
    x = n.op("Relu", n.conv(n.input(1, 1, 28, 28), 1, 12, 3, 2))
    x = n.op("Relu", n.conv(x, 12, 8, 3, 2))
    for c, oc in ((8, 12), (12, 1)):
        weights = n.constant(n.normal(c, oc, 3, 3, scale=0.2))
        x = n.op(
            "ConvTranspose",
            x,
            weights,
            kernel_shape=[3, 3],
            strides=[2, 2],
            pads=[1, 1, 1, 1],
            output_padding=[1, 1],
        )
        x = n.op("Relu" if oc > 1 else "Sigmoid", x)
    return n, x


def gan_generator() -> Net:
    n = Net("gan_generator", opset=13)
    x = n.reshape(n.op("Relu", n.dense(n.input(1, 32), 32, 16 * 49)), 1, 16, 7, 7)
    scales = n.constant([1, 1, 2, 2])
    for c, oc in ((16, 12), (12, 8)):
        x = n.op(
            "Resize",
            x,
            "",
            scales,
            mode="nearest",
            nearest_mode="floor",
            coordinate_transformation_mode="asymmetric",
        )
        x = n.conv_bn(x, c, oc)
    return n, n.op("Tanh", n.conv(x, 8, 1))


def yolo_head() -> Net:
    n = Net("yolo_head", opset=13)
    x, c = n.input(1, 3, 64, 64), 3
    for oc in (8, 16, 24):
        x = n.max_pool(
            n.op("LeakyRelu", n.batch_norm(n.conv(x, c, oc, bias=False), oc), alpha=0.1)
        )
        c = oc
    large = n.conv_bn(x, c, 32, 3, 2, act="LeakyRelu")
    up = n.op(
        "Resize",
        n.conv(large, 32, 16, 1),
        "",
        n.constant([1, 1, 2, 2]),
        mode="nearest",
        nearest_mode="floor",
        coordinate_transformation_mode="asymmetric",
    )
    small = n.conv(n.op("Concat", up, x, axis=1), 40, 18, 1)
    return n, n.conv(large, 32, 18, 1), small


def ssd_head() -> Net:
    n = Net("ssd_head", opset=17)
    x = n.conv_bn(n.conv_bn(n.input(1, 3, 48, 48), 3, 16, 3, 2), 16, 24, 3, 2)
    deep = n.conv_bn(x, 24, 32, 3, 2)
    boxes, scores = [], []
    for feature, c, cells in ((x, 24, 144), (deep, 32, 36)):
        box = n.transpose(n.conv(feature, c, 8), 0, 2, 3, 1)
        boxes.append(n.reshape(box, 1, cells * 2, 4))
        score = n.transpose(n.conv(feature, c, 6), 0, 2, 3, 1)
        scores.append(n.reshape(score, 1, cells * 2, 3))
    return (
        n,
        n.op("Concat", *boxes, axis=1),
        n.op("Softmax", n.op("Concat", *scores, axis=1), axis=-1),
    )


def vit() -> Net:
    n = Net("vit", opset=17)
    x = n.conv(n.input(1, 3, SIZE, SIZE), 3, 32, 8, 8, pad=0)
    x = n.transpose(n.reshape(x, 1, 32, 16), 0, 2, 1)
    x = n.op("Add", x, n.constant(n.normal(1, 16, 32, scale=0.3)))
    for _ in range(2):
        x = n.op("Add", x, n.attention(n.layer_norm(x, 32), 16, 32, 4))
        y = n.matmul(n.layer_norm(x, 32), 32, 64)
        x = n.op("Add", x, n.matmul(n.activation(y, "Gelu"), 64, 32))
    x = n.op("ReduceMean", n.layer_norm(x, 32), axes=[1], keepdims=0)
    return n, n.dense(x, 32, 10)


def mlp_mixer() -> Net:
    n = Net("mlp_mixer", opset=17)
    x = n.conv(n.input(1, 3, SIZE, SIZE), 3, 24, 8, 8, pad=0)
    x = n.transpose(n.reshape(x, 1, 24, 16), 0, 2, 1)
    for _ in range(2):
        y = n.transpose(n.layer_norm(x, 24), 0, 2, 1)
        y = n.matmul(n.activation(n.matmul(y, 16, 32), "Gelu"), 32, 16)
        x = n.op("Add", x, n.transpose(y, 0, 2, 1))
        y = n.matmul(n.activation(n.matmul(n.layer_norm(x, 24), 24, 48), "Gelu"), 48, 24)
        x = n.op("Add", x, y)
    x = n.op("ReduceMean", x, axes=[1], keepdims=0)
    return n, n.dense(x, 24, 10)


def siamese() -> Net:
    n = Net("siamese", opset=13)
    seed_weights = Net("siamese_branch")
    state = seed_weights.rng.bit_generator.state
    ends = []
    for name in ("a", "b"):
        n.rng.bit_generator.state = state  # both branches share their weights
        x = n.max_pool(n.conv_bn(n.input(1, 1, 24, 24, name=name), 1, 8))
        ends.append(n.dense(n.global_pool(n.conv_bn(x, 8, 16)), 16, 16))
    distance = n.op("Abs", n.op("Sub", *ends))
    return n, n.op("Sigmoid", n.dense(distance, 16, 1))


def image_and_vector() -> Net:
    n = Net("image_and_vector", opset=13)
    x = n.global_pool(n.conv_bn(n.input(1, 1, 24, 24, name="image"), 1, 12, 3, 2))
    v = n.op("Relu", n.dense(n.input(1, 6, name="vector"), 6, 12))
    return n, n.dense(n.op("Concat", x, v, axis=1), 24, 5)


def dynamo_export() -> Net:
    """GlobalAveragePool as ReduceMean, Flatten as Reshape of a computed shape."""
    n = Net("dynamo_export", opset=20)
    x = n.conv_bn(n.conv_bn(n.input(1, 3, SIZE, SIZE), 3, 16, 3, 2), 16, 32, 3, 2)
    x = n.op("ReduceMean", x, n.integers(-1, -2), keepdims=1)
    batch = n.op("Slice", n.op("Shape", x), n.integers(0), n.integers(1))
    x = n.op("Reshape", x, n.op("Concat", batch, n.integers(-1), axis=0))
    return n, n.dense(n.op("Gelu", n.dense(x, 32, 32)), 32, 10)


def stereo_depthwise_multiplier() -> Net:
    n = Net("stereo_depthwise_multiplier", opset=13)
    x = n.conv(n.input(1, 2, SIZE, SIZE), 2, 16, 3, 2, group=2)
    x = n.op("Elu", n.conv(n.op("Elu", x), 16, 16, 3, group=4))
    x = n.op("Elu", n.conv(x, 16, 24, 3, dilation=2))
    return n, n.dense(n.op("Flatten", n.op("GlobalMaxPool", x)), 24, 6)


def pixel_shuffle() -> Net:
    n = Net("pixel_shuffle", opset=13)
    x = n.op("Relu", n.conv(n.input(1, 1, 16, 16), 1, 16, 5))
    x = n.op("Relu", n.conv(x, 16, 12))
    return n, n.op("DepthToSpace", n.conv(x, 12, 4), blocksize=2, mode="CRD")


def prelu_net() -> Net:
    n = Net("prelu_net", opset=13)
    x, c = n.input(1, 3, SIZE, SIZE), 3
    for oc in (12, 24):
        slope = n.constant(0.25 + 0.05 * n.normal(oc, 1, 1))
        x = n.max_pool(n.op("PRelu", n.conv(x, c, oc), slope))
        c = oc
    return n, n.dense(n.global_pool(x), c, 10)


def instance_norm_style() -> Net:
    n = Net("instance_norm_style", opset=13)
    x = n.conv(n.input(1, 3, SIZE, SIZE), 3, 12)
    for _ in range(2):
        y = n.op(
            "InstanceNormalization",
            x,
            n.constant(1 + 0.1 * n.normal(12)),
            n.constant(n.normal(12, scale=0.1)),
        )
        x = n.op("Add", x, n.conv(n.op("Relu", y), 12, 12))
    return n, n.conv(x, 12, 3)


NETS = (
    lenet,
    vgg,
    resnet_basic,
    resnet_bottleneck,
    resnet_preactivation,
    mobilenet_v1,
    mobilenet_v2,
    mobilenet_v3,
    efficientnet,
    shufflenet,
    squeezenet,
    densenet,
    inception,
    xception,
    repvgg,
    ghostnet,
    convnext,
    unet,
    fcn_resize,
    conv_autoencoder,
    gan_generator,
    yolo_head,
    ssd_head,
    vit,
    mlp_mixer,
    siamese,
    image_and_vector,
    dynamo_export,
    stereo_depthwise_multiplier,
    pixel_shuffle,
    prelu_net,
    instance_norm_style,
)
