"""What a student did is kept: by several programs at once, over damage, without a disk."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from dlplay.author.tries import Try
from dlplay.course import progress, safekeeping
from dlplay.course.catalog import Catalog
from dlplay.course.progress import Answer, Progress, broken_by_oneself
from dlplay.course.reached import next_scene, reached
from dlplay.wire.events import ClaimResult, Finished


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "progress.json"


@pytest.fixture
def page(faults):
    return faults.find("faults/page")


def ended(card, settings=None, *, holds=(True, True), status="done"):
    """The summary of a run of this scene."""
    return Finished(
        status=status,
        scene=card.id,
        seed=0,
        device="cpu",
        measures={},
        steps=100,
        seconds=1.0,
        parameters=card.defaults | dict(settings or {}),
        claims=[
            ClaimResult(claim.name, claim.text, 1.0, ">", 0.5, held)
            for claim, held in zip(card.claims, holds, strict=True)
        ],
    )


def test_a_run_leaves_a_mark_and_what_once_held_stays_held(path):
    known = Progress(path)
    assert known.mark("a/b") == ""
    assert known.record("a/b", held=False)
    assert not known.record("a/b", held=False)
    assert known.record("a/b", held=True)
    assert not known.record("a/b", held=False)
    again = Progress(path)
    assert again.mark("a/b") == "held"
    assert again.of("a/b").runs == 4


def test_only_the_first_answer_is_kept(path, page):
    first, second = page.tries
    known = Progress(path)
    known.answer(page.id, first, 1)
    known.answer(page.id, first, 2)
    known.answer(page.id, second, 2)
    again = Progress(path)
    assert again.first_answer(page.id, first) == Answer(1, right=False)
    assert again.first_answer(page.id, second) == Answer(2, right=True)
    put_otherwise = Try("rate=0.0001", "Another question?", ("yes", "no"), right=1, why="")
    assert again.first_answer(page.id, put_otherwise) is None


def test_only_a_run_that_came_to_its_end_counts(path, page):
    known = Progress(path)
    known.ended(page, ended(page, status="stopped"))
    assert known.mark(page.id) == ""
    known.ended(page, ended(page, {"rate": 0.01}))
    assert known.mark(page.id) == "run"
    known.ended(page, ended(page))
    assert known.mark(page.id) == "held"


@pytest.mark.parametrize(
    ("settings", "holds", "broken"),
    [
        ({"rate": 0.001}, (False, True), ("learns",)),
        ({"rate": 0.0001}, (False, True), ()),  # a try has told it
        ({"steps": 20}, (False, False), ()),  # too short
        ({"rate": 0.001, "steps": 20}, (False, False), ()),
        ({"rate": 0.001, "steps": 200}, (False, True), ("learns",)),
        ({}, (False, True), ()),  # nothing was turned
        ({"rate": 0.001}, (None, True), ()),  # not measured
    ],
)
def test_what_one_breaks_oneself(page, settings, holds, broken):
    assert broken_by_oneself(page, ended(page, settings, holds=holds)) == broken


def test_broken_claims_add_up(path, page):
    known = Progress(path)
    known.ended(page, ended(page, {"rate": 0.001}, holds=(False, True)))
    known.ended(page, ended(page, {"rate": 0.002}, holds=(False, False)))
    assert Progress(path).of(page.id).broken == ["learns", "counts"]


def test_the_fewest_attempts_of_the_game_are_kept(path, page):
    known = Progress(path)
    for attempts in (3, 2, 5):
        known.broke(page.id, "learns", attempts)
    done = Progress(path).of(page.id)
    assert (done.attempts, done.broken, done.runs) == ({"learns": 2}, ["learns"], 0)


def test_the_marks_of_before_are_taken_over(path):
    path.parent.mkdir()
    path.write_text('{"a/b": "held", "a/c": "run"}')
    known = Progress(path)
    assert [known.mark(id) for id in ("a/b", "a/c", "a/d")] == ["held", "run", ""]
    known.record("a/d", held=False)
    again = Progress(path)
    assert [again.mark(id) for id in ("a/b", "a/c", "a/d")] == ["held", "run", "run"]
    assert [p.name for p in path.parent.glob("progress*")] == ["progress.json"]


@pytest.mark.parametrize(
    "content",
    [
        b"{ not json",
        b"\xff\xfe",
        b'{"dlplay_progress": 3, "scenes": {}}',
        b'{"dlplay_progress": 2, "scenes": {"a/b": {"runs": "many"}}}',
        b'{"a/b": "something else"}',
        b"[" * 100_000,
    ],
)
def test_a_file_that_is_not_ours_is_set_aside(path, content):
    path.parent.mkdir()
    path.write_bytes(content)
    known = Progress(path)
    assert known.scenes == {}
    assert path.read_bytes() == content, "looking changes nothing"
    known.record("a/b", held=False)
    assert Progress(path).mark("a/b") == "run"
    assert path.with_name("progress-1.json.old").read_bytes() == content


def test_what_is_not_even_a_file_is_set_aside_too(path):
    path.mkdir(parents=True)
    known = Progress(path)
    known.record("a/b", held=False)
    assert Progress(path).mark("a/b") == "run"


def test_where_nothing_can_be_written_it_is_known_while_the_program_runs(tmp_path):
    (tmp_path / "file").write_text("")
    nowhere = Progress(tmp_path / "file" / "progress.json")
    assert nowhere.record("a/b", held=True)
    nowhere.refresh()
    assert nowhere.mark("a/b") == "held"


def test_what_could_not_be_written_is_written_later(path, monkeypatch):
    known = Progress(path)
    with monkeypatch.context() as patch:
        patch.setattr(safekeeping, "replace", _full)
        known.record("a/b", held=True)
    known.record("a/c", held=False)
    again = Progress(path)
    assert (again.mark("a/b"), again.of("a/b").runs, again.mark("a/c")) == ("held", 1, "run")


def _full(path, content):
    raise OSError(28, "No space left on device")


def test_several_programs_lose_nothing_of_each_other(path):
    program = (
        "import sys; from pathlib import Path; from dlplay.course.progress import Progress\n"
        "known = Progress(Path(sys.argv[1]))\n"
        "for n in range(20):\n"
        "    known.record('a/shared', held=False)\n"
        "    known.record(f'a/{sys.argv[2]}-{n}', held=True)\n"
    )
    command = [sys.executable, "-c", program, str(path)]
    running = [subprocess.Popen([*command, str(name)]) for name in range(4)]
    assert [process.wait() for process in running] == [0] * 4
    known = Progress(path)
    assert known.of("a/shared").runs == 80
    assert sum(done.held for done in known.scenes.values()) == 80
    assert not [name for name in os.listdir(path.parent) if name.startswith(".progress.json-")]


def test_another_program_is_seen_when_one_looks_again(path):
    mine, other = Progress(path), Progress(path)
    other.record("a/b", held=True)
    assert mine.mark("a/b") == ""
    mine.refresh()
    assert mine.mark("a/b") == "held"


@pytest.mark.skipif(safekeeping.fcntl is None, reason="files cannot be locked here")
def test_a_program_that_holds_the_file_stops_nobody(path, monkeypatch):
    monkeypatch.setattr(safekeeping, "PATIENCE", 0.0)
    known = Progress(path)
    with safekeeping.locked(path):
        assert known.record("a/b", held=True)
    assert Progress(path).mark("a/b") == ""
    known.record("a/c", held=True)
    assert Progress(path).mark("a/b") == "held"


def test_a_link_stays_a_link(path, tmp_path):
    path.parent.mkdir()
    (tmp_path / "elsewhere.json").write_text("{}")
    path.symlink_to(tmp_path / "elsewhere.json")
    Progress(path).record("a/b", held=True)
    assert path.is_symlink()
    assert Progress(tmp_path / "elsewhere.json").mark("a/b") == "held"


def test_to_begin_anew_loses_nothing(path):
    known = Progress(path)
    assert known.reset() is None
    known.record("a/b", held=True)
    before = path.read_bytes()
    aside = known.reset()
    assert aside.read_bytes() == before
    assert known.mark("a/b") == Progress(path).mark("a/b") == ""


def test_how_far_one_is(path, faults, page):
    known = Progress(path)
    known.ended(page, ended(page, {"rate": 0.001}, holds=(False, True)))
    known.answer(page.id, page.tries[0], 1)
    known.answer(page.id, page.tries[1], 2)
    (chapter,) = reached(faults, known)
    readable = [card for card in faults.scenes if not card.broken]
    assert (chapter.pages, chapter.seen) == (len(readable), 1)
    assert (chapter.tries, chapter.answered, chapter.right, chapter.broken) == (2, 2, 1, 1)
    # A page that was rewritten has other tries: old answers are no answers to them.
    rewritten = replace(page, tries=page.tries[:1], claims=page.claims[1:])
    from dlplay.course.reached import page as known_of

    assert len(known_of(rewritten, known).answers) == 1
    assert known_of(rewritten, known).broken == []


def test_what_comes_next(path, faults):
    known = Progress(path)
    order = [card.id for card in faults.scenes if not card.broken]
    assert next_scene(faults, known).id == order[0]
    known.record(order[0], held=False)
    known.record(order[2], held=False)
    assert next_scene(faults, known).id == order[1]
    for id in order:
        known.record(id, held=False)
    assert next_scene(faults, known) is None
    assert next_scene(Catalog([]), known) is None


def test_it_is_kept_in_the_data_directory(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    Progress().record("a/b", held=True)
    assert progress.place() == tmp_path / "dlplay" / "progress.json"
    assert progress.place().is_file()
