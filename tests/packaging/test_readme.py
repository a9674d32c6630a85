"""The README tells the truth: its scene runs, its keys and commands exist."""

from __future__ import annotations

import ast
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


def test_what_a_notebook_gets_is_what_it_says():
    (source,) = [c for c in re.findall(r"```python\n(.*?)```", README, re.S) if "result" in c]
    known: dict = {}
    exec(source, known)
    result = known["result"]
    written = re.search(r"result\.measures  # (\{.*), \.\.\.\}", source)
    for name, value in ast.literal_eval(f"{written[1]}}}").items():
        assert result.measures[name] == pytest.approx(value, rel=1e-3)


def test_it_names_every_exit_status():
    from dlplay.cli.exits import HELP, Exit

    told = README.split("Exit codes: ")[1].split("`dlplay --install")[0]
    assert {int(code) for code in re.findall(r"\b\d+\b", told)} == set(Exit)
    assert {int(code) for code in re.findall(r"^  (\d+) ", HELP, re.M)} == set(Exit)


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
