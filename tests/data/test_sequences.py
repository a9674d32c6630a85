"""Sequences with one thing to remember."""

import torch

from dlplay.data import recall


def test_the_first_token_is_the_letter_and_the_others_tell_nothing():
    torch.manual_seed(0)
    tokens, letters = recall(400, 30)
    assert tokens.shape == (400, 30)
    assert torch.equal(tokens[:, 0], letters)
    assert set(letters.tolist()) == {0, 1, 2, 3}
    assert set(tokens[:, 1:].unique().tolist()) == {4, 5, 6, 7}


def test_the_seed_decides():
    torch.manual_seed(1)
    first = recall(10, 5)
    torch.manual_seed(1)
    again = recall(10, 5)
    assert all(map(torch.equal, first, again))
    assert not torch.equal(first[0], recall(10, 5)[0])
