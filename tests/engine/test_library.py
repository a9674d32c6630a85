"""The library of recordings: kept as runs go, listed, bounded, and read whatever is in a file."""

from __future__ import annotations

import json
import os
import random
import signal
import struct
import subprocess
import sys
import zlib
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from dlplay.draw import Look, draw, natural_height
from dlplay.engine.history import History
from dlplay.engine.recordings import library as library_module
from dlplay.engine.recordings.format import MAGIC, BadRecording, Recorder, being_written, ends, read
from dlplay.engine.recordings.library import Library, UnknownRun, changed_since, load
from dlplay.engine.recordings.vetting import vetted
from dlplay.wire import events
from tests.draw import examples

PARAMETERS = {"rate": 0.5, "on": True}


def started(**known):
    known = {"scene": "a/b", "seed": 1, "device": "cpu", "parameters": PARAMETERS} | known
    return events.Started(**known)


def finished(**known):
    base = {
        "status": "done", "scene": "a/b", "seed": 1, "device": "cpu", "parameters": PARAMETERS,
        "measures": {"x": 2.0}, "claims": [], "steps": 9, "seconds": 1.5, "tick": 9,
    }  # fmt: skip
    return events.Finished(**base | known)


def text(tick, words="hello"):
    return events.Text(tick=tick, panel="words", text=words)


@pytest.fixture
def card(faults):
    return faults.find("faults/fine")


@pytest.fixture
def library(tmp_path):
    return Library(tmp_path / "runs")


def record(library, card, *batches, seed=0):
    """A recording of these batches, closed."""
    recorder = library.recorder(card, seed=seed, device="auto", settings={})
    for batch in batches:
        recorder(batch)
    recorder.close()
    assert recorder.trouble == ""
    return recorder.path


def frame(payload):
    return struct.pack("<II", len(payload), zlib.crc32(payload)) + payload


def flat(path):
    return [event for batch in read(path) for event in batch]


# Recording


def test_there_is_no_file_before_the_first_batch(library, card):
    recorder = library.recorder(card, seed=4, device="auto", settings={"steps": 7})
    assert not library.folder.exists()
    recorder([])
    assert library.runs() == []
    recorder([started()])
    assert recorder.path.is_file()
    recorder.close()
    recorder.close()
    assert recorder.path.name.endswith("Z_faults_fine.dlplay")
    again = library.recorder(card, seed=4, device="auto", settings={})
    assert again.path.name > recorder.path.name
    again.close()
    assert not again.path.exists()


def test_a_recording_says_what_was_asked_where_the_run_never_began(library, card):
    died = finished(status="failed", scene="faults/fine", tick=0)
    path = record(library, card, [events.Logged(text="import error")], [died], seed=4)
    first, *rest = flat(path)
    assert (first.scene, first.seed, first.device) == ("faults/fine", 4, "auto")
    assert first.parameters == card.defaults
    assert first.digest == card.digest
    assert [type(event) for event in rest] == [events.Logged, events.Finished]


def test_what_is_printed_at_once_comes_after_the_beginning(library, card):
    batch = [events.Logged(text="warning"), started(), text(0)]
    path = record(library, card, batch, [text(1), finished()])
    assert flat(path) == [started(), events.Logged(text="warning"), text(0), text(1), finished()]
    assert batch == [events.Logged(text="warning"), started(), text(0)]  # it is the caller's
    assert ends(path) == ([started()], [finished()])


def test_a_folder_that_cannot_be_made_is_told_not_raised(tmp_path, card):
    (tmp_path / "file").write_text("in the way")
    library = Library(tmp_path / "file" / "runs")
    recorder = library.recorder(card, seed=0, device="auto", settings={})
    recorder([started()])
    recorder([finished()])
    recorder.close()
    assert "cannot be written" in recorder.trouble
    assert library.runs() == []


