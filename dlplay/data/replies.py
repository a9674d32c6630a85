"""Toy replies of an assistant, some polite, some rude, and what people would think of them."""

from __future__ import annotations

from typing import NamedTuple

import torch

POLITE = ("sure", "gladly", "great", "thanks", "welcome")
RUDE = ("dumb", "lazy", "whatever")
_VERBS = ("help", "check", "explain", "fix")
REPLY_WORDS = (
    *POLITE, *RUDE, *_VERBS, "well", "so", "I", "can", "will", "it", "this", "that", "now", "today",
)  # fmt: skip
END = len(REPLY_WORDS)  # fills a reply up
REPLY_LONG = 8  # words of a reply, at most
# What may stand at each place of a reply; "-" is nothing
_PLACES = (
    "sure gladly great well so dumb whatever -", "I", "can will", "help check explain fix -",
    "it this that", "now today - -", "thanks welcome great lazy dumb - - -",
)  # fmt: skip


class Replies(NamedTuple):
    """`ids` [N, 8], words as places in `words` and END after the last; `worth` [N], what people
    would think of each."""

    ids: torch.Tensor
    worth: torch.Tensor
    words: tuple[str, ...]


def replies(
    count: int, *, repeats: float = 0.0, generator: torch.Generator | None = None
) -> Replies:
    """Replies such as "gladly I can fix it today thanks" and "I will it this lazy".

    None has a word twice in a row, except for the share `repeats`: in these, from a place drawn by
    lot, one word of the reply goes on to the end. Random numbers come from `generator`, else from
    the global state.
    """
    place = {word: index for index, word in enumerate(REPLY_WORDS)}

    def drawn(end: int) -> torch.Tensor:
        return torch.randint(end, (count,), generator=generator)

    columns = []
    for words in _PLACES:
        kinds = torch.tensor([place.get(word, END) for word in words.split()])
        columns.append(kinds[drawn(len(kinds))])
    x = torch.stack(columns, dim=1)  # [N, 7]
    empty = (x == END).long() * len(_PLACES) + torch.arange(len(_PLACES))
    x = x.gather(1, empty.argsort(dim=1))  # words first, in their order
    x = torch.cat([x, torch.full((count, REPLY_LONG - x.shape[1]), END)], dim=1)
    stuck, at = torch.rand(count, generator=generator) < repeats, drawn(4)[:, None]
    again = torch.where(torch.arange(REPLY_LONG) < at, x, x.gather(1, at))
    x = torch.where(stuck[:, None], again, x)
    return Replies(x, worth(x), REPLY_WORDS)


def worth(x: torch.Tensor) -> torch.Tensor:
    """What people think of replies [N, 8]: 1 for each polite word (two at most), −1.5 for a rude
    one, −1 without a verb, −1 for each word that stands there twice in a row and −0.5 for each that
    was there before."""
    counts = torch.stack([(x == word).sum(dim=1) for word in range(END)], dim=1).float()  # [N, V]
    polite, rude = len(POLITE), len(POLITE) + len(RUDE)
    kind = (counts[:, :polite] > 0).sum(dim=1).clamp(max=2).float()
    bad = counts[:, polite:rude].sum(dim=1)
    verbless = counts[:, rude : rude + len(_VERBS)].sum(dim=1) == 0
    stuck = ((x[:, 1:] == x[:, :-1]) & (x[:, 1:] != END)).sum(dim=1)
    before = (counts - 1).clamp(min=0).sum(dim=1)
    total: torch.Tensor = kind - 1.5 * bad - verbless.float() - stuck - 0.5 * before
    return total
