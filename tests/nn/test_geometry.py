"""Pictures of clouds of points."""

import torch

from dlplay.nn import cloud_picture


def test_a_point_is_where_it_lies():
    image = cloud_picture(torch.tensor([[0.9, 0.1]]), reach=1, pixels=10)
    assert image.shape == (3, 10, 10)
    assert image.sum() == 3
    assert image[:, 4, 9].tolist() == [1, 1, 1]  # the upper half is the first rows


def test_what_lies_outside_is_not_drawn():
    points = torch.tensor([[1.5, 0.0], [0.0, -1.5], [float("nan"), 0.0], [-1.0, -1.0]])
    image = cloud_picture(points, reach=1, pixels=4)
    assert image.sum() == 3
    assert image[0, 3, 0] == 1


def test_two_groups_have_their_colours():
    points = torch.tensor([[-0.5, 0.0], [0.5, 0.0]])
    image = cloud_picture(points, torch.tensor([True, False]), reach=1, pixels=2)
    assert (image[:, 0].argmax(dim=0) == torch.tensor([1, 0])).all()