def test_a_disk_that_fills_up_ends_the_recording_alone(library, card):
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    recorder = library.recorder(card, seed=0, device="auto", settings={})
    recorder([started(), text(1)])
    recorder._recorder._file.close()
    recorder._recorder._file = open("/dev/full", "wb")  # noqa: SIM115
    recorder([text(2)])
    recorder([finished()])
    recorder.close()
    assert "No space left on device" in recorder.trouble
    assert flat(recorder.path) == [started(), text(1)]


def test_a_killed_program_leaves_what_it_wrote(tmp_path, card):
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from dlplay.course import catalog\n"
        "from dlplay.wire import events\n"
        "from dlplay.engine.recordings.library import Library\n"
        f"card = catalog.describe(Path({str(card.path)!r}), Path({str(card.root)!r}))\n"
        f"recorder = Library(Path({str(tmp_path)!r})).recorder(\n"
        "    card, seed=5, device='auto', settings={})\n"
        "recorder([events.Started(scene=card.id, seed=5, device='cpu', parameters={})])\n"
        "for tick in range(100):\n"
        "    recorder([events.Text(tick=tick, panel='words', text='now')])\n"
        "print('written', flush=True)\n"
        "sys.stdin.read()\n"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    library = Library(tmp_path, most_runs=0)
    with subprocess.Popen([sys.executable, "-c", code], **pipes) as process:
        assert process.stdout.readline() == "written\n"
        (info,) = library.runs()
        assert info.status == "running"
        assert library.prune() == []  # not while it is written
        process.send_signal(signal.SIGKILL)
    (info,) = library.runs()
    assert (info.status, info.seed, info.steps) == ("unfinished", 5, 99)
    replay = load(info.path)
    assert replay.status == replay.summary.status == "unfinished"
    assert replay.damaged == ""
    assert replay.history.panel("words").tick == 99
    assert library.prune() == [info.path]


def test_pictures_of_a_long_run_thin_out_and_the_newest_is_kept(library, card):
    pixels = events.Array((1, 100, 1000, 1), "|u1", bytes(100_000))
    shown = [events.Image(tick=tick, panel="big", pixels=pixels) for tick in range(1, 2001)]
    small = [text(tick, str(tick)) for tick in range(1, 2001)]
    batches = [[started()], *([a, b] for a, b in zip(shown, small, strict=True)), [finished()]]
    path = record(library, card, *batches)
    ticks = [event.tick for event in flat(path) if isinstance(event, events.Image)]
    assert path.stat().st_size < 40_000_000  # of 200
    assert ticks[:50] == list(range(1, 51))
    assert ticks[-1] == 2000
    gaps = [(b - a) / b for a, b in pairwise(ticks) if b > 100]
    assert max(gaps) < 0.03  # at any time, of the time that has gone by
    assert [e for e in flat(path) if isinstance(e, events.Text)] == small


def test_the_newest_picture_is_kept_where_a_run_is_cut_short(library, card):
    pixels = events.Array((1, 1000, 1000, 1), "|u1", bytes(1_000_000))
    shown = [events.Image(tick=tick, panel="big", pixels=pixels) for tick in range(1, 40)]
    path = record(library, card, [started()], *([image] for image in shown))
    assert flat(path)[-1].tick == 39


def test_a_run_beyond_all_bounds_keeps_its_summary(tmp_path, card):
    library = Library(tmp_path, most_bytes=40_000)
    recorder = library.recorder(card, seed=0, device="auto", settings={})
    recorder([started()])
    for tick in range(1000):
        recorder([events.Logged(tick=tick, text="x" * 100)])
    recorder([events.Tweaked(tick=1000, name="rate", value=0.1)])
    recorder([finished(tick=1000, steps=1000)])
    recorder.close()
    assert "longer than a recording may be" in recorder.trouble
    assert recorder.path.stat().st_size < 11_000
    (info,) = library.runs()
    assert (info.status, info.steps) == ("done", 1000)
    assert [tweak.value for tweak in load(recorder.path).history.tweaks] == [0.1]


# Listing


