from itertools import pairwise
from pathlib import Path

import pytest

import dlplay.data
from dlplay.data.tunes import SCALE, in_key, piano_roll, pitch, sung, tunes


def test_six_tunes_in_c_major():
    every = tunes()
    assert len(every) == 6
    for name, notes in every.items():
        assert 32 <= len(notes) <= 62, name
        assert all(in_key(notes, 60)), name
        assert min(notes) >= 55
        assert max(notes) <= 69
        assert notes[-1] == 60, f"{name} does not end on its first note"
        steps = [abs(b - a) for a, b in pairwise(notes)]
        assert max(steps) <= 12, name
    assert sum(map(len, every.values())) > 250


def test_well_known_beginnings():
    begins = {name: notes[:7] for name, notes in tunes().items()}
    assert begins["Frère Jacques"] == [60, 62, 64, 60, 60, 62, 64]
    assert begins["Ah, vous dirai-je, maman"] == [60, 60, 67, 67, 69, 69, 67]
    assert begins["Ode to Joy"] == [64, 64, 65, 67, 67, 65, 64]
    assert begins["Auld Lang Syne"] == [55, 60, 60, 60, 64, 62, 60]


@pytest.mark.parametrize(
    ("note", "number"), [("C", 60), ("c", 72), ("C,", 48), ("B,", 59), ("^F", 66), ("a'", 93)]
)
def test_letters_are_pitches(note, number):
    assert pitch(note) == number


@pytest.mark.parametrize("wrong", ["", "H", "C#", "^", "Cc", "4"])
def test_what_is_no_note_is_told(wrong):
    with pytest.raises((KeyError, ValueError)):
        pitch(wrong)


def test_a_key_moves_with_its_first_note():
    assert in_key([62, 64, 66, 67], 62) == [True] * 4
    assert in_key([62, 64, 66, 67], 60) == [True, True, False, True]
    assert in_key([60 + step for step in range(12)], 48).count(True) == len(SCALE)


def test_every_tune_has_its_source_and_state_of_rights():
    told = (Path(dlplay.data.__file__).parent / "LICENSES.md").read_text(encoding="utf-8")
    for name in tunes():
        assert name in told


def test_what_is_typed_is_sung_and_what_is_no_note_is_told():
    assert sung("C ^F, c") == ([60, 54, 72], [])
    assert sung("C ré 🎵 d7 \x00 e") == ([60, 76], ["ré", "🎵", "d7", "\x00"])
    assert sung("  ") == ([], [])


def test_a_piano_roll_has_a_note_a_column():
    roll, names = piano_roll([60, 62], [64, 66], 60)
    assert roll.shape == (20, 4)  # from 72 down to 53
    assert names[0] == "C"
    assert names[-1] == "F"
    assert [(roll[:, column] > 0).sum() for column in range(4)] == [1] * 4
    assert roll[12, 0] == 0.5
    assert roll[6, 3] == 1
    assert roll[0, 0] == pytest.approx(-0.6)  # C belongs to the key
    assert roll[11, 0] == -1  # C sharp does not
    assert piano_roll([60], [90], 60)[0].shape[0] == 90 - 53 + 1
