"""Imports the file of a scene, as part of a private package."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from dlplay.author.scene import Scene
from dlplay.course.cards import SceneCard


class BrokenScene(Exception):
    """A scene file that cannot be read or loaded; the message says why."""


def load(card: SceneCard) -> type[Scene]:
    """Import a scene's file, as part of a private package, and return its Scene class.

    Raises BrokenScene if the file cannot be imported or has no Scene.
    """
    if card.broken:
        raise BrokenScene(card.broken)
    if card.scene is not None:
        return card.scene
    package = f"_dlplay_scenes_{hashlib.sha256(str(card.root).encode()).hexdigest()[:8]}"
    chapter = f"{package}.{card.path.parent.name}"
    _package(package, card.root)
    _package(chapter, card.path.parent)
    module = _module(f"{chapter}.{card.path.stem}", card.path)
    for value in vars(module).values():
        if (
            isinstance(value, type)
            and issubclass(value, Scene)
            and value.__module__ == module.__name__
        ):
            return value
    raise BrokenScene(f"{card.path.name} has no Scene class")


def _package(name: str, folder: Path) -> None:
    if name not in sys.modules:
        module = ModuleType(name)
        module.__path__ = [str(folder)]
        sys.modules[name] = module


def _module(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise BrokenScene(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