def test_a_run_at_a_glance(library, card, faults):
    settings = card.defaults | {"steps": 3}
    assert card.defaults["steps"] != 3
    known = {"scene": card.id, "seed": 8, "parameters": settings}
    begin = started(**known, digest="d", versions={"torch": "2"})
    before = datetime.now(UTC)
    path = record(library, card, [begin], [text(1)], [finished(**known, steps=3)])
    (info,) = library.runs(faults)
    assert info.path == path
    assert (info.number, info.scene, info.title) == (1, card.id, card.title)
    assert (info.seed, info.device, info.status) == (8, "cpu", "done")
    assert (info.steps, info.seconds, info.bytes) == (3, 1.5, path.stat().st_size)
    assert before <= info.began <= datetime.now(UTC)
    assert info.differs == {"steps": 3}
    assert info.parameters == settings
    assert (info.digest, info.versions) == ("d", {"torch": "2"})
    (unknown,) = library.runs()
    assert unknown.title == ""
    assert unknown.differs == settings


def test_listing_reads_the_ends_alone(library, card, monkeypatch):
    path = record(library, card, [started()], *([text(i)] for i in range(1000)), [finished()])
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF  # nothing looks there
    path.write_bytes(data)
    assert library.runs()[0].status == "done"
    assert "checksum" in load(path).damaged


def test_the_newest_comes_first_and_damage_does_not_hide_the_others(library, card):
    paths = [record(library, card, [started(seed=i)], [finished(seed=i)]) for i in range(4)]
    paths[1].write_bytes(b"dlplay-recording 2\nmore")
    paths[2].write_bytes(MAGIC)
    (library.folder / "folder.dlplay").mkdir()
    runs = library.runs()
    assert [run.path for run in runs] == paths[::-1]
    assert [run.number for run in runs] == [1, 2, 3, 4]
    assert [run.status for run in runs] == ["done", "damaged", "damaged", "done"]
    assert "format 2; this dlplay reads format 1" in runs[2].trouble
    assert runs[2].scene == "faults/fine"  # by its name


def test_how_a_run_ended_is_found_behind_any_last_batch(tmp_path):
    zeros = events.Array((1, 500, 500, 1), "|u1", bytes(250_000))
    for count in range(3):
        path = tmp_path / f"{count}"
        with Recorder(path) as recorder:
            recorder([started()])
            recorder([events.Image(panel="i", pixels=zeros)] * count + [finished()])
        assert ends(path)[1] == [finished()]
    cut = tmp_path / "cut"
    for length in range(len(MAGIC) + 1, 200):
        cut.write_bytes(path.read_bytes()[:length])
        try:
            _, last = ends(cut)
        except BadRecording:
            continue
        assert last in ([], [started()])


def test_finding_by_number_by_name_and_by_path(library, card, tmp_path):
    old, new = (record(library, card, [started()], [finished()]) for _ in range(2))
    assert library.find("1").path == new
    assert library.find("2").path == old
    assert library.find(old).number == 2
    assert library.find(old.name).path == library.find(old.stem).path == old
    elsewhere = tmp_path / "mine"
    elsewhere.write_bytes(old.read_bytes())
    assert (library.find(elsewhere).number, library.find(elsewhere).status) == (0, "done")


@pytest.mark.parametrize("word", ["0", "3", "9" * 30, "²", "", "\0", "~nobody/x", "x" * 5000])
def test_what_cannot_be_found_is_told_with_what_there_is(library, card, word):
    for _ in range(2):
        record(library, card, [started()])
    with pytest.raises(UnknownRun, match="1 to 2, 1 is the newest; `dlplay runs` lists them"):
        library.find(word)


