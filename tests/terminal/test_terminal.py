"""The program as installed, in a real terminal of 80x24: tmux types and reads the screen."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import uuid

import pytest

from tests.conftest import FAULTS, wait_for
from tests.processes import gone

pytestmark = [
    pytest.mark.terminal,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed"),
]


class Tmux:
    """A session of its own server, so that nobody else's settings or sessions matter."""

    def __init__(self, command: str, width: int = 80, height: int = 24) -> None:
        self.socket = f"dlplay-{uuid.uuid4().hex[:8]}"
        self._call(
            "-f", "/dev/null", "new-session", "-d", "-s", "t", "-x", str(width), "-y", str(height),
            f"{command}; echo exit code $?; exec sleep 600",
        )  # fmt: skip

    def _call(self, *words: str) -> str:
        words = ("tmux", "-L", self.socket, *words)
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout

    @property
    def screen(self) -> str:
        return self._call("capture-pane", "-p", "-t", "t")

    def press(self, *keys: str) -> None:
        for key in keys:
            self._call("send-keys", "-t", "t", key)

    def press_in_one_read(self, *keys: str) -> None:
        """Without a pause between them: the program reads them together."""
        self._call("send-keys", "-t", "t", *keys)

    def sees(self, *words: str) -> None:
        def all_there() -> bool:
            screen = self.screen
            return all(word in screen for word in words)

        try:
            wait_for(all_there, f"{words} on the screen")
        except BaseException:
            print(self.screen)
            raise

    @property
    def processes(self) -> list[int]:
        """The program and all that it started."""
        pane = int(self._call("list-panes", "-t", "t", "-F", "#{pane_pid}"))
        found, queue = [], [pane]
        while queue:
            parent = queue.pop()
            children = subprocess.run(
                ["ps", "-o", "pid=", "--ppid", str(parent)], capture_output=True, text=True
            ).stdout.split()
            found += [int(child) for child in children]
            queue += [int(child) for child in children]
        return found

    def close(self) -> None:
        subprocess.run(["tmux", "-L", self.socket, "kill-server"], capture_output=True)


