"""Recordings: whole, cut off at every byte, damaged, foreign."""

from __future__ import annotations

import random

import numpy as np
import pytest

from dlplay.engine.recordings.format import MAGIC, BadRecording, Recorder, read
from dlplay.wire import events

BATCHES = [
    [events.Started(scene="a/b", seed=1, device="cpu", parameters={"rate": 0.5, "on": True})],
    [
        events.Points(tick=3, panel="loss", series="a", ticks=[1, 2], x=[1.0, 2.0], y=[0.5, 0.25]),
        events.Image(panel="i", pixels=events.Array.of(np.arange(12, dtype=np.uint8))),
    ],
    [events.Logged(text="θ = ½", stream="out"), events.Measured(values={"x": 1.0})],
]  # fmt: skip


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "run.dlplay"
    with Recorder(path) as record:
        for batch in BATCHES:
            record(batch)
    return path


def test_what_is_read_is_what_was_written(file):
    recording = read(file)
    assert list(recording) == BATCHES
    assert list(recording) == BATCHES  # as often as one likes
    assert recording.damaged == ""


def test_nothing_is_written_of_an_empty_batch(tmp_path):
    with Recorder(tmp_path / "run") as record:
        record([])
    assert (tmp_path / "run").read_bytes() == MAGIC


def test_what_was_written_is_there_before_it_is_closed(tmp_path):
    record = Recorder(tmp_path / "run")
    record(BATCHES[0])
    assert list(read(tmp_path / "run")) == BATCHES[:1]
    record.close()


def test_cut_off_at_every_byte(file, tmp_path):
    whole = file.read_bytes()
    ends = [len(MAGIC)]
    for batch in BATCHES:
        ends.append(ends[-1] + 8 + len(events.encode(batch)))
    assert ends[-1] == len(whole)
    cut = tmp_path / "cut"
    for length in range(len(whole)):
        cut.write_bytes(whole[:length])
        if length < len(MAGIC):
            with pytest.raises(BadRecording, match="cut off before its first event"):
                read(cut)
            continue
        recording = read(cut)
        complete = sum(end <= length for end in ends) - 1
        assert list(recording) == BATCHES[:complete]
        assert bool(recording.damaged) == (length not in ends)
        if recording.damaged:
            assert f"at byte {ends[complete]}" in recording.damaged


def test_every_damaged_byte_is_noticed(file, tmp_path):
    """Whatever byte changes, what is read before it is right and nothing wrong is read."""
    whole = file.read_bytes()
    rng = random.Random(7)
    bad = tmp_path / "bad"
    for _ in range(500):
        data = bytearray(whole)
        place = rng.randrange(len(MAGIC), len(data))
        data[place] ^= rng.randrange(1, 256)
        bad.write_bytes(data)
        recording = read(bad)
        found = list(recording)
        assert found == BATCHES[: len(found)]
        assert len(found) < len(BATCHES)
        assert recording.damaged


def test_noise_is_refused_or_told(tmp_path):
    rng = random.Random(11)
    noise = tmp_path / "noise"
    for size in (1, 20, 300):
        noise.write_bytes(MAGIC + rng.randbytes(size))
        recording = read(noise)
        assert list(recording) == []
        assert recording.damaged


def test_a_batch_of_a_later_version_is_told(tmp_path):
    import struct
    import zlib

    import msgspec

    payload = msgspec.msgpack.encode([{"type": "hologram", "tick": 3}])
    frame = struct.pack("<II", len(payload), zlib.crc32(payload)) + payload
    (tmp_path / "later").write_bytes(MAGIC + frame)
    recording = read(tmp_path / "later")
    assert list(recording) == []
    assert "what this dlplay does not know" in recording.damaged


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"dlplay-recording 2\nmore", "format 2; this dlplay reads format 1"),
        (b"dlplay-recording 12345678\n", "format 12345678"),
        (b"\x80\x04\x95 a pickle", "is no dlplay recording"),
        (b"# notes\n", "is no dlplay recording"),
        (b"dlplay-recording x\n", "is no dlplay recording"),
    ],
)
def test_other_files_are_refused(tmp_path, content, words):
    path = tmp_path / "other"
    path.write_bytes(content)
    with pytest.raises(BadRecording, match=words):
        read(path)


def test_an_existing_file_is_left_alone(file):
    before = file.read_bytes()
    with pytest.raises(FileExistsError):
        Recorder(file)
    assert file.read_bytes() == before
    with Recorder(file, overwrite=True) as record:
        record(BATCHES[0])
    assert list(read(file)) == BATCHES[:1]


def test_a_file_that_cannot_be_written_on_is_told_not_raised(tmp_path):
    record = Recorder(tmp_path / "run")
    record._file.close()
    record._file = (tmp_path / "run").open("rb")
    record(BATCHES[0])
    record(BATCHES[1])
    assert "could not be written on" in record.trouble
    record.close()
