"""The recordings of every run of the interface: listed, found, kept within bounds.

They lie in the user's data directory. Their names begin with the time (UTC) and carry the scene,
so that they sort by age. Which are pinned, and what they are called, is in `notes.json` there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlplay.engine.recordings.format import BadRecording, being_written, ends
from dlplay.engine.recordings.names import listed, remember, short_id
from dlplay.engine.recordings.notes import Note, Notes
from dlplay.engine.recordings.recorder import RunRecorder
from dlplay.engine.recordings.replay import Replay, changed_since, load, stand_in
from dlplay.engine.recordings.vetting import vetted
from dlplay.wire import events
from dlplay.words.nearest import did_you_mean

if TYPE_CHECKING:
    from dlplay.course.catalog import Catalog, SceneCard

__all__ = [
    "BeingRecorded",
    "Library",
    "Replay",
    "RunInfo",
    "UnknownRun",
    "changed_since",
    "load",
    "stand_in",
]

STAMP = "%Y-%m-%dT%H-%M-%S.%fZ"
NAME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{6}Z)_([a-z0-9-]+)_([a-z0-9-]+)\.dlplay")
SHARE = 4  # one recording may take the fourth part of the room for all


class UnknownRun(LookupError):
    """No recorded run of that number and no file of that name; the message says what there is."""


@dataclass(frozen=True)
class RunInfo:
    """A recording at a glance: what its first and its last batch say.

    `number`: 1 is the newest of a list, 0 a file from elsewhere. `status`: how the run ended
    (done, stopped, diverged, failed), "running" while it is recorded, "unfinished" if the file
    does not say how it ended, "damaged" if not even its beginning can be read: `trouble` says why
    then. `command`, `defaults`: of a program of the user's own, and of its knobs. `sabotage`: as
    its `Started` has it. `differs`: the parameters that differ from the defaults of today's scene,
    or the program's own; all of them where there is no such scene. `seconds`: until the last batch
    for an unfinished run.
    """

    number: int
    path: Path
    status: str
    began: datetime
    bytes: int
    scene: str = ""
    title: str = ""
    seed: int = 0
    device: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    differs: Mapping[str, Any] = field(default_factory=dict)
    steps: int = 0
    seconds: float = 0.0
    digest: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    pinned: bool = False
    name: str = ""
    trouble: str = ""
    command: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    sabotage: str = ""

    @property
    def settings(self) -> Mapping[str, Any]:
        """Its parameters, but for the seed: that of a program of the user's own is a knob."""
        return settings(self.parameters, self.command)

    @property
    def id(self) -> str:
        """Six letters that never change."""
        return short_id(self.path)


class BeingRecorded(Exception):
    """The recording is of a run that is going on; the message says so."""


