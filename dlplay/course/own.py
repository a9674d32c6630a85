"""The card of a training program of one's own: a command that runs it, in place of a scene."""

from __future__ import annotations

import ast
import hashlib
import inspect
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from dlplay.author.knobs import built
from dlplay.author.parameters.base import ParameterError
from dlplay.course import facts, files
from dlplay.course.cards import SceneCard
from dlplay.wire.events import Knob

CHAPTER = "own"  # in ids: own/train
LONGEST = 40  # characters of a name in an id


def card_of_command(command: Sequence[str], folder: Path | None = None) -> SceneCard:
    """The card of a program: its file is that of the module that `-m` names, or the first Python
    file among the command's words.

    `folder`: where the command is run; the working folder unless given. Parameters are known only
    once the program has asked for its knobs.
    """
    folder = folder or Path.cwd()
    module, script = _module(command, folder)
    script = script or next((word for word in command if word.endswith(".py")), "")
    path = (folder / script).absolute() if script else Path()
    name = module or Path(script or command[0]).stem
    id = f"{CHAPTER}/{re.sub('[^a-z0-9]+', '-', name.lower()).strip('-')[:LONGEST] or 'program'}"
    text = _text(path) if script else ""
    title, lesson = _said(text, module or Path(script).name or command[0])
    return SceneCard(
        id,
        path,
        path.parent,
        title,
        lesson,
        is_page=True,
        digest=hashlib.sha256(text.encode()).hexdigest() if text else "",
        text=text,
        command=tuple(command),
    )


def with_knobs(card: SceneCard, knobs: Iterable[Knob]) -> SceneCard:
    """The card with what the program has asked for; a knob that makes no sense is left out."""
    parameters = {}
    for knob in knobs:
        try:
            parameters[knob.name] = built(knob)
        except (ParameterError, TypeError, ValueError, OverflowError):
            continue
    return replace(card, parameters=parameters)


def settings_of(card: SceneCard, values: Mapping[str, Any]) -> dict[str, str]:
    """What is to be given to the program so that its knobs have these values, as text."""
    return {
        name: card.parameters[name].show(value) if name in card.parameters else str(value)
        for name, value in values.items()
    }


def command_line(card: SceneCard) -> str:
    """The command, ready to paste into a shell."""
    return shlex.join(card.command)


def _module(command: Sequence[str], folder: Path) -> tuple[str, str]:
    """The module of the user's own that the command runs by `-m`, and its file below the folder;
    empty where there is none: what starts other programs, such as torchrun, is not his."""
    for before, module in pairwise(command):
        parts = module.split(".")
        if before == "-m" and all(part.isidentifier() for part in parts):
            for file in (Path(*parts).with_suffix(".py"), Path(*parts) / "__main__.py"):
                if (folder / file).is_file():
                    return module, str(file)
    return "", ""


def _text(path: Path) -> str:
    try:
        return files.text_of(files.read(path)[1])
    except (OSError, files.Unreadable):
        return ""


def _said(text: str, name: str) -> tuple[str, str]:
    """Title and page of text: the file's name, and what its docstring says."""
    try:
        said = ast.get_docstring(ast.parse(text)) or ""
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        said = ""
    if said.lstrip().startswith("# "):
        return facts.heading(inspect.cleandoc(said), name)
    return name, said
