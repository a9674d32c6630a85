"""Slurm through submitit: submitted as job arrays, polled, cancelled. Also this machine alone."""

from __future__ import annotations

import errno
import logging
import os
import shlex
import shutil
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, suppress
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from dlplay.engine.cluster import job as jobs
from dlplay.engine.cluster import kept
from dlplay.engine.cluster.job import Made
from dlplay.engine.cluster.places import NoPlace, parameters
from dlplay.engine.cluster.pool import Lost, Task

if TYPE_CHECKING:
    from submitit import Job

LARGEST = 1000  # jobs of an array: Slurm's own limit is 1001 unless it is told otherwise
LONG = 60 * 24 * 365  # minutes that this machine takes, unless told
EVERY = 60  # seconds between two questions for states, at most; at first it is asked more often
LAG = 30.0  # seconds until a file that another machine wrote is seen here
BACK = 600.0  # seconds until a job that was pre-empted should be queued again
PATIENCE = 10.0  # seconds for this machine's jobs to end
UNWRITTEN = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EIO, errno.ESTALE}
STATES = {
    "OUT_OF_MEMORY": "its job ran out of memory; memory=... asks for more",
    "TIMEOUT": "its job's time was up; time=... asks for more",
    "PREEMPTED": "its job was pre-empted, and not queued again",
    "NODE_FAIL": "its job's machine failed",
    "CANCELLED": "its job was cancelled",
    "DEADLINE": "its job's deadline had passed",
    "BOOT_FAIL": "its job's machine did not start",
}


class Slurm:
    """A queue of jobs, each one task. `folder`: where submitit keeps what belongs to them; what has
    nothing more to tell is removed. `here`: on this machine, without Slurm."""

    def __init__(self, words: Mapping[str, str], folder: Path, *, here: bool) -> None:
        self._words = words
        self._here = here
        self._folder = folder / uuid.uuid4().hex
        self._jobs: dict[Task, Job[Made]] = {}
        self._since: dict[Task, float] = {}  # when it was first seen to have no result
        self._lost = False
        self._executor: Any = None
        self._lock: BinaryIO | None = None  # as long as it is held, jobs on this machine go on

    @property
    def pause(self) -> float:
        """A disk that many machines share is not asked for more than 100 jobs a second."""
        return 0.1 if self._here else max(1.0, len(self._jobs) / 100)

    def __enter__(self) -> Slurm:
        if not self._here and shutil.which("sbatch") is None:
            raise NoPlace(
                "there is no Slurm here: no `sbatch` is found. "
                "`--on local` makes the runs on this machine"
            )
        import submitit

        logging.getLogger("submitit").setLevel(logging.CRITICAL)
        asked = parameters(self._words)
        if self._here:
            self._executor = self._made(submitit.LocalExecutor)
            self._hold()
            limit = asked["time"] if "time" in self._words else LONG
            self._executor.update_parameters(
                timeout_min=limit,
                gpus_per_node=asked.get("gpus_per_node", 0),
                signal_delay_s=asked["signal_delay_s"],
            )
        else:
            self._executor = self._made(submitit.SlurmExecutor)
            self._executor.job_class.watcher = _watcher()
            self._executor.update_parameters(**asked)
        return self

    def _made(self, executor: Callable[[Path], Any]) -> Any:
        """What submits. Raises NoPlace where its folder cannot be made."""
        try:
            self._folder.mkdir(parents=True)
            return executor(self._folder)
        except OSError as error:
            self._remove()
            raise self._unwritten(error) from None

    def _hold(self) -> None:
        """From now on jobs on this machine go on until this is let go of, or we are gone."""
        import fcntl

        try:
            self._lock = open(self._folder / "lock", "wb")  # noqa: SIM115 - as long as we are here
        except OSError as error:
            self._remove()
            raise self._unwritten(error) from None
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def _unwritten(self, error: OSError) -> NoPlace:
        where = self._folder.parent.parent
        return NoPlace(
            f"{where} cannot be written: {error.strerror}; --at names a folder with room"
        )

    def __exit__(self, *error: object) -> None:
        if self._lock is not None:
            self._lock.close()
        self._cancel()
        if not self._lost:
            self._remove()

    def _remove(self) -> None:
        """What submitit keeps here, and the folder around it where nothing else is in it."""
        shutil.rmtree(self._folder, ignore_errors=True)
        with suppress(OSError):
            self._folder.parent.rmdir()

    def submit(self, tasks: Sequence[Task]) -> None:
        for begin in range(0, len(tasks), LARGEST):
            some = tasks[begin : begin + LARGEST]
            said = StringIO()
            try:
                with redirect_stderr(said), self._aside(), self._executor.batch():
                    submitted = [self._submitted(task) for task in some]
            except (OSError, RuntimeError) as error:
                if isinstance(error, OSError) and error.errno in UNWRITTEN:
                    raise self._unwritten(error) from None
                why = _last_line(said.getvalue(), error)
                who = "this machine" if self._here else "Slurm"
                raise NoPlace(f"{who} takes no jobs: {why}") from None
            self._jobs.update(zip(some, submitted, strict=True))

    @contextmanager
    def _aside(self) -> Iterator[None]:
        """What is started on this machine writes into a file: neither over our own words, nor into
        a pipe that is held open by it."""
        if not self._here:
            yield
            return
        ours = os.dup(1), os.dup(2)
        with open(self._folder / "said", "ab") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        try:
            yield
        finally:
            for number, kept in enumerate(ours, start=1):
                os.dup2(kept, number)
                os.close(kept)

    def _submitted(self, task: Task) -> Job[Made]:
        target = str(task.target)
        if self._here:
            job = self._executor.submit(jobs.owned, task.words, target, str(self._folder / "lock"))
        else:
            job = self._executor.submit(jobs.queued, task.words, target)
        return job  # type: ignore[no-any-return]

    def over(self) -> Iterator[tuple[Task, Made | Lost]]:
        for task, job in [*self._jobs.items()]:
            if not (job.done() or job.state.startswith("PREEMPTED")):
                self._since.pop(task, None)
                continue
            outcome = self._outcome(task, job)
            if outcome is not None:
                del self._jobs[task]
                self._lost = self._lost or isinstance(outcome, Lost)
                yield task, outcome

    def _outcome(self, task: Task, job: Job[Made]) -> Made | Lost | None:
        """What became of a job that is over; None where that is not known yet."""
        if job.paths.result_pickle.exists():
            error = job.exception()
            return job.result() if error is None else Lost(_why(str(error)))
        state = job.state.split()[0] if job.state else ""
        since = self._since.setdefault(task, time.monotonic())
        patience = 0.0 if self._here else BACK if state == "PREEMPTED" else LAG
        if time.monotonic() - since < patience:
            return None
        why = STATES.get(state) or _complaint(job.paths.stderr)
        return Lost(f"{why}; its log lies in {self._folder}")

    def waits(self, task: Task) -> bool:
        job = self._jobs.get(task)
        return job is not None and job.state in ("PENDING", "REQUEUED", "UNKNOWN")

    def _cancel(self) -> None:
        """End whatever is not over."""
        if not self._jobs:
            return
        if not self._here:
            ids = [job.job_id for job in self._jobs.values()]
            with suppress(OSError):
                subprocess.run(["scancel", *ids], capture_output=True, check=False)
            return
        for job in self._jobs.values():
            job.cancel()
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and not all(map(self._left_nothing, self._jobs)):
            time.sleep(0.02)

    def _left_nothing(self, task: Task) -> bool:
        """Whether a job of this machine is over, with its run; what they left is removed."""
        return self._jobs[task].done() and kept.tidy(task.target)


