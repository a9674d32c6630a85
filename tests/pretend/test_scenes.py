"""Every scene of the course on the pretend accelerator: it mixes no devices."""

from __future__ import annotations

import pytest

from dlplay.course.catalog import Catalog, built_in, load
from dlplay.engine.numerics import settled
from dlplay.stage.stage import Stage
from tests.pretend.accelerator import AVAILABLE, accelerator

CARDS = {card.id: card for card in Catalog([built_in()]).scenes}


def measures(card, device):
    scene = load(card)(**{**card.defaults, **card.quick})
    stage = Stage(scene, device=device)
    with settled(stage.seed):
        scene.run(stage)
        stage.close()
    return stage.measures


@pytest.mark.skipif(not AVAILABLE, reason="this torch makes no devices in Python")
@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS)
def test_a_scene_runs_on_an_accelerator_and_finds_the_same(card):
    with accelerator() as device:
        found = measures(card, device)
    assert found == pytest.approx(measures(card, "cpu"), rel=1e-6, nan_ok=True)
