"""Training programs of one's own, written into a folder and watched."""

from __future__ import annotations

import os
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from dlplay.course.own import card_of_command
from dlplay.engine.own import OwnRun, program
from tests.seen import Seen

ROOT = Path(__file__).parents[2]

TRAIN = """
    import sys
    from dlplay import stage

    sys.stdout.write("begun\\n")
    weight = 1.0
    for epoch in stage.loop(3):
        for batch in stage.loop([1.0, 0.5]):
            weight -= stage.knob("rate", 0.1, min=0.01, max=1) * weight * batch
            stage.curve("loss", train=weight**2)
        stage.curve("loss", held_out=weight**2 + 1)
        stage.headline(f"epoch {epoch}: {weight:.3f}")
    stage.measure(weight=weight)
    stage.claim("small", weight, below=1)
    print(f"weight {weight:.17g}")
"""
ENDLESS = """
    from dlplay import stage

    for step in stage.loop(10**9):
        rate = stage.knob("rate", 0.5, min=0.01, max=10)
        stage.curve("rate", rate=rate)
    print("after the loop")
    stage.measure(last=rate)
"""


def environment(**more):
    """What the programs of these tests find."""
    return {**os.environ, "PYTHONPATH": str(ROOT), **more}


@pytest.fixture
def written(tmp_path):
    """Writes a program; its path."""

    def write(text, name="train.py"):
        path = tmp_path / name
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    return write


@pytest.fixture
def watch(written, tmp_path):
    """Writes a program and runs it watched."""
    seen = []

    def start(text, *, settings=None, env=None, command=None, **options):
        path = written(text)
        made = program(
            command or [path.name],
            settings=settings or {},
            environment=environment(**(env or {})),
            folder=tmp_path,
        )
        order = replace(made, **options)
        card = card_of_command(order.command, Path(order.folder))
        seen.append(Seen(OwnRun(order, card)))
        return seen[-1]

    yield start
    for each in seen:
        each.run.kill()
        each.run.wait(10)
