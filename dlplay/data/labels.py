"""Where every label of the bundled data passes by, so that a test can shuffle them all."""

from __future__ import annotations

from collections.abc import Callable

import torch

_change: list[Callable[[torch.Tensor], torch.Tensor]] = []


def given(labels: torch.Tensor) -> torch.Tensor:
    """The labels as they are; while somebody interferes (`dlplay check --sabotage`), changed."""
    for change in _change:
        labels = change(labels)
    return labels


def interfere(change: Callable[[torch.Tensor], torch.Tensor] | None) -> None:
    """From now on every loader hands out `change(labels)`; None: the labels themselves."""
    _change[:] = [change] if change is not None else []
