"""The README tells the truth: its scene runs, its keys and commands exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dlplay import run
from dlplay.course.catalog import Catalog, built_in
from dlplay.tui.actions import BROWSER, EVERYWHERE, STAGE, SWEEP

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def folder(tmp_path):
    (source,) = [c for c in re.findall(r"```python\n(.*?)```", README, re.S) if "Ravine" in c]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "ravine.py").write_text(source)
    return tmp_path


def test_its_page_runs_and_its_tries_do_what_they_say(folder):
    assert run("mine/ravine", scenes=folder).holds
    card = Catalog([folder]).find("mine/ravine")
    assert card.is_page
    assert not card.broken
    for each in card.tries:
        result = run("mine/ravine", scenes=folder, **each.settings(card.parameters))
        holds = {claim.name: claim.holds for claim in result.claims}
        assert [holds[name] for name in each.breaks] == [False]


def test_it_names_every_key():
    table = README.split("## Keys")[1].split("## Command line")[0]
    named = set(re.findall(r"`([^`]+)`", table))
    for action in (*BROWSER, *STAGE, *SWEEP, *EVERYWHERE):
        written = action.written.split()
        if action.name.startswith("zoom_to"):
            continue
        assert named & {*written, action.written}, f"{action.name} ({action.written}) is missing"


def test_it_tells_of_every_chapter():
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
