"""Processes that train together, as their launchers number them."""

from __future__ import annotations

import os

RANKS = ("RANK", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK")
SIZES = ("WORLD_SIZE", "SLURM_NTASKS", "OMPI_COMM_WORLD_SIZE")


def first() -> bool:
    """Whether this is the first of them, or the only one."""
    return _said(RANKS, "0") == "0"


def several() -> bool:
    """Whether there are others, which wait for this one at every step."""
    return _said(SIZES, "1") != "1"


def _said(names: tuple[str, ...], otherwise: str) -> str:
    return next((os.environ[name] for name in names if os.environ.get(name)), otherwise)
