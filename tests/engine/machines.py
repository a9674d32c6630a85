"""Machines that stand in for a cluster: runs are made in this process, one each time one asks."""

from __future__ import annotations

from dlplay.engine.cluster.pool import Elsewhere, Lost
from dlplay.engine.execute import execute
from dlplay.engine.recordings.format import Recorder
from dlplay.engine.sabotage import sabotaged
from dlplay.words.address import parse_words


class Machines:
    """A queue whose tasks are run when it is asked what is over: one each time, the first of them,
    or, with `place` -1, the last. `lost`: runs with these words do not come back. `most`: how many
    it had at a time."""

    pause = 0.0

    def __init__(self, catalog, lost=(), place=0):
        self.catalog, self.lost, self.place = catalog, lost, place
        self.asked, self.waiting = [], []
        self.most, self.open = 0, False

    def __enter__(self):
        self.open = True
        return self

    def __exit__(self, *error):
        self.open, self.waiting = False, []

    def submit(self, tasks):
        assert self.open
        self.asked += [task.words for task in tasks]
        self.waiting += tasks
        self.most = max(self.most, len(self.waiting))

    def over(self):
        if self.waiting:
            task = self.waiting.pop(self.place)
            lost = next((word for word in self.lost if word in task.words), None)
            yield task, Lost(f"{lost} was lost") if lost else self.make(task)

    def make(self, task):
        run, id, *words = task.words
        assert run == "run"
        seed = int(words[words.index("--seed") + 1])
        card = self.catalog.find(id)
        settings = parse_words(card, [word for word in words if "=" in word]).settings
        kind = words[words.index("--sabotage") + 1] if "--sabotage" in words else ""
        with sabotaged(kind), Recorder(task.target, overwrite=True) as recorder:
            done = execute(
                card, settings, seed=seed, sink=recorder, looks="--no-looks" not in words
            )
        return {"done": 0, "diverged": 4, "failed": 1}[done.status], "", b""

    def waits(self, task):
        return False


class Place:
    """Where runs are made by such machines."""

    room = spare = 100

    def __init__(self, queue, folder):
        self.queue, self.folder = queue, folder

    def pool(self, jobs, *, at_once, device="auto", histories=False, record=None):
        return Elsewhere(
            jobs, self.queue, self.folder, at_once=at_once, device=device, histories=histories
        )
