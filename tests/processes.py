"""Processes that a test did not start itself, by their numbers."""

from __future__ import annotations

import os
from pathlib import Path


def gone(pid: int) -> bool:
    """Whether it has ended, though its parent may not have taken leave of it."""
    if fields := _fields(pid):
        return fields[0] == "Z"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def parent(pid: int) -> int:
    """The process that began it, or took it over; 0 where it has ended. Needs /proc."""
    fields = _fields(pid)
    return int(fields[1]) if fields else 0


def _fields(pid: int) -> list[str]:
    """What the system tells of it after its name: its state, its parent and more."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return []
    return stat.rpartition(")")[2].split()
