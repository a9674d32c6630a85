"""Known convolutional nets as shapes, and what their layers cost. Nothing is trained.

Built on torch's `meta` device a net has shapes and no numbers, so that ones of 138 million weights
take no memory: `with torch.device("meta"): net = vgg(16)`.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn

CLASSES = 1000  # of ImageNet
# Convolutions of each of the five stages, by the number of layers with weights
VGG = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
# Blocks of each of the four stages, and whether a block squeezes its channels to a quarter first
RESNET = {
    18: ((2, 2, 2, 2), False),
    34: ((3, 4, 6, 3), False),
    50: ((3, 4, 6, 3), True),
    101: ((3, 4, 23, 3), True),
    152: ((3, 8, 36, 3), True),
}


def lenet() -> nn.Sequential:
    """LeNet-5 for 1x32x32 (LeCun et al., 1998), with its second layer reading all six maps."""
    return nn.Sequential(
        OrderedDict(
            C1=nn.Conv2d(1, 6, 5),
            S2=nn.Sequential(nn.Tanh(), nn.AvgPool2d(2)),
            C3=nn.Conv2d(6, 16, 5),
            S4=nn.Sequential(nn.Tanh(), nn.AvgPool2d(2)),
            C5=nn.Conv2d(16, 120, 5),
            F6=nn.Sequential(nn.Tanh(), nn.Flatten(), nn.Linear(120, 84)),
            F7=nn.Sequential(nn.Tanh(), nn.Linear(84, 10)),
        )
    )


def alexnet() -> nn.Sequential:
    """AlexNet for 3x227x227 (Krizhevsky et al., 2012), its halves for two GPUs as groups."""
    return nn.Sequential(
        OrderedDict(
            conv1=nn.Sequential(nn.Conv2d(3, 96, 11, stride=4), nn.ReLU(), nn.MaxPool2d(3, 2)),
            conv2=nn.Sequential(
                nn.Conv2d(96, 256, 5, padding=2, groups=2), nn.ReLU(), nn.MaxPool2d(3, 2)
            ),
            conv3=nn.Sequential(nn.Conv2d(256, 384, 3, padding=1), nn.ReLU()),
            conv4=nn.Sequential(nn.Conv2d(384, 384, 3, padding=1, groups=2), nn.ReLU()),
            conv5=nn.Sequential(
                nn.Conv2d(384, 256, 3, padding=1, groups=2), nn.ReLU(), nn.MaxPool2d(3, 2)
            ),
            fc6=nn.Sequential(nn.Flatten(), nn.Linear(9216, 4096), nn.ReLU()),
            fc7=nn.Sequential(nn.Linear(4096, 4096), nn.ReLU()),
            fc8=nn.Linear(4096, CLASSES),
        )
    )


def vgg(layers: int) -> nn.Sequential:
    """VGG-11, -13, -16 or -19 for 3x224x224 (Simonyan and Zisserman, 2014), without dropout."""
    stages: OrderedDict[str, nn.Module] = OrderedDict()
    channels = 3
    for stage, (many, wide) in enumerate(zip(VGG[layers], (64, 128, 256, 512, 512), strict=True)):
        parts: list[nn.Module] = []
        for _ in range(many):
            parts += [nn.Conv2d(channels, wide, 3, padding=1), nn.ReLU()]
            channels = wide
        stages[f"stage{stage + 1}"] = nn.Sequential(*parts, nn.MaxPool2d(2))
    stages["fc1"] = nn.Sequential(nn.Flatten(), nn.Linear(512 * 7 * 7, 4096), nn.ReLU())
    stages["fc2"] = nn.Sequential(nn.Linear(4096, 4096), nn.ReLU())
    stages["fc3"] = nn.Linear(4096, CLASSES)
    return nn.Sequential(stages)


class Block(nn.Module):
    """A residual block (He et al., 2015): x plus two layers of 3x3, or 1x1, 3x3, 1x1."""

    def __init__(self, channels: int, wide: int, stride: int, squeezed: bool) -> None:
        super().__init__()
        out = 4 * wide if squeezed else wide
        plan = [(channels, wide, 1, 1), (wide, wide, 3, stride), (wide, out, 1, 1)]
        plan = plan if squeezed else [(channels, wide, 3, stride), (wide, wide, 3, 1)]
        parts: list[nn.Module] = []
        for into, outof, kernel, step in plan:
            conv = nn.Conv2d(into, outof, kernel, step, kernel // 2, bias=False)
            parts += [conv, nn.BatchNorm2d(outof), nn.ReLU()]
        self.branch = nn.Sequential(*parts[:-1])
        self.shortcut = nn.Sequential()
        if stride > 1 or channels != out:
            projection = nn.Conv2d(channels, out, 1, stride, bias=False)
            self.shortcut = nn.Sequential(projection, nn.BatchNorm2d(out))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.branch(x) + self.shortcut(x))


def resnet(layers: int) -> nn.Sequential:
    """ResNet-18, -34, -50, -101 or -152 for 3x224x224, with projections where shapes change.

    A block that squeezes has its stride in the 3x3 layer, as the nets that are passed around do.
    """
    many, squeezed = RESNET[layers]
    stem = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU()
    stages = OrderedDict[str, nn.Module](stem=nn.Sequential(*stem, nn.MaxPool2d(3, 2, 1)))
    channels = 64
    for stage, blocks in enumerate(many):
        wide = 64 * 2**stage
        parts = []
        for block in range(blocks):
            stride = 2 if stage and not block else 1
            parts.append(Block(channels, wide, stride, squeezed))
            channels = 4 * wide if squeezed else wide
        stages[f"stage{stage + 1}"] = nn.Sequential(*parts)
    stages["fc"] = nn.Sequential(
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, CLASSES)
    )
    return nn.Sequential(stages)


@dataclass(frozen=True)
class Cost:
    """What a layer with weights is and costs, for one example.

    `name`: its path in the net. `shape`: of its output. `weights`: with biases, and with those of a
    normalization that follows. `products`: multiply-adds. `field`: the side of the square of input
    pixels that one unit may see, 0 for a linear layer or one on a shortcut.
    """

    name: str
    kind: str  # "conv" or "linear"
    shape: tuple[int, ...]
    weights: int
    products: int
    field: int


def costs(net: nn.Module, shape: tuple[int, ...]) -> list[Cost]:
    """The costs of each layer with weights, in order, for an input of `shape` without the batch.

    Layers are taken to follow one another, save those under a module called `shortcut`. Raises
    RuntimeError if the net does not take such an input.
    """
    names = {module: name for name, module in net.named_modules()}
    found: list[Cost] = []
    field, jump = 1, 1  # of a unit of the layer so far: pixels it sees, pixels to its neighbour

    def note(module: nn.Module, inputs: Any, output: torch.Tensor) -> None:
        nonlocal field, jump
        aside = ".shortcut" in f".{names[module]}"
        if isinstance(module, nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d) and not aside:
            field += (_side(module.kernel_size) - 1) * jump
            jump *= _side(module.stride)
        weights = sum(p.numel() for p in module.parameters())
        if isinstance(module, nn.Conv2d | nn.Linear):
            linear = isinstance(module, nn.Linear)
            outputs = math.prod(output.shape[1:])
            products = outputs * math.prod(module.weight.shape[1:])
            seen = 0 if linear or aside else field
            kind = "linear" if linear else "conv"
            found.append(
                Cost(names[module], kind, tuple(output.shape[1:]), weights, products, seen)
            )
        elif weights and found:
            found[-1] = replace(found[-1], weights=found[-1].weights + weights)

    leaves = [module for module in net.modules() if not list(module.children())]
    hooks = [module.register_forward_hook(note) for module in leaves]
    device = next(net.parameters()).device
    try:
        with torch.no_grad():
            net(torch.empty(2, *shape, device=device))
    finally:
        for hook in hooks:
            hook.remove()
    return found


def _side(size: Any) -> int:
    return int(size[0] if isinstance(size, tuple) else size)
