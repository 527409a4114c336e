"""Small networks as people write them in PyTorch; make_torch.py exports them."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def _conv_bn(c: int, oc: int, kernel: int = 3, stride: int = 1, act=nn.ReLU, group: int = 1):
    return nn.Sequential(
        nn.Conv2d(c, oc, kernel, stride, kernel // 2, groups=group, bias=False),
        nn.BatchNorm2d(oc),
        act(),
    )


class SqueezeExcite(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.down, self.up = nn.Conv2d(c, c // 4, 1), nn.Conv2d(c // 4, c, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x * F.hardsigmoid(self.up(F.relu(self.down(self.pool(x)))))


class InvertedResidual(nn.Module):
    def __init__(self, c, oc, stride, expand, kernel=3, act=nn.ReLU6, excite=False) -> None:
        super().__init__()
        middle = c * expand
        self.residual = stride == 1 and c == oc
        self.body = nn.Sequential(
            _conv_bn(c, middle, 1, act=act),
            _conv_bn(middle, middle, kernel, stride, act, group=middle),
            SqueezeExcite(middle) if excite else nn.Identity(),
            _conv_bn(middle, oc, 1, act=nn.Identity),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x) if self.residual else self.body(x)


class MobileNetV2(nn.Module):
    INPUTS = ((1, 3, 32, 32),)

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            _conv_bn(3, 8, 3, 2, nn.ReLU6),
            InvertedResidual(8, 8, 1, 2),
            InvertedResidual(8, 10, 2, 2),
            _conv_bn(10, 24, 1, act=nn.ReLU6),
        )
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(24, 10))

    def forward(self, x: Tensor) -> Tensor:
        x = F.adaptive_avg_pool2d(self.features(x), 1)
        return self.classifier(torch.flatten(x, 1))


class MobileNetV3(nn.Module):
    INPUTS = ((1, 1, 40, 40),)

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            _conv_bn(1, 8, 3, 2, nn.Hardswish),
            InvertedResidual(8, 10, 2, 1, excite=True, act=nn.ReLU),
            InvertedResidual(10, 10, 1, 2, 5, act=nn.Hardswish, excite=True),
        )
        self.classifier = nn.Sequential(
            nn.Linear(10, 24), nn.Hardswish(), nn.Dropout(0.2), nn.Linear(24, 5)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x).mean([2, 3]))


class BasicBlock(nn.Module):
    def __init__(self, c: int, oc: int, stride: int) -> None:
        super().__init__()
        self.first = _conv_bn(c, oc, 3, stride)
        self.second = _conv_bn(oc, oc, act=nn.Identity)
        same = stride == 1 and c == oc
        self.shortcut = nn.Identity() if same else _conv_bn(c, oc, 1, stride, nn.Identity)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.second(self.first(x)) + self.shortcut(x))


class ResNet8(nn.Module):
    INPUTS = ((1, 3, 32, 32),)

    def __init__(self) -> None:
        super().__init__()
        self.stem = _conv_bn(3, 4)
        self.blocks = nn.Sequential(BasicBlock(4, 4, 1), BasicBlock(4, 6, 2), BasicBlock(6, 8, 2))
        self.fc = nn.Linear(8, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.avg_pool2d(self.blocks(self.stem(x)), 8)
        return F.softmax(self.fc(x.view(x.size(0), -1)), dim=1)


class DsCnn(nn.Module):
    """Spectrograms without a channel axis, kernels that are not square."""

    INPUTS = ((1, 49, 10),)

    def __init__(self) -> None:
        super().__init__()
        layers = [nn.Conv2d(1, 12, (10, 4), (2, 2), (5, 1)), nn.BatchNorm2d(12), nn.ReLU()]
        for _ in range(2):
            layers += [_conv_bn(12, 12, group=12), _conv_bn(12, 12, 1)]
        self.body = nn.Sequential(*layers, nn.Dropout(0.2), nn.AvgPool2d((25, 5)), nn.Flatten())
        self.fc = nn.Linear(12, 12)

    def forward(self, x: Tensor) -> Tensor:
        return F.log_softmax(self.fc(self.body(x.unsqueeze(1))), dim=-1)


class HarConv1d(nn.Module):
    """Samples come as [batch, time, channel]."""

    INPUTS = ((1, 64, 3),)

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv1d(3, 12, 5, padding="same"),
            nn.BatchNorm1d(12),
            nn.ReLU(inplace=True),
            nn.MaxPool1d(2),
            nn.Conv1d(12, 16, 3, stride=2, padding=1),
            nn.BatchNorm1d(16),
            nn.ReLU(inplace=True),
            nn.AvgPool1d(3, 2, 1),
        )
        self.fc = nn.Linear(32, 6)

    def forward(self, x: Tensor) -> Tensor:
        x = self.body(x.permute(0, 2, 1))
        x = torch.cat([F.adaptive_avg_pool1d(x, 1), F.adaptive_max_pool1d(x, 1)], 1)
        return self.fc(x.squeeze(-1))


class Gru(nn.Module):
    INPUTS = ((1, 24, 6),)

    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(6, 10, num_layers=2, batch_first=True, dropout=0.1)
        self.fc = nn.Linear(10, 4)

    def forward(self, x: Tensor) -> Tensor:
        y, _ = self.gru(x)
        return self.fc(y[:, -1])


class Lstm(nn.Module):
    """The last states of both directions."""

    INPUTS = ((1, 24, 6),)

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(6, 8, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(16, 5)

    def forward(self, x: Tensor) -> Tensor:
        _, (h, _) = self.lstm(x)
        return self.fc(torch.cat([h[-2], h[-1]], dim=1))


class Mlp(nn.Module):
    INPUTS = ((1, 13),)

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.BatchNorm1d(13),
            nn.Linear(13, 20),
            nn.BatchNorm1d(20),
            nn.LeakyReLU(0.1),
            nn.Dropout(0.3),
            nn.Linear(20, 16),
            nn.PReLU(),
            nn.Linear(16, 16),
            nn.SELU(),
            nn.AlphaDropout(0.1),
            nn.Linear(16, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(self.body(x)).squeeze(1)


class UNet(nn.Module):
    """One step up by a transposed convolution, one by interpolation."""

    INPUTS = ((1, 1, 32, 32),)

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = _conv_bn(1, 4), _conv_bn(4, 6)
        self.middle = _conv_bn(6, 8)
        self.up = nn.ConvTranspose2d(8, 6, 2, 2)
        self.third, self.fourth = _conv_bn(12, 6), _conv_bn(10, 4)
        self.head = nn.Conv2d(4, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        a = self.first(x)
        b = self.second(F.max_pool2d(a, 2))
        x = self.up(self.middle(F.max_pool2d(b, 2)))
        x = self.third(torch.cat([x, b], dim=1))
        x = F.interpolate(x, size=a.shape[2:], mode="bilinear", align_corners=False)
        return torch.sigmoid(self.head(self.fourth(torch.cat([x, a], dim=1))))


class Autoencoder(nn.Module):
    """The mean square error of a window is the output beside its reconstruction."""

    INPUTS = ((1, 1, 16, 16),)

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 4, 3, 2, 1), nn.ReLU(), nn.Conv2d(4, 6, 3, 2, 1), nn.ReLU()
        )
        self.bottleneck = nn.Linear(6 * 16, 4)
        self.spread = nn.Linear(4, 6 * 16)
        self.decoder = nn.Sequential(
            nn.ConvTranspose2d(6, 4, 3, 2, 1, output_padding=1),
            nn.ReLU(),
            nn.Upsample(scale_factor=2, mode="nearest"),
            nn.Conv2d(4, 1, 3, padding=1),
            nn.Tanh(),
        )

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        code = self.bottleneck(self.encoder(x).flatten(1))
        y = self.decoder(F.relu(self.spread(code)).view(-1, 6, 4, 4))
        return y, ((x - y) ** 2).mean(dim=(1, 2, 3))


class Encoder(nn.Module):
    """A classification token, learnt positions, a layer of self-attention."""

    INPUTS = ((1, 16, 6),)

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(6, 12)
        self.token = nn.Parameter(torch.randn(1, 1, 12))
        self.position = nn.Parameter(torch.randn(1, 17, 12) * 0.5)
        self.layer = nn.TransformerEncoderLayer(
            12, 2, 16, 0.1, "gelu", batch_first=True, norm_first=True
        )
        self.fc = nn.Linear(12, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), self.embed(x)], dim=1)
        return self.fc(self.layer(x + self.position)[:, 0])


class Norms(nn.Module):
    """Every normalisation, pools to given sizes, smooth activations."""

    INPUTS = ((1, 3, 24, 24),)

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.GroupNorm(4, 8), nn.SiLU())
        self.second = nn.Sequential(
            nn.Conv2d(8, 8, 3, padding=1), nn.InstanceNorm2d(8, affine=True), nn.Mish()
        )
        self.third = nn.Sequential(
            nn.Conv2d(8, 8, 3, padding=1), nn.GroupNorm(1, 8), nn.Softplus()
        )
        self.norm = nn.LayerNorm(32)
        self.fc = nn.Linear(32, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = F.adaptive_max_pool2d(self.second(self.first(x)), 6)
        x = F.adaptive_avg_pool2d(self.third(x), (2, 2))
        return self.fc(F.gelu(self.norm(x.flatten(1)), approximate="tanh"))


class Chomp(nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def forward(self, x: Tensor) -> Tensor:
        return x[:, :, : -self.size].contiguous()


class Tcn(nn.Module):
    """Causal dilated convolutions: one padded in front, the others cut behind."""

    INPUTS = ((1, 4, 40),)

    def __init__(self) -> None:
        super().__init__()
        normed = nn.utils.parametrizations.weight_norm
        self.first = nn.Conv1d(4, 10, 3)
        self.second = nn.Sequential(
            normed(nn.Conv1d(10, 10, 3, padding=4, dilation=2)), Chomp(4), nn.ReLU()
        )
        self.third = nn.Sequential(
            normed(nn.Conv1d(10, 10, 3, padding=8, dilation=4)), Chomp(8), nn.ReLU()
        )
        self.fc = nn.Linear(10, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.first(F.pad(x, (2, 0))))
        x = x + self.second(x)
        x = F.relu(x + self.third(x))
        return self.fc(x[:, :, -1])


class Fusion(nn.Module):
    """Two sensors, two answers; an embedding is added by an index that is known."""

    INPUTS = ((1, 3, 32), (1, 5))

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(3, 8, 7, 2, 3)
        self.dense = nn.Linear(5, 8)
        self.place = nn.Embedding(4, 16)
        self.shared = nn.Linear(16, 16)
        self.kind, self.amount = nn.Linear(16, 4), nn.Linear(16, 1)

    def forward(self, motion: Tensor, air: Tensor) -> tuple[Tensor, Tensor]:
        x = F.relu(self.conv(motion)).mean(dim=2)
        x = torch.cat((x, F.softsign(self.dense(air))), dim=-1) + self.place(torch.tensor(2))
        x = F.hardtanh(self.shared(x))
        return self.kind(x), F.softplus(self.amount(x))


NETS: dict[str, Callable[[], nn.Module]] = {
    "mobilenet_v2": MobileNetV2,
    "mobilenet_v3": MobileNetV3,
    "resnet8": ResNet8,
    "ds_cnn": DsCnn,
    "har_conv1d": HarConv1d,
    "gru": Gru,
    "lstm": Lstm,
    "mlp": Mlp,
    "unet": UNet,
    "autoencoder": Autoencoder,
    "encoder": Encoder,
    "norms": Norms,
    "tcn": Tcn,
    "fusion": Fusion,
}
