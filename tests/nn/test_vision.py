"""Nets for images in patches, and for pictures and sentences."""

import pytest
import torch

from dlplay.nn.vision import SentenceNet, VisionTransformer, cosines, picture_net


def test_a_vision_transformer_without_positions_reads_a_bag_of_patches():
    torch.manual_seed(0)
    net = VisionTransformer(8, 2, 10)
    x = torch.rand(3, 1, 8, 8)
    halves = torch.cat([x[..., 4:], x[..., :4]], dim=3)  # patches change places whole
    assert net(x).shape == (3, 10)
    assert not torch.allclose(net(x), net(halves), atol=1e-5)
    with torch.no_grad():
        net.positions[1:] = net.positions[1]
    assert torch.allclose(net(x), net(halves), atol=1e-5)


def test_patches_must_fill_the_image():
    with pytest.raises(ValueError, match="3 pixels do not fill 8"):
        VisionTransformer(8, 3, 10)


def test_pictures_and_sentences_meet_in_one_space():
    torch.manual_seed(0)
    pictures, sentences = picture_net(32), SentenceNet(20, 10, 32)
    s = cosines(pictures(torch.rand(5, 3, 16, 16)), sentences(torch.randint(20, (7, 10))))
    assert s.shape == (5, 7)
    assert s.abs().max() <= 1 + 1e-6


def test_cosines_are_those_of_the_angles():
    a, b = torch.tensor([[1.0, 0.0], [3.0, 3.0]]), torch.tensor([[0.0, 2.0]])
    assert torch.allclose(cosines(a, b), torch.tensor([[0.0], [0.5**0.5]]))
