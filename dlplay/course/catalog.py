"""Finds chapters and scenes in folders, describes them without importing them, and loads them."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

from dlplay.author.claims import Claim
from dlplay.author.parameters import Parameter
from dlplay.author.scene import Scene
from dlplay.author.tries import Try
from dlplay.course import literals
from dlplay.course.pages import Page, is_page
from dlplay.words.nearest import did_you_mean, nearest

ENTRY_POINTS = "dlplay.scenes"


class UnknownScene(LookupError):
    """No scene or chapter of that id; the message names the nearest."""


class BrokenScene(Exception):
    """A scene file that cannot be read or loaded; the message says why."""


@dataclass(frozen=True)
class SceneCard:
    """What a scene's file declares, read without running it.

    `panels`: names with their captions, the lead first. `is_page`: whether it is of the new form.
    `broken`: why the file could not be read, or empty.
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
    source: str = ""
    broken: str = ""

    @property
    def chapter(self) -> str:
        return self.id.split("/")[0]

    @property
    def digest(self) -> str:
        """SHA-256 of the file as it was read."""
        return hashlib.sha256(self.source.encode()).hexdigest()

    @property
    def defaults(self) -> dict[str, Any]:
        return {name: parameter.default for name, parameter in self.parameters.items()}


@dataclass(frozen=True)
class Chapter:
    """A folder of scenes with an introduction.

    `parts`: the titles of its parts, each with the ids of its scenes in order; what is in no part
    (a user's additions) comes last. Empty for a chapter without parts.
    """

    id: str
    title: str
    introduction: str
    scenes: tuple[SceneCard, ...]
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def part_of(self, id: str) -> str:
        """The title of the part that a scene is in, or nothing."""
        return next((title for title, ids in self.parts.items() if id in ids), "")


class Catalog:
    """Every chapter and scene in a list of folders, in their declared order."""

    def __init__(self, roots: list[Path]) -> None:
        self.roots = roots

    @cached_property
    def chapters(self) -> tuple[Chapter, ...]:
        found: dict[str, Chapter] = {}
        for root in self.roots:
            for chapter in _chapters(root):
                if chapter.id in found:  # a user's folder adds scenes to a chapter of ours
                    known = found[chapter.id]
                    ids = {card.id for card in known.scenes}
                    more = tuple(card for card in chapter.scenes if card.id not in ids)
                    chapter = replace(known, scenes=known.scenes + more)
                found[chapter.id] = chapter
        return tuple(found.values())

    @property
    def scenes(self) -> tuple[SceneCard, ...]:
        return tuple(card for chapter in self.chapters for card in chapter.scenes)

    def find(self, id: str) -> SceneCard:
        """The scene of that id; UnknownScene with the nearest match if there is none."""
        if "chapters" not in vars(self):  # to find one scene, not every file need be read
            for card in self._candidates(id):
                return card
        for card in self.scenes:
            if card.id == id:
                return card
        ids = [card.id for card in self.scenes]
        slugs = {known.split("/")[1]: known for known in ids}
        match = nearest(id.split("/")[-1], slugs)
        hint = did_you_mean(id, ids)
        if not hint and match:
            hint = f" Did you mean {slugs[match]!r}?"
        raise UnknownScene(f"there is no scene {id!r}.{hint} `dlplay list` shows all.")

    def _candidates(self, id: str) -> Iterator[SceneCard]:
        """Scenes in the files that are called as the id says, in the order of the folders."""
        for root in self.roots:
            for path in root.glob("*/*.py"):
                if _id(path) == id and _is_chapter(path.parent) and not path.name.startswith("_"):
                    card = describe(path, root)
                    if card is not None:
                        yield card

    def select(self, names: list[str]) -> list[SceneCard]:
        """The scenes of these ids and chapters, in order; all of them for an empty list."""
        if not names:
            return list(self.scenes)
        chapters = {chapter.id: chapter for chapter in self.chapters}
        chosen: dict[str, SceneCard] = {}
        for name in names:
            if name in chapters:
                chosen.update({card.id: card for card in chapters[name].scenes})
            elif "/" in name:
                chosen[name] = self.find(name)
            else:
                every = [*chapters, *(card.id for card in self.scenes)]
                raise UnknownScene(f"there is no chapter {name!r}.{did_you_mean(name, every)}")
        return list(chosen.values())


def built_in() -> Path:
    """Our own scenes: inside the package as installed, beside it in a checkout."""
    here = Path(__file__).resolve().parent.parent
    installed = here / "scenes"
    return installed if installed.is_dir() else here.parent / "scenes"


def user_folder() -> Path:
    """Where the user's own scenes are looked for, and where `dlplay new` writes."""
    from platformdirs import user_config_path

    return user_config_path("dlplay") / "scenes"


def roots(extra: Path | None = None) -> list[Path]:
    """The folders that are searched: ours, `extra`, DLPLAY_SCENES, plug-ins, the user's own."""
    found = [built_in()]
    if extra is not None:
        found.append(extra)
    if os.environ.get("DLPLAY_SCENES"):
        found.append(Path(os.environ["DLPLAY_SCENES"]))
    found += _plugged_in()
    found.append(user_folder())
    return [root for root in dict.fromkeys(path.resolve() for path in found) if root.is_dir()]


