"""Searches: what is searched, that the same search finds the same, and what counts as best."""

from __future__ import annotations

import math
import statistics

import pytest

from dlplay.author.claims import Claim
from dlplay.author.parameters.base import ParameterError
from dlplay.course.cards import SceneCard
from dlplay.course.catalog import Catalog
from dlplay.engine.sweeps import search as searches
from dlplay.engine.sweeps.search import (
    Axis,
    NoOptuna,
    Point,
    Search,
    Searching,
    axis,
    goal_of,
    main_measure,
)
from dlplay.wire.events import Started
from tests.engine.machines import Machines, Place

pytest.importorskip("optuna")


@pytest.fixture(scope="module")
def fine(faults):
    return faults.find("faults/fine")


def searching(card, place, *words, count=6, **how):
    axes = [axis(card, *word.split("=")) for word in words or ("learning_rate=", "size=1,2,3")]
    known = {"measure": "final", "goal": "least", "settings": {"steps": 10}, "jobs": 1}
    return Searching(card, axes, count=count, launcher=place, **(known | how))


@pytest.fixture
def search(fine, faults, tmp_path):
    """Makes a search, and gives it with the queue that made its runs."""

    def make(*words, place=0, at=".", **how):
        queue = Machines(faults, place=place)
        folder = tmp_path / at
        folder.mkdir(exist_ok=True)
        return searching(fine, Place(queue, folder), *words, **how).run(), queue

    return make


def told(found):
    return [(p.number, p.settings, p.runs[0].measures, found.value(p)) for p in found.points]


def test_the_same_search_finds_the_same_to_the_last_bit(search, fine, launcher, capfd):
    found, _ = search()
    again, queue = search(at="again")
    assert told(again) == told(found)
    assert len(queue.asked) == 6
    assert len({p.settings["learning_rate"] for p in found.points}) == 6
    here = searching(fine, launcher).run()
    assert told(here) == told(found)
    other, _ = search(first_seed=1)
    assert [p.settings for p in other.points] != [p.settings for p in found.points]
    assert capfd.readouterr().err == ""


def test_also_several_at_a_time_whichever_is_over_first(search):
    found, queue = search(jobs=3, count=15)
    assert queue.most == 3
    other, queue = search(jobs=3, count=15, place=-1, at="other")
    assert queue.most == 3
    assert told(other) == told(found)


def test_a_search_goes_on_where_it_was(search):
    found, queue = search()
    assert len(queue.asked) == 6
    longer, queue = search(count=8)
    assert told(longer)[:6] == told(found)
    assert len(queue.asked) == 2


def test_the_mean_over_seeds_and_the_worst_there_is(search):
    found, _ = search("learning_rate=0.1..10", count=8, seeds=2, settings={"steps": 50})
    done = [p for p in found.points if p.runs[0].status == p.runs[1].status == "done"]
    lost = [p for p in found.points if p not in done]
    assert done
    assert lost
    for point in done:
        numbers = [run.measures["final"] for run in point.runs.values()]
        assert found.value(point) == pytest.approx(sum(numbers) / 2)
        assert found.numbers(point) == numbers
    assert {found.value(point) for point in lost} == {math.inf}
    assert found.ranked == sorted(done, key=found.value)
    assert found.best == found.ranked[0]
    best = [value for _, value in found.best_so_far()]
    assert best == sorted(best, reverse=True)
    assert best[-1] == found.value(found.best)


def test_it_learns_from_what_it_measured(search):
    """Drawn blind, the first ten points are the same; then each search goes where its goal is."""

    def values(goal):
        found, _ = search("learning_rate=", count=30, goal=goal, settings={"steps": 10, "size": 1})
        return [found.value(point) for point in found.points]

    least, greatest = values("least"), values("greatest")
    assert least[:10] == greatest[:10]
    assert statistics.median(least[10:]) < statistics.median(greatest[10:]) / 100


def test_the_greatest(search):
    found, _ = search(goal="greatest")
    values = [found.value(point) for point in found.ranked]
    assert values == sorted(values, reverse=True)


def test_what_was_chosen_before_is_not_run_again(search):
    found, queue = search("rule=", count=6)
    assert len(found.points) == 6
    assert len(queue.asked) == len(found.runs) == 2
    assert sorted(p.settings["rule"] for p in found.ranked) == ["plain", "signed"]
    assert all(found.value(point) is not None for point in found.points)


def test_points_at_a_time_unless_told(search):
    assert search(jobs=None, count=4)[0].jobs == 1
    found, queue = search(jobs=None, count=20, seeds=2)
    assert found.jobs == 4
    assert queue.most == 4


def test_stopped_it_has_what_it_found(search, fine, faults, tmp_path):
    queue = Machines(faults)
    under_way = searching(fine, Place(queue, tmp_path))

    def watch(under, over, total):
        assert total == 6
        if over == 2:
            under_way.stop()

    found = under_way.run(watch)
    assert found.stopped
    assert len(queue.asked) == 2
    assert [found.value(point) is not None for point in found.points] == [True, True, False]
    assert not search()[0].stopped


