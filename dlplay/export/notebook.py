"""A result as a notebook shows it: claims, the panels as pictures, the run's address."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING

from dlplay.draw import Look, View, caption, draw, natural_height
from dlplay.engine.history import History
from dlplay.export.picture import printable
from dlplay.export.svg import clean, drawn
from dlplay.wire import events
from dlplay.words.numbers import bound, short, stands, steps

if TYPE_CHECKING:
    from dlplay.engine.headless import Result

COLUMNS, ROWS = 76, 24  # of a panel, at most
PIXELS = 8  # of a column
INKS = {"green": "#2a8f2a", "red": "#c33", "yellow": "#977500"}


def shown(result: Result) -> str:
    """The result in HTML that fetches nothing; every text in it is text."""
    done = result.finished
    summary = f"{done.status}: {steps(done.steps)} in {done.seconds:.1f} s on {done.device}"
    title = result.card.title if result.card is not None else done.scene
    parts = [f"<p><b>{_text(title)}</b>"]
    parts += [f"<br>{_text(said)}" for said in (done.headline, done.message) if said]
    parts.append(f"<br>{_text(summary)}, seed {done.seed}</p>")
    parts += _claims(done)
    figures = list(_figures(result))
    if figures:
        style = "display: flex; flex-wrap: wrap; gap: 1em"
        parts.append(f'<div style="{style}">' + "\n".join(figures) + "</div>")
    if result.address:
        parts.append(f"<p><code>dlplay run {_text(result.address)}</code></p>")
    return clean("\n".join(parts))


def _text(text: str) -> str:
    return escape(printable(text))


def _claims(done: events.Finished) -> Iterator[str]:
    if not done.claims:
        return
    yield "<table><tr><th></th><th>claim</th><th>measured</th><th>claimed</th></tr>"
    for claim in done.claims:
        words, ink = stands(claim.holds, done.whole)
        cells = (claim.claim, short(claim.value), bound(claim.relation, claim.bound))
        row = "".join(f'<td style="text-align: left">{_text(cell)}</td>' for cell in cells)
        yield f'<tr><td style="color: {INKS[ink]}">{words}</td>{row}</tr>'
    yield "</table>"


def _figures(result: Result) -> Iterator[str]:
    history = _history(result)
    mark = hashlib.sha256(repr(result).encode()).hexdigest()[:8]  # other cells have pictures too
    names = list(result.card.panels) if result.card is not None else []
    known = [name for name in history.names if name != "x-ray"]
    order = [name for name in names if name in known]
    look = Look()
    for number, name in enumerate(order + [name for name in known if name not in order], 1):
        content = history.panel(name)
        if content is None:
            continue
        height = min(natural_height(content, COLUMNS, look), ROWS)
        axes = history.axes.get(name)
        view = View(log=axes.log if axes else None, styles=history.styles.numbers)
        lines = draw(content, COLUMNS, height, look, view).lines
        told = result.card.panels.get(name, "") if result.card is not None else ""
        notes = " · ".join(note for note in (told, caption(content)) if note)
        head = f"<b>{_text(name)}</b>" + (f"<br>{_text(notes)}" if notes else "")
        picture = drawn(lines, COLUMNS, f"dlplay-{mark}-{number}")
        yield (
            f'<figure style="margin: 0; width: {COLUMNS * PIXELS}px; max-width: 100%">'
            f"<figcaption>{head}</figcaption>{picture}</figure>"
        )


def _history(result: Result) -> History:
    """What draws panels asks a history."""
    history = History()
    batch: list[events.AnyEvent] = [*result.axes.values(), *result.panels.values()]
    for panel, series in result.curves.items():
        for name, (x, y) in series.items():
            ticks = list(range(len(x)))
            points = events.Points(
                panel=panel, series=name, ticks=ticks, x=x.tolist(), y=y.tolist()
            )
            batch.append(points)
    history.feed(batch)
    return history