def test_a_mistyped_name_gets_the_nearest(library, card, tmp_path):
    with pytest.raises(UnknownRun, match="no run has been recorded yet"):
        library.find("1")
    path = record(library, card, [started()])
    with pytest.raises(UnknownRun, match=f"Did you mean '{path.name}'"):
        library.find(path.name.replace("fine", "fien"))
    with pytest.raises(UnknownRun, match="is a folder"):
        library.find(tmp_path)
    (tmp_path / "race.dlplay").write_bytes(b"")
    with pytest.raises(UnknownRun, match=r"Did you mean '.*/race.dlplay'"):
        library.find(tmp_path / "rase.dlplay")


# Bounds and notes


def test_the_oldest_go_and_the_pinned_stay(library, card):
    paths = [record(library, card, [started()], [finished()]) for _ in range(6)]
    library.pin(paths[0], "the first")
    library.rename(paths[1], "lost")
    (library.folder / "mine.dlplay").write_bytes(paths[0].read_bytes())
    library.most_runs = 3
    assert library.prune() == paths[1:3]
    assert [path.exists() for path in paths] == [True, False, False, True, True, True]
    assert (library.folder / "mine.dlplay").exists()
    assert library.find(paths[0]).name == "the first"
    assert "lost" not in (library.folder / "notes.json").read_text()
    library.unpin(paths[0])
    assert library.find(paths[0]).name == "the first"
    assert library.prune() == [paths[0]]


def test_a_new_recording_makes_room_for_itself(tmp_path, card):
    library = Library(tmp_path, most_runs=3)
    for seed in range(8):
        record(library, card, [started(seed=seed)], [finished(seed=seed)])
    assert [run.seed for run in library.runs()] == [7, 6, 5]


def test_bytes_are_bounded_too(library, card):
    paths = [record(library, card, [started()], [text(1, "x" * 1000)]) for _ in range(5)]
    library.most_bytes = 3 * paths[0].stat().st_size
    assert library.prune() == paths[:2]
    library.most_bytes = 0
    assert library.prune() == paths[2:]


def test_what_is_being_written_is_not_removed(library, card):
    recorder = library.recorder(card, seed=0, device="auto", settings={})
    recorder([started()])
    library.most_runs = 0
    assert being_written(recorder.path)
    assert library.prune() == []
    recorder.close()
    assert library.prune() == [recorder.path]


def test_notes_are_kept_and_dropped(library, card):
    path = record(library, card, [started()], [finished()])
    library.rename(path, "best")
    assert (library.runs()[0].name, library.runs()[0].pinned) == ("best", False)
    library.pin(path)
    assert (library.runs()[0].name, library.runs()[0].pinned) == ("best", True)
    library.rename(path, "")
    library.unpin(path)
    assert json.loads((library.folder / "notes.json").read_text()) == {}
    library.pin(path)
    library.remove(path)
    assert library.runs() == []
    assert json.loads((library.folder / "notes.json").read_text()) == {}
    assert sorted(os.listdir(library.folder)) == [".notes.json.lock", "notes.json"]
    for change in (library.pin, library.unpin, library.remove):
        with pytest.raises(UnknownRun, match="not among the recorded runs"):
            change(path)


@pytest.mark.parametrize("damage", [b"", b"{", b"[1]", b"\xff", b"[" * 100_000, b'{"x": 3}'])
def test_damaged_notes_count_as_empty(library, card, damage):
    path = record(library, card, [started()], [finished()])
    (library.folder / "notes.json").write_bytes(damage)
    assert library.runs()[0].pinned is False
    library.pin(path)
    assert library.runs()[0].pinned is True


# Reading


def test_a_replay_is_what_a_watcher_saw(library, card):
    batches = [
        [started()],
        [events.Points(tick=2, panel="loss", series="a", ticks=[1, 2], x=[1, 2], y=[3.0, 4.0])],
        [events.Tweaked(tick=2, name="rate", value=0.1), text(2), events.Logged(tick=2, text="l")],
        [finished()],
    ]
    history = History()
    for batch in batches:
        history.feed(batch)
    replay = load(record(library, card, *batches))
    assert (replay.events, replay.damaged, replay.status) == (6, "", "done")
    assert replay.started == started()
    assert replay.summary is replay.history.finished
    seen, lived = vars(replay.history), vars(history)
    same = lived.keys() - {"series", "keyframes", "styles"}
    assert seen["styles"].numbers == lived["styles"].numbers
    assert {name: seen[name] for name in same} == {name: lived[name] for name in same}
    assert replay.history.panel("words") == history.panel("words")
    assert replay.history.panel("loss").lines["a"].mean.tolist() == [3.0, 4.0]


