"""A run in a process of its own, as a test sees it: with the history of what has come."""

from __future__ import annotations

from dlplay.engine.history import History
from tests.conftest import wait_for


class Seen:
    """A live run and its history."""

    def __init__(self, run):
        self.run = run
        self.history = History()

    def see(self):
        self.history.feed(self.run.drain())
        return self.history

    def until(self, condition, what="it"):
        wait_for(lambda: condition(self.see()), what)

    def end(self):
        wait_for(lambda: self.see() and self.run.wait(0), "the end")
        return self.see().finished

    @property
    def log(self):
        return "\n".join(line.text for line in self.see().log)

    def points(self, panel, series):
        line = self.see().series[panel][series].line()
        return list(line.x), list(line.mean)
