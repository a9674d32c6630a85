"""Recordings to export: of a scene of the tests, of one of the course, and made by hand."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from msgspec.structs import replace

from dlplay import run
from dlplay.course.catalog import Catalog, built_in
from dlplay.engine.recordings.format import Recorder
from dlplay.engine.recordings.replay import load
from dlplay.export import Source
from dlplay.wire import events
from tests.conftest import FAULTS

REAL = "optimization/race"
CATALOG = Catalog([built_in(), FAULTS])


def recorded(folder: Path, id: str, **settings) -> SimpleNamespace:
    """The file, what is exported, and what `run` returned."""
    file = folder / f"{id.split('/')[1]}.dlplay"
    with Recorder(file) as record:
        result = run(id, scenes=FAULTS, watch=record, **settings)
    return SimpleNamespace(file=file, source=Source(load(file), CATALOG.find(id)), result=result)


@pytest.fixture(scope="session")
def fine(tmp_path_factory):
    return recorded(tmp_path_factory.mktemp("fine"), "faults/fine", seed=3, steps=70)


@pytest.fixture(scope="session")
def real(tmp_path_factory):
    quick = dict(CATALOG.find(REAL).quick)
    return recorded(tmp_path_factory.mktemp("real"), REAL, **quick)


@pytest.fixture(params=["fine", "real"])
def run_of(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def by_hand(tmp_path):
    """Makes a source of these batches, after an honest beginning."""

    def make(*batches, scene="made/up", sabotage="", **parameters):
        file = tmp_path / "hand.dlplay"
        with Recorder(file, overwrite=True) as record:
            begun = events.Started(scene=scene, seed=1, device="cpu", parameters=parameters)
            record([replace(begun, sabotage=sabotage)])
            for batch in batches:
                record(batch)
        return Source(load(file))

    return make


HOSTILE = "\x1b]0;owned\x07\x1b[2J<script>alert(1)</script>&\x00"


@pytest.fixture
def hostile(by_hand):
    """Names and texts that a terminal or a browser would obey, in every place."""
    from dlplay.wire.events import ClaimResult

    picture = events.Array.of(np.zeros((1, 2, 2), np.float32))
    return by_hand(
        [
            events.Points(tick=1, panel=HOSTILE, series=HOSTILE, ticks=[1], x=[0.0], y=[1.0]),
            events.Text(tick=1, panel="words", text=HOSTILE),
            events.Heatmap(tick=1, panel="map", values=picture, names=[HOSTILE], rows=[HOSTILE]),
            events.Table(tick=1, panel="table", columns=[HOSTILE], rows=[[HOSTILE]]),
            events.Tweaked(tick=1, name=HOSTILE, value=HOSTILE),
            events.Measured(tick=1, values={HOSTILE: 1.0}),
            events.Claims(tick=1, claims=[ClaimResult(HOSTILE, HOSTILE, 1.0, ">", 0.0, True)]),
        ],
        scene=HOSTILE,
        **{HOSTILE: HOSTILE},
    )
