"""A language model that counts: by hand, as probabilities, where nothing was counted."""

from __future__ import annotations

import pytest
import torch

from dlplay.nn.counting import OTHER, Counts, begun, distinct, numbered, real_words, words

ABABAC = torch.tensor([0, 1, 0, 1, 0, 2])  # after a twice b, once c


def test_counts_of_pairs_by_hand():
    model = Counts(ABABAC, 3, 2)
    single = [(3 + 1) / 9, (2 + 1) / 9, (1 + 1) / 9]  # 6 seen of 3 kinds; below them 1/3 each
    torch.testing.assert_close(model.chances(torch.zeros(1, 0).long())[0], torch.tensor(single))
    # After a: 3 seen, 2 kinds, twice b. After b: 2 seen, 1 kind, twice a.
    after_a, after_b = model.chances(torch.tensor([[0], [1]]))
    assert after_a[1].item() == pytest.approx((2 + 2 * single[1]) / 5)
    assert after_b[0].item() == pytest.approx((2 + single[0]) / 3)


def test_an_unseen_context_falls_back_to_the_shorter_one():
    model = Counts(ABABAC, 3, 3)
    torch.testing.assert_close(
        model.chances(torch.tensor([[2, 1]])), model.chances(torch.tensor([[1]]))
    )


def test_chances_sum_to_one_and_look_no_further_than_n():
    text = torch.randint(4, (300,))
    model = Counts(text, 4, 3)
    before = torch.randint(4, (7, 9))
    torch.testing.assert_close(model.chances(before).sum(dim=1), torch.ones(7))
    assert torch.equal(model.chances(before), model.chances(before[:, -2:]))


def test_along_a_text_as_symbol_by_symbol():
    text = torch.randint(4, (300,))
    model = Counts(text[:200], 4, 3)
    along = model.along(text[200:])
    assert along.shape == (3, 98)
    for place in (0, 50, 97):
        before, symbol = text[200 + place : 202 + place], text[202 + place]
        for length in (1, 2, 3):
            p = Counts(text[:200], 4, length).chances(before[None])[0, symbol]
            assert along[length - 1, place].item() == pytest.approx(p.item(), rel=1e-5)


def test_pieces_that_no_number_can_hold_are_refused():
    with pytest.raises(ValueError, match="9 in a row of 256 kinds"):
        Counts(ABABAC, 256, 9)


def test_rare_characters_become_one(capsys):
    symbols, ids = numbered("abab")
    assert (symbols, ids.tolist()) == (["a", "b"], [0, 1, 0, 1])
    assert capsys.readouterr().out == ""
    symbols, ids = numbered("aaabbc", most=2)
    assert symbols == ["a", "b", OTHER]
    assert ids.tolist() == [0, 0, 0, 1, 1, 2]
    assert "characters beyond the 2 most frequent" in capsys.readouterr().out


def test_a_beginning_is_never_empty():
    assert begun("ab\\n?", ["\n", "a", "b"]) == [1, 2, 0]
    assert begun("?", ["\n", "a"]) == [0]
    assert begun("", ["a"]) == [0]


def test_new_pieces():
    assert distinct([1] * 20) == pytest.approx(1 / 13)
    assert distinct(list(range(20))) == 1
    assert distinct([1, 2]) == 0


def test_words_between_the_first_and_the_last():
    assert words("cut Off, don't 3 stop_it naïve e") == ["off", "don't", "stop", "it", "naïve"]
    assert real_words(["x a b y", "x a y"], {"a"}) == pytest.approx(2 / 3)
    assert real_words([], {"a"}) == 0
