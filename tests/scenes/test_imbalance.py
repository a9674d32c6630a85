"""The measures of the imbalance scene against cases worked by hand."""

import sys

import pytest
import torch

from dlplay.course import catalog

PRIOR = 0.02


@pytest.fixture(scope="module")
def scene():
    card = catalog.Catalog([catalog.built_in()]).find("costs/imbalance")
    return sys.modules[catalog.load(card).__module__]


def answers(rare, frequent):
    """Probabilities [4000, 1]: of the rare points, then of the frequent ones, each repeated."""
    first = torch.tensor(rare).repeat(1000 // len(rare))
    return torch.cat([first, torch.tensor(frequent).repeat(3000 // len(frequent))])[:, None]


def test_what_is_judged_is_weighted_by_the_prior(scene):
    judged = scene.judge(answers([0.9, 0.3], [0.1, 0.2, 0.6]), 0.5, PRIOR)
    assert judged["recall"].item() == pytest.approx(1 / 2)
    assert judged["right"].item() == pytest.approx(0.02 * 1 / 2 + 0.98 * 2 / 3)
    assert judged["both"].item() == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert judged["mean"].item() == pytest.approx(0.02 * 0.6 + 0.98 * 0.3)


def test_auc_is_the_share_of_pairs_in_order(scene):
    # 0.9 is above all three, 0.3 above two of three: five pairs of six
    assert scene.auc(answers([0.9, 0.3], [0.1, 0.2, 0.6])).item() == pytest.approx(5 / 6)
    assert scene.auc(answers([0.1], [0.5])).item() == 0


def test_precision_at_a_recall(scene):
    levels = torch.tensor([0.5, 1.0])
    found = scene.precision(answers([0.9, 0.3], [0.1, 0.2, 0.6]), levels, PRIOR).tolist()
    # half of the rare are found above 0.9, with no false alarm; all above 0.3, with a third
    assert found == pytest.approx([1, 0.02 / (0.02 + 0.98 / 3)])


def test_calibration(scene):
    # What is said, 0.15, is true of 0.02 of the points: the error is the difference
    assert scene.calibration(answers([0.15], [0.15]), PRIOR).item() == pytest.approx(0.13, abs=1e-6)
    assert scene.calibration(answers([0.02], [0.02]), PRIOR).item() == pytest.approx(0, abs=1e-6)
    curve = scene.reliability(answers([0.15], [0.15]), PRIOR)
    torch.testing.assert_close(curve, torch.tensor([[0.15, 0.02]]))


def test_batches_of_each_mode(scene):
    rare, total = 15, 1500
    plain = scene.pick("plain", rare, total)
    assert plain.shape == (scene.BATCH, scene.DRAWS)
    assert plain.max() >= 2 * rare
    for mode in ("balanced", "discarded"):
        i = scene.pick(mode, rare, total)
        assert (i < rare).sum(0).tolist() == [scene.BATCH // 2] * scene.DRAWS
    assert scene.pick("discarded", rare, total).max() < 2 * rare
