"""A net of linear layers is what one writes by hand, drawn in the same order."""

import pytest
import torch
from torch import nn

from dlplay.nn.layers import mlp


def test_it_is_the_net_that_one_writes_by_hand():
    torch.manual_seed(0)
    net = mlp(3, 5, 4, 2)
    torch.manual_seed(0)
    by_hand = nn.Sequential(
        nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 2)
    )  # fmt: skip
    x = torch.randn(6, 7, 3)
    assert torch.equal(net(x), by_hand(x))
    assert str(net) == str(by_hand)


def test_two_widths_are_one_layer():
    assert [type(part) for part in mlp(3, 2)] == [nn.Linear]
    for widths in ((), (3,)):
        with pytest.raises(ValueError, match="an input and an output"):
            mlp(*widths)
