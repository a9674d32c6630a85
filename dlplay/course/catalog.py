"""Finds chapters and scenes in folders."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from dlplay.course import files
from dlplay.course.cache import Cache, default_file
from dlplay.course.cards import SceneCard, card_of, describe, id_of, kebab
from dlplay.course.facts import INIT, FolderFacts, heading
from dlplay.course.loading import BrokenScene, load
from dlplay.words.nearest import did_you_mean, nearest

__all__ = [
    "BrokenScene", "Catalog", "Chapter", "SceneCard", "UnknownScene", "built_in", "describe",
    "load", "roots", "user_folder",
]  # fmt: skip

ENTRY_POINTS = "dlplay.scenes"
NAMED = 3  # of many, so many are named


class UnknownScene(LookupError):
    """No scene or chapter of that id; the message names the nearest."""


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


class Notice(NamedTuple):
    """Something that is amiss in a folder, and what to do about it."""

    text: str
    advice: str


class Catalog:
    """Every chapter and scene in a list of folders, in their declared order.

    Of two scenes with one id, the first is in it. `cache`: the file that keeps what was read; the
    user's, unless another is given.
    """

    def __init__(self, roots: list[Path], cache: Path | None = None) -> None:
        self.roots = roots
        self._cache_file = cache

    @cached_property
    def chapters(self) -> tuple[Chapter, ...]:
        return tuple(self._survey.chapters.values())

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What is amiss in the folders, but for broken scenes."""
        return tuple(self._survey.notices())

    @cached_property
    def _survey(self) -> Survey:
        cache = Cache(self._cache_file or default_file())
        survey = Survey(cache)
        for root in self.roots:
            survey.add(root)
        cache.save()
        return survey

    @property
    def scenes(self) -> tuple[SceneCard, ...]:
        return tuple(card for chapter in self.chapters for card in chapter.scenes)

    def find(self, id: str) -> SceneCard:
        """The scene of that id, or of a file that ends in .py; UnknownScene if there is none, with
        the nearest match."""
        if is_file(id):
            return of_file(id)
        if "chapters" not in vars(self):  # to find one scene, not every file need be read
            for card in self._candidates(id):
                return card
        for card in self.scenes:
            if card.id == id:
                return card
        if id.startswith("own/"):
            raise UnknownScene(
                f"{id!r} is no scene but a program of your own: `dlplay watch -- COMMAND` runs it, "
                "`dlplay runs` lists what was recorded of it"
            )
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
            for path in _called(root, id):
                if (card := describe(path, root)) is not None:
                    yield card

    def select(self, names: list[str]) -> list[SceneCard]:
        """The scenes of these ids, files and chapters, in order; all of them for an empty list."""
        if not names:
            return list(self.scenes)
        chapters = {chapter.id: chapter for chapter in self.chapters}
        chosen: dict[str, SceneCard] = {}
        for name in names:
            if name in chapters:
                chosen.update({card.id: card for card in chapters[name].scenes})
            elif "/" in name or is_file(name):
                card = self.find(name)
                chosen[card.id] = card
            else:
                every = [*chapters, *(card.id for card in self.scenes)]
                hint = did_you_mean(name, every)
                raise UnknownScene(f"there is no chapter {name!r}.{hint} `dlplay list` shows all.")
        return list(chosen.values())


def is_file(word: str) -> bool:
    """Whether a word is a scene's file; it is its id otherwise."""
    return word.endswith(".py")


def of_file(path: str | Path) -> SceneCard:
    """The scene of a file, wherever it lies; UnknownScene if it has none."""
    place = Path(os.path.realpath(Path(path).expanduser()))
    if not place.is_file():
        raise UnknownScene(f"there is no file {str(path)!r}")
    card = describe(place, place.parent.parent)
    if card is None:
        raise UnknownScene(f"{path} has no Scene class")
    return card


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
    places = dict.fromkeys(
        os.path.realpath(path) for path in found
    )  # it never fails, as resolve may
    return [Path(place) for place in places if os.path.isdir(place)]


def _plugged_in() -> Iterator[Path]:
    from importlib.metadata import entry_points

    for point in entry_points(group=ENTRY_POINTS):
        spec = importlib.util.find_spec(point.module)
        for place in (spec.submodule_search_locations or ()) if spec else ():
            yield Path(place)