def _plugged_in() -> Iterator[Path]:
    from importlib.metadata import entry_points

    for point in entry_points(group=ENTRY_POINTS):
        spec = importlib.util.find_spec(point.module)
        for place in (spec.submodule_search_locations or ()) if spec else ():
            yield Path(place)


def _chapters(root: Path) -> Iterator[Chapter]:
    folders = [path for path in root.iterdir() if _is_chapter(path)]
    for folder in _ordered(folders, _order(root, "chapters")):
        files = [path for path in folder.glob("*.py") if not path.name.startswith("_")]
        if files:
            title, introduction = _heading(_docstring(folder / "__init__.py"), folder.name)
            order = _order(folder, "scenes")
            cards = (describe(path, root) for path in _ordered(files, order))
            scenes = tuple(card for card in cards if card is not None)
            if scenes:
                id = _kebab(folder.name)
                parts = {
                    part: tuple(f"{id}/{_kebab(name)}" for name in names)
                    for part, names in order.items()
                    if part
                }
                yield Chapter(id, title, introduction, scenes, parts)


def _is_chapter(path: Path) -> bool:
    return path.is_dir() and not path.name.startswith(("_", "."))


def _order(folder: Path, name: str) -> dict[str, tuple[str, ...]]:
    """What the folder's __init__.py declares as `name`: its parts in order, or one without a
    title."""
    init = folder / "__init__.py"
    declared = literals.constants(_tree(init).body).get(name, ()) if init.is_file() else ()
    if not isinstance(declared, dict):
        declared = {"": declared}
    return {str(part): tuple(map(str, entries)) for part, entries in declared.items()}


def _ordered(found: list[Path], order: Mapping[str, tuple[str, ...]]) -> list[Path]:
    """Paths in the order of their names there, the others after them."""
    entries = [entry for part in order.values() for entry in part]
    places = {entry.replace("-", "_"): place for place, entry in enumerate(entries)}
    return sorted(found, key=lambda path: (places.get(path.stem, len(places)), path.stem))


def _tree(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, ValueError, OSError):
        return ast.Module([], [])


def _docstring(path: Path) -> str:
    return ast.get_docstring(_tree(path)) or ""


def _heading(lesson: str, name: str) -> tuple[str, str]:
    """A lesson's first heading, and what follows it."""
    first, _, rest = lesson.partition("\n")
    if first.startswith("# "):
        return first[2:].strip(), rest.strip()
    return name.replace("_", " ").capitalize(), lesson


def _id(path: Path) -> str:
    return f"{_kebab(path.parent.name)}/{_kebab(path.stem)}"


def _kebab(name: str) -> str:
    return name.replace("_", "-")


def describe(path: Path, root: Path) -> SceneCard | None:
    """What a scene's file declares; None for a file without a scene (shared helpers)."""
    id = _id(path)
    title = path.stem.replace("_", " ").capitalize()
    source = ""
    try:
        source = path.read_text(encoding="utf-8")
        tree = ast.parse(source)
        body = _scene_body(tree)
        if body is None:
            return None
        title, lesson = _heading(ast.get_docstring(tree) or "", path.stem)
        names = literals.constants(tree.body)
        declared = literals.constants(body, names)
        known: dict[str, Any] = {"title": title, "lesson": lesson, "source": source}
        known["quick"] = declared.get("quick", {})
        known["parameters"] = parameters = literals.parameters(body, names)
        if is_page(declared):
            page = Page(tree, declared, names)
            return SceneCard(
                id,
                path,
                root,
                covers=dict.fromkeys(page.covers, ()),
                panels=page.panels,
                claims=page.claims(parameters),
                tries=page.tries,
                pace=float(declared.get("pace", 0)),
                is_page=True,
                **known,
            )
        return SceneCard(
            id,
            path,
            root,
            covers=_covers(declared.get("covers", {})),
            panels=dict.fromkeys(declared.get("panels", ()), ""),
            claims=literals.claims(body, names),
            **known,
        )
    except Exception as error:  # whatever is wrong with a file, it breaks its own scene alone
        return SceneCard(id, path, root, title, source=source, broken=f"{path.name}: {error}")


def _covers(declared: object) -> dict[str, tuple[str, ...]]:
    """Sections with the panels and claims that show them. Raises ValueError for anything else."""
    shown = "covers must be a dict: {section: (names of panels and claims that show it, ...)}"
    if not isinstance(declared, dict):
        raise ValueError(shown)
    if any(isinstance(names, str) for names in declared.values()):
        raise ValueError(f"{shown}; one name needs its comma: ('loss',)")
    return {section: tuple(names) for section, names in declared.items()}


def _scene_body(tree: ast.Module) -> list[ast.stmt] | None:
    for statement in tree.body:
        if isinstance(statement, ast.ClassDef):
            for base in statement.bases:
                if ast.unparse(base).split(".")[-1] == "Scene":
                    return statement.body
    return None


def load(card: SceneCard) -> type[Scene]:
    """Import a scene's file, as part of a private package, and return its Scene class.

    Raises BrokenScene if the file cannot be imported or has no Scene.
    """
    if card.broken:
        raise BrokenScene(card.broken)
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
