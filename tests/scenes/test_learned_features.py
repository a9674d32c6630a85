"""The hand-made features, the canvas and the drawn rule."""

import sys

import pytest
import torch

from dlplay.course import catalog
from dlplay.data import digits


@pytest.fixture(scope="module")
def scene():
    card = catalog.Catalog([catalog.built_in()]).find("introduction/learned-features")
    return sys.modules[catalog.load(card).__module__]


def at(image, row, column):
    canvas = torch.zeros(1, 1, 16, 16)
    canvas[0, 0, row : row + 8, column : column + 8] = image
    return canvas


@pytest.mark.parametrize(("row", "column"), [(0, 0), (8, 8), (0, 8), (3, 5)])
def test_measurements_do_not_depend_on_the_place(scene, row, column):
    image = digits()[0][0, 0]
    here, there = scene.measurements(at(image, 4, 4)), scene.measurements(at(image, row, column))
    assert torch.allclose(here, there, atol=1e-4)


def test_measurements_of_a_bar_by_hand(scene):
    # A horizontal bar of four pixels: variance (1.5² + 0.5²) / 2 across, none down
    canvas = torch.zeros(1, 1, 16, 16)
    canvas[0, 0, 7, 4:8] = 1
    ink, down, right, mixed, down_3, right_3, rough_down, rough_right = scene.measurements(canvas)[
        0
    ]
    assert ink == 4
    assert down.item() == pytest.approx(0, abs=1e-6)
    assert right.item() == pytest.approx(1.25)
    assert mixed.item() == pytest.approx(0, abs=1e-6)
    assert down_3.item() == pytest.approx(0, abs=1e-5)
    assert right_3.item() == pytest.approx(0, abs=1e-5)
    assert rough_down == 8  # each pixel has an edge above and below
    assert rough_right == 2


def test_pasting_keeps_the_ink_and_moves_it(scene):
    images = digits()[0][:64]
    torch.manual_seed(0)
    canvas = scene.paste(images, 8)
    assert canvas.shape == (64, 1, 16, 16)
    assert torch.allclose(canvas.sum((1, 2, 3)), images.sum((1, 2, 3)))
    assert torch.equal(scene.paste(images, 0)[:, :, 4:12, 4:12], images)
    rows = {int(image.sum(1).nonzero()[0]) for image in canvas[:, 0]}
    assert min(rows) == 0
    assert max(rows) >= 7


def test_the_rule_reads_its_own_drawings(scene):
    lines = [line.split() for line in scene.DRAWN.split("\n") if line]
    canvas = torch.zeros(10, 1, 16, 16)
    for k in range(10):
        drawn = torch.tensor([[float(c == "#") for c in row[k]] for row in lines])
        canvas[k, 0, 4:12, 5:11] = drawn
    assert scene.rule(canvas).tolist() == list(range(10))


def test_a_probe_reads_separable_features_and_guesses_at_noise(scene):
    torch.manual_seed(0)
    y, y_test = torch.arange(10).repeat(40), torch.arange(10).repeat(20)
    hot = torch.nn.functional.one_hot
    found = scene.probe(hot(y, 10).float(), y, hot(y_test, 10).float(), y_test)
    assert found == 1
    assert scene.probe(torch.randn(400, 5), y, torch.randn(200, 5), y_test) < 0.25
