"""The recordings of runs made elsewhere: what a run's file is called, and whether it is done."""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import suppress
from pathlib import Path

import dlplay
from dlplay.author.parameters.settings import own_files
from dlplay.engine.pool import Job
from dlplay.engine.recordings.format import BadRecording, being_written
from dlplay.engine.recordings.replay import Replay, load
from dlplay.words.sabotage import told

DONE = ("done", "diverged")  # how a run ends that need not be made again
DIGITS = 20  # of the digest in a file's name


def file_of(folder: Path, job: Job, device: str) -> Path:
    """Where the recording of this run is: the same for whoever wants the same run.

    The name depends on the scene's file, all parameters, files of the user's own, seed, device,
    dlplay's version and sabotage.
    """
    card = job.card
    values = card.defaults | dict(job.settings)
    said = [
        card.digest,
        values | own_files(card.parameters, values),
        job.seed,
        device,
        job.looks,
        dlplay.__version__,
    ]
    if job.sabotage:  # healthy runs are called as they were before there was any
        said.append(job.sabotage)
    digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:DIGITS]
    scene = re.sub(r"[^\w-]", "_", card.id, flags=re.ASCII)
    return folder / f"{scene}_{digest}.dlplay"


def whole(path: Path) -> Replay | None:
    """The recording, if it is there, whole, and ends with its summary."""
    try:
        replay = load(path)
    except (OSError, BadRecording):
        return None
    return None if replay.damaged or replay.history.finished is None else replay


def done(path: Path, job: Job) -> Replay | None:
    """The recording of a run that need not be made again."""
    replay = whole(path)
    return replay if replay and replay.status in DONE and not other(replay, job) else None


def tidy(path: Path) -> bool:
    """Remove what attempts at this recording left that were killed; whether none goes on."""
    none = True
    for draft in path.parent.glob(f".{path.name}.*.draft"):
        if being_written(draft):
            none = False
            continue
        with suppress(OSError):
            draft.unlink()
    return none


def other(replay: Replay, job: Job) -> str:
    """Why it is no recording of this run, or nothing: a worker may have other files."""
    started, card = replay.started, job.card
    there = started.versions.get("dlplay", dlplay.__version__)
    if there != dlplay.__version__:
        return f"dlplay is {there} there, and {dlplay.__version__} here"
    if started.digest != card.digest:
        return f"the file of {card.id} there is another one than here"
    if (started.scene, started.seed) != (card.id, job.seed):
        return f"it is a run of {started.scene} with seed {started.seed}"
    if started.sabotage != job.sabotage:
        return f"it is a run that was {told(started.sabotage) or 'not sabotaged'}"
    return ""
