"""Placing digits, selectivity and probes, against cases worked out by hand."""

from __future__ import annotations

import sys

import pytest
import torch

from dlplay.course.catalog import Catalog, built_in, load


@pytest.fixture(scope="module")
def scene():
    return sys.modules[load(Catalog([built_in()]).find("representations/hierarchy")).__module__]


def test_a_placed_digit_is_whole_and_in_reach(scene):
    images = torch.rand(50, 1, 8, 8) + 0.1
    placed = scene.place(images, 4)
    assert placed.shape == (50, 1, 16, 16)
    assert torch.allclose(placed.sum((1, 2, 3)), images.sum((1, 2, 3)), rtol=1e-4)
    tops = (placed[:, 0].sum(2) > 0).float().argmax(1)
    assert tops.unique().numel() > 3
    assert tops.max() <= 8
    middle = scene.place(images, 0)
    assert torch.equal(middle[:, :, 4:12, 4:12], images)


def test_selectivity_of_an_even_unit_and_of_a_choosy_one(scene):
    tuned = torch.stack([torch.full((10,), 3.0), torch.eye(10)[4], 1 + 2 * torch.eye(10)[0]])
    assert scene.selectivity(tuned).tolist() == pytest.approx([0, 1, 0.5])


def test_tuning_is_the_mean_by_class(scene):
    y = torch.arange(10).repeat(2)
    features = torch.stack([y.float(), torch.ones(20)], 1)
    assert scene.tuning(features, y).tolist() == [list(range(10)), [1.0] * 10]


def test_a_probe_reads_what_is_linear(scene):
    y = torch.arange(10).repeat(20)
    clear = torch.eye(10)[y] + 0.01 * torch.randn(200, 10)
    assert scene.probe(clear, y, clear, y) == 1
    assert scene.probe(torch.ones(200, 3), y, torch.ones(200, 3), y) <= 0.2


def test_receptive_fields_are_what_the_lesson_says(scene):
    """Which pixels change a unit in the middle of each layer's map."""
    net = scene.Net(4)
    x = torch.zeros(1, 1, 16, 16)
    for layer, (field, side) in enumerate(zip(scene.FIELDS, (16, 8, 4), strict=True)):
        with torch.no_grad():
            for conv in net.convs:
                conv.weight.fill_(1)  # so that no path is silent
        pixels = x.clone().requires_grad_()
        h = pixels + 1
        for conv in net.convs[: layer + 1]:
            if conv is not net.convs[0]:
                h = torch.nn.functional.avg_pool2d(h, 2)  # a maximum would pass one path only
            h = conv(h)
        h[0, 0, side // 2, side // 2].backward()
        across = (pixels.grad[0, 0].abs().sum(0) > 0).sum().item()
        assert across == (15 if field == 18 else field)  # the canvas cuts the largest
