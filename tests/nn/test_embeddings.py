import torch

from dlplay.nn.embeddings import encoder, main_axes, spread, told


def test_the_encoder_keeps_its_shapes():
    for batch_norm in (True, False):
        net = encoder(batch_norm=batch_norm)
        assert net(torch.randn(4, 1, 10, 10)).shape == (4, 32)
        assert any(isinstance(m, torch.nn.BatchNorm1d) for m in net) is batch_norm


def test_spread_is_1_on_the_sphere_and_0_in_a_point():
    torch.manual_seed(0)
    assert abs(spread(torch.randn(5000, 32)) - 1) < 0.02
    assert spread(torch.ones(10, 32) * torch.arange(1, 11)[:, None]) < 1e-5


def test_neighbours_tell_what_lies_together():
    torch.manual_seed(0)
    centres, y = torch.randn(10, 32), torch.arange(200) % 10
    z = centres[y] + 0.1 * torch.randn(200, 32)
    assert told(z[:150], y[:150], z[150:], y[150:]) == 1
    assert told(z[:150], y[:150], torch.randn(50, 32), y[150:]) < 0.5


def test_main_axes_hold_what_varies_most():
    torch.manual_seed(0)
    z = torch.randn(500, 4) * torch.tensor([10.0, 5.0, 0.1, 0.1])
    flat = main_axes(z)
    assert flat.shape == (500, 2)
    assert flat.var(dim=0).sum() > 0.99 * torch.nn.functional.normalize(z, dim=1).var(dim=0).sum()
