"""A recording read back: the history of its run, without torch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from dlplay.author.parameters.settings import own_files
from dlplay.course.catalog import SceneCard
from dlplay.course.own import card_of_command, with_knobs
from dlplay.engine.recordings.format import BadRecording, read
from dlplay.engine.recordings.vetting import vetted
from dlplay.wire.events import AnyEvent, Finished, Started

if TYPE_CHECKING:
    from dlplay.engine.history import History


@dataclass
class Replay:
    """A recorded run.

    `history`: fed with everything that could be read. `events`: how many that were, in so many
    `batches`. `damaged`: what was wrong with the file, in one sentence, or empty. `started`: how
    the run began. Iterate it for the events.
    """

    path: Path
    history: History
    started: Started
    damaged: str = ""
    events: int = 0
    batches: int = 0

    def __iter__(self) -> Iterator[list[AnyEvent]]:
        """The events that could be read, as often as you like.

        They are read from the file again, for a long run does not fit into memory; and no further
        than they were read at first, for a run that goes on writes more.
        """
        return map(_sensible, islice(read(self.path), self.batches))

    @property
    def status(self) -> str:
        """How the run ended: done, stopped, diverged, failed; "unfinished" if it does not say."""
        done = self.history.finished
        return done.status if done else "unfinished"

    @property
    def summary(self) -> Finished:
        """The run's own summary; for an unfinished run one made of what there is (`seconds` 0)."""
        history, began = self.history, self.started
        return history.finished or began.ended(
            self.status,
            history.tick,
            parameters=began.parameters | {tweak.name: tweak.value for tweak in history.tweaks},
            measures=history.measures,
            claims=history.claims,
        )


def load(path: str | Path) -> Replay:
    """Read a recording, as far as it goes.

    Raises BadRecording if the file is none, is of a newer format, or holds nothing that can be
    read; OSError if it cannot be opened.
    """
    from dlplay.engine.history import History

    recording, history, batches, count, left_out = read(path), History(), 0, 0, 0
    for batch in recording:
        good = _sensible(batch)
        history.feed(good)
        batches += 1
        count += len(good)
        left_out += len(batch) - len(good)
    damage = [f"{recording.damaged[:1].upper()}{recording.damaged[1:]}."] * bool(recording.damaged)
    if left_out:
        damage.append(f"{left_out:,} of its events make no sense and were left out.")
    started = history.started or _from_summary(history.finished)
    if started is None:
        why = " ".join(damage) or "It does not say which scene was run."
        raise BadRecording(f"{path} holds no run that can be shown. {why}")
    return Replay(Path(path), history, started, " ".join(damage), count, batches)


def _sensible(batch: list[AnyEvent]) -> list[AnyEvent]:
    return [event for event in map(vetted, batch) if event is not None]


def _from_summary(done: Finished | None) -> Started | None:
    """What a run's summary tells of its beginning."""
    if done is None:
        return None
    return Started(scene=done.scene, seed=done.seed, device=done.device, parameters=done.parameters)


def changed_since(replay: Replay, card: SceneCard | None) -> str:
    """A sentence if today's scene, or a file of the user's own that it read, is not the one that
    was recorded, or if the scene is gone (`card` None)."""
    scene, digest = replay.started.scene, replay.started.digest
    if card is None:
        return f"There is no scene {scene} here any more: what is shown is what was recorded."
    if card.command:
        gone = f"There is no {card.title} here any more: what is shown is what was recorded."
        changed = f"{card.title} has been changed since this was recorded."
        return (changed if card.digest else gone) if digest and digest != card.digest else ""
    if digest and digest != card.digest:
        return f"{scene} has been changed since this was recorded: today's run may differ."
    known = replay.started.parameters
    today = own_files(card.parameters, card.defaults | known)
    for name, digest in replay.started.files.items():
        if today.get(name, digest) != digest:
            return (
                f"{name}={known.get(name)} is not the file that was recorded: today's run may "
                "differ."
            )
    return ""


def is_here(card: SceneCard | None) -> bool:
    """Whether what was recorded, of which this is the card, can be looked up here."""
    return card is not None and bool(card.digest or not card.command)


def stand_in(scene: str) -> SceneCard:
    """In place of the card of a scene that is gone: its id, and nothing else."""
    return SceneCard(scene, Path(), Path(), title=scene)


def card_of(replay: Replay, cards: Iterable[SceneCard]) -> SceneCard | None:
    """The card of what was recorded: of today's scene, one of `cards`, or of a program of the
    user's own; None if there is no such scene any more."""
    if replay.started.command:
        return with_knobs(card_of_command(replay.started.command), replay.history.knobs.values())
    return next((card for card in cards if card.id == replay.started.scene), None)
