"""Boxes against values worked out by hand."""

import pytest
import torch

from dlplay.data import objects
from dlplay.nn.detection import (
    assigned,
    average_precision,
    decoded,
    detection_loss,
    detector,
    iou,
    mean_average_precision,
    middles,
    right,
    suppressed,
)


def boxes(*values):
    return torch.tensor(values, dtype=torch.float32)[None]


SQUARES = boxes([0, 0, 9, 9], [3, 0, 12, 9], [20, 20, 29, 29], [0, 0, 9, 18])


def test_iou():
    table = iou(SQUARES[0, :1], SQUARES[0])
    assert table.shape == (1, 4)
    assert torch.allclose(table, torch.tensor([[1.0, 0.5, 0.0, 0.5]]))  # moved by a third, twice
    assert iou(boxes([1, 1, 1, 1]), SQUARES).sum() == 0  # no area


def test_suppression_keeps_the_best_of_those_that_overlap():
    scores, kinds = torch.tensor([[0.5, 0.9, 0.2, 0.6]]), torch.zeros(1, 4, dtype=torch.int64)
    kept = scores * torch.tensor([0, 1, 1, 1])
    assert torch.equal(suppressed(SQUARES, scores, kinds, 0.4), kept)
    assert torch.equal(suppressed(SQUARES, scores, kinds, 0.5), scores)  # not above it
    other = torch.tensor([[0, 1, 0, 2]])
    assert torch.equal(suppressed(SQUARES, scores, other, 0.1), scores)


def test_only_what_is_kept_removes():
    row = boxes([0, 0, 9, 9], [3, 0, 12, 9], [6, 0, 15, 9])
    scores, kinds = torch.tensor([[0.9, 0.8, 0.7]]), torch.zeros(1, 3, dtype=torch.int64)
    assert (suppressed(row, scores, kinds, 0.4) > 0).tolist() == [[True, False, True]]


def test_an_object_is_found_once_and_by_its_kind():
    true, classes = SQUARES[:, :2], torch.tensor([[0, -1]])
    guess = boxes([0, 0, 9, 9], [0, 0, 9, 8], [0, 0, 9, 9])
    scores = torch.tensor([[0.3, 0.8, 0.9]])
    found = right(guess, scores, torch.tensor([[0, 0, 1]]), true, classes)
    assert found.tolist() == [[False, True, False]]  # the better one; the best is of another kind
    assert not right(guess, scores, torch.tensor([[0, 0, 1]]), true, classes, at=0.95)[0, 1]


def test_average_precision_by_hand():
    found, scores = torch.tensor([True, False, True]), torch.tensor([0.9, 0.8, 0.7])
    assert average_precision(found, scores, 2) == pytest.approx(0.5 + 0.5 * 2 / 3)
    assert average_precision(found.flip(0), scores.flip(0), 2) == pytest.approx(0.5 + 0.5 * 2 / 3)
    assert average_precision(found, scores, 4) == pytest.approx((1 + 2 / 3) / 4)
    assert average_precision(found[:0], scores[:0], 4) == 0


def test_the_mean_is_over_the_kinds_that_there_are():
    classes = torch.tensor([[0, 2, -1, -1]])
    scores = torch.tensor([[0.9, 0.8, 0.7, 0.6]])
    kinds = torch.tensor([[0, 2, 1, 1]])
    assert mean_average_precision(SQUARES, scores, kinds, SQUARES, classes) == 1
    scores[0, 1] = 0  # counts no more
    assert mean_average_precision(SQUARES, scores, kinds, SQUARES, classes) == 0.5


@pytest.mark.parametrize("cells", [3, 6, 12])
def test_a_detector_answers_for_each_cell(cells):
    data = objects(5, generator=torch.Generator().manual_seed(0))
    maps = detector(cells)(data.images)
    assert maps.shape == (5, 8, cells, cells)
    guess, there, scores = decoded(maps)
    assert (guess.shape, there.shape, scores.shape) == (
        (5, cells**2, 4), (5, cells**2), (5, cells**2, 3),
    )  # fmt: skip
    place = middles(cells)
    assert ((guess[..., :2] < place) & (guess[..., 2:] > place)).all()
    answers = assigned(data.boxes, data.classes, cells)
    assert detection_loss(maps, data.boxes, data.classes, answers) > 0


def test_the_cell_that_has_an_objects_middle_answers_for_it():
    true, kinds = boxes([1, 1, 13, 13], [30, 16, 40, 30]), torch.tensor([[2, 0]])
    answers = assigned(true, kinds, 6).reshape(6, 6)
    assert answers[0, 0] == 0
    assert answers[2, 4] == 1
    assert (answers >= 0).sum() == 2
    more = assigned(true, kinds, 12, share=0.5)
    assert (more == 0).sum() == 4  # cells of 4 pixels, middles within 3 pixels of 7
    assert (assigned(true, torch.tensor([[2, -1]]), 12, share=0.5) == 1).sum() == 0
