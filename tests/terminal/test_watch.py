"""A training program of one's own, watched in a real terminal."""

from __future__ import annotations

import shlex
import shutil
import sys

import pytest

from tests.conftest import wait_for
from tests.own.conftest import ENDLESS, written  # noqa: F401  # a fixture
from tests.processes import gone
from tests.terminal.test_terminal import Tmux, terminal  # noqa: F401

pytestmark = [
    pytest.mark.terminal,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed"),
]


def test_watch_turn_pause_stop_and_leave(terminal, written):  # noqa: F811
    path = written(ENDLESS)
    tmux = terminal("watch", "rate=0.2", "--", shlex.quote(sys.executable), str(path))
    tmux.sees("train.py", "own/train", "running", "‹ 0.2 ›")
    processes = tmux.processes
    tmux.press("Right")
    tmux.sees("from the next step on")
    tmux.press("Space")
    tmux.sees("paused")
    tmux.press("q")
    tmux.sees("train.py is running; once more ends it")
    tmux.press("x")
    tmux.sees("stopped")
    tmux.press("o")
    tmux.sees("after the loop")
    tmux.press("o", "q")
    tmux.sees("exit code 0")
    wait_for(lambda: all(map(gone, processes)), "the end of all processes")
