"""Molecules as graphs: atoms are nodes, bonds are edges; hydrogen is left out."""

from __future__ import annotations

import re
from dataclasses import dataclass

import torch

from dlplay.data.writing import smiles

CAFFEINE = "Cn1cnc2c1c(=O)n(C)c(=O)n2C"

_SIGN = re.compile(r"\[nH\]|Cl|Br|[BCNOSF]|[cnos]|[-=#()]|[1-9]")
_ORDERS = {"-": 1.0, "=": 2.0, "#": 3.0}


@dataclass(frozen=True)
class Molecule:
    """A molecule's heavy atoms and the bonds between them."""

    elements: tuple[str, ...]  # of each atom, as "C" or "Cl"
    bonds: torch.Tensor  # [B, 2], each once, the atom that is written first first
    orders: torch.Tensor  # [B]: 1, 2, 3, and 1.5 in an aromatic ring


def molecule(text: str) -> Molecule:
    """The molecule of a SMILES string (Weininger, 1988), of the notation that `smiles()` uses: the
    elements B, C, N, O, S, F, Cl, Br, aromatic atoms in small letters and [nH], the bonds - = #,
    branches in brackets, rings by one digit. No charges, isotopes, or left and right hands.

    Raises ValueError for any other string.
    """
    signs = _SIGN.findall(text)
    if not signs or "".join(signs) != text:
        raise ValueError(f"not a molecule of this notation: {text!r}")
    elements: list[str] = []
    aromatic: list[bool] = []
    bonds: list[tuple[int, int]] = []
    orders: list[float] = []
    branches: list[int] = []
    rings: dict[str, tuple[int, str]] = {}  # open ones: the atom, and the bond's sign
    last, sign = -1, ""

    def bond(a: int, b: int, by: str) -> None:
        alike = aromatic[a] and aromatic[b]
        bonds.append((min(a, b), max(a, b)))
        orders.append(_ORDERS[by] if by else 1.5 if alike else 1.0)

    for each in signs:
        if last < 0 and not each[0].isalpha() and each != "[nH]":
            raise ValueError(f"a molecule begins with an atom: {text!r}")
        if each in _ORDERS:
            sign = each
        elif each == "(":
            branches.append(last)
        elif each == ")":
            if not branches:
                raise ValueError(f"a bracket too many is closed: {text!r}")
            last = branches.pop()
        elif each.isdigit():
            if each in rings:
                start, by = rings.pop(each)
                bond(start, last, sign or by)
            else:
                rings[each] = last, sign
            sign = ""
        else:
            element = each.strip("[]H")
            elements.append(element.capitalize())
            aromatic.append(element.islower())
            if last >= 0:
                bond(last, len(elements) - 1, sign)
            last, sign = len(elements) - 1, ""
    if branches or rings or sign:
        raise ValueError(f"brackets, rings or bonds are left open: {text!r}")
    if len({pair for pair in bonds if pair[0] < pair[1]}) < len(bonds):
        raise ValueError(f"two atoms have two bonds, or one is bound to itself: {text!r}")
    return Molecule(tuple(elements), torch.tensor(bonds).reshape(-1, 2), torch.tensor(orders))


def molecules(
    train: int = 9000, test: int = 1000, *, split_seed: int = 0
) -> tuple[list[Molecule], list[Molecule]]:
    """The first molecules of each half of `smiles(train, split_seed=split_seed)`: `train` to train
    on, `test` of the others. They have 10 to 26 atoms and, but for five, 1 to 5 rings."""
    first, rest = smiles(train, split_seed=split_seed)
    return [molecule(text) for text in first], [molecule(text) for text in rest[:test]]


def on_ring(bonds: torch.Tensor, atoms: int) -> torch.Tensor:
    """Whether each atom lies on a ring, [atoms]: whether it has a bond without which its two ends
    would still be joined by another way."""
    import networkx as nx

    graph = nx.Graph([(int(a), int(b)) for a, b in bonds])
    graph.add_nodes_from(range(atoms))
    graph.remove_edges_from(list(nx.bridges(graph)))
    return torch.tensor([graph.degree(atom) > 0 for atom in range(atoms)])
