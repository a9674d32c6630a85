"""Made-up sequences: one with a thing to remember, one to be written from its end."""

from __future__ import annotations

from typing import NamedTuple

import torch


def recall(count: int, length: int, device: str = "cpu") -> tuple[torch.Tensor, torch.Tensor]:
    """Tokens [count, length] of which the first is one of four letters, 0 to 3, and the others
    are fillers, 4 to 7; and that letter [count], to be told at the end.

    Random numbers come from the global state, so that a run's seed decides.
    """
    tokens = torch.randint(4, 8, (count, length), device="cpu")
    tokens[:, 0] = torch.randint(4, (count,), device="cpu")
    letters = tokens[:, 0].clone()
    return tokens.to(device), letters.to(device)


PAD, START, END = 0, 1, 2  # symbols of `reversals`; the letters follow


class Reversals(NamedTuple):
    """`ids` [N, S], strings to be read; `answers` [N, S + 1], what is to be written."""

    ids: torch.Tensor
    answers: torch.Tensor


def reversals(
    count: int, longest: int = 8, *, shortest: int = 3, letters: int = 12, device: str = "cpu"
) -> Reversals:
    """Strings of letters, 3 to 2 + `letters`, behind which PAD fills up to `longest`; and each from
    its end to its beginning, then END, then PAD.

    Random numbers come from the global state, so that a run's seed decides.
    """
    length = torch.randint(shortest, longest + 1, (count, 1), device="cpu")
    place = torch.arange(longest + 1, device="cpu")
    ids = 3 + torch.randint(letters, (count, longest + 1), device="cpu")
    ids = ids.where(place < length, torch.tensor(PAD))
    backwards = ids.gather(1, (length - 1 - place).clamp(min=0))
    answers = backwards.where(place < length, torch.tensor(PAD))
    answers = answers.scatter(1, length, END)
    return Reversals(ids[:, :-1].to(device), answers.to(device))


def windows(ids: torch.Tensor, count: int, length: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Pieces of a sequence [N], from random places, and what follows each of their tokens: twice
    [count, length], on the device of `ids`. ValueError where it is not longer than a piece and one.
    """
    if len(ids) < length + 2:
        raise ValueError(f"{len(ids)} tokens are too few for windows of {length}")
    starts = torch.randint(len(ids) - length - 1, (count, 1), device="cpu")
    rows = ids[(starts + torch.arange(length + 1, device="cpu")).to(ids.device)]
    return rows[:, :-1], rows[:, 1:]
