"""Where `--on` says that runs are made: its words, what they mean, and the way there."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from dlplay.engine.pool import Batch, Job, Record, cores, most_at_once, one_by_one
from dlplay.words.nearest import did_you_mean

if TYPE_CHECKING:
    from dlplay.engine.cluster.pool import Elsewhere, Queue

PLENTY = 1_000_000  # runs at a time, where others queue them
HOUR = 60  # minutes that Slurm is asked for, unless told
FORMS = "slurm[,WORD=VALUE,...], dask=HOST:PORT or local"


class NoPlace(ValueError):
    """Runs cannot be made there; the message says why, and what can be done."""


@dataclass(frozen=True)
class Cluster:
    """Other machines. `kind`: "slurm", "local" (this machine, through the same package) or "dask".
    `words`: how Slurm is asked, checked. `address`: of Dask's scheduler. `folder`: where the
    recordings of its runs lie. `asked`: the options that say so, ready to paste into a shell.
    """

    batches = False  # a job is one run

    kind: str
    folder: Path
    words: Mapping[str, str] = field(default_factory=dict)
    address: str = ""
    asked: str = ""

    @property
    def room(self) -> int:
        """How many runs at a time: those who queue them see to that."""
        if self.kind != "local":
            return PLENTY
        return int(self.words.get("at_once", cores()))

    @property
    def spare(self) -> int:
        """The same; on this machine, unless told, with a core left for the one who watches."""
        told = self.kind != "local" or "at_once" in self.words
        return self.room if told else max(1, self.room - 1)

    def pool(
        self,
        jobs: Iterable[Job | Batch],
        *,
        at_once: int,
        device: str = "auto",
        histories: bool = False,
        record: Record | None = None,
    ) -> Elsewhere:
        """Many runs. They are recorded in the folder, whoever else is to `record` them."""
        from dlplay.engine.cluster.pool import Elsewhere

        return Elsewhere(
            one_by_one(jobs),
            self._queue(),
            self.folder,
            at_once=at_once,
            device=device,
            histories=histories,
        )

    def _queue(self) -> Queue:
        if self.kind == "dask":
            from dlplay.engine.cluster.dask import Dask

            return Dask(self.address)
        from dlplay.engine.cluster.slurm import Slurm

        return Slurm(self.words, self.folder / "jobs", here=self.kind == "local")


def place(text: str, folder: str | None = None) -> Cluster:
    """What was written after `--on`, with the folder after `--at`. Raises NoPlace; nobody is asked
    yet."""
    kind, *rest = text.split(",")
    kind, _, address = kind.partition("=")
    kind = kind.strip()
    if kind not in ("slurm", "dask", "local"):
        hint = did_you_mean(kind, ("slurm", "dask", "local"))
        raise NoPlace(f"--on takes {FORMS}, not {text!r}.{hint}")
    _installed(kind)
    asked = shlex.join(["--on", text, *(["--at", folder] if folder is not None else [])])
    if kind == "dask":
        scheduler = _scheduler(address, rest)
        return Cluster(kind, _folder(folder), address=scheduler, asked=asked)
    if address:
        raise NoPlace(f"--on {kind} takes its words behind a comma: --on {kind},{_EXAMPLE}")
    return Cluster(kind, _folder(folder), _words(kind, rest), asked=asked)


def default_folder() -> Path:
    """Where recordings of runs made elsewhere lie, unless told."""
    from platformdirs import user_data_path

    return user_data_path("dlplay") / "cluster"


def _folder(given: str | None) -> Path:
    if given is not None and not given.strip():
        raise NoPlace(f"--at takes a folder, not {given!r}; without it {default_folder()} is taken")
    folder = default_folder() if given is None else Path(os.path.expanduser(given)).absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NoPlace(f"{folder} cannot be made: {error.strerror}; --at names a folder") from None
    if not os.access(folder, os.W_OK):
        raise NoPlace(f"{folder} cannot be written; --at names a folder that can")
    return folder


def _installed(kind: str) -> None:
    package, extra = ("distributed", "dask") if kind == "dask" else ("submitit", "slurm")
    if find_spec(package) is None:
        raise NoPlace(
            f"--on {kind} needs {package}, which is not installed: pip install 'dlplay[{extra}]'"
        )


def _scheduler(address: str, rest: list[str]) -> str:
    """The address of Dask's scheduler."""
    if rest:
        raise NoPlace(f"--on dask takes an address alone, not {','.join(rest)!r} as well")
    host, sign, port = address.removeprefix("tcp://").removeprefix("tls://").rpartition(":")
    if not sign or not host or not (port.isascii() and port.isdigit()):
        raise NoPlace(
            "--on dask needs the address of its scheduler, as `dask scheduler` prints it: "
            f"dask=HOST:PORT, not {address!r}"
        )
    if len(port) > 5 or not 1 <= int(port) <= 65535:
        raise NoPlace(f"--on dask: a port is a whole number from 1 to 65535, not {port}")
    return address


