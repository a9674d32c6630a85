"""cast: valid as asciinema reads it, and what a terminal shows at its end is the run's end."""

from __future__ import annotations

import json
import re

import pytest

from dlplay.export import FORMATS, Options
from dlplay.export.cast import FRAMES, LONGEST, SHORTEST
from dlplay.export.picture import Page
from dlplay.wire import events
from tests.export.conftest import HOSTILE

ALLOWED = re.compile(r"\x1b\[[0-9;]*[mHJ]|\x1b\[\?25[lh]")


def played(source, **options):
    header, *lines = FORMATS["cast"].write(source, Options(**options)).splitlines()
    return json.loads(header), [json.loads(line) for line in lines]


def screen(header, frames):
    """What a terminal shows after these frames, without colours: a list of rows."""
    rows = [""] * header["height"]
    for _, _, data in frames:
        for number, row in re.findall(r"\x1b\[(\d+);1H([^\x1b]*(?:\x1b\[[\d;]*m[^\x1b]*)*)", data):
            text = re.sub(r"\x1b\[[\d;]*m", "", row)
            if text:
                rows[int(number) - 1] = text
    return [row.rstrip() for row in rows]


def test_header_and_frames_are_valid(run_of):
    header, frames = played(run_of.source)
    assert header["version"] == 2
    assert (header["width"], type(header["height"])) == (160, int)
    assert header["title"] == run_of.source.title
    for frame in frames:
        seconds, kind, data = frame
        assert isinstance(seconds, (int, float))
        assert kind == "o"
        assert data
        assert "\x1b" not in ALLOWED.sub("", data)
        assert "\n" not in data
        rows = [int(row) for row in re.findall(r"\x1b\[(\d+);1H", data)]
        assert all(1 <= row <= header["height"] for row in rows)


def test_time_goes_on_and_within_bounds(run_of):
    _, frames = played(run_of.source)
    times = [seconds for seconds, _, _ in frames]
    assert times == sorted(times)
    assert times[0] == 0
    assert SHORTEST <= times[-1] <= LONGEST
    assert 10 < len(frames) <= times[-1] * FRAMES + 2


def test_it_ends_as_the_run_did(run_of):
    header, frames = played(run_of.source)
    lines = Page(run_of.source, Options()).lines(run_of.source.history)
    assert screen(header, frames) == ["".join(s.text for s in line).rstrip() for line in lines]


def test_a_frame_shows_what_was_known_by_then(fine):
    header, frames = played(fine.source)
    assert len(frames) == 70 + 2  # a frame for each step, the end, the cursor
    middle = "\n".join(screen(header, frames[:36]))
    curve = fine.result.curves["loss"]["the loss"][1]
    end = "\n".join(screen(header, frames))

    def loss(shown):
        return float(re.search(r"the loss ([\d.e-]+)", shown)[1])

    assert loss(middle) == pytest.approx(curve[34], rel=0.01)
    assert loss(end) == pytest.approx(curve[-1], rel=0.01)
    assert "✓ holds" in end


def test_a_claim_is_shown_from_when_it_was_known(by_hand):
    held = events.ClaimResult("small", "the loss ends small", 0.1, "<", 1.0, True)
    steps = [events.Text(tick=tick, panel="words", text=f"at {tick}") for tick in range(1, 11)]
    batches = [[each] for each in steps]
    batches[5].append(events.Claims(tick=6, claims=[held]))
    header, frames = played(by_hand(*batches, [events.Progress(tick=10, step=10, total=10)]))
    shown = ["✓ holds" in "\n".join(screen(header, frames[: i + 1])) for i in range(1, 10)]
    assert shown == [False] * 5 + [True] * 4


def test_contents_appear_at_their_ticks(by_hand):
    batch = [events.Text(tick=tick, panel="words", text=f"at {tick}") for tick in range(1, 11)]
    header, frames = played(by_hand([*batch, events.Progress(tick=10, step=10, total=10)]))
    for i in range(1, 10):
        assert f"at {i}" in "\n".join(screen(header, frames[: i + 1])).splitlines()[3]


def test_long_runs_are_squeezed(by_hand):
    count = 5000
    ticks = list(range(1, count + 1))
    numbers = [float(tick) for tick in ticks]
    points = events.Points(tick=count, panel="p", series="s", ticks=ticks, x=numbers, y=numbers)
    _, frames = played(by_hand([points]), width=40, height=10)
    assert frames[-1][0] == LONGEST
    assert LONGEST * FRAMES - 5 <= len(frames) <= LONGEST * FRAMES + 2


def test_texts_of_a_stranger_give_no_orders(hostile):
    _, frames = played(hostile)
    for _, _, data in frames:
        assert "\x1b" not in ALLOWED.sub("", data)
        assert "\x07" not in data
    assert HOSTILE[2:] not in "".join(data for _, _, data in frames)


def test_a_run_without_steps(by_hand):
    header, frames = played(by_hand([events.Text(panel="words", text="at once")]))
    assert "at once" in "\n".join(screen(header, frames))
