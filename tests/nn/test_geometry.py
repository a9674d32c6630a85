"""Places in the plane: nodes of a graph, pictures of clouds of points."""

from __future__ import annotations

import torch

from dlplay.nn import arrows, cloud_picture, sliced_distance, unfolded


def test_a_chain_is_straight_and_a_ring_is_round():
    chain = unfolded(5, [(v, v + 1) for v in range(4)])
    assert torch.allclose((chain[0] - chain[4]).norm(), torch.tensor(4.0), atol=0.01)
    ring = unfolded(6, [(v, (v + 1) % 6) for v in range(6)])
    radius = (ring - ring.mean(dim=0)).norm(dim=1)
    assert radius.std() < 0.01 * radius.mean()


def test_what_is_not_joined_is_placed_too():
    assert unfolded(3, [(0, 1)]).isfinite().all()


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
    points = torch.tensor([[-0.5, 0.0], [0.5, 0.0], *[[9.0, 9.0]] * 998])
    image = cloud_picture(points, torch.arange(1000) == 0, reach=1, pixels=2)
    assert (image[:, 0].argmax(dim=0) == torch.tensor([1, 0])).all()


def test_an_arrow_points_along_its_vector():
    path = arrows(torch.tensor([[0.0, 0.0], [5.0, 5.0]]), torch.tensor([[9.0, 0.0], [0.0, 0.1]]), 1)
    assert path.shape == (11, 2)
    assert path[:2].tolist() == [[0, 0], [1, 0]]  # no longer than 1
    assert path[5].isnan().all()
    assert torch.allclose(path[7] - path[6], torch.tensor([0.0, 0.1]), atol=1e-6)


def test_no_vector_is_an_arrow_too():
    path = arrows(torch.zeros(1, 2), torch.zeros(1, 2), 1)
    assert path.isfinite().all()


def test_clouds_lie_as_far_apart_as_one_was_moved():
    torch.manual_seed(0)
    a = torch.randn(500, 2)
    assert sliced_distance(a, a[torch.randperm(500)]) < 1e-6
    # The mean of |cos| is 2/π
    assert abs(sliced_distance(a, a + torch.tensor([3.0, 0.0])) - 3 * 2 / torch.pi) < 0.01
