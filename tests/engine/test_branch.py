"""A branch is the run it leaves, to the last bit, up to where it leaves it."""

from __future__ import annotations

import pytest

from dlplay.author.parameters.base import ParameterError
from dlplay.engine.branch import branch
from dlplay.engine.history import History
from dlplay.wire import events
from tests.conftest import wait_for


class Live:
    """A run in a child process, with every point that it sent."""

    def __init__(self, launcher, card, settings=None, **options):
        self.history = History()
        self.points = []
        self.run = launcher.start(card, settings, **options)

    def until(self, condition):
        def look():
            batch = self.run.drain()
            for event in batch:
                if isinstance(event, events.Points) and event.series == "the loss":
                    self.points += event.y
            self.history.feed(batch)
            return condition(self.history)

        wait_for(look)

    def end(self):
        self.until(lambda history: history.finished is not None)
        return self.history.finished


@pytest.fixture
def card(faults):
    return faults.find("faults/fine")


@pytest.fixture
def tweaked(launcher, card):
    """A run whose learning rate was turned by hand while it went on."""
    live = Live(launcher, card, {"learning_rate": 1e-3, "steps": 2000}, seed=4, paused=True)
    live.until(lambda history: history.progress is not None and history.progress.paused)
    for _ in range(5):
        live.run.step()
    live.until(lambda history: history.tick == 5)
    live.run.tweak("learning_rate", 2e-3)
    live.run.resume()
    live.end()
    return live


def again(launcher, card, plan):
    live = Live(launcher, card, plan.settings, seed=plan.seed, tweaks=plan.tweaks)
    live.end()
    return live


def test_a_branch_without_a_change_is_the_same_run(launcher, card, tweaked):
    (tweak,) = tweaked.history.tweaks
    assert tweak.tick == 5
    for at in (0, 4, 5, 700):
        plan = branch(card, tweaked.history, at, {})
        assert len(plan.tweaks) == (at >= 5)
        live = again(launcher, card, plan)
        if at >= 5:
            assert live.points == tweaked.points
            assert live.history.finished.measures == tweaked.history.finished.measures
        else:
            assert live.points[:5] == tweaked.points[:5]
            assert live.points[6:] != tweaked.points[6:]


def test_a_branch_parts_where_it_should(launcher, card, tweaked):
    plan = branch(card, tweaked.history, 700, {"learning_rate": 0.1, "rule": "signed"})
    live = again(launcher, card, plan)
    assert live.points[:701] == tweaked.points[:701]  # the loss of a step is taken before it
    assert live.points[701] != tweaked.points[701]
    assert len(live.points) == len(tweaked.points)
    assert [t.tick for t in live.history.tweaks] == [5, 700, 700]
    assert live.history.finished.parameters["rule"] == "signed"


def test_what_cannot_be_branched(card, tweaked):
    with pytest.raises(ParameterError, match="live parameters: learning_rate, rule"):
        branch(card, tweaked.history, 5, {"size": 4})
    with pytest.raises(ParameterError, match="nothing has run"):
        branch(card, History(), 5, {})


def test_planned_tweaks_are_checked_before_a_run_begins(card):
    from dlplay import run
    from tests.conftest import FAULTS

    bad = events.Tweaked(tick=1, name="learning_rat", value=1.0)
    with pytest.raises(ParameterError, match="learning_rate"):
        run("faults/fine", scenes=FAULTS, tweaks=[bad])


def test_tweaks_planned_and_tweaks_made_give_the_same_numbers(card, tweaked):
    from dlplay import run
    from tests.conftest import FAULTS

    here = run(
        "faults/fine",
        seed=4,
        scenes=FAULTS,
        tweaks=tweaked.history.tweaks,
        learning_rate=1e-3,
        steps=2000,
    )
    assert here.measures == tweaked.history.finished.measures
    assert here.curves["loss"]["the loss"][1].tolist() == tweaked.points
