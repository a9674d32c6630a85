"""Molecules as graphs."""

from __future__ import annotations

import pytest
import torch

from dlplay.data import CAFFEINE, molecule, molecules, on_ring, smiles


def test_caffeine_has_its_atoms_bonds_and_rings():
    found = molecule(CAFFEINE)
    assert sorted(found.elements) == ["C"] * 8 + ["N"] * 4 + ["O"] * 2
    assert len(found.bonds) == len(found.orders) == 15
    assert len(found.bonds) - len(found.elements) + 1 == 2
    ring = on_ring(found.bonds, 14)
    assert ring.sum() == 9  # five and six of them, two on both
    assert not ring[[element == "O" for element in found.elements]].any()


def test_bonds_have_their_orders():
    found = molecule("C#CC=CBr")
    assert found.elements == ("C", "C", "C", "C", "Br")
    assert found.bonds.tolist() == [[0, 1], [1, 2], [2, 3], [3, 4]]
    assert found.orders.tolist() == [3, 1, 2, 1]
    joined = molecule("c1ccccc1-c1cc[nH]c1")  # two aromatic rings and a plain bond between
    assert joined.elements.count("N") == 1
    assert sorted(set(joined.orders.tolist())) == [1, 1.5]
    assert (joined.orders == 1).sum() == 1


def test_branches_return_to_their_atom():
    found = molecule("CC(Cl)(F)O")
    assert found.bonds.tolist() == [[0, 1], [1, 2], [1, 3], [1, 4]]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not a molecule"),
        ("CX", "not a molecule"),
        ("[Na+]", "not a molecule"),
        ("C1CC", "left open"),
        ("C(C", "left open"),
        ("C=", "left open"),
        ("C)C", "too many"),
        ("=C", "begins with an atom"),
        ("1CC1", "begins with an atom"),
        ("C11", "bound to itself"),
    ],
)
def test_what_is_no_molecule_is_told(text, why):
    with pytest.raises(ValueError, match=why):
        molecule(text)


def test_all_that_are_bundled_can_be_read():
    first, rest = molecules(200, 50)
    assert (len(first), len(rest)) == (200, 50)
    for found, text in zip(first, smiles(200)[0], strict=True):
        letters = [
            c for c in text.replace("Cl", "X").replace("Br", "X") if c.isalpha() and c != "H"
        ]
        assert len(found.elements) == len(letters)
        assert 0 <= found.bonds.min() < found.bonds.max() < len(found.elements)


def test_an_atom_between_two_rings_lies_on_none():
    found = molecule("C1CC1CC1CC1")
    assert on_ring(found.bonds, 7).tolist() == [True] * 3 + [False] + [True] * 3
    assert not on_ring(torch.tensor([[0, 1]]), 3).any()
