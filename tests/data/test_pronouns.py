"""Sentences in which the last word says whom "it" means."""

import torch

from dlplay.data import pronouns, swapped
from dlplay.data.pronouns import BEINGS, PLACES, TIRED, WIDE


def test_the_adjective_tells_the_noun_that_is_meant():
    found = pronouns(200, fillers=2, generator=torch.Generator().manual_seed(0))
    assert found.ids.shape == (200, 14)
    for ids, meant, other in zip(
        found.ids.tolist(), found.meant.tolist(), found.other.tolist(), strict=True
    ):
        words = [found.words[n] for n in ids]
        assert words[found.at] == "it"
        assert {found.words[meant], found.words[other]} == {words[1], words[6]}
        alive = BEINGS if words[-1] in TIRED else PLACES
        assert found.words[meant] in alive
        assert found.words[other] not in alive


def test_order_tells_nothing():
    found = pronouns(2000, generator=torch.Generator().manual_seed(0))
    first = (found.ids[:, 1] == found.meant).float().mean()
    assert 0.45 < first < 0.55


def test_an_adjective_is_swapped_for_one_of_the_other_kind():
    ids = pronouns(50, generator=torch.Generator().manual_seed(0))
    turned, blank = (swapped(ids.ids, way) for way in ("other adjective", "no adjective"))
    for before, after, none in zip(ids.ids.tolist(), turned.tolist(), blank.tolist(), strict=True):
        assert before[:-1] == after[:-1] == none[:-1]
        kinds = [ids.words[line[-1]] in TIRED for line in (before, after)]
        assert kinds[0] != kinds[1]
        assert ids.words[after[-1]] in TIRED + WIDE
        assert none[-1] == 0
    assert torch.equal(swapped(ids.ids, "nothing"), ids.ids)
