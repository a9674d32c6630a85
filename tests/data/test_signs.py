"""Signs are painted as their names say, and read without having learned."""

import pytest
import torch

from dlplay.data import Signs
from dlplay.data.signs import NO_WORD, SHAPES, SIGN_WORDS

signs = Signs()


def dice(seed=0):
    return torch.Generator().manual_seed(seed)


def test_every_name_is_painted_and_read_again():
    names = signs.names().repeat(10, 1)
    images = signs.paint(names, dice())
    assert images.shape == (320, 3, 16, 16)
    assert 0 <= images.min() <= images.max() <= 1
    read, explained = signs.read(images)
    assert torch.equal(read, names)
    assert (explained > 0.999).all()


def test_noise_is_read_through_and_lowers_what_is_explained():
    names = signs.names()
    images = signs.paint(names, dice())
    read, explained = signs.read(images + 0.1 * torch.randn(images.shape, generator=dice()))
    assert torch.equal(read, names)
    assert (explained < 0.98).all()
    assert (signs.read(torch.rand(50, 3, 16, 16, generator=dice()))[1] < 0.2).all()


def test_chance_decides_height_ground_and_shade():
    images = signs.paint(torch.tensor([[0, 1, 0]]).expand(30, 3), dice())
    assert len(images.flatten(1).unique(dim=0)) > 25
    again = signs.paint(torch.tensor([[0, 1, 0]]).expand(30, 3), dice())
    assert torch.equal(images, again)


def test_an_even_picture_is_explained_by_nothing():
    assert signs.read(torch.full((2, 3, 16, 16), 0.5))[1].abs().max() < 1e-3


def test_there_are_32_names():
    assert len(signs.names().unique(dim=0)) == 32
    with pytest.raises(ValueError, match="a shape 0 to 3"):
        signs.paint(torch.tensor([[0, len(SHAPES), 0]]))
    assert signs.paint(signs.names()[:0]).shape == (0, 3, 16, 16)


def test_words_are_numbers_of_one_list():
    said = signs.words(torch.tensor([[2, 1, 1]]))[0]
    assert signs.spelt(said) == ["blue", "square", "right"]
    assert signs.spelt(signs.asked("cross")) == ["any", "cross", "any"]
    assert torch.equal(signs.asked("a RIGHT square and blue green"), said)
    assert signs.asked("cross").tolist() == [NO_WORD, SIGN_WORDS.index("cross"), NO_WORD]
    assert (signs.asked("") == NO_WORD).all()


@pytest.mark.parametrize(("slot", "kinds"), [(0, 4), (1, 4), (2, 2)])
def test_swapping_goes_once_around_a_kind(slot, kinds):
    said = start = signs.words(signs.names())
    for _ in range(kinds):
        before, said = said, signs.swapped(said, slot)
        assert (said != before).sum() == 32
        assert (said[:, slot] != before[:, slot]).all()
        assert said.max() < NO_WORD
    assert torch.equal(said, start)
    assert signs.swapped(torch.tensor([NO_WORD] * 3), slot).tolist() == [NO_WORD] * 3
