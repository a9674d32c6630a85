"""Networks of people."""

from __future__ import annotations

import pytest
import torch

from dlplay.author.parameters.base import ParameterError
from dlplay.data.networks import adjacency, block_model, grown, karate_sides, network


def test_the_karate_club_is_zacharys():
    called, ties = network("karate")
    assert (len(called), len(ties)) == (34, 78)
    degree = adjacency(ties, 34).sum(1)
    assert (degree[0], degree[33]) == (16, 17)
    sides = karate_sides()
    assert sides.bincount().tolist() == [17, 17]
    assert (sides[0], sides[33]) == (0, 1)


def test_les_miserables_has_its_cast():
    called, ties = network("les-miserables")
    assert (len(called), len(ties)) == (77, 254)
    assert "Valjean" in called


@pytest.fixture
def own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def written(text):
        (tmp_path / "ties.txt").write_text(text, encoding="utf-8")
        return "ties.txt"

    return written


@pytest.mark.parametrize(
    "text",
    [
        "Ann Lee,Bob\nBob,Cy\n",
        "# who meets whom\nAnn Lee;Bob;3\n\nCy;Bob;1\nBob;Bob\n",
        "Ann Lee\tBob\nBob\tCy\nCy\tBob\n",
    ],
)
def test_ones_own_ties_are_read_once_each(own, text):
    called, ties = network(own(text))
    assert called == ("Ann Lee", "Bob", "Cy")
    assert ties.tolist() == [[0, 1], [1, 2]]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a b\nc\n", "line 2 does not hold two names: 'c'"),
        ("a,\n", "line 1 does not hold two names"),
        ("a a\n", "it holds no tie"),
        ("a b\n", "it has 2 nodes, and 3 are needed"),
        ("\n".join(f"0 {n}" for n in range(1, 6000)), "6,000 nodes"),
    ],
)
def test_what_is_no_list_of_ties_is_told(own, text, why):
    with pytest.raises(ParameterError, match=why):
        network(own(text))


def test_a_block_model_has_the_shares_that_were_asked():
    A, group = block_model((100, 200), 0.2, 0.02, generator=torch.Generator().manual_seed(0))  # noqa: N806
    assert torch.equal(A, A.T)
    assert A.diagonal().sum() == 0
    assert group.bincount().tolist() == [100, 200]
    same = group[:, None] == group
    off = ~torch.eye(300, dtype=torch.bool)
    assert A[same & off].mean() == pytest.approx(0.2, abs=0.01)
    assert A[~same].mean() == pytest.approx(0.02, abs=0.004)


def test_a_grown_network_has_its_ties_and_hubs():
    dice = torch.Generator().manual_seed(0)
    ties = grown(1000, 4, generator=dice)
    A = adjacency(ties, 1000)  # noqa: N806
    assert len(ties) == 10 + 995 * 4
    assert A.sum() == 2 * len(ties)  # no tie twice
    even = adjacency(grown(1000, 4, preference=0.0, generator=dice), 1000)
    assert A.sum(1).max() > 2 * even.sum(1).max()
    with pytest.raises(ValueError, match="cannot have 4 ties each"):
        grown(4, 4)
