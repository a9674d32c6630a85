import torch

from dlplay.data import heaps, heaps_log_density
from dlplay.data.heaps import RARE, SPREAD


def test_heaps_have_their_shares_places_and_spreads():
    torch.manual_seed(0)
    y = heaps(100, 200, at=1.5)
    assert y.shape == (100, 200)
    assert abs((y > 0).float().mean() - RARE) < 0.01
    for side, middle in ((y[y > 0], 1.5), (y[y < 0], -1.5)):
        assert abs(side.mean() - middle) < 0.02
        assert abs(side.std() - SPREAD) < 0.02


def test_the_density_is_that_of_the_heaps():
    y = torch.linspace(-4, 4, 4001)
    p = heaps_log_density(y).exp() * (y[1] - y[0])
    assert torch.isclose(p.sum(), torch.tensor(1.0), atol=1e-4)
    torch.manual_seed(0)
    drawn = heaps(20_000)
    assert abs((drawn < -2).float().mean() - p[y < -2].sum()) < 0.015
    assert abs(drawn.mean() - (p * y).sum()) < 0.03
