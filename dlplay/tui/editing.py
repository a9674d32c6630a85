"""The user's editor, with the terminal lent to it."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from textual.app import App, SuspendNotSupported

# How an editor, by the name of its program, is told the line to begin at.
_PLUS = (
    "vi", "vim", "nvim", "view", "gvim", "nano", "pico", "emacs", "emacsclient", "jed", "joe", "mg",
    "micro", "ne", "kak", "mcedit", "gedit", "gnome-text-editor", "vis", "zile",
)  # fmt: skip
_COLON = ("hx", "helix", "subl", "zed", "zeditor", "lapce")
_GOTO = ("code", "code-insiders", "codium", "vscodium", "cursor")
_LINE = ("kate", "kwrite", "mate")

LEAVE = b"\x1b[?1049l\x1b[?1000l\x1b[?2004l\x1b[?25h\x1b[0m"
SIGNALS = ("SIGTERM", "SIGHUP")


def command(path: Path, line: int = 0, environment: dict[str, str] | None = None) -> list[str]:
    """What opens the file, at this line where the editor can and it is known (1 is the first).

    Raises ValueError where VISUAL or EDITOR cannot be split into words.
    """
    known = os.environ if environment is None else environment
    written = known.get("VISUAL", "").strip() or known.get("EDITOR", "").strip() or "vi"
    try:
        words = shlex.split(written)
    except ValueError as error:
        raise ValueError(f"{written}: {error}") from None
    name = re.sub(r"\.(exe|cmd|basic|tiny|gtk3|nox)$", "", Path(words[0]).name.lower())
    if line < 1:
        return [*words, str(path)]
    if name in _PLUS:
        return [*words, f"+{line}", str(path)]
    if name in _COLON:
        return [*words, f"{path}:{line}"]
    if name in _GOTO:
        return [*words, "--goto", f"{path}:{line}"]
    if name in _LINE:
        return [*words, "-l", str(line), str(path)]
    return [*words, str(path)]


def line_of(path: Path, *texts: str) -> int:
    """The line of this file that is named last in a traceback, or in a message; 0 for none."""
    quoted = re.escape(f'"{path}"')
    for text in texts:
        for pattern in (rf"File {quoted}, line (\d+)", rf"{re.escape(path.name)}.*?\bline (\d+)"):
            found = re.findall(pattern, text)
            if found:
                return int(found[-1])
    return 0


def edit(app: App[Any], path: Path, line: int = 0) -> str:
    """Open a file in the user's editor, with the terminal lent to it; what went wrong, or nothing.

    However the editor ends, the interface has the terminal again.
    """
    try:
        words = command(path, line)
    except ValueError as error:
        return f"{error}. Set EDITOR to your editor."
    trouble = ""
    try:
        with app.suspend():
            try:  # in here: what leaves the block raised would leave the interface asleep
                trouble = _edited(words)
            except OSError as error:
                trouble = f"{words[0]}: {error.strerror}. Set EDITOR to your editor."
    except SuspendNotSupported:
        return "the terminal cannot be lent to an editor here"
    return trouble


def _edited(words: list[str]) -> str:
    with _terminal_kept(), _undisturbed() as editing:
        editor = subprocess.Popen(words)
        editing(editor)
        code = editor.wait()
    if code < 0:
        return f"{words[0]} was ended by signal {-code}"
    return f"{words[0]} ended with status {code}; the file was read again" if code else ""


@contextmanager
def _undisturbed() -> Iterator[Callable[[subprocess.Popen[bytes]], None]]:
    """Ctrl-C is the editor's; what ends us ends the editor first."""
    editors: list[subprocess.Popen[bytes]] = []
    asked: list[int] = []

    def end(number: int, frame: Any) -> None:
        asked.append(number)
        for editor in editors:
            with suppress(OSError):
                editor.terminate()

    kept = {signal.SIGINT: signal.getsignal(signal.SIGINT)}
    kept |= {n: signal.getsignal(n) for n in _numbers(SIGNALS)}
    # Not ignored: the editor would inherit that.
    signal.signal(signal.SIGINT, lambda *_: None)
    for number in _numbers(SIGNALS):
        if kept[number] != signal.SIG_IGN:
            signal.signal(number, end)
    try:
        yield editors.append
    finally:
        for which, handler in kept.items():
            signal.signal(which, handler)
        for each in asked:  # now it is our turn
            os.kill(os.getpid(), each)


def _numbers(names: tuple[str, ...]) -> list[signal.Signals]:
    return [getattr(signal, name) for name in names if hasattr(signal, name)]


@contextmanager
def _terminal_kept() -> Iterator[None]:
    """An editor that was killed leaves the terminal as it used it: without echo, in its screen."""
    try:
        import termios
    except ImportError:  # Windows
        yield
        return
    try:
        before = termios.tcgetattr(0)
    except (termios.error, OSError):
        yield
        return
    try:
        yield
    finally:
        with suppress(termios.error, OSError):
            if termios.tcgetattr(0) != before:
                termios.tcsetattr(0, termios.TCSADRAIN, before)
                os.write(2, LEAVE)
