"""Trees split where the gain is greatest and answer their leaves' weighted means."""

from __future__ import annotations

import torch

from dlplay.nn.trees import tree

X = torch.tensor([0.0, 1.0, 2.0, 3.0])
CUTS = torch.tensor([0.5, 1.5, 2.5])
RIGHT = X[:, None] > CUTS  # [4, 3]
ALL = torch.ones(4).bool()


def grown(r, c=None, **options):
    r = torch.tensor(r)[:, None]
    c = torch.ones(len(r)) if c is None else torch.tensor(c)
    return tree(RIGHT, r, c, ALL, **options)[:, 0]


def test_no_split_answers_the_mean():
    torch.testing.assert_close(grown([0.0, 0.0, 1.0, 3.0], depth=0), torch.ones(4))


def test_a_stump_takes_the_cut_of_the_greatest_gain():
    """Cut by cut Σ|Σr|²/Σc is 16/3, 8 and 9 + 1/3."""
    answers = grown([0.0, 0.0, 1.0, 3.0], depth=1)
    torch.testing.assert_close(answers, torch.tensor([1 / 3, 1 / 3, 1 / 3, 3.0]))


def test_a_leaf_weighs_its_points():
    answers = grown([0.0, 0.0, 3.0, 1.0], [1.0, 1.0, 3.0, 1.0], depth=1)
    torch.testing.assert_close(answers, torch.tensor([0.0, 0.0, 1.0, 1.0]))


def test_a_full_tree_answers_every_example():
    r = [1.0, -1.0, 2.0, -3.0]
    torch.testing.assert_close(grown(r), torch.tensor(r))


def test_a_leaf_answers_at_most_four():
    torch.testing.assert_close(grown([9.0, 9.0, -9.0, -9.0]), torch.tensor([4.0, 4.0, -4.0, -4.0]))


def test_new_points_have_answers_and_no_say():
    new = torch.tensor([[False, False, False], [True, True, True]])
    r = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])  # one-hot classes
    answers = tree(torch.cat([RIGHT, new]), r, torch.ones(4), torch.ones(6).bool())
    torch.testing.assert_close(answers[:4], r)
    torch.testing.assert_close(answers[4:], torch.eye(2))


def test_a_split_looks_only_at_what_is_picked():
    answers = grown([0.0, 0.0, 1.0, 3.0], depth=1, pick=lambda: torch.tensor([0]))
    torch.testing.assert_close(answers, torch.tensor([0.0, 4 / 3, 4 / 3, 4 / 3]))


def test_equal_targets_are_not_split():
    torch.testing.assert_close(grown([2.0, 2.0, 2.0, 2.0]), torch.full((4,), 2.0))
    asked = []
    grown([2.0, 2.0, 2.0, 2.0], pick=lambda: asked.append(1) or torch.arange(3))
    assert len(asked) == 1
