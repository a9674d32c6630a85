"""How answers at every pixel are judged."""

from __future__ import annotations

import torch

from dlplay.nn.masks import in_colour, mean_iou, near_borders


def test_iou_by_hand():
    truth = torch.tensor([[[0, 0, 1, 1]]])
    answer = torch.tensor([[[0, 1, 1, 1]]])
    assert mean_iou(answer, truth).item() == torch.tensor([1 / 2, 2 / 3]).mean()
    assert mean_iou(truth, truth) == 1


def test_a_class_that_is_answered_and_nowhere_counts_as_zero():
    truth = torch.zeros(1, 2, 2, dtype=torch.int64)
    answer = torch.tensor([[[0, 0], [0, 3]]])
    assert mean_iou(answer, truth) == (3 / 4 + 0) / 2


def test_near_a_border_are_both_its_sides():
    mask = torch.zeros(1, 5, 5, dtype=torch.int64)
    assert not near_borders(mask).any()
    mask[0, 0, 0] = 2
    assert near_borders(mask)[0].nonzero().tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]


def test_each_class_has_a_colour():
    shown = in_colour(torch.arange(4).reshape(1, 2, 2))
    assert shown.shape == (1, 3, 2, 2)
    assert len({tuple(c) for c in shown[0].flatten(1).T.tolist()}) == 4
