"""Sequences with one thing to remember, and strings to be turned round."""

import pytest
import torch

from dlplay.data import recall, reversals, windows
from dlplay.data.sequences import END, PAD


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


def test_answers_are_the_strings_from_their_ends():
    torch.manual_seed(0)
    ids, answers = reversals(200, 6, letters=5)
    assert ids.shape == (200, 6)
    assert answers.shape == (200, 7)
    lengths = set()
    for read, written in zip(ids.tolist(), answers.tolist(), strict=True):
        string = [symbol for symbol in read if symbol != PAD]
        pads = [PAD] * (6 - len(string))
        assert read == string + pads
        assert written == [*reversed(string), END, *pads]
        assert set(string) <= set(range(3, 8))
        lengths.add(len(string))
    assert lengths == {3, 4, 5, 6}


def test_windows_are_pieces_and_what_follows():
    ids = torch.arange(50) * 3
    x, y = windows(ids, 200, 7)
    assert x.shape == y.shape == (200, 7)
    assert torch.equal(y, x + 3)
    assert (x[:, 0].min(), y[:, -1].max()) == (0, 3 * 48)  # they begin anywhere
    with pytest.raises(ValueError, match="8 tokens are too few for windows of 7"):
        windows(ids[:8], 1, 7)
