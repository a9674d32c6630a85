"""Toy replies and their worth."""

import torch

from dlplay.data import replies
from dlplay.data.replies import END, REPLY_LONG, REPLY_WORDS, worth


def ids(text):
    places = [REPLY_WORDS.index(word) for word in text.split()]
    return torch.tensor([places + [END] * (REPLY_LONG - len(places))])


def test_replies_have_words_first_and_none_twice_in_a_row():
    x = replies(500).ids
    assert x.shape == (500, REPLY_LONG)
    ended = (x == END).int()
    assert (ended.diff(dim=1) >= 0).all(), "a word after the end"
    assert not ((x[:, 1:] == x[:, :-1]) & (x[:, 1:] != END)).any()


def test_a_share_of_them_gets_stuck():
    x = replies(500, repeats=0.3).ids
    stuck = ((x[:, 1:] == x[:, :-1]) & (x[:, 1:] != END)).any(dim=1).float().mean()
    assert 0.2 < stuck < 0.35


def test_what_people_think():
    assert worth(ids("gladly I can fix it today thanks")).item() == 2
    assert worth(ids("I can fix it")).item() == 0
    assert worth(ids("dumb I can it")).item() == -2.5
    assert worth(ids("great great great great great great great great")).item() == 1 - 1 - 7 - 3.5


def test_worth_belongs_to_its_reply_and_equal_generators_give_the_same():
    a, b = (replies(50, generator=torch.Generator().manual_seed(5)) for _ in range(2))
    assert a.ids.equal(b.ids)
    assert a.worth.equal(worth(a.ids))
