import math

import pytest
import torch

from dlplay.data.shapes import bars, objects, scattered, warped


def test_bars_have_the_angle_of_their_class():
    x, y = bars(400, noise=0.0, generator=torch.Generator().manual_seed(0))
    assert x.shape == (400, 1, 20, 20)
    assert set(y.tolist()) == {0, 1, 2, 3}
    row, column = torch.meshgrid(torch.arange(20.0), torch.arange(20.0), indexing="ij")
    for image, kind in zip(x[:, 0], y.tolist(), strict=True):
        mass = image / image.sum()
        right, up = column - (mass * column).sum(), (mass * row).sum() - row
        # The principal axis of the bright pixels, from their second moments.
        xx, yy, xy = ((mass * a).sum() for a in (right**2, up**2, right * up))
        angle = torch.atan2(2 * xy, xx - yy).item() / 2
        off = (angle - kind * math.pi / 4 + math.pi / 2) % math.pi - math.pi / 2
        assert abs(off) < 0.1


def test_bars_stay_within_the_image_and_within_0_and_1_without_noise():
    x, _ = bars(400, noise=0.0, generator=torch.Generator().manual_seed(0))
    assert x.min() == 0
    assert x.max() == 1
    assert x.sum(dim=(1, 2, 3)).min() > 10  # eight pixels long, two wide, less some at the border


def test_noise_has_the_given_deviation_and_the_generator_decides():
    x, y = bars(200, noise=0.5, generator=torch.Generator().manual_seed(1))
    clean, same = bars(200, noise=0.0, generator=torch.Generator().manual_seed(1))
    assert torch.equal(y, same)
    assert (x - clean).std().item() == pytest.approx(0.5, rel=0.02)
    torch.manual_seed(7)
    state = torch.get_rng_state()
    again, _ = bars(200, noise=0.5, generator=torch.Generator().manual_seed(1))
    assert torch.equal(again, x)
    assert torch.equal(torch.get_rng_state(), state)


def test_objects_lie_in_their_boxes_and_apart():
    seen = objects(200, noise=0.0, generator=torch.Generator().manual_seed(0))
    assert seen.images.shape == (200, 1, 48, 48)
    assert seen.boxes.shape == (200, 3, 4)
    assert set(seen.classes.unique().tolist()) == {-1, 0, 1, 2}
    assert (seen.classes[:, 0] >= 0).all()  # never an empty image
    for image, boxes, classes, mask in zip(*seen, strict=True):
        assert torch.equal(image[0] > 0, mask > 0)
        rest = mask.clone()
        for (left, top, right, bottom), kind in zip(
            boxes.int().tolist(), classes.tolist(), strict=True
        ):
            inside = rest[top:bottom, left:right]
            if kind < 0:
                assert not inside.numel()
                continue
            assert set(inside.unique().tolist()) <= {0, kind + 1}
            assert (inside > 0).any(dim=0).all() or kind == 2
            assert (inside[-1] > 0).any()
            rest[top:bottom, left:right] = 0
        assert not rest.any()  # nothing outside the boxes


def test_objects_are_as_many_and_as_large_as_asked_for():
    many = objects(100, least=4, most=4, overlap=True, generator=torch.Generator().manual_seed(1))
    assert (many.classes >= 0).all()
    small = objects(50, sides=(5, 7), generator=torch.Generator().manual_seed(1))
    left, top, right, bottom = small.boxes[small.classes >= 0].T
    assert (right - left).unique().tolist() == [5, 6, 7]
    assert torch.equal(right - left, bottom - top)
    with pytest.raises(ValueError, match="3 to 46"):
        objects(1, sides=(9, 47))


def test_scattered_images_are_whole_and_anywhere():
    images = torch.rand(500, 1, 8, 8, generator=torch.Generator().manual_seed(0)) + 0.1
    canvas = scattered(images, 16, 8, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(canvas.sum((1, 2, 3)), images.sum((1, 2, 3)))
    lit = canvas[:, 0] > 0
    tops, lefts = lit.any(2).int().argmax(1), lit.any(1).int().argmax(1)
    assert set(tops.tolist()) == set(lefts.tolist()) == set(range(9))
    middle = scattered(images, 20, 0)
    assert torch.equal(middle[:, :, 6:14, 6:14], images)
    odd = scattered(images[:, :, :, :7], 12, 3)  # not square, and 4 places each way
    assert torch.allclose(odd.sum(), images[:, :, :, :7].sum())
    with pytest.raises(ValueError, match="0 to 4"):
        scattered(images, 12, 5)


def test_warped_images_are_turned_scaled_and_shifted():
    images = torch.zeros(1, 1, 8, 8)
    images[..., 3:5, 0:8] = 1  # a bar that lies
    assert torch.equal(warped(images, 8), images)
    wide = warped(images, 12)  # nothing changes but the canvas
    assert torch.allclose(wide[..., 2:10, 2:10], images, atol=1e-5)
    chance = torch.Generator().manual_seed(0)
    many = images.expand(500, -1, -1, -1)
    turned = warped(many, 8, turn=90, generator=chance)
    assert turned[:, 0, :, 3:5].mean(dim=(1, 2)).max() > 0.9  # some stand
    moved = warped(many, 12, shift=2, generator=chance)[:, 0]
    middle = (moved.sum(dim=2) * torch.arange(12.0)).sum(dim=1) / moved.sum(dim=(1, 2)) - 5.5
    assert middle.abs().max() == pytest.approx(2, abs=0.1)
    assert middle.mean().abs() < 0.2
    light = warped(many, 16, scale=0.5, generator=chance).sum(dim=(1, 2, 3))
    assert 3 < light.min() < 8  # half as large: a quarter of the light
    assert 30 < light.max() < 38
