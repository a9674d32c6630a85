"""What a user chose for good: a small file of lines `name = "value"` in the folder of settings.

It is TOML, so that it can be written by hand; other lines and comments stay as they are.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from dlplay.course import files, safekeeping
from dlplay.words.nearest import did_you_mean

ALLOWED: dict[str, tuple[str, ...]] = {"charts": ("own", "plotext")}
"""The values of each setting; the first is the default."""

MOST_BYTES = 100_000
DAMAGE = (files.Unreadable, ValueError, RecursionError)  # what a file raises that is not ours


def place() -> Path:
    """Where they are kept: in the user's folder of settings."""
    from platformdirs import user_config_path

    return user_config_path("dlplay") / "settings.toml"


class Preferences:
    """The user's lasting settings. What is damaged or not allowed counts as the default, and
    `trouble` says so in one line."""

    def __init__(self, path: Path | None = None) -> None:
        """`path`: the file; None: nothing is kept."""
        self.path = path
        self.trouble = ""
        self._values = {name: values[0] for name, values in ALLOWED.items()}
        if path is not None:
            self._read(path)

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def keep(self, name: str, value: str) -> None:
        """Set one for good, and let all else in the file be; one that is damaged is set aside.
        Raises OSError where it cannot be written: then it holds as long as the program lasts."""
        if value not in ALLOWED[name]:
            raise ValueError(_refusal(name, value))
        self._values[name] = value
        if self.path is None:
            return
        with safekeeping.locked(self.path):
            try:
                text = _with(_text(self.path), name, value)
            except DAMAGE:
                safekeeping.set_aside(self.path)
                text = f'{name} = "{value}"\n'
            safekeeping.replace(self.path, text.encode())

    def _read(self, path: Path) -> None:
        try:
            found = tomllib.loads(_text(path))
        except OSError as error:
            self.trouble = f"{path}: {error.strerror}; the defaults hold"
            return
        except (files.Unreadable, ValueError, RecursionError):
            self.trouble = f'{path} cannot be read as lines of `name = "value"`; the defaults hold'
            return
        for name, value in found.items():
            if name not in ALLOWED:
                known = ", ".join(ALLOWED)
                hint = did_you_mean(name, ALLOWED)
                self.trouble = f"{path}: there is no setting {name!r}; there is {known}.{hint}"
            elif value not in ALLOWED[name]:
                self.trouble = f"{path}: {_refusal(name, value)}"
            else:
                self._values[name] = value


def _refusal(name: str, value: Any) -> str:
    allowed = ALLOWED[name]
    shown = repr(value)[:60]
    hint = did_you_mean(value, allowed) if isinstance(value, str) else ""
    return f"{name} takes one of {', '.join(allowed)}, not {shown}.{hint}"


def _text(path: Path) -> str:
    """What the file holds; nothing where there is none. Raises OSError, Unreadable, ValueError."""
    try:
        return files.read(path, MOST_BYTES)[1].decode()
    except FileNotFoundError:
        return ""


def _with(text: str, name: str, value: str) -> str:
    """The text with this line in place of the setting's own. Raises ValueError for what is no
    TOML before or after."""
    known = tomllib.loads(text)
    line = f'{name} = "{value}"'
    if name in known:
        text = re.sub(rf"^[ \t]*{name}[ \t]*=.*$", line, text, count=1, flags=re.MULTILINE)
    else:
        text = f"{line}\n{text}"
    if tomllib.loads(text) != {**known, name: value}:
        raise ValueError(f"{name} is written in a way that cannot be changed")
    return text
