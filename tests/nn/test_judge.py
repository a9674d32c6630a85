import math
import random

import numpy as np
import pytest
import torch

from dlplay.data.bundled import digits
from dlplay.nn.judge import FEATURES, Judge, frechet


@pytest.fixture(scope="module")
def judge():
    return Judge()


def test_recognises_digits(judge):
    _, _, x, y = digits()
    assert judge.accuracy > 0.95
    assert (judge.classes(x) == y).float().mean().item() == pytest.approx(judge.accuracy)


def test_is_sure_of_digits_and_unsure_of_noise(judge):
    _, _, x, _ = digits()
    noise = torch.rand(500, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    assert judge.confidence(x).shape == (len(x),)
    assert judge.confidence(x).mean() > judge.confidence(noise).mean() + 0.1


def test_measures_how_far_images_are_from_digits(judge):
    x, _, real, y = digits()
    noise = torch.rand(500, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    assert judge.features(x).shape == (len(x), FEATURES)
    same = judge.distance(x, real)
    one_class = judge.distance(real[y == 3], real)
    assert 0 <= same < one_class
    assert 10 * same < judge.distance(noise, real)


def test_is_the_same_judge_every_time_and_leaves_randomness_alone(judge):
    torch.manual_seed(3)
    before = torch.get_rng_state(), random.getstate(), str(np.random.get_state())
    with torch.no_grad():
        again = Judge()
    assert torch.equal(before[0], torch.get_rng_state())
    assert before[1:] == (random.getstate(), str(np.random.get_state()))
    for first, second in zip(judge.parameters(), again.parameters(), strict=True):
        assert torch.equal(first, second)
        assert not second.requires_grad


def test_frechet_distance_of_known_gaussians():
    points = torch.randn(2000, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    points = points - points.mean(dim=0)
    covariance = torch.cov(points.T)
    assert frechet(points, points) == pytest.approx(0, abs=1e-9)
    # Moved by (3, 4, 0): 25. Stretched by 2: tr(C + 4C - 2·2C) = tr C.
    assert frechet(points, points + torch.tensor([3.0, 4.0, 0.0])) == pytest.approx(25)
    assert frechet(points, 2 * points) == pytest.approx(covariance.trace().item())
    assert frechet(points, 2 * points) == pytest.approx(frechet(2 * points, points))


def test_frechet_distance_of_broken_images_is_no_number():
    points = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    assert math.isnan(frechet(points, torch.full((5, 3), math.inf)))


def test_frechet_distance_needs_two_points():
    with pytest.raises(ValueError, match="two points"):
        frechet(torch.zeros(1, 3), torch.zeros(5, 3))
