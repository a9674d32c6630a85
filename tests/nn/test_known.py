"""Known nets have the published numbers of weights, products and pixels."""

import pytest
import torch
from torch import nn

from dlplay.nn.known import alexnet, costs, lenet, resnet, vgg

# Weights as in the papers and in the released nets; multiply-adds as usually reported.
PUBLISHED = {
    "LeNet-5": (lenet, (), (1, 32, 32), 61_706, 416_520),
    "AlexNet": (alexnet, (), (3, 227, 227), 60_965_224, 724_406_816),
    "VGG-11": (vgg, (11,), (3, 224, 224), 132_863_336, 7_609_090_048),
    "VGG-16": (vgg, (16,), (3, 224, 224), 138_357_544, 15_470_264_320),
    "VGG-19": (vgg, (19,), (3, 224, 224), 143_667_240, 19_632_062_464),
    "ResNet-18": (resnet, (18,), (3, 224, 224), 11_689_512, 1_814_073_344),
    "ResNet-34": (resnet, (34,), (3, 224, 224), 21_797_672, 3_663_761_408),
    "ResNet-50": (resnet, (50,), (3, 224, 224), 25_557_032, 4_089_184_256),
    "ResNet-101": (resnet, (101,), (3, 224, 224), 44_549_160, 7_801_405_440),
    "ResNet-152": (resnet, (152,), (3, 224, 224), 60_192_808, 11_513_626_624),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_known_net_has_the_published_size(name):
    make, layers, shape, weights, products = PUBLISHED[name]
    with torch.device("meta"):
        net = make(*layers)
    found = costs(net, shape)
    assert sum(p.numel() for p in net.parameters()) == weights
    assert sum(cost.weights for cost in found) == weights
    assert sum(cost.products for cost in found) == products


def test_layers_see_what_the_formula_says():
    with torch.device("meta"):
        net = vgg(16)
    fields = [cost.field for cost in costs(net, (3, 224, 224)) if cost.kind == "conv"]
    assert fields == [3, 5, 10, 14, 24, 32, 40, 60, 76, 92, 132, 164, 196]
    with torch.device("meta"):
        net = alexnet()
    assert [cost.field for cost in costs(net, (3, 227, 227))][:5] == [11, 51, 99, 131, 163]


def test_a_shortcut_makes_no_unit_see_farther():
    with torch.device("meta"):
        found = costs(resnet(18), (3, 224, 224))
    assert [cost.field for cost in found if "shortcut" in cost.name] == [0, 0, 0]
    assert found[0].field == 7
    assert max(cost.field for cost in found) == 435


def test_a_net_runs_and_is_left_as_it_was():
    net = lenet()
    found = costs(net, (1, 32, 32))
    assert [cost.shape for cost in found] == [(6, 28, 28), (16, 10, 10), (120, 1, 1), (84,), (10,)]
    assert net(torch.zeros(3, 1, 32, 32)).shape == (3, 10)
    assert not any(module._forward_hooks for module in net.modules())
    with pytest.raises(RuntimeError):
        costs(nn.Sequential(nn.Linear(3, 2)), (4,))
