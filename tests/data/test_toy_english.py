"""Sentences about six topics."""

import pytest
import torch

from dlplay.data import topic_sentences
from dlplay.data.toy_english import HOMONYMS, LONG, PLACE, TOPIC_WORDS, TOPICS


def spoken(x):
    return [[TOPIC_WORDS[i] for i in row] for row in x.tolist()]


def of_topic(topic, kind):
    own = TOPICS[topic][kind].split()
    if kind == 2:
        own += [word for word, means in HOMONYMS.items() if topic in means]
    return own


def test_each_word_stands_once_in_the_list_and_each_topic_has_two_homonyms():
    assert len(set(TOPIC_WORDS)) == len(TOPIC_WORDS)
    for topic in TOPICS:
        assert sum(topic in means for means in HOMONYMS.values()) == 2


@pytest.mark.parametrize("clue", ["before", "after", "either"])
def test_all_words_of_a_sentence_are_of_its_topic(clue):
    found = topic_sentences(200, clue=clue)
    assert found.ids.shape == (200, LONG)
    names = list(TOPICS)
    orders = set()
    for words, topic in zip(spoken(found.ids), found.topics.tolist(), strict=True):
        order = "after" if words[1] == "near" else "before"
        orders.add(order)
        who, what = (2, 3) if order == "before" else (6, 7)
        assert words[who] in of_topic(names[topic], 0)
        assert words[what] in of_topic(names[topic], 1)
        assert words[PLACE[order]] in of_topic(names[topic], 2)
    assert orders == ({"before", "after"} if clue == "either" else {clue})


def test_a_share_has_a_thing_of_another_topic():
    found = topic_sentences(400, clue="after", fitting=0.5)
    names = list(TOPICS)
    for words, topic, fits in zip(
        spoken(found.ids), found.topics.tolist(), found.fits.tolist(), strict=True
    ):
        if fits:
            assert words[PLACE["after"]] in of_topic(names[topic], 2)
    assert 0.4 < found.fits.float().mean() < 0.6
    strange = [
        words[PLACE["after"]] not in of_topic(names[topic], 2)
        for words, topic in zip(spoken(found.ids), found.topics.tolist(), strict=True)
    ]
    assert 0.35 < sum(strange) / 400 < 0.6


def test_homonyms_alone_or_one_of_them():
    place = PLACE["after"]
    some = topic_sentences(100, clue="after", homonym="any")
    assert {words[place] for words in spoken(some.ids)} == set(HOMONYMS)
    banks = topic_sentences(100, clue="after", homonym="bank")
    assert {words[place] for words in spoken(banks.ids)} == {"bank"}
    names = list(TOPICS)
    assert {names[topic] for topic in banks.topics.tolist()} == {"river", "money"}


def test_equal_generators_give_equal_sentences():
    a, b = (topic_sentences(20, generator=torch.Generator().manual_seed(3)).ids for _ in range(2))
    assert a.equal(b)
