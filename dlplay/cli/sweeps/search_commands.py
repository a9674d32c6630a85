"""The commands that a search prints, to be pasted: what makes it, or one of its points, again."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from dlplay.words.address import address, elsewhere, show_settings

if TYPE_CHECKING:
    from dlplay.engine.sweeps.search import Point, Search

TELLING = 6  # seeds, the fewest that can tell two values apart


def again(search: Search) -> str:
    """What makes this search again."""
    words = [search.card.id, *(shlex.quote(each.words) for each in search.axes)]
    words += show_settings(search.card, search.settings)
    words += [f"--search {search.count}", f"--measure {search.measure}", f"--goal {search.goal}"]
    words += [*_seeds(len(search.seeds), search.seeds[0]), f"--jobs {search.jobs}"]
    return "dlplay sweep " + " ".join(words) + elsewhere(search.card)


def running(search: Search, point: Point, device: str = "auto") -> str:
    """What runs this point."""
    values = search.card.defaults | search.settings | dict(point.settings)
    line = address(search.card, values, search.seeds[0], device)
    return f"dlplay run {line}{elsewhere(search.card)}"


def afresh(search: Search, point: Point) -> str | None:
    """What holds this point against a default, on seeds that had no part in its choice: a sweep of
    the first parameter that is not at its default; None where all are."""
    card, defaults = search.card, search.card.defaults
    moved = [n for n, value in point.settings.items() if value != defaults[n]]
    if not moved:
        return None
    show = card.parameters[moved[0]].show
    swept = f"{moved[0]}={show(defaults[moved[0]])},{show(point.settings[moved[0]])}"
    rest = {n: v for n, v in (search.settings | dict(point.settings)).items() if n != moved[0]}
    words = [card.id, shlex.quote(swept), *show_settings(card, rest), f"--measure {search.measure}"]
    words += _seeds(TELLING, search.seeds[-1] + 1)
    return "dlplay sweep " + " ".join(words) + elsewhere(card)


def _seeds(count: int, first: int) -> list[str]:
    return [f"--seeds {count}"] * (count > 1) + [f"--seed {first}"] * bool(first)