class Survey:
    """The chapters of some folders, and what is amiss in them."""

    def __init__(self, cache: Cache) -> None:
        self.chapters: dict[str, Chapter] = {}
        self._cache = cache
        self._troubles: list[Notice] = []
        self._hidden: dict[Path, list[str]] = {}

    def add(self, root: Path) -> None:
        """Take in the chapters of a folder; they add to those that are there."""
        for folder in _ordered(self._list(_folders, root), self._declared(root).chapters):
            self._add_chapter(folder, root)

    def notices(self) -> Iterator[Notice]:
        """Each thing that is amiss."""
        yield from self._troubles
        for root, ids in self._hidden.items():
            more = f" and {len(ids) - NAMED} more" if len(ids) > NAMED else ""
            names = ", ".join(ids[:NAMED]) + more
            text = f"not shown of {files.shown(root)}, as others have their names: {names}"
            yield Notice(text, "rename their files")

    def _add_chapter(self, folder: Path, root: Path) -> None:
        declared = self._declared(folder)
        id = kebab(folder.name)
        known = self.chapters.get(id)  # a user's folder adds scenes to a chapter of ours
        cards = {card.id: card for card in known.scenes} if known else {}
        for path in _ordered(self._list(_files, folder), declared.scenes):
            card = self._card(path, root)
            if card is not None and cards.setdefault(card.id, card) is not card:
                self._hidden.setdefault(root, []).append(card.id)
        if known:
            self.chapters[id] = replace(known, scenes=tuple(cards.values()))
        elif cards:
            title, introduction = heading(declared.lesson, files.shown(folder.name))
            parts = {
                part: tuple(f"{id}/{kebab(name)}" for name in names)
                for part, names in declared.scenes.items()
                if part
            }
            self.chapters[id] = Chapter(id, title, introduction, tuple(cards.values()), parts)

    def _list(self, look: Callable[[Path], list[Path]], folder: Path) -> list[Path]:
        try:
            return look(folder)
        except OSError as error:
            text = f"{files.shown(folder)} cannot be read: {error.strerror}"
            self._troubles.append(Notice(text, "make it readable"))
            return []

    def _card(self, path: Path, root: Path) -> SceneCard | None:
        reading = self._cache.read(path)
        try:
            return card_of(reading.facts, path, root, reading.text)
        except Exception:  # the cache holds what no file can say
            return describe(path, root)

    def _declared(self, folder: Path) -> FolderFacts:
        init = folder / INIT
        found = self._cache.read(init).facts if os.path.lexists(init) else None
        if not isinstance(found, FolderFacts):
            return FolderFacts()
        if found.broken:
            text = f"titles and order are not read from {found.broken}"
            self._troubles.append(Notice(text, f"correct {files.shown(init)}"))
        return found


def _folders(root: Path) -> list[Path]:
    """The folders in it that may be chapters. Raises OSError."""
    with os.scandir(root) as entries:
        return [root / entry.name for entry in entries if _is_named(entry.name) and entry.is_dir()]


def _files(folder: Path) -> list[Path]:
    """The Python files in it that may be scenes. Raises OSError."""
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries]
    return [folder / name for name in names if name.endswith(".py") and _is_named(name)]


def _called(root: Path, id: str) -> list[Path]:
    """The files in its chapters that are called as the id says; none where nothing can be read."""
    found: list[Path] = []
    with suppress(OSError):
        for folder in _folders(root):
            if kebab(folder.name) == id.partition("/")[0]:
                found += [path for path in _files(folder) if id_of(path) == id]
    return found


def _is_named(name: str) -> bool:
    """Whether it is meant to be seen: neither private nor hidden."""
    return not name.startswith(("_", "."))


def _ordered(found: list[Path], order: Mapping[str, tuple[str, ...]]) -> list[Path]:
    """Paths in the order of their names there, the others after them."""
    entries = [entry for part in order.values() for entry in part]
    places = {entry.replace("-", "_"): place for place, entry in enumerate(entries)}
    return sorted(found, key=lambda path: (places.get(path.stem, len(places)), path.stem))
