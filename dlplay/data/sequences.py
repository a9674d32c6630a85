"""Made-up sequences, each with one thing to remember."""

from __future__ import annotations

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