@pytest.fixture
def terminal(tmp_path, monkeypatch):
    """Each test is its own user: the browser opens at what one has seen last."""
    for kind in ("CONFIG", "DATA", "CACHE", "STATE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / "home"))
    opened = []

    def start(*words, before="", **size):
        program = [sys.executable, "-m", "dlplay", "--scenes", str(FAULTS)]
        command = " ".join([before, *program, *words])
        opened.append(Tmux(command, **size))
        return opened[-1]

    yield start
    for tmux in opened:
        tmux.close()


def test_standard_error_in_a_file_has_no_interface_in_it(terminal, tmp_path):
    tmux = terminal("open", "faults/fine", "2>", str(tmp_path / "errors"))
    tmux.sees("learning_rate", "done", "✓")
    tmux.press("q")
    tmux.sees("enter Open")
    tmux.press("q")
    tmux.sees("exit code 0")
    assert (tmp_path / "errors").read_bytes() == b""


def test_a_terminal_that_cannot_move_its_cursor_is_told(terminal):
    tmux = terminal(before="TERM=dumb")
    tmux.sees("needs a terminal that moves its cursor", "exit code 2")


def test_browse_open_tweak_pause_zoom_stop_quit(terminal):
    tmux = terminal()
    tmux.sees("scenes", "Introduction", "enter Open")
    tmux.press("/", "b", "e", "h", "a", "v", "e", "s", "Enter")
    tmux.sees("A scene that behaves", "faults/fine")
    tmux.press("Enter")
    tmux.sees("learning_rate", "done", "✓")
    tmux.press("j")
    tmux.sees("▸  steps")
    tmux.press("Enter", *"900000", "Enter")
    tmux.sees("‹ 900000 ›*", "running", "steps/s")  # by itself, half a second after the key
    tmux.press("k", "Right")
    tmux.sees("‹ 0.12 ›*", "from the next step on")
    tmux.press("Space")
    tmux.sees("paused")
    tmux.press("2")
    tmux.sees("2 weights", "panel 2 of 4")
    assert "parameters  • live" not in tmux.screen
    tmux.press("Escape")  # a key right behind it would make an alt-key of the two
    tmux.sees("parameters  • live")
    tmux.press("x")
    tmux.sees("stopped")
    tmux.press("q")
    tmux.sees("enter Open")
    tmux.press("Escape")
    tmux.sees("Language models")
    tmux.press("q")
    tmux.sees("exit code 0")
    wait_for(lambda: len(tmux.processes) == 0, "the end of every process")


def test_keys_that_come_in_one_read_are_heard_in_their_order(terminal):
    tmux = terminal()
    tmux.sees("scenes", "enter Open")
    tmux.press_in_one_read("/", *"behaves", "Enter", "Enter")
    tmux.sees("learning_rate", "done", "✓")
    tmux.press_in_one_read("j", "Enter", "5", "Enter")
    tmux.sees("▸  steps", "‹ 5 ›*", "done")
    tmux.press_in_one_read("j", "l", "Enter", "7", "Enter", "k", "Enter", *"60", "Enter", "j")
    tmux.sees("▸  size", "‹ 7 ›*", "  60  *")


def test_straight_to_a_scene_and_out_leaves_the_terminal_whole(terminal):
    tmux = terminal("open", "faults/fine", "learning_rate=0.2", "--seed", "3", width=120, height=40)
    tmux.sees("A scene that behaves", "seed 3", "‹ 0.2 ›*", "done")
    tmux.press("C-q")
    tmux.sees("exit code 0")


def test_a_killed_interface_leaves_nothing_behind(terminal):
    tmux = terminal("open", "faults/endless")
    tmux.sees("Never reaches", "step 0/10")
    before = tmux.processes
    assert len(before) >= 3  # the program, the fork server, the run
    program = before[0]
    os.kill(program, signal.SIGKILL)
    tmux.sees("exit code")

    wait_for(lambda: all(map(gone, before)), "the end of every process", seconds=30)


def test_a_terminal_without_colours_and_in_ascii(terminal):
    tmux = terminal("--ascii", "open", "faults/fine")
    tmux.sees("A scene that behaves", "done")
    tmux.press("i")
    assert tmux.screen.isascii(), [line for line in tmux.screen.split("\n") if not line.isascii()]


def test_the_whole_way_over_a_page(terminal):
    tmux = terminal("open", "faults/page")
    tmux.sees("Does a small net learn rings?", "done", "2 of 2 hold", "t try 1 of 2")
    tmux.sees("←→ Turn")
    tmux.press("j")
    tmux.sees("▸• temperature")
    tmux.press("Right")
    tmux.sees("after the run", "in the finished run")
    tmux.press("Left")
    tmux.sees("temperature = 1 in the finished run", "t try 1 of 2")
    tmux.press("t")
    tmux.sees("Will it learn?", "1  yes", "2  no", "1… Answer")
    tmux.press("2")
    tmux.sees("✓ Right: no", "Its steps are too small.", "┄ rate=0.05", "✗ 1 → 0.")
    tmux.press("R")
    tmux.sees("A riddle: one knob was turned.", "done")
    tmux.press("1")
    tmux.sees("it was rate=", "esc back to the run before")
    tmux.press("b")
    tmux.sees("Break it yourself: which claim?", "enter Begin")
    tmux.press("Enter")
    tmux.sees("Break it: after 100 steps", "attempt 1 · b gives up", "b Give up")
    tmux.sees("▸• rate")  # the knob that the try turned
    tmux.press("Enter")
    tmux.sees("step size", "0.0001 to 1")
    tmux.press(*"0.0003", "Enter")
    tmux.sees("✓ You broke it in 1 attempt, with rate=0.0003", "b another claim")
    tmux.press("Escape")
    tmux.sees("t try 2 of 2")
    tmux.press("C-q")
    tmux.sees("exit code 0")
    progress = terminal("progress", height=60)
    progress.sees("in the game", "1 in 1 attempt", "exit code 0")
