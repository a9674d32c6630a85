"""What is read from files, as the program reads it: a good example, its damage, its reader."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import msgspec

from tests import hostile
from tests.fuzz.mutations import damaged, of_json, of_recording, of_source

Damage = Callable[[bytes, Random], bytes]


class Target(NamedTuple):
    """`read` gets a damaged file and raises nothing."""

    examples: list[bytes]
    damage: Damage
    read: Callable[[Path], Any]
    suffix: str = ""


def recording(path: Path) -> None:
    from dlplay.engine.recordings.format import BadRecording, ends
    from dlplay.engine.recordings.library import Library
    from dlplay.engine.recordings.replay import load
    from dlplay.export import Source
    from dlplay.export.options import Options
    from dlplay.export.picture import Page

    assert Library(path.parent).runs()[0].status
    said = []
    try:
        ends(path)
    except BadRecording as error:
        said.append(str(error))
    try:
        replay = load(path)
    except BadRecording as error:
        replay = None
        said.append(str(error))
    assert hostile.obeyed("".join(said)) == []
    if replay is None:
        return
    assert hostile.obeyed(replay.damaged) == []
    source = Source(replay)
    page = Page(source, Options(width=60, height=20))
    text = "".join(segment.text for line in page.lines(replay.history) for segment in line)
    assert hostile.obeyed(text) == []
    source.curves()


def notes(path: Path) -> None:
    from dlplay.engine.recordings.notes import Notes

    for name, note in Notes(path).all().items():
        assert isinstance(name, str)
        assert isinstance(note, dict)
    Notes(path).pinned()


def progress(path: Path) -> None:
    from dlplay.course.progress import Progress

    known = Progress(path)
    known.mark("a/b")
    known.record("a/b", True)
    assert Progress(path).mark("a/b") == "held"


def place(path: Path) -> None:
    from dlplay.tui.model.place import LONGEST, Place

    assert len(Place(path).last) <= LONGEST


def scene(path: Path) -> None:
    from dlplay.course.catalog import describe

    card = describe(path, path.parent.parent)
    if card is None or card.broken:
        return
    for parameter in card.parameters.values():
        parameter.check(parameter.default)
        parameter.show(parameter.default)
        parameter.spread(5)
        msgspec.json.encode(parameter.schema())


def cache(path: Path) -> None:
    from dlplay.course.catalog import Catalog
    from tests.conftest import FAULTS

    assert len(Catalog([FAULTS], cache=path).scenes) > 5


def user_file(kind: str) -> Callable[[Path], None]:
    def read(path: Path) -> None:
        from dlplay.author.parameters.base import ParameterError
        from dlplay.author.parameters.file import File
        from dlplay.data import own

        parameter = File(DEFAULTS[kind], kind=kind)
        with suppress(ParameterError):
            getattr(own, kind)(parameter.parse(str(path)))

    return read


DEFAULTS = {"text": "names", "image": "coins", "table": "nile"}


def _recording(folder: Path) -> bytes:
    return hostile.recording(folder / "good.dlplay").read_bytes()


def _kinds(folder: Path) -> bytes:
    """A recording with a panel of every kind."""
    from dlplay.draw import Curves
    from dlplay.engine.recordings.format import Recorder
    from dlplay.wire import events
    from tests.draw import examples

    found = [events.Points(tick=1, panel="c", series="s", ticks=[1, 2], x=[1.0, 2.0], y=[1.0, 3.0])]
    for number, content in enumerate(examples.typical().values()):
        if not isinstance(content, Curves):
            plain = msgspec.msgpack.encode(content, enc_hook=float)  # numpy's numbers too
            content = msgspec.msgpack.decode(plain, type=events.AnyContent)
            found.append(msgspec.structs.replace(content, panel=f"panel {number}", tick=1))
    path = folder / "kinds.dlplay"
    with Recorder(path, overwrite=True) as record:
        begun = events.Started(scene="a/b", seed=1, device="cpu", parameters={"rate": 0.5})
        record([begun])
        for event in found:
            record([event])
        record([begun.ended("done", 2)])
    return path.read_bytes()


def _picture() -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (20, 10), (9, 99, 200)).save(out, "PNG")
    return out.getvalue()


def targets(folder: Path) -> dict[str, Target]:
    """All of them; `folder` is for what examples are made of."""
    import dlplay.data.own  # now: what it takes is no reader's
    import dlplay.export.picture  # noqa: F401
    from tests.conftest import FAULTS

    folder.mkdir(parents=True, exist_ok=True)
    known = {"dlplay_progress": 2, "scenes": {"a/b": {"runs": 2, "held": True, "answers": {
        "rate=1: why?": {"option": 1, "right": True}}, "broken": ["learns"]}}}  # fmt: skip
    marked = {"a.dlplay": {"pinned": True, "name": "mine"}, "b.dlplay": {"pinned": False}}
    course = hostile.course(folder / "course") / "evil" / "hostile.py"
    scenes = [(FAULTS / "faults" / "page.py").read_bytes(), course.read_bytes()]
    table = b"year,spots,height\n" + b"".join(b"%d,%d.5,-3e4\n" % (i, i) for i in range(30))
    from dlplay.course.catalog import Catalog

    assert Catalog([FAULTS], cache=folder / "cache").scenes
    kept = (folder / "cache").read_bytes() if (folder / "cache").exists() else b"\0" * 99
    runs, words = [_recording(folder), _kinds(folder)], [b"Words.\nAnd \xc3\xa9 more.\n" * 20]
    return {
        "recording": Target(runs, of_recording, recording, ".dlplay"),
        "notes": Target([json.dumps(marked).encode()], of_json, notes, ".json"),
        "progress": Target([json.dumps(known).encode()], of_json, progress, ".json"),
        "place": Target([b"optimization/race\n"], damaged, place),
        "scene": Target(scenes, of_source, scene, ".py"),
        "cache": Target([kept], damaged, cache),
        "text": Target(words, damaged, user_file("text"), ".txt"),
        "image": Target([_picture()], damaged, user_file("image"), ".png"),
        "table": Target([table], damaged, user_file("table"), ".csv"),
    }
