"""The mathematics inside the scene: counts, cuts, and what is measured of a text."""

import math
import sys

import pytest
import torch

from dlplay.course import catalog


@pytest.fixture(scope="module")
def scene():
    card = catalog.Catalog([catalog.built_in()]).find("language-models/char-gpt")
    return sys.modules[catalog.load(card).__module__]


def test_counts_of_pairs_by_hand(scene):
    train = torch.tensor([0, 1, 0, 1, 0, 2])  # a b a b a c: after a twice b, once c
    lower = torch.full((2,), 1 / 3, dtype=torch.float64)
    found = scene.ngram(train, torch.tensor([0, 1, 0]), lower, 2, 3)
    # After a: 3 seen, 2 kinds, twice b. After b: 2 seen, 1 kind, twice a.
    assert found.tolist() == pytest.approx([(2 + 2 / 3) / 5, (2 + 1 / 3) / 3])


def test_an_unseen_context_falls_back_to_the_shorter_one(scene):
    lower = torch.tensor([0.7], dtype=torch.float64)
    found = scene.ngram(torch.tensor([0, 1, 0]), torch.tensor([2, 1]), lower, 2, 3)
    assert found.tolist() == [0.7]


def test_counts_make_probabilities(scene):
    train = torch.randint(4, (200,))
    total = 0
    for last in range(4):
        lower = torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.float64)[last : last + 1]
        total += scene.ngram(train, torch.tensor([1, 3, last]), lower, 3, 4).item()
    assert total == pytest.approx(1)


LOGITS = torch.tensor([0.1, 0.5, 0.4]).log()


def test_temperature(scene):
    def entropy(temperature):
        p = scene.cut(LOGITS, temperature)
        return -(p * p.log()).sum().item()

    assert scene.cut(LOGITS, 1.0).tolist() == pytest.approx([0.1, 0.5, 0.4])
    assert scene.cut(LOGITS, 0.7).tolist() == pytest.approx([0.055, 0.547, 0.398], abs=1e-3)
    assert scene.cut(LOGITS, 0).tolist() == [0, 1, 0]
    assert entropy(0.5) < entropy(1) < entropy(2) < entropy(100) == pytest.approx(math.log(3), 1e-3)


def test_top_k_and_top_p_keep_the_fewest(scene):
    assert scene.cut(LOGITS, 1.0, top_k=2).tolist() == pytest.approx([0, 5 / 9, 4 / 9])
    assert scene.cut(LOGITS, 1.0, top_k=1).tolist() == [0, 1, 0]
    assert scene.cut(LOGITS, 1.0, top_p=0.49).tolist() == [0, 1, 0]
    assert scene.cut(LOGITS, 1.0, top_p=0.51).tolist() == pytest.approx([0, 5 / 9, 4 / 9])
    assert scene.cut(LOGITS, 1.0, top_p=0.95).tolist() == pytest.approx([0.1, 0.5, 0.4])


def test_a_batch_is_cut_row_by_row(scene):
    rows = torch.stack([LOGITS, LOGITS.flip(0)])
    cut = scene.cut(rows, 1.0, top_p=0.6)
    assert torch.equal(cut[0], cut[1].flip(0))


def test_new_pieces(scene):
    assert scene.distinct([1] * 20) == pytest.approx(1 / 13)
    assert scene.distinct(list(range(20))) == 1


def test_parameters_of_the_model(scene):
    model = scene.GPT(78, 80, 2, 4, 64, "learned", causal=True)
    count = sum(p.numel() for p in model.parameters())
    blocks, tables, norm = 2 * (12 * 80**2 + 13 * 80), (2 * 78 + 64) * 80, 2 * 80
    assert count == blocks + tables + norm