class Library:
    """A folder of recordings, bounded in number and in bytes; pinned ones do not count."""

    def __init__(
        self,
        folder: Path | None = None,
        *,
        most_runs: int = 200,
        most_bytes: int = 500_000_000,
    ) -> None:
        self.folder = folder or default_folder()
        self.most_runs = most_runs
        self.most_bytes = most_bytes
        self._notes = Notes(self.folder / "notes.json")

    # Recording

    def recorder(
        self, card: SceneCard, *, seed: int, device: str, settings: Mapping[str, Any]
    ) -> RunRecorder:
        """A sink for a run that begins now; old recordings make room for it. Never raises."""
        self.prune(room=1)
        asked = events.Started(
            scene=card.id,
            seed=seed,
            device=device,
            parameters=card.defaults | dict(settings),
            digest=card.digest,
            command=card.command,
        )
        stamp = datetime.now(UTC).strftime(STAMP)
        path = self.folder / f"{stamp}_{_in_names(card.id)}.dlplay"
        return RunRecorder(path, asked, self.most_bytes // SHARE)

    def prune(self, room: int = 0) -> list[Path]:
        """Remove the oldest recordings beyond the bounds, leaving `room` for so many new ones.

        Neither pinned ones, nor those that are being written, nor files that this library did not
        name itself; the paths that were removed.
        """
        pinned = self._notes.pinned()
        paths = [p for p in self._paths() if NAME.fullmatch(p.name) and p.name not in pinned]
        sizes = {path: _size(path) for path in sorted(paths, key=lambda path: path.name)}
        count, total, removed = len(sizes) + room, sum(sizes.values()), []
        for path, size in sizes.items():
            if count <= self.most_runs and total <= self.most_bytes:
                break
            if being_written(path):
                continue
            with suppress(OSError):
                path.unlink(missing_ok=True)
                removed.append(path)
                count, total = count - 1, total - size
        if removed:
            self._notes.forget(path.name for path in removed)
        return removed

    # Listing

    def runs(self, catalog: Catalog | None = None) -> list[RunInfo]:
        """Every recording, newest first; `catalog` tells titles and defaults of their scenes."""
        cards, notes = _cards(catalog), self._notes.all()
        dated = sorted(((_began(path), path) for path in self._paths()), reverse=True)
        return [
            _info(number, path, began, cards, notes.get(path.name, {}))
            for number, (began, path) in enumerate(dated, start=1)
        ]

    def of(self, scene: str) -> list[Path]:
        """The recordings of a scene by their names, newest first; those of a scene whose name is
        written alike may be among them."""
        ending = f"_{_in_names(scene)}.dlplay"
        named = (p.name for p in self._paths() if NAME.fullmatch(p.name))
        return [self.folder / name for name in sorted(named, reverse=True) if name.endswith(ending)]

    def find(self, word: str | Path, catalog: Catalog | None = None) -> RunInfo:
        """The run of this id or file, or of this number in the list that was printed last (in
        `runs()` if none was); a name in the folder will do.

        Raises UnknownRun, which says what there is, and which is the nearest.
        """
        text = str(word)
        runs = self.runs(catalog)
        if text.isascii() and text.isdigit():
            printed = listed(self.folder)
            if printed:
                return _of_list(text, printed, runs)
            if 1 <= int(text[:9]) <= len(runs) and len(text) < 10:
                return runs[int(text) - 1]
            raise UnknownRun(f"there is no run {text}: {_allowed(len(runs))}")
        path = Path(os.path.expanduser(text))
        for run in runs:
            if text in (run.id, run.path.name, run.path.stem) or _same(path, run.path):
                return run
        if _is_file(path):
            return _info(0, path, _began(path), _cards(catalog), {})
        if _is_folder(path):
            raise UnknownRun(f"{text} is a folder, not a recording; {_allowed(len(runs))}")
        hint = did_you_mean(text, [*(run.path.name for run in runs), *_beside(path)])
        raise UnknownRun(
            f"there is no file {text!r}.{hint} Or give an id or a number: {_allowed(len(runs))}"
        )

    def printed(self, runs: Sequence[RunInfo]) -> None:
        """This list has been printed: its numbers are what `find` takes from now on."""
        remember(self.folder, [run.path.name for run in runs])

    def _paths(self) -> list[Path]:
        try:
            return [path for path in self.folder.glob("*.dlplay") if path.is_file()]
        except OSError:
            return []

    # Notes

    def pin(self, path: Path, name: str = "") -> None:
        """Keep this recording for good, under a name if one is given.

        Raises UnknownRun for a file that is not in the folder; OSError if it cannot be noted.
        """
        self._notes.note(self._own(path), pinned=True, **({"name": name} if name else {}))

    def unpin(self, path: Path) -> None:
        """Let it go when its time has come; its name stays. Raises as `pin` does."""
        self._notes.note(self._own(path), pinned=False)

    def rename(self, path: Path, name: str) -> None:
        """Call it something else, or nothing. Raises as `pin` does."""
        self._notes.note(self._own(path), name=name)

    def remove(self, path: Path) -> None:
        """Delete the recording, pinned or not.

        Raises UnknownRun if it is not in the folder, BeingRecorded while its run goes on, OSError
        if it cannot be deleted.
        """
        name = self._own(path)
        if being_written(self.folder / name):
            raise BeingRecorded(f"{name} is being recorded: stop its run first")
        (self.folder / name).unlink()
        self._notes.forget([name])

    def _own(self, path: Path) -> str:
        for known in self._paths():
            if _same(path, known):
                return known.name
        raise UnknownRun(f"{path} is not among the recorded runs in {self.folder}")


def _of_list(text: str, printed: Sequence[str], runs: Sequence[RunInfo]) -> RunInfo:
    """The run of this number in a list that was printed; UnknownRun if it is gone, or never was."""
    number = int(text[:9])
    if not 1 <= number <= len(printed) or len(text) > 9:
        raise UnknownRun(
            f"there is no run {text} in the list that was printed last: {_allowed(len(printed))}"
        )
    for run in runs:
        if run.path.name == printed[number - 1]:
            return run
    raise UnknownRun(f"run {number} of the list that was printed last is gone; list them again")


def settings(parameters: Mapping[str, Any], command: Sequence[str]) -> dict[str, Any]:
    """The parameters of a run; of a program of the user's own without its seed, which is a knob."""
    return {n: value for n, value in parameters.items() if not (command and n == "seed")}


def default_folder() -> Path:
    """Where the interface records."""
    from platformdirs import user_data_path

    return user_data_path("dlplay") / "runs"


def _cards(catalog: Catalog | None) -> dict[str, SceneCard]:
    return {card.id: card for card in catalog.scenes} if catalog else {}


def _info(
    number: int, path: Path, began: datetime, cards: Mapping[str, SceneCard], note: Note
) -> RunInfo:
    info = _described(
        RunInfo(
            number=number,
            path=path,
            status="damaged",
            began=began,
            bytes=_size(path),
            scene=_scene(path),
            pinned=bool(note.get("pinned")),
            name=str(note.get("name", "")),
        )
    )
    return _with_title(info, cards.get(info.scene))


def _described(info: RunInfo) -> RunInfo:
    """With what the file itself says."""
    try:
        first, last = ends(info.path)
    except BadRecording as error:
        return replace(info, trouble=str(error))
    except OSError as error:
        return replace(info, trouble=f"{info.path} cannot be read: {error.strerror}")
    good = [event for event in map(vetted, [*first, *last]) if event is not None]
    started = next((event for event in good if isinstance(event, events.Started)), None)
    done = next((event for event in good if isinstance(event, events.Finished)), None)
    known = done or started
    if known is None:
        return replace(info, trouble=f"{info.path} does not say which scene was run")
    info = replace(
        info,
        status="running" if not done and being_written(info.path) else "unfinished",
        scene=known.scene,
        seed=known.seed,
        device=known.device,
        parameters=known.parameters,
        digest=started.digest if started else "",
        versions=started.versions if started else {},
        command=started.command if started else (),
        sabotage=started.sabotage if started else "",
    )
    if done and info.command:
        info = replace(info, defaults=done.defaults)
    if done:
        return replace(info, status=done.status, steps=done.steps, seconds=done.seconds)
    return replace(
        info, steps=max((event.tick for event in good), default=0), seconds=_lasted(info)
    )


def _lasted(info: RunInfo) -> float:
    """Seconds from the run's beginning to the last time its file was written."""
    if not NAME.fullmatch(info.path.name):
        return 0.0
    with suppress(OSError):
        return max(0.0, info.path.stat().st_mtime - info.began.timestamp())
    return 0.0


def _with_title(info: RunInfo, card: SceneCard | None) -> RunInfo:
    defaults = card.defaults if card else info.defaults
    differs = {
        name: value
        for name, value in info.settings.items()
        if name not in defaults or value != defaults[name]
    }
    return replace(info, title=card.title if card else "", differs=differs)


def _began(path: Path) -> datetime:
    """When the run began, by its name; for a file with another name, when it was last written."""
    match = NAME.fullmatch(path.name)
    if match:
        with suppress(ValueError):
            return datetime.strptime(match[1], STAMP).replace(tzinfo=UTC)
    with suppress(OSError, OverflowError, ValueError):
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return datetime.fromtimestamp(0, UTC)


def _in_names(scene: str) -> str:
    """A scene's id as it is in the names of files."""
    return "_".join(re.sub("[^a-z0-9-]", "-", part.lower()) for part in scene.split("/"))


def _scene(path: Path) -> str:
    match = NAME.fullmatch(path.name)
    return f"{match[2]}/{match[3]}" if match else ""


def _size(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_size
    return 0


def _same(one: Path, other: Path) -> bool:
    with suppress(OSError, ValueError):
        return one.samefile(other)
    return False


def _is_file(path: Path) -> bool:
    with suppress(OSError, ValueError):  # a name too long, or with a null character
        return path.is_file()
    return False


def _is_folder(path: Path) -> bool:
    with suppress(OSError, ValueError):
        return path.is_dir()
    return False


def _beside(path: Path) -> Iterable[str]:
    """Recordings in the folder in which the path would be."""
    with suppress(OSError, ValueError):
        return [str(found) for found in path.parent.glob("*.dlplay")]
    return []


def _allowed(count: int) -> str:
    if not count:
        return "no run has been recorded yet"
    runs = "1 is the only one" if count == 1 else f"1 to {count}, 1 is the newest"
    return f"{runs}; `dlplay runs` lists them"
