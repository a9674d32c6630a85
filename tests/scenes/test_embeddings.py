"""The parts of the embeddings scene against cases worked by hand."""

import sys

import pytest
import torch

from dlplay.course import catalog


@pytest.fixture(scope="module")
def scene():
    card = catalog.Catalog([catalog.built_in()]).find("costs/embeddings")
    return sys.modules[catalog.load(card).__module__]


def test_triplets_are_of_one_class_and_another(scene):
    torch.manual_seed(0)
    y = torch.randperm(200) % 10
    a, p, n = scene.Triplets(y).draw(3000)
    assert (y[a] == y[p]).all()
    assert (y[a] != y[n]).all()
    for drawn in (a, p, n):
        assert len(drawn.unique()) == 200  # nobody is left out


def test_rank_correlation(scene):
    score = torch.tensor([1.0, 2.0, 3.0, 40.0])
    assert scene.spearman(score, torch.tensor([0.0, 1, 5, 6])).item() == pytest.approx(1)
    assert scene.spearman(score, torch.tensor([6.0, 5, 1, 0])).item() == pytest.approx(-1)
    # ranks 1 2 3 4 against 1½ 1½ 3½ 3½: covariance 4/4, variances 5/4 and 4/4
    tied = torch.tensor([0.0, 0, 1, 1])
    assert scene.spearman(score, tied).item() == pytest.approx(1 / (5 / 4) ** 0.5)


def test_neighbours_vote(scene):
    arms = len(scene.ARMS)
    known = torch.tensor([0.0, 1, 2, 10, 11, 12])[None, :, None].expand(arms, -1, 8)
    here = torch.tensor([0.5, 11.5])[None, :, None].expand(arms, -1, 8)
    known_y = torch.tensor([3, 3, 3, 7, 7, 7])
    # of the 5 nearest, three are of the own side
    read = scene.neighbours(here, known, torch.tensor([3, 7]), known_y)
    assert set(read) == set(scene.ARMS)
    assert set(read.values()) == {1.0}
    read = scene.neighbours(here, known, torch.tensor([3, 3]), known_y)
    assert set(read.values()) == {0.5}


def test_beyond_the_margin_there_is_neither_loss_nor_slope(scene):
    assert scene.beyond(1.0, "cpu") == 0
    # m = 2: the pair costs 0.5, with slope 1; the triplet 0.5, its slopes at a two unit vectors at
    # a right angle, and one each at p and n: 4 in the sum of sizes
    assert scene.beyond(2.0, "cpu") == pytest.approx(0.5 + 1 + 0.5 + 4, abs=1e-4)
