"""The card of a scene: what its file declares, as the rest of the program asks for it."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from dlplay.author.claims import Claim
from dlplay.author.parameters.base import Parameter
from dlplay.author.scene import Scene
from dlplay.author.tries import Try
from dlplay.course import facts, files
from dlplay.course.facts import SceneFacts


@dataclass(frozen=True)
class SceneCard:
    """What a scene's file declares, read without running it.

    `panels`: names with their captions, the lead first. `is_page`: whether it is of the new form.
    `each`: the parameters in which runs may differ that are trained as one batch.
    `digest`: SHA-256 of the file's text as it was read. `broken`: why it could not be read, or
    empty. `scene`: the class, where it is not to be loaded from the file. `command`: what runs a
    program of the user's own, which is no scene.
    """

    id: str
    path: Path
    root: Path
    title: str
    lesson: str = ""
    covers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    panels: Mapping[str, str] = field(default_factory=dict)
    quick: Mapping[str, Any] = field(default_factory=dict)
    pace: float = 0
    parameters: Mapping[str, Parameter[Any]] = field(default_factory=dict)
    claims: tuple[Claim, ...] = ()
    tries: tuple[Try, ...] = ()
    is_page: bool = False
    each: tuple[str, ...] = ()
    digest: str = ""
    broken: str = ""
    text: str | None = field(default=None, repr=False, compare=False)
    scene: type[Scene] | None = field(default=None, repr=False, compare=False)
    command: tuple[str, ...] = ()

    @property
    def chapter(self) -> str:
        return self.id.split("/")[0]

    @cached_property
    def source(self) -> str:
        """The file's text as it was read; where the cache knew the rest, as it is now."""
        return _text_now(self.path) if self.text is None else self.text

    @property
    def gone(self) -> bool:
        """Whether it only stands in for a scene that is not here: nothing can make its runs."""
        return self.path == Path() and not self.command and self.scene is None

    @property
    def defaults(self) -> dict[str, Any]:
        return {name: parameter.default for name, parameter in self.parameters.items()}


def id_of(path: Path) -> str:
    """The id of the scene in a file."""
    return f"{kebab(path.parent.name)}/{kebab(path.stem)}"


def kebab(name: str) -> str:
    """The name of a file or folder as it is in an id."""
    return files.shown(name).replace("_", "-")


def describe(path: Path, root: Path) -> SceneCard | None:
    """What a scene's file declares, read now; None for a file without a scene (shared helpers)."""
    reading = facts.read(path)
    return card_of(reading.facts, path, root, reading.text)


def card_of(found: facts.Facts, path: Path, root: Path, text: str | None) -> SceneCard | None:
    """The card of a file of which these are the facts; None where it has no scene."""
    if not isinstance(found, SceneFacts):
        return None
    return SceneCard(
        id_of(path),
        path,
        root,
        found.title,
        found.lesson,
        found.covers,
        found.panels,
        found.quick,
        found.pace,
        {name: declared.build(name) for name, declared in found.parameters.items()},
        tuple(Claim(c.name, c.text, c.breaks, condition=c.condition) for c in found.claims),
        tuple(_try(each) for each in found.tries),
        found.is_page,
        found.each,
        found.digest,
        found.broken,
        text,
    )


def card_of_class(scene: type[Scene]) -> SceneCard:
    """The card of a class that is there already, such as a notebook's; its file, where it has one,
    is not read."""
    module = sys.modules.get(scene.__module__)
    path = Path(getattr(module, "__file__", None) or f"{scene.__name__}.py")
    covers, panels = scene.covers, scene.panels
    said = vars(scene).get("__doc__") or getattr(module, "__doc__", None) or ""
    title, lesson = facts.heading(inspect.cleandoc(said), scene.__name__)
    return SceneCard(
        scene.__name__,
        path,
        path.parent,
        title,
        lesson,
        covers if isinstance(covers, Mapping) else dict.fromkeys(covers, ()),
        panels if isinstance(panels, Mapping) else dict.fromkeys(panels, ""),
        scene.quick,
        scene.pace,
        scene.parameters,
        scene.claims,
        tuple(scene.tries),
        isinstance(vars(scene).get("panels"), Mapping),
        text="",
        scene=scene,
    )


def _text_now(path: Path) -> str:
    try:
        return files.text_of(files.read(path)[1])
    except (OSError, files.Unreadable):
        return ""


def _try(made_of: tuple[Any, ...]) -> Try:
    setting, question, options, right, why, breaks, keeps = made_of
    return Try(setting, question, options, right=right, why=why, breaks=breaks, keeps=keeps)
