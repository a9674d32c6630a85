"""Old tunes, written out as notes. Where they come from, and why they are free: LICENSES.md."""

from __future__ import annotations

from collections.abc import Iterable

import torch

# In C major, in the letters of ABC notation: C is middle C, c the one above, C, the one below.
# A bar line is for the reader; how long a note lasts is left out.
WRITTEN = {
    "Frère Jacques": """
        C D E C | C D E C | E F G | E F G | G A G F E C | G A G F E C | C G, C | C G, C""",
    "Ah, vous dirai-je, maman": """
        C C G G | A A G | F F E E | D D C | G G F F | E E D | G G F F | E E D |
        C C G G | A A G | F F E E | D D C""",
    "Ode to Joy": """
        E E F G | G F E D | C C D E | E D D | E E F G | G F E D | C C D E | D C C |
        D D E C | D E F E C | D E F E D | C D G, | E E F G | G F E D | C C D E | D C C""",
    "Au clair de la lune": """
        C C C D | E D | C E D D | C | C C C D | E D | C E D D | C |
        D D D D | A, A, | D C B, A, | G, | C C C D | E D | C E D D | C""",
    "Tempus adest floridum": """
        C C C D | C C G, | A, G, A, B, | C C | C C C D | C C G, | A, G, A, B, | C C |
        G F E D | E D C | A, G, A, B, | C C | G, G, A, B, | C C D | G F E D | C F C""",
    "Auld Lang Syne": """
        G, | C C C E | D C D E | C C E G | A A | G E E C | D C D E | C A, A, G, | C A |
        G E E C | D C D A | G E E G | A A | G E E C | D C D E | C A, A, G, | C""",
}
SCALE = (0, 2, 4, 5, 7, 9, 11)  # semitones of a major key above its first note
NAMES = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")
LETTERS = dict(zip("CDEFGAB", SCALE, strict=True))
MIDDLE_C = 60


def tunes() -> dict[str, list[int]]:
    """Six tunes by name, each a list of pitches in C major: MIDI numbers, 60 is middle C.

    From 55 to 69, between 32 and 62 notes. Add the same number to all notes of a tune, and it
    stands in another key: one more is a semitone higher.
    """
    return {name: [pitch(note) for note in _notes(written)] for name, written in WRITTEN.items()}


def pitch(note: str) -> int:
    """The MIDI number of a note in ABC letters: C is 60, c 72, C, 48; ^C is a semitone higher.

    KeyError or ValueError for what is no such note.
    """
    raised = note.startswith("^")
    letter, marks = note[raised : raised + 1], note[raised + 1 :]
    if set(marks) - {",", "'"}:
        raise ValueError(f"{note!r} is no note")
    octave = letter.islower() + marks.count("'") - marks.count(",")
    return MIDDLE_C + LETTERS[letter.upper()] + 12 * octave + raised


def sung(text: str) -> tuple[list[int], list[str]]:
    """The notes of a text in ABC letters, and what in it is no note."""
    notes, strange = [], []
    for word in text.split():
        try:
            notes.append(pitch(word))
        except (KeyError, ValueError):
            strange.append(word)
    return notes, strange


def in_key(notes: Iterable[int], key: int) -> list[bool]:
    """Of each pitch, whether it belongs to the major key on `key`, a pitch of any octave."""
    return [(note - key) % 12 in SCALE for note in notes]


def piano_roll(given: list[int], played: list[int], key: int) -> tuple[torch.Tensor, list[str]]:
    """Notes one after another as a picture: [pitches, notes], the highest first, and their names.

    1 is a note that was played, 0.5 one that was given; where there is none, -0.6 for a pitch of
    the major key on `key`, -1 for others. From a fifth below `key` to an octave above, or further.
    """
    notes = [*given, *played]
    pitches = range(max(*notes, key + 12), min(*notes, key - 7) - 1, -1)
    light = [-0.6 if fits else -1.0 for fits in in_key(pitches, key)]
    roll = torch.tensor(light)[:, None].repeat(1, len(notes))
    for column, note in enumerate(notes):
        roll[pitches[0] - note, column] = 1.0 if column >= len(given) else 0.5
    return roll, [NAMES[note % 12] for note in pitches]


def _notes(written: str) -> list[str]:
    return written.replace("|", " ").split()
