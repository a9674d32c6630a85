"""progress and next: how far one is, and where to go on."""

from __future__ import annotations

import json

import pytest

from dlplay.course.progress import Progress
from dlplay.tui import app as interface


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    """The user's data directory."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data"


def test_progress_by_chapter(dlplay):
    first = Progress()
    first.record("introduction/first-net", held=True)
    shown = dlplay("progress")
    assert shown.exit_code == 0
    (row,) = [line for line in shown.stdout.splitlines() if line.startswith("Introduction")]
    assert "1 of 12" in row
    (row,) = [line for line in shown.stdout.splitlines() if line.startswith("A tiny chapter")]
    assert "0 of " in row


def test_progress_for_a_teacher(dlplay):
    from dlplay.course.catalog import Catalog, built_in

    card = Catalog([built_in()]).find("introduction/first-net")
    known = Progress()
    known.record(card.id, held=True, broken=("falls",))
    known.broke(card.id, "falls", 2)
    known.broke(card.id, "gone", 1)
    known.answer(card.id, card.tries[0], card.tries[0].right)
    known.answer(card.id, card.tries[1], 1)
    chapters = json.loads(dlplay("progress", "--json").stdout)["chapters"]
    (chapter,) = [each for each in chapters if each["id"] == "introduction"]
    assert (chapter["seen"], chapter["answered"], chapter["right"], chapter["broken"]) == (
        1,
        2,
        1,
        1,
    )
    (page,) = [each for each in chapter["scenes"] if each["runs"]]
    assert page["answers"][0] == ["units=2", {"option": 2, "right": True}]
    assert page["answers"][1][1] == {"option": 1, "right": False}
    assert page["broken"] == ["falls"]
    assert page["attempts"] == {"falls": 2}
    assert (chapter["games"], chapter["attempts"]) == (1, 2)
    (row,) = [
        line for line in dlplay("progress").stdout.splitlines() if line.startswith("Introduction")
    ]
    assert row.split()[-5:] == ["1", "1", "in", "2", "attempts"]


def test_progress_begins_anew(dlplay, data):
    assert "nothing was known" in dlplay("progress", "--reset").stdout
    Progress().record("introduction/first-net", held=True)
    said = dlplay("progress", "--reset").stdout.replace("\n", "")
    assert "progress-1.json.old" in said
    assert (data / "dlplay" / "progress-1.json.old").is_file()
    assert Progress().scenes == {}


def test_next_needs_a_terminal_and_names_the_page(dlplay):
    result = dlplay("next")
    assert result.exit_code == 2
    assert "introduction/first-net, needs a terminal" in result.stderr.replace("\n", " ")


def test_next_opens_the_first_page_not_yet_run(dlplay, monkeypatch):
    opened = []
    monkeypatch.setattr("dlplay.cli.options.on_a_terminal", lambda: True)
    monkeypatch.setattr(interface, "start", lambda *_, **known: opened.append(known) or 0)
    Progress().record("introduction/first-net", held=False)
    assert dlplay("next").exit_code == 0
    assert opened[0]["scene_id"].startswith("introduction/")
    assert opened[0]["scene_id"] != "introduction/first-net"


def test_next_says_when_all_pages_were_run(dlplay, course):
    from dlplay.course.catalog import Catalog, roots

    known = Progress()
    for card in Catalog(roots(course)).scenes:
        known.record(card.id, held=False)
    result = dlplay("next")
    assert result.exit_code == 0
    assert "was seen to its end" in result.stdout
