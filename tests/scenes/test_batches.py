"""Pages whose runs can be trained as one batch: each finds what it finds alone."""

from __future__ import annotations

import pytest

from dlplay import run
from dlplay.course.catalog import Catalog, built_in
from dlplay.engine.batch import execute_batch
from tests.scenes.quickly import SEED, quick

OFFERED = [(card, name) for card in Catalog([built_in()]).scenes for name in card.each]
# Short runs, where training is chaotic: rounding has no time to grow
SHORT = {"gans/honest-loss": {"steps": 10, "inner": 2}}
ROUNDING = {"rel": 1e-3, "abs": 1e-5}


def cases():
    """In the quick tests one of each chapter."""
    seen = set()
    for card, name in OFFERED:
        rare = pytest.mark.full, pytest.mark.sampled(pool="batches")
        rare = rare if card.chapter in seen else ()
        seen.add(card.chapter)
        yield pytest.param(card, name, id=f"{card.id}:{name}", marks=rare)


def test_some_pages_of_several_chapters_offer_it():
    assert len({card.id for card, _ in OFFERED}) >= 6
    assert len({card.chapter for card, _ in OFFERED}) >= 4


@pytest.mark.parametrize(("card", "name"), cases())
def test_a_batch_finds_what_runs_alone_find(card, name):
    values = card.parameters[name].spread(5)[::2]  # three, of which none is next to another
    settings = SHORT.get(card.id, dict(card.quick))
    together = execute_batch(card, name, values, settings, seed=SEED, device="cpu")
    assert len({repr(each.measures) for each in together}) > 1, "the values make no difference"
    for value, each in zip(values, together, strict=True):
        alone = run(card.id, seed=SEED, device="cpu", looks=False, **settings, **{name: value})
        assert (each.status, each.steps) == (alone.status, alone.steps), each.message
        assert each.parameters == alone.parameters
        assert each.measures == pytest.approx(alone.measures, nan_ok=True, **ROUNDING)
        assert [c.holds for c in each.claims] == [c.holds for c in alone.claims]


@pytest.mark.parametrize(("card", "name"), cases())
def test_a_batch_of_one_is_a_run_to_the_last_bit(card, name):
    alone, _ = quick(card)
    value = card.quick.get(name, card.parameters[name].default)
    (one,) = execute_batch(card, name, [value], card.quick, seed=SEED, device="cpu")
    assert one.status == alone.status, one.message
    assert {n: repr(v) for n, v in one.measures.items()} == {
        n: repr(v) for n, v in alone.measures.items()
    }
