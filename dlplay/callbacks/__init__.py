"""Callbacks that draw on the stage, for trainers that have the loop themselves."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any

from dlplay import stage

PARTED = re.compile(r"(train|val|valid|validation|eval|test)[_/](.+)")
OF_THE_MACHINE = re.compile(r".*(runtime|_per_second)|total_flos|epoch")


class Steps:
    """So many steps, as far as is known; counting goes on beyond."""

    def __init__(self, total: float) -> None:
        self.total = int(total) if 0 < total < 1e15 else 0

    def __len__(self) -> int:
        return self.total

    def __iter__(self) -> Iterator[int]:
        return itertools.count()


def held_out(name: str) -> bool:
    """Whether a metric is one of data that are not trained on."""
    parts = PARTED.fullmatch(name)
    return parts is not None and parts[1] != "train"


def draw(metrics: Mapping[str, Any]) -> None:
    """Metrics as curves: `val_loss` is the series "val" of the panel "loss". What tells of the
    machine alone is left out."""
    for name, value in metrics.items():
        if OF_THE_MACHINE.fullmatch(name):
            continue
        parts = PARTED.fullmatch(name)
        series, panel = parts.groups() if parts else ("train", name)
        stage.curve(panel, {series: value})
