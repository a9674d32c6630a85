"""The autoencoder learns, keeps places, and scales its codes without changing its copies."""

import pytest
import torch

from dlplay.data import Signs
from dlplay.nn.packer import Packer, rise_and_fall


def test_it_learns_and_settles():
    torch.manual_seed(0)
    signs = Signs()
    x = signs.paint(signs.names().repeat(4, 1))
    packer = Packer(6, width=32)
    errors = [float(packer.learn(x, step, 40)) for step in range(40)]
    assert errors[-1] < 0.5 * errors[0]
    before = packer(x)
    packer.settle(x)
    code = packer.pack(x)
    assert code.shape == (128, 16, 6)
    assert code.mean(dim=(0, 1)).abs().max() < 1e-4
    assert code.std().item() == pytest.approx(1, abs=1e-4)
    assert torch.allclose(packer.unpack(code), before, atol=1e-4)


def test_a_place_of_the_code_lies_where_its_pixels_do():
    packer = Packer(2, width=8)
    image = torch.zeros(1, 3, 16, 16)
    changed = image.clone()
    changed[:, :, :4, 12:] = 1  # the last of the first row of places
    moved = (packer.pack(changed) - packer.pack(image)).abs().sum(dim=2)[0].view(4, 4) > 1e-6
    assert moved[:2, 2:].all()  # with its neighbours
    assert not moved[2:].any()
    assert not moved[:, :2].any()


def test_a_rate_rises_and_falls():
    weights = [torch.zeros(1, requires_grad=True)]
    optimizer = torch.optim.SGD(weights, lr=1)
    rates = []
    for step in range(100):
        rise_and_fall(optimizer, 0.5, step, 100)
        rates.append(optimizer.param_groups[0]["lr"])
    assert rates[0] < 0.02
    assert rates.index(max(rates)) == 29
    assert rates[-1] < 0.001