def _watcher() -> Any:
    """What asks Slurm for the states of jobs, all at once; where no accounts are kept, by its list
    of jobs, which has those that ended a few minutes ago. What Slurm complains of is not for us."""
    from submitit.slurm.slurm import SlurmInfoWatcher

    class Quiet(SlurmInfoWatcher):
        def _make_command(self) -> list[str] | None:
            sacct = super()._make_command()
            if sacct is None:
                return None
            ids = ",".join(word for word in sacct if word.isdigit())
            listed = f"squeue --noheader --states=all --format='%i|%T|%N' --jobs={ids}"
            either = f"{shlex.join(sacct)} || {{ echo 'JobID|State|NodeList'; {listed}; }}"
            return ["sh", "-c", f"{{ {either}; }} 2>/dev/null"]

    return Quiet(delay_s=EVERY)


def _complaint(log: Path) -> str:
    """Of a job that left no result, the last that was complained of: by its script, by Slurm, or by
    Python before it came to the run."""
    try:
        lines = log.read_text("utf-8", "replace").splitlines()
    except OSError:
        lines = []
    said = [line.strip() for line in lines if line.strip() and not line.startswith("submitit ")]
    if said:
        return f"its job left no result: {said[-1]}"
    return "its job was killed: by hand, or by the system when memory ran out"


def _why(trace: str) -> str:
    """Of what was raised in a job, the sentence that says it."""
    if "timed-out" in trace:
        return STATES["TIMEOUT"]
    lines = [line.strip() for line in trace.splitlines() if line.strip()]
    errors = [line for line in lines if line.partition(":")[0].endswith(("Error", "Exception"))]
    return f"its job failed: {errors[-1] if errors else lines[-1]}"


def _last_line(said: str, error: Exception) -> str:
    lines = [*str(error).splitlines(), *said.splitlines()]
    return next((line.strip() for line in reversed(lines) if line.strip()), type(error).__name__)
