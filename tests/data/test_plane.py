"""The moons without labels and their true density, and questions with three answers."""

import math

import torch

from dlplay.data import folded, folded_answers, folded_x, moons, moons_log_density
from dlplay.nn import grid


def test_moons_are_scaled():
    torch.manual_seed(0)
    x = moons(40_000)
    assert x.shape == (40_000, 2)
    assert x.mean(dim=0).abs().max() < 0.02
    assert (x.std(dim=0) - 1).abs().max() < 0.02


def test_moons_come_in_any_order():
    torch.manual_seed(0)
    x = moons(4000)
    assert abs(x[:2000, 0].mean() - x[2000:, 0].mean()) < 0.1


def test_the_density_of_moons_sums_to_one():
    for noise in (0.05, 0.15):
        places = grid((-3, 3), (-4, 4), 400)
        p = moons_log_density(places.reshape(-1, 2), noise=noise).exp()
        assert math.isclose(p.mean() * 48, 1, abs_tol=0.02)


def test_moons_are_drawn_from_their_density():
    """In the squares of a grid lie as many points as the density says."""
    torch.manual_seed(0)
    places = grid((-2.475, 2.475), (-2.475, 2.475), 100)
    expected = moons_log_density(places.reshape(-1, 2)).exp().reshape(100, 100) * 0.05**2
    x = moons(100_000)
    column, row = ((x + 2.5) / 0.05).long().clamp(0, 99).T
    found = torch.zeros(100, 100).index_put((row, column), torch.tensor(1e-5), accumulate=True)
    blocks = [each.reshape(20, 5, 20, 5).sum(dim=(1, 3)) for each in (found, expected)]
    assert (blocks[0] - blocks[1]).abs().max() < 0.003


def test_a_question_has_three_answers_between_the_folds():
    for x in (-0.36, -0.25, 0, 0.1, 0.36):
        assert len(folded_answers(x)) == 3
    for x in (-1.99, -1, -0.38, 0.38, 1.5, 1.99):
        assert len(folded_answers(x)) == 1
    assert len(folded_answers(3)) == 0
    assert torch.allclose(folded_answers(0), torch.tensor([-1.16156, 0, 1.16156]), atol=1e-4)


def test_an_answer_belongs_to_its_question():
    for bend in (0.0, 0.6, 1.2, 1.6):
        for x in (-0.9, -0.25, 0.0, 0.3, 1.1):
            y = folded_answers(x, bend=bend)
            assert (y.diff() > 0).all()
            assert torch.allclose(folded_x(y, bend=bend), torch.tensor(x), atol=1e-5)


def test_folded_pairs_lie_along_the_curve():
    torch.manual_seed(0)
    x, y = folded(10_000, noise=0.1)
    assert x.shape == y.shape == (10_000,)
    assert y.min() >= -2
    assert y.max() <= 2
    off = x - folded_x(y)
    assert off.abs().max() <= 0.1001
    assert abs(off.mean()) < 0.005
    x, y = folded(100, bend=0, noise=0)
    assert torch.equal(x, y)
