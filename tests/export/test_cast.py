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
            text = re.sub(r"\x1b\[[\d;]*m", "", row).rstrip("\n")
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
        assert "\n" not in data.removesuffix("\n\x1b[?25h")
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
    shown = screen(header, frames)
    assert shown[: len(lines)] == ["".join(s.text for s in line).rstrip() for line in lines]
    assert not any(shown[len(lines) :])


def test_a_prompt_stands_under_the_page(fine):
    """The cursor is left in a row of its own, also where the terminal has no more than those."""
    header, frames = played(fine.source)
    assert screen(header, frames)[-2]
    assert frames[-1][2] == f"\x1b[0m\x1b[{header['height'] - 1};1H\n\x1b[?25h"


def recorded(steps, batches, look=True):
    """What a run of so many steps sends, if each batch holds as many of them."""
    claim = "the loss has more to say than fits beside a word that is as long as this one is, so"
    open_ = events.ClaimResult("c", claim, None, "<", 1, None)
    sent = [[events.Progress(tick=0, step=0, total=steps)]]
    sent[0].append(events.Claims(tick=0, claims=[open_] * 3))
    each = steps // batches
    for tick in range(each, steps + 1, each):
        ticks = list(range(tick - each + 1, tick + 1))
        at = [float(each) for each in ticks]
        sent.append([events.Progress(tick=tick, step=tick, total=steps)])
        sent[-1].append(events.Points(tick=tick, panel="p", series="s", ticks=ticks, x=at, y=at))
        if look:
            sent[-1].append(events.Text(tick=tick, panel="words", text=f"picture {tick}."))
            sent[-1].append(events.Headline(tick=tick, text=f"headline {tick}."))
    held = events.ClaimResult("c", claim, 0.5, "<", 1, True)
    return [*sent, [events.Claims(tick=steps, claims=[held] * 3)]]


def found(pattern, shown):
    return {int(number) for number in re.findall(pattern, shown)}


def test_every_frame_is_whole(by_hand):
    """Claims that are not measured yet leave less room, and take more lines, than at the end."""
    source = by_hand(*recorded(60, 60))
    header, frames = played(source, width=58, height=12)
    assert header["height"] > Page(source, Options(width=58, height=12)).height + 1
    for number in range(1, len(frames) + 1):
        shown = "\n".join(screen(header, frames[:number]))
        assert "dlplay open made/up" in shown
        assert "is, so" in " ".join(shown.split())
        assert found(r"step (\d+) of 60", shown) or "recording ends after 60" in shown


def test_a_frame_is_of_one_moment(by_hand):
    source = by_hand(*recorded(120, 20))
    header, frames = played(source, width=80, height=30)
    moments = []
    for number in range(2, len(frames) - 1):
        shown = "\n".join(screen(header, frames[:number]))
        (step,) = found(r"step (\d+) of 120", shown)
        assert found(r"picture (\d+)", shown) == found(r"headline (\d+)", shown) == {step}
        assert found(r" s (\d+)", shown) == {step}
        moments.append(step)
    assert moments == list(range(6, 120, 6))


def test_a_headline_is_of_the_look_that_said_it(by_hand):
    """It is recorded with the batch's tick, panels with that of the look."""
    batches = [[events.Progress(tick=0, step=0, total=60)]]
    for tick in range(5, 61, 5):
        batches.append([events.Progress(tick=tick, step=tick, total=60)])
        batches[-1].append(events.Text(tick=tick - 2, panel="words", text=f"picture {tick}."))
        batches[-1].append(events.Headline(tick=tick, text=f"headline {tick}."))
    header, frames = played(by_hand(*batches), width=80, height=30)
    for number in range(2, len(frames) - 1):
        shown = "\n".join(screen(header, frames[:number]))
        (step,) = found(r"step (\d+) of 60", shown)
        assert found(r"picture (\d+)", shown) == found(r"headline (\d+)", shown) == {step}


@pytest.mark.parametrize(("batches", "look"), [(2, True), (20, False)])
def test_the_step_goes_on_with_the_curves(by_hand, batches, look):
    """Where nothing but points was drawn, and in a run that was too fast for pictures."""
    header, frames = played(by_hand(*recorded(80, batches, look)), width=80, height=30)
    steps = []
    for number in range(2, len(frames) - 1):
        shown = "\n".join(screen(header, frames[:number]))
        (step,) = found(r"step (\d+) of 80", shown)
        assert found(r" s (\d+)", shown) == {step}
        steps.append(step)
    assert steps == list(range(1, 80))


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


def test_a_clock_that_goes_back(by_hand):
    """No run has one; a file may."""
    ticks = (5, 9, 3, 9, 9, 2, 12)
    batches = [
        [
            events.Progress(tick=tick, step=tick, total=12),
            events.Text(tick=tick, panel="words", text=f"at {tick}"),
        ]
        for tick in ticks
    ]
    together = [event for batch in batches for event in batch]
    for several in (batches, [together], batches * 3):
        header, frames = played(by_hand(*several))
        assert "at 12" in "\n".join(screen(header, frames))


def test_texts_of_a_stranger_give_no_orders(hostile):
    _, frames = played(hostile)
    for _, _, data in frames:
        assert "\x1b" not in ALLOWED.sub("", data)
        assert "\x07" not in data
    assert HOSTILE[2:] not in "".join(data for _, _, data in frames)


def test_a_run_without_steps(by_hand):
    header, frames = played(by_hand([events.Text(panel="words", text="at once")]))
    assert "at once" in "\n".join(screen(header, frames))
