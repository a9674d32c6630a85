"""A run's history: bounded, with spikes kept, and seen as it was at any tick."""

from __future__ import annotations

import math
import random

import numpy as np

from dlplay.engine.history import BUCKETS, KEYFRAMES, LOG_LINES, History, Series
from dlplay.wire import events


def filled(values):
    series = Series()
    for i, y in enumerate(values):
        series.add(i + 1, float(i), y)
    return series


def test_few_points_are_kept_as_they_are():
    line = filled([3.0, 1.0, 2.0]).line()
    assert line.x.tolist() == [0, 1, 2]
    assert line.mean.tolist() == line.low.tolist() == line.high.tolist() == [3, 1, 2]


def test_a_million_points_take_bounded_room_and_keep_their_mean_and_a_spike():
    generator = random.Random(0)
    values = [generator.random() for _ in range(100_000)]
    values[54_321] = 1000.0
    series = filled(values)
    line = series.line()
    assert len(line.x) <= BUCKETS
    assert line.high.max() == 1000.0
    assert line.low.min() == min(values)
    weights = np.full(len(line.x), series.width)
    weights[-1] = len(values) - series.width * (len(line.x) - 1)
    assert math.isclose((line.mean * weights).sum(), sum(values), rel_tol=1e-9)
    assert np.all(np.diff(line.x) > 0)


def test_buckets_hold_what_their_points_say():
    values = [float(i % 10) for i in range(3 * BUCKETS)]
    series = filled(values)
    line = series.line()
    first = values[: series.width]
    assert line.low[0] == min(first)
    assert line.high[0] == max(first)
    assert math.isclose(line.mean[0], sum(first) / len(first))


def test_a_series_that_ends_in_nan_shows_it():
    line = filled([1.0, 2.0, math.nan]).line()
    assert math.isnan(line.mean[-1])
    values = [1.0] * (2 * BUCKETS) + [math.inf]
    assert math.isnan(filled(values).line().mean[-1])


def test_a_curve_as_it_was_at_a_tick():
    line = filled([5.0, 4.0, 3.0, 2.0]).line(until=2)
    assert line.mean.tolist() == [5.0, 4.0]


def text(tick):
    return events.Text(tick=tick, panel="words", text=f"at {tick}")


def test_keyframes_thin_out_but_keep_the_first_and_the_newest():
    history = History()
    for tick in range(1, 1001):
        history.feed([text(tick)])
    frames = history.keyframes["words"].frames
    assert len(frames) <= KEYFRAMES
    assert frames[0].tick == 1
    assert history.panel("words").text == "at 1000"
    earlier = history.panel("words", until=500)
    assert 400 < earlier.tick <= 500
    assert history.panel("words", until=0) is None


def test_large_panels_keep_fewer_frames():
    history = History()
    pixels = events.Array((1, 1000, 1000, 1), "|u1", bytes(1_000_000))
    for tick in range(1, 50):
        history.feed([events.Image(tick=tick, panel="big", pixels=pixels)])
    assert len(history.keyframes["big"].frames) <= 4


def test_the_log_is_bounded_and_counted():
    history = History()
    history.feed([events.Logged(tick=1, text=str(i)) for i in range(LOG_LINES + 10)])
    assert len(history.log) == LOG_LINES
    assert history.logged == LOG_LINES + 10
    assert history.log[-1].text == str(LOG_LINES + 9)


def test_a_plot_takes_the_axes_of_its_panel():
    history = History()
    history.feed(
        [
            events.Axes(panel="law", x="batch", log="xy"),
            events.Plot(panel="law", series={"variance": ([1.0, 2.0], [4.0, 2.0])}),
        ]
    )
    curves = history.panel("law")
    assert curves.axes.log == "xy"
    assert curves.lines["variance"].mean.tolist() == [4.0, 2.0]