def test_reading_needs_no_torch(library, card):
    path = record(library, card, [started()], [text(1)], [finished()])
    code = (
        "import sys\n"
        "sys.modules['torch'] = None\n"
        "from pathlib import Path\n"
        "from dlplay.engine.recordings.library import Library, load\n"
        f"library = Library(Path({str(library.folder)!r}))\n"
        "(info,) = library.runs()\n"
        "print('numpy' in sys.modules, load(info.path).history.panel('words').text)\n"
        "print(*sys.modules)\n"
    )
    seen = subprocess.check_output([sys.executable, "-c", code], text=True).splitlines()
    assert seen[0] == "False hello"  # listing needs not even numpy
    assert not {"torch._C", "textual"} & set(seen[1].split())
    assert path.exists()


def test_today_s_scene_is_compared(library, card):
    replay = load(record(library, card, [started(scene=card.id, digest=card.digest)]))
    assert changed_since(replay, card) == ""
    other = replace(card, digest="0" * 64)
    assert "has been changed since this was recorded" in changed_since(replay, other)
    assert "There is no scene faults/fine here any more" in changed_since(replay, None)


# Whatever is in a file

CONTENTS = list(examples.typical().values())


def whole():
    """A recording with every kind of event."""
    drawn = [content for content in CONTENTS if isinstance(content, events.Content)]
    plain = events.decode(msgspec.msgpack.encode(drawn, enc_hook=float))  # some are numpy's
    others = [
        events.Progress(step=1, total=2),
        events.Vitals(memory=1),
        events.Axes(panel="loss", log="y", lines={"best": 1.0}),
        events.Points(panel="loss", series="a", ticks=[1, 2], x=[1.0, 2.0], y=[3.0, 4.0]),
        events.Measured(values={"x": 1.0}),
        events.Tweaked(name="rate", value=0.1),
        events.Logged(text="a line"),
    ]
    return [[started(versions={"torch": "2"})], others, *([c] for c in plain), [finished()]]


def look_at(path):
    """Load and draw: what can be read of the file, or None for a clear refusal."""
    library_module._described(library_module.RunInfo(0, path, "damaged", datetime.now(UTC), 0))
    try:
        replay = load(path)
    except BadRecording:
        return None
    assert replay.summary.scene is not None
    for content in replay.history.panels().values():
        draw(content, 30, 6, Look("none"))
        assert natural_height(content, 30, Look("none")) >= 1
    return replay


def test_every_kind_of_event_is_sound():
    for batch in whole():
        for event in batch:
            assert vetted(event) == event


def test_cut_off_anywhere(tmp_path):
    path, cut = tmp_path / "whole", tmp_path / "cut"
    with Recorder(path) as recorder:
        for batch in whole():
            recorder(batch)
    data = path.read_bytes()
    full = look_at(path)
    assert full.damaged == ""
    rng = random.Random(1)
    counts = []
    for length in sorted(rng.sample(range(len(data)), 80)):
        cut.write_bytes(data[:length])
        replay = look_at(cut)
        counts.append(replay.events if replay else 0)
    assert counts == sorted(counts)
    assert counts[-1] <= full.events


