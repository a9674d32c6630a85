import pytest
import torch

from dlplay.data.language import NEGATIVE, POSITIVE, REVIEW_WORDS, reviews, spelt


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def verdict(words, gap):
    """What a review with negation says, read from its words."""
    said = set()
    denied = [n + 1 + gap for n, word in enumerate(words) if word == "not"]
    for place, word in enumerate(words):
        if word in POSITIVE + NEGATIVE:
            said.add((word in POSITIVE) != (place in denied))
    return said


@pytest.mark.parametrize(
    ("length", "gap", "after"), [(9, 0, 0), (3, 0, 0), (9, 3, 0), (20, 2, 40), (6, 3, 1)]
)
def test_a_review_says_what_its_label_says(length, gap, after):
    ids, labels, words = reviews(500, length=length, gap=gap, after=after, generator=seeded())
    assert ids.shape == (500, length + after)
    assert 200 < labels.sum() < 300
    for review, label in zip(ids.tolist(), labels.tolist(), strict=True):
        said = [words[word] for word in review]
        assert verdict(said, gap) == {bool(label)}
        assert said.count("not") == 1
        assert sum(word in POSITIVE for word in said) == 1
        assert sum(word in NEGATIVE for word in said) == 1
        assert "not" not in said[length:]
        assert not set(said[length:]) & set(POSITIVE + NEGATIVE)


def test_neither_the_words_nor_the_first_opinion_tell_the_verdict():
    ids, labels, words = reviews(20_000, generator=seeded())
    for word in range(len(words)):
        assert 0.47 < labels[(ids == word).any(dim=1)].float().mean() < 0.53
    opinion = (ids >= 1) & (ids <= 6)
    first = ids[torch.arange(len(ids)), opinion.int().argmax(dim=1)]
    assert 0.47 < ((first <= 3) == (labels == 1)).float().mean() < 0.53


def test_the_verdict_stands_anywhere():
    ids, _, _ = reviews(2000, generator=seeded())
    at = (ids == 0).float().mean(dim=0)  # where "not" stands
    assert (at[:8] > 0.05).all()
    assert at[8] == 0  # its word comes after it
    assert (((ids >= 1) & (ids <= 6)).float().mean(dim=0) > 0.1).all()


def test_without_negation_two_words_tell_it():
    ids, labels, words = reviews(300, negation=False, length=5, generator=seeded())
    for review, label in zip(ids.tolist(), labels.tolist(), strict=True):
        said = [words[word] for word in review]
        told = [word for word in said if word in POSITIVE + NEGATIVE]
        assert len(told) == 2
        assert "not" not in said
        assert all((word in POSITIVE) == bool(label) for word in told)


def test_the_generator_decides():
    one, other = reviews(50, generator=seeded(3)), reviews(50, generator=seeded(3))
    assert torch.equal(one.ids, other.ids)
    assert torch.equal(one.labels, other.labels)


def test_a_review_that_is_too_short_is_told():
    with pytest.raises(ValueError, match="takes 5 words"):
        reviews(5, length=4, gap=2)


def test_a_typed_review_becomes_ids_and_what_is_unknown_is_told():
    ids, strange = spelt("The film: GOOD, not bad!  Ça alors, ça 🙂 don't", REVIEW_WORDS)
    assert [REVIEW_WORDS[i] for i in ids] == ["the", "film", "good", "not", "bad"]
    assert strange == ["ça", "alors", "don't"]
    assert spelt("", REVIEW_WORDS) == ([], [])
    assert spelt("\x00\ud800 \n", REVIEW_WORDS) == ([], [])
