"""The terminal is lent to an editor and given back, however the editor or the program ends."""

from __future__ import annotations

import os
import shutil
import signal
import sys

import pytest

from tests.conftest import FAULTS, wait_for
from tests.terminal.test_terminal import Tmux

pytestmark = [
    pytest.mark.terminal,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed"),
]


@pytest.fixture
def terminal():
    opened = []

    def start(*words, editor="", size=(100, 30)):
        command = " ".join([sys.executable, "-m", "dlplay", "--scenes", str(FAULTS), *words])
        opened.append(Tmux(f'env -u VISUAL EDITOR="{editor}" {command}', *size))
        return opened[-1]

    yield start
    for tmux in opened:
        tmux.close()


def flags(tmux):
    """Whether the second screen is seen, mouse reports are on, the cursor is seen."""
    names = ("alternate_on", "mouse_any_flag", "cursor_flag")
    asked = " ".join(f"#{{{name}}}" for name in names)
    return tuple(map(int, tmux._call("display-message", "-p", "-t", "t", asked).split()))


INTERFACE, SHELL = (1, 1, 0), (0, 0, 1)


@pytest.mark.parametrize(
    ("editor", "words"),
    [
        ("nosuchprogram", ["nosuchprogram: No such file"]),
        ("false", ["false ended with status 1"]),
        ("vi 'unclosed", ["No closing quotation"]),
    ],
)
def test_an_editor_that_fails_gives_the_interface_back(terminal, editor, words):
    tmux = terminal("open", "faults/fine", editor=editor)
    tmux.sees("A scene that behaves", "done")
    tmux.press("e")
    tmux.sees(*words)
    assert flags(tmux) == INTERFACE
    tmux.press("q")
    tmux.sees("enter Open")
    tmux.press("q")
    tmux.sees("exit code 0")
    assert flags(tmux) == SHELL


@pytest.fixture
def patient(tmp_path, monkeypatch):
    """An editor that leaves the terminal without echo, and waits for a key or for Ctrl-C. It is
    called by its name: how a path of any length is wrapped is not asked here."""
    editor = tmp_path / "the editor"
    editor.write_text("#!/bin/sh\nstty -echo\necho edits; echo $$ > $0.pid\nread line\n")
    editor.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return editor.name


def test_ctrl_c_is_the_editors(terminal, patient):
    tmux = terminal("open", "faults/fine", editor=f"'{patient}' -x")
    tmux.sees("A scene that behaves", "done")
    tmux.press("e")
    tmux.sees("edits")
    assert flags(tmux) == SHELL
    tmux.press("C-c")
    tmux.sees("was ended by signal 2", "A scene that behaves")
    assert flags(tmux) == INTERFACE
    tmux.press("C-q")
    tmux.sees("exit code 0")
    tmux._call("send-keys", "-t", "t", "-l", "echo is there")
    tmux.sees("echo is there")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("lent", [False, True])
def test_a_signal_ends_the_interface_and_gives_the_terminal_back(terminal, patient, number, lent):
    tmux = terminal("open", "faults/endless", editor=f"'{patient}'")
    tmux.sees("Never reaches", "step 0/10")
    if lent:
        tmux.press("e")
        tmux.sees("edits")
    processes = tmux.processes
    os.kill(program(processes), number)
    tmux.sees(f"exit code {128 + number}")
    assert flags(tmux) == SHELL
    wait_for(lambda: not tmux.processes, "the end of every process")


def program(processes):
    return processes[0]


def test_a_stopped_interface_gives_the_terminal_and_takes_it_again(terminal):
    tmux = terminal("open", "faults/fine")
    tmux.sees("A scene that behaves", "done")
    first = program(tmux.processes)
    os.kill(first, signal.SIGTSTP)
    wait_for(lambda: flags(tmux) == SHELL, "the terminal given back")
    os.kill(first, signal.SIGCONT)
    wait_for(lambda: flags(tmux) == INTERFACE, "the terminal taken")
    tmux.sees("A scene that behaves")


RUN = ("run", "faults/endless")
SWEEP = ("sweep", "faults/watched", "steps=900000,1000000")


@pytest.mark.parametrize(
    ("words", "number"), [(RUN, signal.SIGTERM), (RUN, signal.SIGINT), (SWEEP, signal.SIGHUP)]
)
def test_a_signal_ends_a_command_and_gives_the_cursor_back(terminal, words, number):
    tmux = terminal(*words)
    tmux.sees("0/10" if words is RUN else "0 of")
    assert flags(tmux) == (0, 0, 0)
    first = program(tmux.processes)
    os.kill(first, number)
    if number == signal.SIGINT:
        tmux.sees("stopping at the next step")
        os.kill(first, number)
    tmux.sees(f"exit code {128 + number}")
    assert flags(tmux) == SHELL
    assert "Traceback" not in tmux.screen
    wait_for(lambda: not tmux.processes, "the end of every process")
