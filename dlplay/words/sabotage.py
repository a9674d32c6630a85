"""The ways in which learning is spoilt on purpose, and what is said of such a run."""

from __future__ import annotations

from dlplay.words.foreign import one_line

KINDS = {
    "step": "the optimizer's step is left out",
    "labels": "the labels are shuffled",
    "sign": "gradients have the wrong sign",
}


def told(kind: str) -> str:
    """What is said of a run that was spoilt so; nothing of a healthy one."""
    return f"sabotaged: {KINDS.get(kind) or one_line(kind)}" if kind else ""