def test_flipped_bits_and_noise(tmp_path):
    rng, path = random.Random(2), tmp_path / "bad"
    with Recorder(path) as recorder:
        for batch in whole():
            recorder(batch)
    data = path.read_bytes()
    for _ in range(80):
        bad = bytearray(data)
        for place in rng.sample(range(len(bad)), rng.choice([1, 2, 20])):
            bad[place] ^= 1 << rng.randrange(8)
        path.write_bytes(bad)
        replay = look_at(path)
        assert replay is None or replay.damaged
    for size in (0, 1, 7, 8, 9, 100, 5000):
        for head in (b"", MAGIC, MAGIC + frame(events.encode([started()]))):
            path.write_bytes(head + rng.randbytes(size))
            replay = look_at(path)
            assert (replay is None) == (len(head) <= len(MAGIC))


def test_foreign_files_are_refused(tmp_path):
    path = tmp_path / "foreign"
    for content in (b"\x80\x04\x95 a pickle", b"\x89PNG\r\n", b"{}", bytes(100), b"PK\x03\x04"):
        path.write_bytes(content)
        with pytest.raises(BadRecording):
            load(path)
    with pytest.raises(IsADirectoryError):
        load(tmp_path)
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "none")


WORDS = ["", "\x1b[2J", "xyz", "<f4", "O", "classes", "signed", "θ" * 300]
NUMBERS = [-1, 0, 1, 2**31, 2**63, 2**64 - 1, 1e308, -1e308, 5e-324, float("nan"), float("inf")]
OTHERS = [None, True, b"", [], {}, [1, 2, 3], [[1.0]], {"a": [1.0]}]


def spoilt(value, rng):
    """The same plain value with one thing in it replaced, shortened or doubled."""
    if isinstance(value, dict) and value:
        key = rng.choice(list(value))
        return value | {key: spoilt(value[key], rng)}
    if rng.random() < 0.05:
        return rng.choice([*WORDS, *NUMBERS, *OTHERS])
    if isinstance(value, (list, tuple)) and value:
        place = rng.randrange(len(value))
        if rng.random() < 0.3:
            return rng.choice([[], [*value, *value], value[:place], value[place:]])
        return [*value[:place], spoilt(value[place], rng), *value[place + 1 :]]
    if isinstance(value, bytes):
        return rng.choice([rng.randbytes(len(value)), value[:-1], value * 2, b""])
    if isinstance(value, str):
        return rng.choice(WORDS)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return rng.choice([-value, value + 1, value * 1000, *NUMBERS])
    return rng.choice([*WORDS, *NUMBERS, *OTHERS])


def test_whole_frames_that_make_no_sense(tmp_path):
    """A checksum is no signature: such files can be made on purpose."""
    rng, path = random.Random(3), tmp_path / "made"
    plain = [msgspec.msgpack.decode(events.encode(batch)) for batch in whole()]
    left_out = unknown = fine = 0
    for _ in range(600):
        batch = rng.choice(plain)
        place = rng.randrange(len(batch))
        batch = [*batch[:place], spoilt(batch[place], rng), *batch[place + 1 :]]
        frames = [frame(msgspec.msgpack.encode(each)) for each in (plain[0], batch)]
        path.write_bytes(MAGIC + b"".join(frames))
        replay = look_at(path)
        left_out += "make no sense" in replay.damaged
        unknown += "does not know" in replay.damaged
        fine += not replay.damaged
    assert min(left_out, unknown, fine) > 30


@pytest.mark.parametrize(
    "payload",
    [
        events.encode([events.Logged(text="abcdef")]).replace(
            b"abcdef", b"\xff\xfe\xfd\xfc\xfb\xfa"
        ),
        b"\x91\x82\xa4type\xa6logged\xa1z" + b"\x91" * 200_000,
        b"",
        b"\xc1",
        b"\xdd\xff\xff\xff\xff",
    ],
)
def test_frames_made_to_break_the_reader(tmp_path, payload):
    path = tmp_path / "made"
    path.write_bytes(MAGIC + frame(payload))
    assert look_at(path) is None
    path.write_bytes(MAGIC + frame(events.encode([started()])) + frame(payload))
    assert "does not know" in look_at(path).damaged


