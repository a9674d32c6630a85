"""A language model that counts, and what can be counted of a text that was written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import torch

OTHER = "\N{REPLACEMENT CHARACTER}"


def numbered(text: str, most: int = 255) -> tuple[list[str], torch.Tensor]:
    """The characters that a text is made of, sorted, and the text in their numbers [N].

    Of more than `most` kinds the rarest become one, the last: OTHER.
    """
    symbols = sorted(symbol for symbol, _ in Counter(text).most_common(most))
    number = {symbol: i for i, symbol in enumerate(symbols)}
    if len(set(text)) > most:
        symbols.append(OTHER)
        print(f"characters beyond the {most} most frequent are read as {OTHER}")
    return symbols, torch.tensor([number.get(symbol, most) for symbol in text])


def begun(prompt: str, symbols: Sequence[str]) -> list[int]:
    r"""A typed beginning in numbers: \n is a new line, and what the model doesn't know is left out.

    Never empty: without any character that is known it is a new line, or the first symbol.
    """
    known = [symbols.index(each) for each in prompt.replace("\\n", "\n") if each in symbols]
    return known or [symbols.index("\n") if "\n" in symbols else 0]


def visible(symbol: str) -> str:
    """A character for a label, where a space and a new line must be seen."""
    return {" ": "␣", "\n": "↵"}.get(symbol, symbol)


class Counts:
    """How probable each symbol is after those before it, by counts of up to `n` in a row.

    Each length leans on the one below by as much as what followed was new (Witten and Bell, 1991):

        p(x | context) = (c(context, x) + K p(x | shorter context)) / (N + K)

    with c how often the context was followed by x, N by anything, K by how many kinds. Below
    single symbols all are equally probable. Tables are sorted, lie where `text` lies and have as
    many rows as there are different pieces.
    """

    def __init__(self, text: torch.Tensor, kinds: int, n: int) -> None:
        """`text` [N], whole numbers below `kinds`. ValueError if n symbols don't fit 63 bits."""
        if kinds**n >= 2**63:
            raise ValueError(f"{n} in a row of {kinds} kinds are too many to be numbered")
        self.kinds, self.n = kinds, n
        self._tables = []
        for length in range(1, n + 1):
            pieces, count = torch.unique(_pieces(text, length, kinds), return_counts=True)
            context, followers = torch.unique_consecutive(pieces // kinds, return_counts=True)
            ends = followers.cumsum(0) - 1
            sums = count.cumsum(0)[ends]  # how often the contexts up to each were seen
            seen = torch.cat([sums[:1], sums.diff()])
            self._tables.append((pieces, count, context, seen, followers))

    def chances(self, before: torch.Tensor) -> torch.Tensor:
        """The probability of each symbol after texts [B, T]: [B, kinds]. T may be 0."""
        each = torch.arange(self.kinds, device=before.device)
        chance = torch.full((len(before), self.kinds), 1 / self.kinds, device=before.device)
        for length in range(1, min(self.n, before.shape[1] + 1) + 1):
            context = _codes(before[:, before.shape[1] - length + 1 :], self.kinds)
            chance = self._refined(chance, length, context[:, None] * self.kinds + each)
        return chance

    def along(self, text: torch.Tensor) -> torch.Tensor:
        """The probability of each symbol of a text [N] but its first n - 1, after those before it:
        [n, N - n + 1], a row for each length from 1 to n."""
        chance = torch.full((len(text) - self.n + 1,), 1 / self.kinds, device=text.device)
        rows = []
        for length in range(1, self.n + 1):
            asked = _pieces(text[self.n - length :], length, self.kinds)
            chance = self._refined(chance, length, asked)
            rows.append(chance)
        return torch.stack(rows)

    def _refined(self, lower: torch.Tensor, length: int, asked: torch.Tensor) -> torch.Tensor:
        """Chances of the last symbol of pieces, from those by pieces that are one shorter."""
        pieces, count, context, seen, followers = self._tables[length - 1]
        before = asked // self.kinds
        N, K = _found(context, seen, before), _found(context, followers, before)  # noqa: N806
        mixed = (_found(pieces, count, asked) + K * lower) / (N + K).clamp(min=1)
        return torch.where(N > 0, mixed, lower)


def distinct(text: Sequence[int], length: int = 8) -> float:
    """The share of a text's pieces of `length` symbols that did not occur in it before."""
    pieces = [tuple(text[i : i + length]) for i in range(len(text) - length + 1)]
    return len(set(pieces)) / max(1, len(pieces))


def words(text: str) -> list[str]:
    """The words of a text, in small letters, without its first and last, which may be cut off."""
    return re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)*", text.lower())[1:-1]


def real_words(texts: Iterable[str], known: set[str]) -> float:
    """The share of the words of all texts that are among those known."""
    written = [word for text in texts for word in words(text)]
    return sum(word in known for word in written) / max(1, len(written))


def _pieces(text: torch.Tensor, length: int, kinds: int) -> torch.Tensor:
    """Every `length` symbols in a row of a text [N], as whole numbers [N - length + 1]."""
    return _codes(text.unfold(0, length, 1), kinds)


def _codes(pieces: torch.Tensor, kinds: int) -> torch.Tensor:
    """Pieces [N, length] as whole numbers in base `kinds` [N]; of no symbols: 0."""
    code = torch.zeros(len(pieces), dtype=torch.long, device=pieces.device)
    for place in range(pieces.shape[1]):
        code = code * kinds + pieces[:, place]
    return code


def _found(keys: torch.Tensor, values: torch.Tensor, asked: torch.Tensor) -> torch.Tensor:
    """The value of each key that is asked for, 0 of those that are not there."""
    at = torch.searchsorted(keys, asked).clamp(max=len(keys) - 1)
    return torch.where(keys[at] == asked, values[at], 0).float()
