"""One colour and sign for a thing, wherever a scene draws it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

import numpy as np

from dlplay.wire import events

COLORS, MARKS = 8, 12  # of the palette
MOST = 300  # names that are kept: a scene may draw new ones for ever
_CLASS = re.compile(r"class (\d{1,2})|(\d)")
_SIGNS = {"-1": 0, "−1": 0, "+1": 1}


class Styles:
    """The palette's number of each series and class by name: given when the name first appears.
    Classes have their own numbers; a series keeps its, but where a class that comes later owns it.

    Whoever watches several runs of a scene gives them the same `Styles`.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._panels: dict[str, list[str]] = {}  # what each shows, in order
        self._classes = 0
        self._members: set[str] = set()  # names of points that are those of a class
        self.moves = 0  # counts how often series had to give way

    @property
    def numbers(self) -> Mapping[str, int]:
        """The numbers given so far; another mapping when there are more."""
        return self._numbers

    def meet(self, event: events.AnyEvent) -> None:
        """Give numbers to the names that this event draws for the first time."""
        match event:
            case events.Points(panel=panel, series=name):
                here = self._panels.setdefault(panel, [])
                if name not in here:
                    self._give(name, here)
                    here.append(name)
            case (
                events.Plot() | events.Bars() | events.Histogram() | events.Stack() | events.Times()
            ):
                self._replace(event.panel, list(event.series))
            case events.Boxes():  # as bars of one series without a name
                self._replace(event.panel, [""])
            case events.Matrices():
                windows = [w.name for matrix in event.matrices for w in matrix.windows]
                self._replace(event.panel, list(dict.fromkeys(windows)))
            case events.Plane():
                self._plane(event)
            case events.Image() if event.boxes:
                self._replace(event.panel, [each.name for each in event.boxes])

    def _plane(self, plane: events.Plane) -> None:
        named = [cloud.name for cloud in plane.clouds if cloud.name and not cloud.labels]
        sides = plane.field is not None and plane.kind in ("signed", "classes")
        self._reserve(2 if sides and plane.kind == "signed" else _classes(plane))
        if sides and len(named) > 1:  # named clouds on a field of classes are those classes
            self._members.update(named)
            self._reserve(len(named))
            for place, name in enumerate(named):
                self._keep(name, place)
        self._replace(plane.panel, [trail.name for trail in plane.trails] + named)

    def _reserve(self, classes: int) -> None:
        classes = min(classes, MARKS)
        if classes <= self._classes:
            return
        self._classes = classes
        moved = [
            name
            for name, number in self._numbers.items()
            if number < classes and class_of(name) is None and name not in self._members
        ]
        if moved:
            self._numbers = {n: k for n, k in self._numbers.items() if n not in moved}
            self.moves += 1
        for name in moved:
            self._give(name, [n for names in self._panels.values() if name in names for n in names])

    def _replace(self, panel: str, names: list[str]) -> None:
        """What a panel shows now. Among as many names, a new one in the place of one that is gone
        is the same thing, called otherwise: "T = 0.5", then "T = 0.6"."""
        before = self._panels.get(panel, [])
        if names == before:
            return
        fresh = {*names} - {*self._numbers}
        for name, old in zip(names, before, strict=False) if len(names) == len(before) else ():
            if name in fresh and old not in names and old in self._numbers:
                self._keep(name, self._numbers[old])
        for name in names:
            self._give(name, names)
        self._panels[panel] = names

    def _give(self, name: str, beside: Iterable[str]) -> None:
        if name not in self._numbers:
            self._keep(name, self._free({self._numbers.get(other, -1) for other in beside} - {-1}))

    def _keep(self, name: str, number: int) -> None:
        if name not in self._numbers and len(self._numbers) < MOST:
            own = class_of(name)
            self._numbers = {**self._numbers, name: number if own is None else own}

    def _free(self, beside: set[int]) -> int:
        """A number that nothing has; of a colour that nothing beside it has, and few at all."""
        taken = {*self._numbers.values(), *range(self._classes)}
        uses = Counter(number % COLORS for number in taken)
        colors = {number % COLORS for number in beside}
        marks = {number % MARKS for number in beside}
        free = (number for number in range(COLORS * MARKS) if number not in taken)
        return min(
            free,
            key=lambda n: (n % COLORS in colors, n % MARKS in marks, uses[n % COLORS], n),
            default=len(taken),
        )


def class_of(name: str) -> int | None:
    """The class that the name is of: "class 3", "3"; "−1" and "+1" are the classes 0 and 1."""
    found = _CLASS.fullmatch(name)
    return int(found[1] or found[2]) if found else _SIGNS.get(name)


def _classes(plane: events.Plane) -> int:
    """How many classes the plane shows, by points or by regions."""
    most = max((max(cloud.labels, default=-1) for cloud in plane.clouds), default=-1)
    if plane.field is not None and plane.kind == "classes":
        values = plane.field.numpy()
        finite = values[np.isfinite(values)]
        most = max(most, int(finite.max())) if finite.size else most
    return max(0, int(most) + 1)
