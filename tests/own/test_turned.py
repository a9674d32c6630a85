"""What a program's knobs are while it runs: as nobody watched, until they are given or turned."""

from __future__ import annotations

import pytest

from dlplay.wire import events

NUMPY = """
    import numpy as np
    from dlplay import stage

    steps = stage.knob("steps", np.int64(3))
    wide = stage.knob("wide", np.bool_(True))
    for step in stage.loop(np.int64(4)):
        stage.curve("steps", steps=sum(1 for _ in range(steps)), wide=wide)
    print(type(steps).__name__)
"""
SCHEDULE = """
    from dlplay import stage

    for step in stage.loop(4):
        rate = stage.knob("rate", 1 / (step + 1))
        stage.curve("rate", rate=rate)
    print(stage.knob("size", 8), stage.knob("size", 9), stage.knob("size", "word"))
"""


def test_a_number_of_numpy_is_a_whole_number_and_stays_one(watch):
    seen = watch(NUMPY)
    assert seen.end().status == "done"
    assert seen.points("steps", "steps")[1] == [3] * 4
    assert "int64" in seen.log
    assert [k.kind for k in seen.history.knobs.values()] == ["integer", "toggle"]


def test_a_knob_with_several_defaults_has_each_until_it_is_given(watch):
    seen = watch(SCHEDULE)
    done = seen.end()
    assert seen.points("rate", "rate")[1] == [1, 1 / 2, 1 / 3, 1 / 4]
    assert "8 9 word" in seen.log
    assert seen.log.count("rate has other defaults than 1.0") == 1
    assert done.defaults == {"rate": 1.0, "size": 8}
    given = watch(SCHEDULE, settings={"rate": "0.5", "size": "3"})
    assert given.end().parameters == {"rate": 0.5, "size": 3}
    assert given.points("rate", "rate")[1] == [0.5] * 4
    assert "3 3 3" in given.log


def test_a_knob_that_is_asked_for_once_is_not_turned_on_the_way(watch):
    turned = (events.Tweaked(tick=2, name="size", value="3"),)
    seen = watch(
        """
        from dlplay import stage
        size = stage.knob("size", 8)
        for step in stage.loop(5):
            stage.curve("size", size=size)
        """,
        tweaks=turned,
    )
    done = seen.end()
    assert (done.parameters, done.message) == (
        {"size": 8}, "size is asked for once, so it is not turned at step 2"
    )  # fmt: skip
    assert seen.history.tweaks == []


def test_a_turn_that_never_came_is_told(watch):
    turned = (events.Tweaked(tick=1000, name="rate", value="0.5"),)
    assert watch(SCHEDULE, tweaks=turned).end().message == "rate@1000 never came: it had 4 steps"
    turned = (events.Tweaked(tick=2, name="rte", value="0.5"),)
    assert "Did you mean 'rate'?" in watch(SCHEDULE, tweaks=turned).end().message


def test_what_cannot_be_is_refused_before_the_program_does_anything(watch, tmp_path):
    seen = watch(
        """
        from pathlib import Path
        from dlplay import stage

        size = stage.knob("size", 8, min=1, max=64)
        Path("done").touch()
        """,
        settings={"size": "999"},
    )
    done = seen.end()
    assert (done.status, done.message) == (
        "failed",
        "size takes a whole number from 1 to 64, not 999.",
    )
    assert seen.run.refused
    assert not (tmp_path / "done").exists()


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ('stage.knob("rule", "sgd", choices=["sgd"])', "rule takes min, max, log, options, help"),
        ('stage.knob("rate", 0.1, min=1, max=10)', "rate takes a number from 1 to 10, not 0.1"),
        ('stage.knob("rate", float("nan"))', "rate: a knob is a number that is finite, not nan"),
        ('stage.knob("many", 10**25)', "many: a whole number of a knob has at most 15 digits"),
        ('stage.bars("b")', "TypeError: bars() missing 2 required positional argument"),
        ("stage.probe(None)", "stage.probe: TypeError: None is no model"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_call_is_told_with_its_line(watch, call, said):
    seen = watch(f"from dlplay import stage\n{call}\nprint('after')\n")
    assert seen.end().status == "done"
    assert "after" in seen.log
    (line,) = [line for line in seen.log.splitlines() if line.startswith("stage.")]
    assert said in line
    assert line.endswith("(train.py, line 2)")


def test_a_look_that_fails_is_told_with_the_line_that_did(watch):
    seen = watch(
        """
        from dlplay import stage

        @stage.look(1)
        def border():
            stage.curve("loss", train=1.0)
            unknown.name

        for step in stage.loop(2):
            pass
        """
    )
    assert seen.end().status == "done"
    assert "stage.border: NameError: name 'unknown' is not defined (train.py, line 7)" in seen.log


def test_one_that_cannot_be_sent_takes_no_other_with_it(watch):
    seen = watch(
        """
        from dlplay import stage

        stage.knob("many", 10**25)
        stage.knob("few", 3)
        for step in stage.loop(10**20):
            stage.curve("loss", {"train": 1.0, "x" * 300: 2.0})
            stage.curve("y" * 300, train=1.0)
            stage.claim("large", 1e30, above=1)
            if step == 4:
                break
        """
    )
    done = seen.end()
    assert (done.status, done.steps) == ("done", 5)
    assert seen.points("loss", "train")[1] == [1.0] * 5
    assert list(seen.history.knobs) == ["few"]
    assert [claim.holds for claim in done.claims] == [True]
    assert seen.log.count("the name of a series takes at most 200") == 1
    assert seen.log.count("the name of a panel takes at most 200") == 1


def test_of_two_programs_that_draw_the_second_is_told(watch):
    seen = watch(
        """
        import subprocess, sys
        from dlplay import stage

        if len(sys.argv) == 1:
            stage.headline("starts another")
            for step in stage.loop(1000):
                if stage.step == 20:
                    subprocess.run([sys.executable, sys.argv[0], "again"], check=True)
                    break
        else:
            for step in stage.loop(3):
                stage.curve("loss", train=1.0)
        """
    )
    assert seen.end().status == "done"
    assert "loss" not in seen.history.series
    assert seen.log.count("another process of the program draws, too") == 1


def test_what_it_draws_while_torch_is_imported_is_seen(monkeypatch):
    import sys
    from types import ModuleType

    from dlplay.stage.alone import on_cuda

    monkeypatch.setitem(sys.modules, "torch", ModuleType("torch"))  # as far as it has come
    assert not on_cuda()
