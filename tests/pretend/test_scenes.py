"""Every scene of the course on the pretend accelerator: it mixes no devices."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from dlplay.course.catalog import Catalog, built_in, load
from dlplay.engine.history import History
from dlplay.engine.numerics import settled
from dlplay.stage.batch import Batch
from dlplay.stage.stage import Stage
from dlplay.stage.xray import Watch
from tests.pretend.accelerator import AVAILABLE, accelerator
from tests.scenes.quickly import SEED, quick, short_run

pytestmark = pytest.mark.skipif(not AVAILABLE, reason="this torch makes no devices in Python")
CARDS = {card.id: card for card in Catalog([built_in()]).scenes}


def measures(card, device):
    scene = load(card)(**{**card.defaults, **card.quick})
    stage = Stage(scene, device=device, seed=SEED)
    with settled(stage.seed):
        scene.run(stage)
        stage.close()
    return stage.measures


@short_run
@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS)
def test_a_scene_runs_on_an_accelerator_and_finds_the_same(card):
    with accelerator() as device:
        found = measures(card, device)
    assert found == pytest.approx(quick(card)[0].measures, rel=1e-6, abs=0, nan_ok=True)


def batches():
    """In the quick tests the cheapest."""
    for card in CARDS.values():
        rare = pytest.mark.full, pytest.mark.sampled(pool="batches")
        if card.each:
            marks = () if card.id in ("gans/circles", "energy/collapse") else rare
            yield pytest.param(card, id=card.id, marks=marks)


@pytest.mark.parametrize("card", batches())
def test_a_batch_runs_on_an_accelerator_and_finds_the_same(card):
    def found(device):
        name = card.each[0]
        scene = load(card)(**{**card.defaults, **card.quick})
        scene.share(name, card.parameters[name].spread(2))
        told = [History(), History()]
        stage = Batch(scene, [each.feed for each in told], device=device, seed=SEED)
        with settled(stage.seed):
            scene.run(stage)
            stage.close()
        return [each.measures for each in told]

    with accelerator() as device:
        there = found(device)
    for one, other in zip(there, found("cpu"), strict=True):
        assert one == pytest.approx(other, rel=1e-6, abs=0, nan_ok=True)


def test_the_x_ray_of_a_model_on_an_accelerator():
    def layers(device):
        torch.manual_seed(0)
        net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)).to(device)
        watch = Watch(net)
        watch.arm()
        net(torch.linspace(-1, 1, 15, device=device).reshape(5, 3)).sum().backward()
        return watch.develop()

    with accelerator() as device:
        found = layers(device)
    assert found == layers("cpu")
    assert found[0].activation is not None
