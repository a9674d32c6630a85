"""Toy English: sentences of nine words about six topics, with words that mean two things."""

from __future__ import annotations

from typing import NamedTuple

import torch

# Of each topic: who, does what, near what
TOPICS = {
    "river": ("fisher sailor swimmer duck rower otter", "rowed swam fished drifted",
              "boat bridge shore mill"),
    "money": ("banker clerk lender buyer trader debtor", "paid saved lent spent",
              "coin cheque vault loan"),
    "music": ("singer pianist drummer violinist piper cellist", "sang played hummed danced",
              "guitar drum stage organ"),
    "sport": ("runner boxer keeper coach striker jumper", "ran scored trained won",
              "ball stadium medal goal"),
    "animals": ("fox owl hedgehog badger snake deer", "hunted slept growled crawled",
                "nest cave burrow tree"),
    "computers": ("coder hacker tester gamer typist analyst", "typed clicked coded debugged",
                  "screen keyboard server cable"),
}  # fmt: skip
# Each word belongs to two topics, and each topic has two of them.
HOMONYMS = {
    "bank": ("river", "money"),
    "note": ("money", "music"),
    "record": ("music", "sport"),
    "bat": ("sport", "animals"),
    "mouse": ("animals", "computers"),
    "stream": ("computers", "river"),
}
_BEGIN = "today yesterday often once"
_HOW = "old big new little"
_END = "again alone slowly early"
TOPIC_WORDS = (
    "the", "near", *_BEGIN.split(), *_HOW.split(), *_END.split(), *HOMONYMS,
    *(word for kinds in TOPICS.values() for kind in kinds for word in kind.split()),
)  # fmt: skip
LONG = 9  # words of a sentence
PLACE = {"before": 7, "after": 4}  # of the thing in a sentence, by where the rest stands that tells


class TopicSentences(NamedTuple):
    """`ids` [N, 9], the words as places in `words`; `topics` [N], of who does what; `fits` [N], 1
    where the thing is of that topic, else 0."""

    ids: torch.Tensor
    topics: torch.Tensor
    fits: torch.Tensor
    words: tuple[str, ...]


def topic_sentences(
    count: int,
    *,
    clue: str = "either",
    homonym: str | None = None,
    fitting: float = 1.0,
    generator: torch.Generator | None = None,
) -> TopicSentences:
    """Sentences of nine words, in one of two orders.

    `clue="before"`: "today the fisher rowed near the old bank again"; "after": "today near the old
    bank the fisher rowed again"; "either": by lot. The thing is one of the topic's four or one of
    its two HOMONYMS; with `homonym`, that word in all of them, "any": one of the topic's two. The
    share `fitting` has a thing of its own topic, the others of another. Random numbers come from
    `generator`, else from the global state.
    """
    place = {word: index for index, word in enumerate(TOPIC_WORDS)}
    topics = list(TOPICS)

    def drawn(end: int) -> torch.Tensor:
        return torch.randint(end, (count,), generator=generator)

    def ids(rows: list[str]) -> torch.Tensor:
        return torch.tensor([[place[word] for word in row.split()] for row in rows])

    whos, whats, things = (ids([TOPICS[topic][kind] for topic in topics]) for kind in range(3))
    doubles = ids(
        [" ".join(word for word, means in HOMONYMS.items() if topic in means) for topic in topics]
    )
    topic = drawn(len(topics))
    if homonym in HOMONYMS:
        means = torch.tensor([topics.index(name) for name in HOMONYMS[homonym]])
        topic = means[drawn(2)]
    fits = torch.rand(count, generator=generator) < fitting
    other = (topic + 1 + drawn(len(topics) - 1)) % len(topics)
    of = torch.where(fits, topic, other)
    choice = torch.cat([things, doubles], dim=1)
    thing = choice[of, drawn(choice.shape[1])]
    if homonym is not None:
        thing = doubles[of, drawn(2)]
    if homonym in HOMONYMS:
        thing = torch.full((count,), place[homonym])

    def fillers(words: str) -> torch.Tensor:
        return ids([words])[0][drawn(4)]

    the, near = (torch.full((count,), place[word]) for word in ("the", "near"))
    who, what = whos[topic, drawn(whos.shape[1])], whats[topic, drawn(whats.shape[1])]
    begin, how, end = fillers(_BEGIN), fillers(_HOW), fillers(_END)
    before = torch.stack([begin, the, who, what, near, the, how, thing, end], dim=1)
    after = torch.stack([begin, near, the, how, thing, the, who, what, end], dim=1)
    first = {"before": torch.ones(count), "after": torch.zeros(count)}.get(clue, drawn(2)) == 1
    x = torch.where(first[:, None], before, after)
    return TopicSentences(x, topic, fits.long(), TOPIC_WORDS)
