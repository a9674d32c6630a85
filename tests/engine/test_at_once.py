"""Eight programs at once on all that is kept of a user: nothing is lost, nothing is broken."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import tomllib

from dlplay.course.preferences import ALLOWED, Preferences
from dlplay.course.progress import Progress
from dlplay.engine.recordings.notes import Notes

PROGRAMS, ROUNDS = 8, 12

PROGRAM = """
    import sys
    from pathlib import Path
    from dlplay.course.preferences import Preferences
    from dlplay.course.progress import Progress
    from dlplay.engine.recordings.notes import Notes

    folder, number, rounds = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    chosen, known = Preferences(folder / "settings.toml"), Progress(folder / "progress.json")
    for n in range(rounds):
        chosen.keep("charts", ("own", "plotext")[(number + n) % 2])
        known.record("a/shared", held=False)
        known.record(f"a/{number}-{n}", held=True)
        known.broke(f"a/{number}-{n}", "falls", attempts=n + 1)
        Notes(folder / "notes.json").note(f"{number}-{n}", pinned=True, name=f"run {n}")
"""


def test_eight_programs_lose_nothing_of_each_other(tmp_path):
    (tmp_path / "settings.toml").write_text('# my own line\nlater = "kept"\n')
    command = [sys.executable, "-c", textwrap.dedent(PROGRAM), str(tmp_path)]
    running = [subprocess.Popen([*command, str(number), str(ROUNDS)]) for number in range(PROGRAMS)]
    assert [process.wait() for process in running] == [0] * PROGRAMS
    each = {f"{number}-{n}" for number in range(PROGRAMS) for n in range(ROUNDS)}

    settings = (tmp_path / "settings.toml").read_text()
    assert settings.startswith("charts = ")
    assert settings.endswith('\n# my own line\nlater = "kept"\n')
    assert tomllib.loads(settings).keys() == {"charts", "later"}
    assert Preferences(tmp_path / "settings.toml")["charts"] in ALLOWED["charts"]

    known = Progress(tmp_path / "progress.json")
    assert known.of("a/shared").runs == PROGRAMS * ROUNDS
    assert known.scenes.keys() == {"a/shared", *(f"a/{name}" for name in each)}
    assert all(known.of(f"a/{name}").attempts["falls"] >= 1 for name in each)

    notes = Notes(tmp_path / "notes.json")
    assert notes.pinned() == each
    assert all(note["name"] for note in notes.all().values())

    left = {path.name for path in tmp_path.iterdir() if not path.name.endswith(".lock")}
    assert left == {"settings.toml", "progress.json", "notes.json"}
