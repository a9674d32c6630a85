"""Pictures that move: looked at frame by frame."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from rich.segment import Segment
from rich.style import Style

from dlplay.export import FORMATS, Options, gif, png
from dlplay.wire import events


def frames(source, **options):
    """The frames [H, W, 3] of the file, and how long each is shown, in seconds."""
    film = Image.open(io.BytesIO(FORMATS["gif"].write(source, Options(**options))))
    found, seconds = [], []
    for number in range(film.n_frames):
        film.seek(number)
        found.append(np.asarray(film.convert("RGB")).astype(int))
        seconds.append(film.info["duration"] / 1000)
    assert film.info["loop"] == 0
    return found, seconds


def half(low, high):
    """A picture whose upper half has another colour."""
    pixels = np.zeros((1, 8, 8, 3), np.uint8)
    pixels[0, :4], pixels[0, 4:] = low, high
    return events.Array.of(pixels)


def test_it_moves_and_rests_on_the_end(fine):
    pictures, seconds = frames(fine.source, width=40, height=10)
    assert len(pictures) > 10
    assert pictures[0].shape[1] == 40 * gif.WIDE
    assert pictures[0].shape[0] % gif.HIGH == 0
    assert sum(seconds[:-1]) == pytest.approx(gif.SECONDS, abs=0.5)
    assert seconds[-1] >= gif.PAUSE
    assert (pictures[0] != pictures[-1]).any()


def test_its_length_is_what_was_asked_for(fine):
    _, seconds = frames(fine.source, width=40, height=10, seconds=2.0)
    assert sum(seconds[:-1]) == pytest.approx(2.0, abs=0.3)
    assert len(seconds) <= 2 * gif.RATE + 1


def test_its_end_is_the_png(real):
    """The same letters in the same places, at another size."""
    pictures, _ = frames(real.source, width=80, height=24, seconds=1.0)
    data = FORMATS["png"].write(real.source, Options(width=80, height=24))
    still = Image.open(io.BytesIO(data)).convert("L")
    high, wide = pictures[-1].shape[:2]
    scale = gif.HIGH / 24.4
    still = still.resize((round(still.width * scale), round(still.height * scale)))
    left, top = round(9 * scale), round(9.5 * scale)
    still = np.asarray(still.crop((left, top, left + wide, top + high))).astype(int)
    difference = np.abs(pictures[-1].mean(axis=2) - still)
    assert difference.mean() < 10
    assert np.corrcoef(pictures[-1].mean(axis=2).ravel(), still.ravel())[0, 1] > 0.8


def test_pictures_have_no_seams(by_hand):
    """Every line of an area of one colour has it, to the last pixel."""
    red, blue = (255, 0, 0), (0, 0, 255)
    batches = [
        [events.Image(tick=tick, panel="im", pixels=half(red, blue))] for tick in range(1, 5)
    ]
    pictures, _ = frames(by_hand(*batches), width=40, height=16, seconds=1.0)
    end = pictures[-1]
    near_red = np.abs(end - red).max(axis=2) < 8
    column = np.argmax(near_red.sum(axis=0))
    is_red = near_red[:, column]
    is_blue = np.abs(end[:, column] - blue).max(axis=1) < 8
    reds, blues = np.flatnonzero(is_red), np.flatnonzero(is_blue)
    assert len(reds) == len(blues) > 40
    assert (np.diff(reds) == 1).all()
    assert (np.diff(blues) == 1).all()
    assert blues[0] == reds[-1] + 1


@pytest.mark.parametrize(("count", "width"), [(6, 40), (22, 83)])
def test_a_line_is_whole_however_many_are_drawn_with_it(count, width):
    """Each strip has the colour of its line up to its edges."""
    ground = [Style(bgcolor=f"#90{n:02x}10") for n in range(count)]
    lines = [(Segment(" " * (width - 1), each), Segment("x")) for each in ground]
    strips = gif._strips(png.renderer("gif", pytest.fail), lines, Options(width=width))
    for strip in strips.values():
        assert strip.size == (width * gif.WIDE, gif.HIGH)
        assert {strip.getpixel((20, y))[0] for y in range(gif.HIGH)} == {0x90}


def test_what_stands_still_is_not_repeated(by_hand):
    """Noise that changes once costs as much as two pictures of it, not as much as eight."""
    random = np.random.default_rng(0)

    def noise():
        pixels = random.integers(0, 256, (1, 32, 32, 3)).astype(np.uint8)
        return events.Image(tick=1, panel="noise", pixels=events.Array.of(pixels))

    def points(tick):
        return events.Points(
            tick=tick, panel="loss", series="s", ticks=[tick], x=[float(tick)], y=[1 / tick]
        )

    still = by_hand([noise()], *([points(tick)] for tick in range(1, 17)))
    resting = len(FORMATS["gif"].write(still, Options(width=60, height=24, seconds=1.0)))
    each = [[noise(), points(tick)] for tick in range(1, 17)]
    for tick, batch in enumerate(each, 1):
        batch[0].tick = tick
    moving = len(FORMATS["gif"].write(by_hand(*each), Options(width=60, height=24, seconds=1.0)))
    assert resting < moving / 2


def test_every_frame_is_whole(by_hand):
    """The address is the last line of each, however many lines the claims before it take."""
    claim = "the loss has more to say than fits beside a word that is as long as this one is, so"
    open_ = events.ClaimResult("c", claim, None, "<", 1.0, None)
    steps = [
        [
            events.Progress(tick=tick, step=tick, total=12),
            events.Text(tick=tick, panel="words", text=f"at {tick}"),
            events.Claims(tick=tick, claims=[open_] * 3),
        ]
        for tick in range(1, 13)
    ]
    held = events.ClaimResult("c", claim, 0.5, "<", 1.0, True)
    end = [events.Claims(tick=12, claims=[held] * 3)]
    pictures, _ = frames(by_hand(*steps, end), width=58, height=10, seconds=2.0)
    assert len(pictures) > 8
    rows = [picture.reshape(-1, gif.HIGH, *picture.shape[1:]) for picture in pictures]
    said = [[row for row in each if row.max() > 100] for each in rows]
    assert len(said[0]) > len(said[-1])
    assert all((each[-1] == said[-1][-1]).all() for each in said)


def test_what_is_large_has_fewer_pictures(fine, monkeypatch):
    """For what is drawn takes its time: its lines are counted before."""
    notes, shares = [], []
    monkeypatch.setattr(gif, "CELLS", 40 * 100)
    small = {"width": 40, "height": 10, "seconds": 8.0}
    fewer, seconds = frames(fine.source, **small, note=notes.append, progress=shares.append)
    assert 2 < len(fewer) < 20
    assert sum(seconds[:-1]) == pytest.approx(8.0, abs=0.5)
    assert notes == [f"{len(fewer)} pictures, as it is large; a smaller --size has more"]
    assert shares == sorted(shares)
    assert 0 <= shares[0] < shares[-1] < 1


def test_a_file_that_is_too_large_gets_fewer_pictures(fine, monkeypatch):
    notes = []
    small = {"width": 40, "height": 10, "seconds": 2.0}
    whole, _ = frames(fine.source, **small)
    size = len(FORMATS["gif"].write(fine.source, Options(**small)))
    monkeypatch.setattr(gif, "MOST", int(0.7 * size))
    fewer, seconds = frames(fine.source, **small, note=notes.append)
    assert 2 < len(fewer) < len(whole)
    assert sum(seconds[:-1]) == pytest.approx(2.0, abs=0.5)
    assert notes == [f"{len(fewer)} pictures, so that it is no larger"]
    monkeypatch.setattr(gif, "MOST", 1)
    notes.clear()
    frames(fine.source, **small, note=notes.append)
    assert "a smaller --size or one --panel" in notes[0]


def test_a_run_without_steps(by_hand):
    pictures, _ = frames(by_hand([events.Text(panel="words", text="at once")]), width=40, height=10)
    assert len(pictures) == 1


def test_texts_of_a_stranger_are_letters(hostile):
    pictures, _ = frames(hostile, width=60, height=20, seconds=1.0)
    assert pictures
