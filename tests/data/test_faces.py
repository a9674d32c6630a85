"""Drawn faces."""

from __future__ import annotations

import torch

from dlplay.data.faces import FEATURES, faces


def test_faces_show_the_features_that_they_are_said_to_have():
    torch.manual_seed(0)
    found = faces(400)
    x, has = found.images[:, 0], found.features
    assert x.shape == (400, 12, 12)
    assert x.min() >= 0
    assert x.max() <= 1
    assert 0.4 < has.mean() < 0.6
    shown = {name: has[:, k] == 1 for k, name in enumerate(FEATURES)}
    top, eyes, corners = x[:, 0, 3:9], x[:, 4:8, 2:10], x[:, 7, [3, 8]]
    for name, part, sign in (("hair", top, 1), ("glasses", eyes, 1), ("smile", corners, -1)):
        with_it, without = part[shown[name]].mean(), part[~shown[name]].mean()
        assert sign * (with_it - without) > 0.1, name


def test_the_seed_decides():
    torch.manual_seed(3)
    first = faces(5).images
    torch.manual_seed(3)
    assert torch.equal(first, faces(5).images)
