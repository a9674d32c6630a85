import pytest
import torch

from dlplay.data.language import (
    DATE_SYMBOLS,
    KINDS,
    NEGATIVE,
    POSITIVE,
    REVIEW_WORDS,
    ROLES,
    dates,
    reviews,
    spelt,
    stories,
)

MONTHS = [
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
]


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


def test_only_the_pronouns_tell_a_man_from_a_woman():
    told = stories(3000, generator=seeded())
    lot = stories(3000, told=0, generator=seeded())
    pronouns = [told.words.index(word) for word in ("he", "his", "she", "her")]
    differs = told.ids != lot.ids
    assert set(told.ids[differs].tolist()) == set(pronouns)
    women = {woman for _, woman, _ in ROLES}
    people = women | {man for man, _, _ in ROLES}
    fitting = {"told": 0, "lot": 0}
    for name, ids in (("told", told.ids), ("lot", lot.ids)):
        some = [[told.words[i] for i in row] for row in ids.tolist()]
        some = [row for row in some if row[0] in people]
        assert 1800 < len(some) < 2200
        for row in some:
            assert (row[2], row[5]) in (("his", "he"), ("her", "she"))
            fitting[name] += (row[2] == "her") == (row[0] in women)
        fitting[name] /= len(some)
    assert fitting["told"] == 1
    assert 0.45 < fitting["lot"] < 0.55


def test_stories_have_all_their_words_each_once_in_the_list():
    ids, words = stories(3000, generator=seeded(1))
    assert len(set(words)) == len(words)
    assert set(ids.flatten().tolist()) == set(range(len(words)))
    for row in ids.tolist():
        said = [words[i] for i in row]
        kinds = {name for name, kind in KINDS.items() for word in said if word in kind}
        assert len(kinds) == (said[0] == "the")


def test_dates_are_told_in_all_forms_and_some_are_kept_back():
    torch.manual_seed(0)
    parts, kept = dates(300), dates(100, new=True)
    seen, told = set(), set()
    for found, days in ((parts, seen), (kept, told)):
        for ids, answer, year in zip(found.ids, found.answers, found.years, strict=True):
            text = "".join(DATE_SYMBOLS[i] for i in ids.tolist() if i)
            written = "".join(DATE_SYMBOLS[i] for i in answer.tolist())
            y, m, d = written.split("-")
            assert text[year : year + 4] == y
            assert text in (
                f"{int(d)} {MONTHS[int(m) - 1][:3]} {y}",
                f"{MONTHS[int(m) - 1]} {int(d)}, {y}",
                f"{d}/{m}/{y}",
                f"{MONTHS[int(m) - 1][:3]} {int(d)} {y}",
                f"{y}.{m}.{d}",
            )
            days.add(written)
    assert set(parts.forms.tolist()) == {0, 1, 2, 3, 4}
    assert not seen & told
    assert len(kept.ids) == 100
