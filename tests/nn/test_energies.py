import torch

from dlplay.nn.energies import at_all, line_energies, middles


def test_nets_are_apart_and_see_the_same_numbers():
    torch.manual_seed(0)
    net = line_energies(3)
    y = torch.linspace(-2, 2, 11)
    energies = at_all(net, y, 3)
    assert energies.shape == (11, 3)
    assert torch.equal(energies, net(y[:, None, None].repeat(1, 3, 1))[..., 0])
    (slopes,) = torch.autograd.grad(energies[:, 1].sum(), net[0].weight)
    assert slopes[1].abs().sum() > 0
    assert slopes[[0, 2]].abs().sum() == 0


def test_middles_share_the_line_out():
    places = middles(4, 2.0)
    assert torch.allclose(places, torch.tensor([-1.5, -0.5, 0.5, 1.5]))
