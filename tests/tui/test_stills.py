"""What the last recording of a scene ended with, and where one was in the course."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from msgspec.structs import replace as replaced

from dlplay.course.catalog import Catalog
from dlplay.engine.recordings.library import Library
from dlplay.engine.recordings.replay import load
from dlplay.tui.model import stills
from dlplay.tui.model.place import Place, next_scene
from dlplay.tui.model.stills import Stills
from tests.tui.fixed import PANELS, story


def record(library, card):
    recorder = library.recorder(card, seed=0, device="cpu", settings={})
    recorder(story(card))
    recorder.close()
    return recorder.path


def test_the_lead_of_the_newest_that_can_be_read(faults, tmp_path, monkeypatch):
    library, card = Library(tmp_path), faults.find("faults/fine")
    known = Stills(library)
    assert known.of(card) is None
    assert Stills(None).of(card) is None
    older = record(library, card)
    record(library, faults.find("faults/warns"))
    still = known.of(card)
    assert (still.panel, still.steps, still.seconds, still.status) == ("loss", 200, 1.5, "done")
    assert known.of(card) is still
    led = replace(card, digest="another", panels=dict.fromkeys(("nowhere", PANELS[1]), ""))
    assert known.of(led).panel == PANELS[1]
    newer = record(library, card)
    assert library.of(card.id) == [newer, older]
    assert known.of(card) is not still
    newer.write_bytes(b"no recording")
    assert known.of(card).steps == 200
    monkeypatch.setattr(stills, "MOST_BYTES", 10)
    assert Stills(library).of(card) is None


def test_a_sabotaged_run_is_no_picture_of_its_scene(faults, tmp_path):
    library, card = Library(tmp_path), faults.find("faults/fine")
    record(library, card)
    begun, *rest = story(card)
    recorder = library.recorder(card, seed=0, device="cpu", settings={})
    recorder([replaced(begun, sabotage="sign"), replaced(rest[-1], steps=7), *rest[:-1]])
    recorder.close()
    assert load(recorder.path).started.sabotage == "sign"
    assert Stills(library).of(card).steps == 200


def test_the_place_survives_damage_and_read_only_homes(tmp_path):
    path = tmp_path / "last-scene"
    path.write_bytes(b"\xff\xfe")
    place = Place(path)
    assert place.last == ""
    place.opened("a/b")
    assert Place(path).last == "a/b"
    nowhere = Place(path / "below-a-file")
    nowhere.opened("a/b")
    assert nowhere.last == "a/b"


def test_the_next_scene_skips_what_cannot_be_read(faults, tmp_path):
    for before, after in pairwise(faults.scenes):
        assert next_scene(faults, before.id) is after
    assert next_scene(faults, faults.scenes[-1].id) is None
    assert next_scene(faults, "no/where") is None
    (tmp_path / "some").mkdir()
    good = "from dlplay import Scene\n\n\nclass One(Scene):\n    def run(self, stage): ...\n"
    for name, text in (("a", good), ("b", good.replace(":", "::")), ("c", good)):
        (tmp_path / "some" / f"{name}.py").write_text(text)
    course = Catalog([tmp_path])
    assert [bool(card.broken) for card in course.scenes] == [False, True, False]
    assert next_scene(course, "some/a").id == "some/c"
