import torch

from dlplay.data import digits, view


def test_two_views_differ_and_keep_the_digit():
    torch.manual_seed(0)
    images = digits()[0][:200]
    first, second = view(images), view(images)
    assert first.shape == (200, 1, 10, 10)
    assert not torch.equal(first, second)
    same = torch.cosine_similarity(first.flatten(1), second.flatten(1)).mean()
    other = torch.cosine_similarity(first.flatten(1), second.flatten(1).roll(1, 0)).mean()
    assert same > other + 0.02


def test_without_strength_a_view_is_the_digit_in_a_frame():
    images = digits()[0][:5]
    still = view(images, strength=0)
    assert torch.allclose(still[:, :, 1:9, 1:9], images, atol=1e-5)
    assert still[:, :, 0].abs().max() < 1e-5
