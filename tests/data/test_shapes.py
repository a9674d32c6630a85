import math

import pytest
import torch

from dlplay.data.shapes import bars


def test_bars_have_the_angle_of_their_class():
    x, y = bars(400, noise=0.0, generator=torch.Generator().manual_seed(0))
    assert x.shape == (400, 1, 20, 20)
    assert set(y.tolist()) == {0, 1, 2, 3}
    row, column = torch.meshgrid(torch.arange(20.0), torch.arange(20.0), indexing="ij")
    for image, kind in zip(x[:, 0], y.tolist(), strict=True):
        mass = image / image.sum()
        right, up = column - (mass * column).sum(), (mass * row).sum() - row
        # The principal axis of the bright pixels, from their second moments.
        xx, yy, xy = ((mass * a).sum() for a in (right**2, up**2, right * up))
        angle = torch.atan2(2 * xy, xx - yy).item() / 2
        off = (angle - kind * math.pi / 4 + math.pi / 2) % math.pi - math.pi / 2
        assert abs(off) < 0.1


def test_bars_stay_within_the_image_and_within_0_and_1_without_noise():
    x, _ = bars(400, noise=0.0, generator=torch.Generator().manual_seed(0))
    assert x.min() == 0
    assert x.max() == 1
    assert x.sum(dim=(1, 2, 3)).min() > 10  # eight pixels long, two wide, less some at the border


def test_noise_has_the_given_deviation_and_the_generator_decides():
    x, y = bars(200, noise=0.5, generator=torch.Generator().manual_seed(1))
    clean, same = bars(200, noise=0.0, generator=torch.Generator().manual_seed(1))
    assert torch.equal(y, same)
    assert (x - clean).std().item() == pytest.approx(0.5, rel=0.02)
    torch.manual_seed(7)
    state = torch.get_rng_state()
    again, _ = bars(200, noise=0.5, generator=torch.Generator().manual_seed(1))
    assert torch.equal(again, x)
    assert torch.equal(torch.get_rng_state(), state)