# The words of Slurm

_EXAMPLE = "partition=NAME,time=2:00:00"
_TEXT = re.compile(r"[\w.:@%+\[\]|&*!()-]+")  # what cannot be more than one word of a script


def minutes(text: str) -> int:
    """`90`, `1:30:00` or `2-00:00:00`, in whole minutes, rounded up. Raises ValueError."""
    match = re.fullmatch(r"(?:(?:(\d{1,3})-)?(\d{1,3}):(\d\d):(\d\d)|(\d{1,6}))", text, re.ASCII)
    if match is None:
        raise ValueError
    days, hours, some, seconds, alone = (int(part or 0) for part in match.groups())
    found = alone or (days * 24 + hours) * 60 + some + (seconds > 0)
    if found < 1:
        raise ValueError
    return found


def count(text: str) -> int:
    """A whole number from 1 on. Raises ValueError."""
    if not re.fullmatch(r"0*[1-9]\d{0,5}", text, re.ASCII):
        raise ValueError
    return int(text)


def memory(text: str) -> str:
    """`4`, `4G`, `500M`: of gigabytes unless it says; as Slurm takes it. Raises ValueError."""
    if not re.fullmatch(r"[1-9]\d{0,6}[KMGT]?", text, re.ASCII):
        raise ValueError
    return text if text[-1].isalpha() else f"{text}G"


def name(text: str) -> str:
    """A name of Slurm's. Raises ValueError."""
    if not _TEXT.fullmatch(text):
        raise ValueError
    return text


# Word: how it is read, and what it takes.
WORDS = {
    "partition": (name, "a name"),
    "time": (minutes, "minutes, or H:MM:SS"),
    "cpus": (count, "a whole number from 1 on"),
    "gpus": (count, "a whole number from 1 on"),
    "memory": (memory, "gigabytes, or such as 500M"),
    "account": (name, "a name"),
    "qos": (name, "a name"),
    "constraint": (name, "a name"),
    "at_once": (count, "a whole number from 1 on"),
}


def _words(kind: str, rest: list[str]) -> dict[str, str]:
    """The words behind `slurm` or `local`, each held to what it takes."""
    found: dict[str, str] = {}
    for each in rest:
        word, sign, text = each.strip().partition("=")
        if word not in WORDS:
            raise NoPlace(f"--on {kind} knows {', '.join(WORDS)}, not {word!r}.{_meant(word)}")
        if word in found:
            raise NoPlace(f"--on {kind}: {word} is given twice")
        read, takes = WORDS[word]
        try:
            read(text)
        except ValueError:
            given = f", not {text!r}" if sign else f": {word}=..."
            raise NoPlace(f"--on {kind}: {word} takes {takes}{given}") from None
        found[word] = text
    if kind == "local" and "at_once" in found and count(found["at_once"]) > most_at_once():
        raise NoPlace(
            f"--on local: at_once takes a whole number from 1 to {most_at_once()}, "
            f"not {found['at_once']!r}"
        )
    return found


def _meant(word: str) -> str:
    known = {
        "mem": "memory",
        "cpus_per_task": "cpus",
        "gres": "gpus",
        "array_parallelism": "at_once",
    }
    if word == "cluster":  # so submitit is told to stay on this machine
        return " --on local makes the runs on this machine."
    if word in known:
        return f" Did you mean {known[word]!r}?"
    return did_you_mean(word, WORDS)


def parameters(words: Mapping[str, str]) -> dict[str, object]:
    """The words as submitit's Slurm executor takes them."""
    read = {word: WORDS[word][0](text) for word, text in words.items()}
    time = minutes(words["time"]) if "time" in words else HOUR
    names = {
        "cpus": "cpus_per_task",
        "gpus": "gpus_per_node",
        "memory": "mem",
        "at_once": "array_parallelism",
    }
    given: dict[str, object] = {names.get(word, word): value for word, value in read.items()}
    # Before its time is up a job is told; with submitit's own 90 seconds a short one at once.
    return {"job_name": "dlplay", **given, "time": time, "signal_delay_s": min(30, time * 15)}
