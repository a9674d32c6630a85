"""Loaders of the bundled texts: plays, first names, molecules."""

from __future__ import annotations

import gzip
from functools import cache

import torch

from dlplay.data.bundled import FOLDER


@cache
def shakespeare() -> str:
    """Nine plays, 1,122,254 characters of 78 kinds, all ASCII, laid out as dialogue.

    By William Shakespeare, from Project Gutenberg. Every speech begins with its speaker's name in
    capitals and a full stop, on a line of its own.
    """
    return gzip.decompress((FOLDER / "shakespeare.txt.gz").read_bytes()).decode("ascii")


Halves = tuple[list[str], list[str]]


def names(train: int = 4600, *, split_seed: int = 0) -> Halves:
    """First names, those to train on and the others: `train` and 5,163 - `train` of them.

    2 to 11 letters, a to z alone, each name once: those of the United States' census of 1990. The
    order is random and, like the split, depends on `split_seed` only.
    """
    return _split(_names(), train, split_seed)


def smiles(train: int = 9000, *, split_seed: int = 0) -> Halves:
    """Molecules as SMILES strings, those to train on and the others: `train` and 10,000 - `train`.

    18 to 54 characters out of 25, such as `COCCOc1ccc(Cl)cc1Br`, each molecule once: a
    sample of the drug-like ones of the MOSES benchmark (Insilico, 2018), which come from ZINC. The
    order is random and, like the split, depends on `split_seed` only.
    """
    return _split(_smiles(), train, split_seed)


@cache
def _names() -> list[str]:
    return gzip.decompress((FOLDER / "names.txt.gz").read_bytes()).decode("ascii").split()


@cache
def _smiles() -> list[str]:
    return gzip.decompress((FOLDER / "smiles10k.txt.gz").read_bytes()).decode("ascii").split()


def _split(lines: list[str], train: int, split_seed: int) -> Halves:
    order = torch.randperm(len(lines), generator=torch.Generator().manual_seed(split_seed))
    mixed = [lines[place] for place in order.tolist()]
    return mixed[:train], mixed[train:]
