"""What a student did, by scene: runs, first answers, claims broken. A file of the user's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from dlplay.author.tries import BUDGET, Try
from dlplay.course import files, safekeeping
from dlplay.course.cards import SceneCard
from dlplay.wire.events import Finished

MOST_BYTES = 20_000_000


class Answer(msgspec.Struct, frozen=True):
    """The first answer to a try: which option, counted from 1, and whether it was right."""

    option: int
    right: bool


class Done(msgspec.Struct, omit_defaults=True):
    """What was done with one scene. `runs`: that came to their end. `held`: whether all claims
    did at the defaults. `answers`: by the key of a try. `broken`: claims broken by oneself.
    `attempts`: the fewest that one broken in the game took, by its name."""

    runs: int = 0
    held: bool = False
    answers: dict[str, Answer] = {}
    broken: list[str] = []
    attempts: dict[str, int] = {}


class Kept(msgspec.Struct):
    """The file. Before its second version it held marks alone: {"chapter/scene": "held"}."""

    dlplay_progress: Literal[2]
    scenes: dict[str, Done] = {}


Change = Callable[[dict[str, Done]], None]
_kept = msgspec.json.Decoder(Kept)
_marks = msgspec.json.Decoder(dict[str, Literal["run", "held"]])


def place() -> Path:
    """Where it is kept: in the user's data folder."""
    from platformdirs import user_data_path

    return user_data_path("dlplay") / "progress.json"


class Progress:
    """What is known of each scene, kept in a file that several programs may change at once.

    A file that is not one of ours is set aside before another takes its name. Where nothing can
    be written, what was done is known as long as the program runs.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or place()
        self.scenes: dict[str, Done] = {}
        self._unsaved: list[Change] = []
        self.refresh()

    def refresh(self) -> None:
        """See what other programs have written meanwhile."""
        try:
            self.scenes = self._read()
        except OSError:  # what was known stays known
            return
        except (files.Unreadable, msgspec.MsgspecError, RecursionError):
            self.scenes = {}
        for change in self._unsaved:
            change(self.scenes)

    # What is known

    def of(self, id: str) -> Done:
        """What was done with a scene."""
        return self.scenes.get(id) or Done()

    def mark(self, id: str) -> str:
        """ "" (never run), "run", or "held" (all claims held here)."""
        done = self.of(id)
        return "held" if done.held else "run" if done.runs else ""

    def first_answer(self, id: str, each: Try) -> Answer | None:
        """What was answered when it was first asked."""
        return self.of(id).answers.get(key(each))

    # What is noted

    def record(self, id: str, held: bool, broken: tuple[str, ...] = ()) -> bool:
        """Note that a scene has run to its end; whether its mark changed. Once held stays held."""
        before = self.mark(id)

        def change(scenes: dict[str, Done]) -> None:
            done = scenes.setdefault(id, Done())
            done.runs += 1
            done.held = done.held or held
            done.broken = list(dict.fromkeys([*done.broken, *broken]))

        self._change(change)
        return self.mark(id) != before

    def ended(self, card: SceneCard, finished: Finished) -> None:
        """Note how a run ended: claims that held at other settings are no mark of the scene."""
        if finished.status == "done":
            held = bool(finished.claims) and all(claim.holds for claim in finished.claims)
            ours = held and finished.parameters == card.defaults
            self.record(card.id, ours, broken_by_oneself(card, finished))

    def answer(self, id: str, each: Try, option: int) -> None:
        """Note an answer to a try, if it is the first."""
        given = Answer(option, option == each.right)

        def change(scenes: dict[str, Done]) -> None:
            scenes.setdefault(id, Done()).answers.setdefault(key(each), given)

        self._change(change)

    def broke(self, id: str, claim: str, attempts: int) -> None:
        """Note that a claim was broken in the game in so many attempts; the fewest are kept."""

        def change(scenes: dict[str, Done]) -> None:
            done = scenes.setdefault(id, Done())
            done.broken = list(dict.fromkeys([*done.broken, claim]))
            done.attempts[claim] = min(attempts, done.attempts.get(claim, attempts))

        self._change(change)

    def reset(self) -> Path | None:
        """Begin anew: the file is set aside; under which name. Raises OSError."""
        self.scenes, self._unsaved = {}, []
        with safekeeping.locked(self.path):
            return safekeeping.set_aside(self.path) if self.path.exists() else None

    # The file

    def _change(self, change: Change) -> None:
        self._unsaved.append(change)
        try:
            with safekeeping.locked(self.path):
                self._save()
        except OSError:  # a read-only home, a full disk
            change(self.scenes)

    def _save(self) -> None:
        try:
            scenes = self._read()
        except (files.Unreadable, msgspec.MsgspecError, RecursionError):
            safekeeping.set_aside(self.path)
            scenes = {}
        for each in self._unsaved:
            each(scenes)
        content = msgspec.json.encode(Kept(2, scenes), order="sorted")
        safekeeping.replace(self.path, msgspec.json.format(content, indent=1))
        self.scenes, self._unsaved = scenes, []

    def _read(self) -> dict[str, Done]:
        """What the file holds. Raises OSError where it cannot be known, Unreadable or
        MsgspecError for a file that is not one of ours."""
        try:
            _, content = files.read(self.path, MOST_BYTES)
        except FileNotFoundError:
            return {}
        try:
            return _kept.decode(content).scenes
        except msgspec.ValidationError:
            marks = _marks.decode(content)
            return {id: Done(runs=1, held=mark == "held") for id, mark in marks.items()}


def key(each: Try) -> str:
    """A try's name in the file: a question that is put otherwise is another one."""
    return f"{each.setting}: {each.question}"


def broken_by_oneself(card: SceneCard, finished: Finished) -> tuple[str, ...]:
    """The claims that a run broke at settings which no one has told: neither those of a try nor
    a claim's own, nor by a shorter run."""
    turned = {k: v for k, v in finished.parameters.items() if v != card.defaults.get(k)}
    told: list[Mapping[str, Any]] = [claim.breaks for claim in card.claims]
    told += [each.settings(card.parameters) for each in card.tries]
    if not turned.keys() - {BUDGET} or any(turned == dict(settings) for settings in told):
        return ()
    if BUDGET in turned and turned[BUDGET] < card.defaults.get(BUDGET, 0):
        return ()
    return tuple(claim.name for claim in finished.claims if claim.holds is False)
