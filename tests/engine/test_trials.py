"""Tries, sabotage, and what is looked at after the end."""

from __future__ import annotations

import os

import pytest
import torch

from dlplay import run
from dlplay.engine.sabotage import sabotaged, struck
from dlplay.engine.trials import never_broken, run_trials, trials
from dlplay.wire import events
from dlplay.words.sabotage import KINDS
from tests.conftest import FAULTS, wait_for
from tests.processes import gone


def run_page(**options):
    return run("faults/page", scenes=FAULTS, device="cpu", **options)


def stands(result):
    return {claim.name: claim.holds for claim in result.claims}


def test_the_labels_of_texts_are_shuffled_and_the_texts_are_not():
    from dlplay import data

    def drawn():
        return data.reviews(200, generator=torch.Generator().manual_seed(0))

    right = drawn()
    with sabotaged("labels"):
        spoilt = drawn()
    assert torch.equal(spoilt.ids, right.ids)
    assert not torch.equal(spoilt.labels, right.labels)
    assert spoilt.words == right.words


def test_the_healthy_page_holds():
    assert stands(run_page()) == {"learns": True, "counts": True}


@pytest.mark.parametrize("kind", KINDS)
def test_each_sabotage_is_noticed_and_ends_with_its_block(kind):
    with sabotaged(kind):
        assert stands(run_page()) == {"learns": False, "counts": True}
        assert struck.times > 0
    assert stands(run_page())["learns"]
    assert struck.times == 0


def descended():
    """Where plain gradient descent, stepped by hand, comes to from 1 on x²."""
    w = torch.tensor(1.0, requires_grad=True)
    for _ in range(3):
        (gradient,) = torch.autograd.grad(w**2, w)
        w = (w - 0.25 * gradient).detach().requires_grad_()
    return w.item()


def test_named_parts_are_shuffled_together_against_the_images():
    from dlplay import data

    def made():
        return data.objects(20, generator=torch.Generator().manual_seed(0))

    honest = made()
    with sabotaged("labels"):
        spoilt = made()
    assert torch.equal(spoilt.images, honest.images)
    order = [(honest.masks == mask).flatten(1).all(1).nonzero()[0] for mask in spoilt.masks]
    order = torch.cat(order)
    assert not torch.equal(order, torch.arange(20))
    assert torch.equal(spoilt.boxes, honest.boxes[order])
    assert torch.equal(spoilt.classes, honest.classes[order])


def test_steps_made_by_hand_are_left_out_and_turned_round_too():
    assert descended() == 0.125
    with sabotaged("step"):
        assert descended() == 1
    with sabotaged("sign"):
        assert descended() == 1.5**3


def test_tries_do_what_they_say(faults):
    outcomes = run_trials(list(trials([faults.find("faults/page")], tries=True, sabotage=True)))
    told = [(o.trial.sabotage or (o.trial.each.setting if o.trial.each else ""), o.broken)
            for o in outcomes if not o.trial.budget_alone]  # fmt: skip
    assert told == [
        ("", []),
        ("rate=0.0001", ["learns"]),
        ("rate=0.002 steps=20", ["learns", "counts"]),
        ("step", ["learns"]),
        ("labels", ["learns"]),
        ("sign", ["learns"]),
    ]
    (alone,) = [o for o in outcomes if o.trial.budget_alone]
    assert alone.trouble == ["steps alone breaks counts"]
    assert not any(o.trouble for o in outcomes if o is not alone)
    assert never_broken(outcomes) == {}


def test_after_the_end_looks_answer_to_live_parameters(launcher, faults, tmp_path):
    from dlplay.engine.history import History
    from dlplay.engine.recordings.recorder import RunRecorder

    card = faults.find("faults/page")
    live = launcher.start(card, {}, seed=1, linger=True)
    history = History()
    record = tmp_path / "run.dlp"
    asked = events.Started(scene=card.id, seed=1, device="cpu", parameters={})
    recorder = RunRecorder(record, asked, 10**9)

    def see():
        batch = live.drain()
        history.feed(batch)
        recorder(batch)
        return history

    wait_for(lambda: see().finished is not None, "the end")
    assert history.finished.answers == ("temperature",)  # the rate is live, and no look reads it
    assert live.lingering
    assert live.state == "over"
    assert live.wait(0)
    size, measures = record.stat().st_size, dict(history.measures)
    live.tweak("temperature", 3.0)
    wait_for(lambda: see().headline() == "step 99, temperature 3", "the look")
    assert history.panel("note").text == "temperature 3, True"
    assert live.state == "over"
    assert history.measures == measures
    assert record.stat().st_size == size, "what comes after the run is in its recording"
    pid = live.pid
    following = launcher.start(card, {"steps": 20}, linger=True)
    wait_for(lambda: not live.lingering, "the first to end")
    wait_for(lambda: gone(pid), "its process to end")
    following.wait()
    following.dismiss()
    wait_for(lambda: not following.lingering, "the second to end")


def test_a_lingering_run_that_is_killed_is_still_done(launcher, faults):
    live = launcher.start(faults.find("faults/page"), {"steps": 20}, linger=True)
    live.wait()
    os.kill(live.pid, 9)
    wait_for(lambda: not live.lingering, "its end")
    finished = [event for event in live.drain() if isinstance(event, events.Finished)]
    assert [each.status for each in finished] == ["done"]
