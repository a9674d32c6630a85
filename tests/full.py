"""A disk that is full, for the process that asks: no file can grow beyond so many bytes."""

from __future__ import annotations

import resource
from contextlib import contextmanager


@contextmanager
def full_disk(most_bytes: int):
    """Writing beyond so many bytes of a file is an OSError, until the block ends."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