def test_a_point_that_fails_is_no_point(tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "half.py").write_text(
        '"""# Half"""\nfrom dlplay import Float, Scene\n\n\nclass Half(Scene):\n'
        "    x = Float(0.5, min=0, max=1)\n\n    def run(self, stage):\n"
        '        if self.x < 0.5:\n            raise ValueError("too small")\n'
        "        stage.measure(y=self.x)\n"
    )
    catalog = Catalog([tmp_path])
    place = Place(Machines(catalog), tmp_path)
    found = searching(
        catalog.find("own/half"), place, "x=", measure="y", settings={}, count=12
    ).run()
    failed = [point for point in found.points if point.runs[0].status == "failed"]
    assert failed
    assert all(found.value(point) is None for point in failed)
    assert found.best.settings["x"] == min(p.settings["x"] for p in found.points if p not in failed)


# What is searched


@pytest.mark.parametrize(
    ("word", "low", "high", "log"),
    [
        ("learning_rate=", 1e-3, 10, True),
        ("learning_rate=0.01..1", 0.01, 1, True),
        ("learning_rate=..1", 1e-3, 1, True),
        ("learning_rate=1e-2..", 0.01, 10, True),
        ("size=2..5", 2, 5, False),
    ],
)
def test_ranges(fine, word, low, high, log):
    found = axis(fine, *word.split("="))
    assert (found.low, found.high, found.log, found.values) == (low, high, log, ())
    assert axis(fine, *found.words.split("=")) == found


def test_lists(fine):
    assert axis(fine, "rule", "").values == ("plain", "signed")
    found = axis(fine, "learning_rate", "0.1, 1,0.5")
    assert found.values == (0.1, 1.0, 0.5)
    assert found.words == "learning_rate=0.1,1,0.5"
    assert not found.log


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("learningrate=", "Did you mean 'learning_rate'"),
        ("learning_rate=1..0.1", "learning_rate is searched from low to high, not 1..0.1"),
        ("learning_rate=0.1..100", "takes a number from 0.001 to 10, not 100.0"),
        ("learning_rate=a..b", "not 'a'"),
        ("size=1,1", "size=1 is given twice"),
        ("rule=plain,singed", "Did you mean 'signed'"),
    ],
)
def test_mistakes(fine, word, message):
    with pytest.raises(ParameterError, match=message):
        axis(fine, *word.split("="))


def test_values_have_no_more_figures_than_are_worth_it(fine):
    rate = axis(fine, "learning_rate", "")
    assert rate.tidy(0.123456789) == 0.1235
    assert rate.tidy(0.00100000001) == 0.001
    assert rate.tidy(9.99999) == 10
    assert axis(fine, "steps", "").tidy(123456) == 123500
    assert axis(fine, "size", "").tidy(3) == 3
    narrow = Axis(fine.parameters["learning_rate"], 0.9991, 0.9992)
    assert narrow.tidy(0.999145671234) == 0.99914567
    linear = Axis(fine.parameters["size"], 1, 10)
    assert isinstance(linear.tidy(4), int)


def test_a_search_of_what_has_a_value_is_refused(fine, faults, tmp_path):
    with pytest.raises(ParameterError, match="steps is searched; it cannot have a value as well"):
        searching(fine, Place(Machines(faults), tmp_path), "steps=")


def test_without_optuna(fine, faults, tmp_path, monkeypatch):
    monkeypatch.setattr(searches, "find_spec", lambda name: None)
    with pytest.raises(NoOptuna, match=r"pip install 'dlplay\[search\]'"):
        searching(fine, Place(Machines(faults), tmp_path))


def claiming(*conditions):
    claims = tuple(Claim(f"c{n}", "", {}, condition=c) for n, c in enumerate(conditions))
    return SceneCard("a/b", None, None, "", claims=claims)


@pytest.mark.parametrize(
    ("conditions", "goal"),
    [
        (["end < 0.1"], "least"),
        (["end ≤ 0.1", "end < 3"], "least"),
        (["end > 2"], "greatest"),
        (["end ≥ 2", "other < 1"], "greatest"),
        (["end > 2", "end < 3"], None),
        (["end is 0.9 to 1.1"], None),
        (["ending < 2"], None),
        ([], None),
    ],
)
def test_the_claim_says_which_end_is_better(conditions, goal):
    assert goal_of(claiming(*conditions), "end") == goal


def test_the_first_claim_says_what_is_searched():
    assert main_measure(claiming("x is 1 to 2", "in-time < 0.1", "y > 2")) == "in-time"
    assert main_measure(claiming()) is None


def test_runs_without_a_number_are_the_worst(fine):
    begun = Started(scene=fine.id, seed=0, device="cpu", parameters={})
    found = Search(fine, [], "final", "greatest", 3, [0], {}, 1)
    for number, measures in enumerate([{"final": math.nan}, {}, {"final": 2.0}], start=1):
        run = begun.ended("done", 1, measures=measures)
        found.points.append(Point(number, {"size": number}, {0: run}))
    assert [found.value(point) for point in found.points] == [-math.inf, -math.inf, 2.0]
    assert found.best_so_far() == [(3, 2.0)]
