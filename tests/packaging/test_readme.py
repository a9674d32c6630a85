"""The README tells the truth: its scene runs, its keys and commands exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dlplay import run
from dlplay.tui.actions import BROWSER, EVERYWHERE, STAGE, SWEEP

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def folder(tmp_path):
    (source,) = [c for c in re.findall(r"```python\n(.*?)```", README, re.S) if "Ravine" in c]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "ravine.py").write_text(source)
    return tmp_path


def test_its_scene_runs_and_its_claim_can_fail(folder):
    assert run("mine/ravine", scenes=folder).holds
    broken = run("mine/ravine", scenes=folder, learning_rate=0.11)
    assert broken.claims[0].holds is False
    assert "beyond the edge" in README


def test_it_names_every_key():
    table = README.split("## Keys")[1].split("## Command line")[0]
    named = set(re.findall(r"`([^`]+)`", table))
    for action in (*BROWSER, *STAGE, *SWEEP, *EVERYWHERE):
        written = action.written.split()
        if action.name.startswith("zoom_to"):
            continue
        assert named & {*written, action.written}, f"{action.name} ({action.written}) is missing"


def test_it_tells_of_every_chapter():
    from dlplay.course.catalog import Catalog, built_in

    table = README.split("## The chapters")[1].split("## Keys")[0].lower()
    for chapter in Catalog([built_in()]).chapters:
        assert chapter.title.lower() in table, chapter.title


def test_it_names_every_format():
    from dlplay.export import FORMATS

    assert " --to " + "\\|".join(FORMATS) + " " in README


def test_it_names_every_command():
    from typer.main import get_command

    from dlplay.cli import app

    for name in get_command(app).commands:
        assert f"`dlplay {name}" in README, name