def test_terminal_escapes_are_defused():
    evil = "a\x1b[2J\x9bb\r\nc\td\x07"
    clean = "a␛[2J\ufffdb\nc\td␇"
    assert vetted(events.Logged(text=evil)).text == clean
    assert vetted(events.Logged(text="\x1b[31mred")).text == "\x1b[31mred\x1b[0m"
    assert vetted(started(scene=evil, versions={evil: evil})).versions == {clean: clean}
    table = events.Table(panel="t", columns=["a"], rows=[[1], [evil]])
    assert vetted(table).rows == [[1], [clean]]
    plane = events.Plane(
        panel="p", x=(0, 1), y=(0, 1),
        clouds=[events.Cloud(evil, events.Array((0, 2), "<f4", b""))],
    )  # fmt: skip
    assert vetted(plane).clouds[0].name == clean


def test_an_id_never_changes_and_a_number_is_of_the_list_printed_last(library, card):
    first, second = (record(library, card, [started()]) for _ in range(2))
    runs = library.runs()
    ids = {run.path: run.id for run in runs}
    assert len(set(ids.values())) == 2
    library.printed(runs)
    third = record(library, card, [started()])
    assert [library.find(n).path for n in ("1", "2")] == [second, first]
    assert library.find(ids[first]).path == first
    assert library.find(third).number == 1
    with pytest.raises(UnknownRun, match="no run 3 in the list that was printed last: 1 to 2"):
        library.find("3")
    library.remove(second)
    with pytest.raises(UnknownRun, match="run 1 of the list that was printed last is gone"):
        library.find("1")
    assert library.find("2").path == first


def test_a_run_that_is_being_recorded_cannot_be_removed(library, card):
    from dlplay.engine.recordings.library import BeingRecorded

    recorder = library.recorder(card, seed=1, device="cpu", settings={})
    recorder([events.Started(scene=card.id, seed=1, device="cpu", parameters={})])
    with pytest.raises(BeingRecorded, match="stop its run first"):
        library.remove(recorder.path)
    recorder.close()
    library.remove(recorder.path)
    assert not library.runs()


PINS = """
    import sys
    from pathlib import Path
    from dlplay.engine.recordings.notes import Notes
    notes = Notes(Path(sys.argv[1]))
    for number in range(20):
        notes.note(f"{sys.argv[2]} {number}", pinned=True)
"""


def test_no_note_is_lost_by_several_programs(tmp_path):
    import subprocess
    import sys
    import textwrap

    from dlplay.engine.recordings.notes import Notes

    path = tmp_path / "notes.json"
    command = [sys.executable, "-c", textwrap.dedent(PINS), str(path)]
    programs = [subprocess.Popen([*command, name]) for name in "abc"]
    assert [program.wait() for program in programs] == [0, 0, 0]
    assert len(Notes(path).pinned()) == 60


@pytest.mark.parametrize("content", [b'{"a.dlplay": {"pinned": tr', b"[1]", b"\xff\x00"])
def test_notes_that_cannot_be_read_are_set_aside_not_written_over(tmp_path, content):
    from dlplay.engine.recordings.notes import Notes

    path = tmp_path / "notes.json"
    path.write_bytes(content)
    notes = Notes(path)
    assert notes.all() == {}
    assert path.read_bytes() == content, "looking changes nothing"
    notes.note("b.dlplay", pinned=True)
    assert notes.pinned() == {"b.dlplay"}
    assert (tmp_path / "notes-1.json.old").read_bytes() == content


def test_notes_that_cannot_be_reached_stay_as_they_are(tmp_path, monkeypatch):
    from dlplay.course import files
    from dlplay.engine.recordings.notes import Notes

    path = tmp_path / "notes.json"
    notes = Notes(path)
    notes.note("a.dlplay", pinned=True)

    def refuse(*_):
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(files, "read", refuse)
        with pytest.raises(OSError, match="Input/output"):
            notes.note("b.dlplay", pinned=True)
    assert notes.pinned() == {"a.dlplay"}
