"""csv and json: the numbers are those of the run, to the last bit."""

from __future__ import annotations

import csv
import io
import json
import math
import zlib

import pytest

from dlplay.engine.recordings.format import HEADER
from dlplay.engine.recordings.replay import load
from dlplay.export import FORMATS, NoSuchPanel, Options, Source
from dlplay.export.script import NotTranslatable
from dlplay.wire import events
from tests.export.conftest import CATALOG


def table(source, **options):
    return list(csv.DictReader(io.StringIO(FORMATS["csv"].write(source, Options(**options)))))


def facts(source, **options):
    return json.loads(FORMATS["json"].write(source, Options(**options)))


def test_csv_holds_every_point_to_the_last_bit(run_of):
    found = {}
    for row in table(run_of.source):
        xs, ys = found.setdefault(row["panel"], {}).setdefault(row["series"], ([], []))
        xs.append(float(row["x"]))
        ys.append(float(row["y"]))
    expected = run_of.result.curves
    assert found.keys() == expected.keys()
    for panel, series in expected.items():
        assert list(found[panel]) == list(series)
        for name, (x, y) in series.items():
            assert found[panel][name] == (x.tolist(), y.tolist())


def test_json_holds_the_same_and_what_the_run_was(run_of):
    result, found = run_of.result, facts(run_of.source)
    for panel, series in result.curves.items():
        for name, (x, y) in series.items():
            curve = found["curves"][panel][name]
            assert (curve["x"], curve["y"]) == (x.tolist(), y.tolist())
            assert len(curve["tick"]) == len(x)
    assert found["scene"] == result.scene
    assert found["parameters"] == result.parameters
    assert found["measures"] == result.measures
    assert (found["status"], found["steps"], found["seed"]) == ("done", result.steps, result.seed)
    assert [(c["name"], c["value"], c["holds"]) for c in found["claims"]] == [
        (c.name, c.value, c.holds) for c in result.claims
    ]
    assert found["address"].startswith(f"dlplay open {result.scene} ")


@pytest.mark.parametrize("form", ["svg", "html", "cast", "json"])
def test_a_sabotaged_run_says_so(by_hand, form):
    drawn = [events.Points(tick=1, panel="loss", series="a", ticks=[1], x=[0.0], y=[1.0])]
    healthy, sabotaged = by_hand(drawn), "gradients have the wrong sign"
    written = FORMATS[form].write(healthy, Options())
    assert "sabotage" not in written.replace('"sabotage": ""', "")
    written = FORMATS[form].write(by_hand(drawn, sabotage="sign"), Options()).replace("&#160;", " ")
    assert "dlplay run made/up --seed 1 --device cpu --sabotage sign" in written
    assert ('"sabotage": "sign"' if form == "json" else f"sabotaged: {sabotaged}") in written


def test_a_sabotaged_run_has_no_script(by_hand):
    source = by_hand(scene="faults/fine", sabotage="step")
    source = Source(source.replay, CATALOG.find("faults/fine"))
    with pytest.raises(NotTranslatable, match="this run was sabotaged: the optimizer's step is"):
        FORMATS["script"].write(source, Options())


def test_ticks_are_the_clock_of_the_run(fine):
    ticks = [int(row["tick"]) for row in table(fine.source) if row["series"] == "the loss"]
    assert ticks == list(range(1, 71))


def test_what_a_run_writes_meanwhile_is_left_for_the_next_export(by_hand):
    def point(tick):
        return [
            events.Points(panel="p", series="s", ticks=[tick], x=[1.0], y=[float(tick)]),
            events.Text(tick=tick, panel="words", text=f"at {tick}"),
        ]

    source = by_hand(point(1), point(2))
    payload = events.encode(point(3))
    with source.replay.path.open("ab") as file:
        file.write(HEADER.pack(len(payload), zlib.crc32(payload)) + payload)
    assert [row["y"] for row in table(source)] == ["1.0", "2.0"]
    assert [event.text for batch in source for event in batch[1:]] == ["at 1", "at 2"]
    again = load(source.replay.path)
    assert [event.tick for batch in again for event in batch[1:]] == [1, 2, 3]


def test_more_points_than_a_history_keeps(by_hand):
    count = 10_000
    numbers = [float(i) for i in range(count)]
    batch = [events.Points(tick=count, panel="p", series="s", ticks=list(range(count)),
                           x=numbers, y=numbers)]  # fmt: skip
    source = by_hand(batch)
    assert len(source.history.panel("p").lines["s"]) < count
    assert [float(row["y"]) for row in table(source)] == numbers


def test_numbers_that_are_not_finite(by_hand):
    ys = [math.nan, math.inf, -math.inf, 5e-324, 0.1]
    source = by_hand(
        [events.Points(tick=5, panel="p", series="s", ticks=[1] * 5, x=[0.0] * 5, y=ys)]
    )
    read = [float(row["y"]) for row in table(source)]
    assert math.isnan(read[0])
    assert read[1:] == ys[1:]
    assert facts(source)["curves"]["p"]["s"]["y"] == [None, None, None, 5e-324, 0.1]


def test_names_with_commas_quotes_and_lines(by_hand):
    name = 'a,"b"\nc'
    source = by_hand([events.Points(tick=1, panel=name, series="s", ticks=[1], x=[1.0], y=[2.0])])
    assert table(source) == [{"panel": name, "series": "s", "tick": "1", "x": "1.0", "y": "2.0"}]


def test_the_last_of_a_whole_plot(by_hand):
    plots = [events.Plot(tick=i, panel="p", series={"s": ([1.0], [float(i)])}) for i in range(3)]
    source = by_hand(*[[plot] for plot in plots])
    assert table(source) == [{"panel": "p", "series": "s", "tick": "", "x": "1.0", "y": "2.0"}]


def test_one_panel(real):
    assert {row["panel"] for row in table(real.source, panel="loss")} == {"loss"}
    assert list(facts(real.source, panel="loss")["curves"]) == ["loss"]


def test_a_panel_without_curves(fine):
    with pytest.raises(NoSuchPanel, match=r"'words' has no curves.* with curves are loss"):
        table(fine.source, panel="words")
    with pytest.raises(NoSuchPanel, match=r"'lss' has no curves.*Did you mean 'loss'"):
        facts(fine.source, panel="lss")


def test_tweaks_stand_beside_what_the_run_began_with(by_hand):
    source = by_hand([events.Tweaked(tick=7, name="rate", value=0.25)], rate=0.5)
    found = facts(source)
    assert found["parameters"] == {"rate": 0.5}
    assert found["tweaks"] == [{"tick": 7, "name": "rate", "value": 0.25}]
    assert found["address"] == ("dlplay open made/up rate=0.5 rate@7=0.25 --seed 1 --device cpu")
    assert found["status"] is None
