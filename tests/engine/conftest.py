"""What tests of many runs see of their processes."""

from __future__ import annotations

import pytest

from dlplay.engine.live import LiveRun


@pytest.fixture
def started(monkeypatch):
    """Every live run that is started; of a batch its process."""
    runs = []
    start = LiveRun.__init__

    def remember(self, *args):
        start(self, *args)
        runs.append(self)

    monkeypatch.setattr(LiveRun, "__init__", remember)
    return runs
