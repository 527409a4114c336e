"""Random networks: layers over any earlier result of fitting size, several outputs."""

import numpy as np

from .builder import Net

COUNT = 10
_ACTIVATIONS = ("Relu", "Relu6", "Silu", "HardSwish", "LeakyRelu", "Tanh", "Sigmoid", "")


def random_dag(seed: int) -> tuple[Net, ...]:
    n = Net(f"random_dag_{seed}", opset=int(13 + seed % 6), seed=seed)
    rng = np.random.default_rng(seed)
    c, size = int(rng.integers(1, 5)), int(rng.choice([12, 16, 24]))
    # name, channels, height = width
    made = [(n.input(1, c, size, size), c, size)]
    for _ in range(int(rng.integers(6, 14))):
        made.append(_layer(n, rng, made))
    used = {name for node in n.nodes for name in node.input}
    loose = [item for item in made[1:] if item[0] not in used]
    return n, *(n.dense(n.global_pool(x), c, int(rng.integers(2, 6))) for x, c, _ in loose[:3])


def _layer(
    n: Net, rng: np.random.Generator, made: list[tuple[str, int, int]]
) -> tuple[str, int, int]:
    x, c, size = made[-1 - int(min(rng.geometric(0.6) - 1, len(made) - 1))]
    same_size = [m for m in made if m[2] == size and m[0] != x]
    same = [m for m in same_size if m[1] == c]
    kind = rng.choice(["conv", "depthwise", "pool", "join", "concat", "gate", "grouped"])
    if kind == "join" and same:
        other = same[int(rng.integers(len(same)))][0]
        return n.op(str(rng.choice(["Add", "Mul", "Sub", "Max"])), x, other), c, size
    if kind == "concat" and same_size:
        other, more, _ = same_size[int(rng.integers(len(same_size)))]
        return n.op("Concat", x, other, axis=1), c + more, size
    if kind == "gate":
        gate = n.op("Sigmoid", n.conv(n.op("GlobalAveragePool", x), c, c, 1))
        return n.op("Mul", x, gate), c, size
    if kind == "pool" and size >= 8:
        pool = n.max_pool if rng.random() < 0.5 else n.average_pool
        return pool(x), c, size // 2
    act = str(rng.choice(_ACTIVATIONS))
    if kind == "depthwise":
        y = n.batch_norm(n.depthwise(x, c, int(rng.choice([3, 5])), bias=False), c)
        return n.activation(y, act), c, size
    oc = int(rng.integers(2, 21))
    if kind == "grouped" and c % 2 == 0:
        return n.activation(n.conv(x, c, 2 * oc, 3, group=2), act), 2 * oc, size
    stride = 2 if size >= 8 and size % 2 == 0 and rng.random() < 0.2 else 1
    y = n.conv(x, c, oc, int(rng.choice([1, 3, 5])), stride)
    return n.activation(y, act), oc, size // stride


NETS = {f"random_dag_{seed}": seed for seed in range(COUNT)}
