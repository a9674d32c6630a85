"""A run as a page of cells: its panels as on the stage, then claims, tweaks and the address."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from operator import is_not

from rich.cells import set_cell_size
from rich.console import Console, RenderableType
from rich.segment import Segment
from rich.style import Style
from rich.text import Text

from dlplay.draw import (
    Curves,
    Drawn,
    Look,
    View,
    caption,
    draw,
    filled,
    natural_height,
    natural_width,
    stretches,
)
from dlplay.draw import Line as Curve
from dlplay.draw.captions import wrapped
from dlplay.draw.mosaic import LEAD, SMALLEST, Place, Want, pages, places, whole
from dlplay.draw.verdicts import verdicts
from dlplay.engine.history import History
from dlplay.export.options import Options
from dlplay.export.source import Source
from dlplay.wire import events
from dlplay.words.plain import as_wide, to_ascii

Line = list[Segment]
GAP = 2  # columns between panels
TALL, TALLER = 12, 18  # rows of a panel that has one to spare, and two
FURTHER = 2  # lines under its title line that a caption has at most
SPOKEN = 3  # lines of a title or a headline at most
BOLD, FAINT, PLAIN = Style(bold=True), Style(dim=True), Style.null()
NO_ENVIRONMENT = {"TERM": "xterm-256color"}  # what is exported does not depend on the terminal


def console(width: int, *, record: bool = False) -> Console:
    """A console on nothing, with all colours."""
    return Console(
        file=io.StringIO(),
        record=record,
        width=width,
        height=25,
        color_system="truecolor",
        force_terminal=True,
        force_jupyter=False,
        no_color=False,
        legacy_windows=False,
        highlight=False,
        emoji=False,
        markup=False,
        _environ=NO_ENVIRONMENT,
    )


def printable(text: str, look: Look = Look()) -> str:  # noqa: B008
    """The text without characters that a terminal would obey, in ASCII where that is the look."""
    text = "".join(c if c.isprintable() or c == "\n" else " " for c in text)
    return to_ascii(text) if look.ascii else text


def arranged(wants: Sequence[Want], width: int, height: int) -> list[Place]:
    """Where all panels stand, the lead first: as on the stage, but all on one page, which goes on
    beneath `height` where that has no room for them. Places have GAP columns between them."""
    if width < SMALLEST[0] + GAP:
        found = [Place(0, n * LEAD, width, LEAD) for n in range(len(wants))]
    elif len(wants) < 2:
        found = [whole(width, height)] * len(wants)
    else:
        while len(pages(wants, 0, width, height)) > 1:
            height += 1
        found = places(wants, width, height)
    return [replace(place, width=place.width - GAP) for place in found]


class Page:
    """The page of a run: the same places whatever moment of it is shown."""

    def __init__(self, source: Source, options: Options) -> None:
        self.source, self.options = source, options
        names = source.panels()
        if options.panel is not None:
            names = options.choose([*names, *(n for n in source.history.names if n == "x-ray")])
        wants = [self._want(source.history, name) for name in names]
        found = arranged(wants, options.width + GAP, options.height)
        self.places = dict(zip(names, found, strict=True))
        self._seen: dict[str, tuple[Drawn | None, list[Line]]] = {}
        self._heads: dict[str, tuple[object, list[Line]]] = {}
        self._rows: dict[int, tuple[list[Line], Line]] = {}
        self._judged: tuple[object, list[Line]] = (None, [])
        self._grid = max((place.y + place.height for place in self.places.values()), default=0)
        self._footer = len(self._beneath(source.history, None))
        self._named = self._whole(source.title, BOLD)
        said = [self._whole(each.text) for each in source.history.headlines]
        self._headline = max(map(len, said), default=1)

    @property
    def height(self) -> int:
        """Lines of the page, or of the highest of those that were made of it."""
        return len(self._named) + self._headline + self._grid + 1 + self._footer

    @property
    def blank(self) -> Line:
        """An empty line of it."""
        return _blank(self.options.width)

    def lines(self, history: History, until: int | None = None) -> list[Line]:
        """The page as it was at the tick `until`; as it is at the end of `history` for None.

        A line of panels that none has changed is the same object as the last time. Where claims
        and state need more lines than at the end, this page and all later ones are higher.
        """
        beneath = self._beneath(history, until)
        self._footer = max(self._footer, len(beneath))
        blank = [self.blank]
        said = self._whole(history.headline(until))
        return [
            *self._named,
            *said,
            *blank * (self._headline - len(said)),
            *self._panels(history, until),
            *blank,
            *beneath,
            *blank * (self._footer - len(beneath)),
        ]

    def _whole(self, text: str, style: Style = PLAIN) -> list[Line]:
        """The title or a headline in as many lines as it needs, up to SPOKEN."""
        width, look = self.options.width, self.options.look
        rows = [row.plain for row in Text(printable(text, look)).wrap(console(width), width)]
        if len(rows) > SPOKEN:
            last = Text(" ".join(rows[SPOKEN - 1 :]))
            last.truncate(width, overflow="ellipsis")
            rows = [*rows[: SPOKEN - 1], as_wide(last.plain) if look.ascii else last.plain]
        return [[Segment(set_cell_size(row, width), style)] for row in rows or [""]]

    def _want(self, history: History, name: str) -> Want:
        """What a panel would like, with its title, the line under it, and the gap beside it."""
        content = history.panel(name, None) if name in history.versions else None
        if content is None:
            return Want(lambda width: SMALLEST[1])
        look = self.options.look

        def rows(width: int) -> int:
            high = natural_height(content, width - GAP, look) + 2
            return high + self._below(name, content, width - GAP, high)

        def fills(width: int, height: int) -> tuple[int, int]:
            wide, high = filled(content, width - GAP, height - 2)
            return wide + GAP, high + 2 + self._below(name, content, width - GAP, height)

        wide = natural_width(content)
        return Want(rows, stretches(content), fills, wide + GAP if wide else 0)

    def _panels(self, history: History, until: int | None) -> list[Line]:
        parts: list[list[Line]] = [[] for _ in range(self._grid)]  # of each line, from the left
        starts: list[list[Place]] = [[] for _ in range(self._grid)]
        for name, place in self.places.items():
            content = history.panel(name, until) if name in history.versions else None
            for row, line in enumerate(self.panel(name, content, place), place.y):
                parts[row].append(line)
                starts[row].append(place)
        for row, lines in enumerate(parts):
            known = self._rows.get(row)
            if known is None or any(map(is_not, known[0], lines)):
                self._rows[row] = lines, self._joined(lines, starts[row])
        return [self._rows[row][1] for row in range(self._grid)]

    def _joined(self, parts: list[Line], starts: list[Place]) -> Line:
        """One line of the page from those of panels beside each other."""
        found: Line = []
        end = 0
        for line, place in zip(parts, starts, strict=True):
            found += [Segment(" " * (place.x - end)), *line]
            end = place.x + place.width
        if end > self.options.width:
            return Segment.adjust_line_length(found, self.options.width)
        return [*found, Segment(" " * (self.options.width - end))]

    def panel(self, name: str, content: Drawn | None, place: Place) -> list[Line]:
        """A title line with the caption, which may go on under it; the drawing; a blank line."""
        said = self._title(name, content, place.width)
        told = self._told(name, content, place.width, place.height)
        above = self._heads.get(name)
        if above is None or above[0] != (said, told, place):
            self._heads[name] = above = (said, told, place), self._head(*said, told, place.width)
        drawing = self._drawn(name, content, place.width, place.height - 1 - len(above[1]))
        return [*above[1], *drawing, _blank(place.width)]

    def _head(self, title: str, note: str, told: list[str], width: int) -> list[Line]:
        """The title line and those under it."""
        look = self.options.look
        first, *below = told
        first = f" {first}" if first else ""
        line = "─" * (width - len(title) - len(first) - len(note) - 3)
        rest = f" {line} {note}"
        # Plain: what stands right under it, the name of an axis, is faint.
        head = Text.assemble((title, BOLD), first, (as_wide(rest) if look.ascii else rest, FAINT))
        head.truncate(width, pad=True)
        more = [[Segment(set_cell_size(each, width), PLAIN)] for each in below]
        return [list(head.render(console(width))), *more]

    def _title(self, name: str, content: Drawn | None, width: int) -> tuple[str, str]:
        """What stands at both ends of the title line: the name, and what the drawing says."""
        title = printable(name, self.options.look)[: max(0, width - 3)]
        return title, caption(content) if content is not None else ""

    def _told(self, name: str, content: Drawn | None, width: int, height: int) -> list[str]:
        """The panel's caption: what stands in its title line, and the lines under that."""
        title, note = self._title(name, content, width)
        card = self.source.card
        told = printable(card.panels.get(name, ""), self.options.look) if card is not None else ""
        beside = max(width - len(title) - len(note) - 6, 0)
        further = (height >= TALL) + (height >= TALLER)
        if content is not None:  # what the drawing leaves is free; words and tables would be cut
            spare = max(height - 2 - self._high(content, width, height - 2), 0)
            further = min(max(spare, further) if stretches(content) else spare, FURTHER)
        first, *below = wrapped(told, [beside, *[width] * further])
        return [first, *(line for line in below if line)]

    def _high(self, content: Drawn, width: int, height: int) -> int:
        """The rows that the drawing takes, or would like if it does not stretch."""
        if stretches(content):
            return filled(content, width, height)[1]
        return natural_height(content, width, self.options.look)

    def _below(self, name: str, content: Drawn, width: int, height: int) -> int:
        """The lines that the caption takes under the title line."""
        return len(self._told(name, content, width, height)) - 1

    def drawing(self, name: str, content: Drawn | None, place: Place) -> list[Line]:
        """A panel without its title."""
        return self._drawn(name, content, place.width, place.height - 2)

    def _drawn(self, name: str, content: Drawn | None, width: int, height: int) -> list[Line]:
        known = self._seen.get(name)
        if known is None or not _same(known[0], content):  # most frames change few panels
            fresh = self._fresh(name, content, width, height) if content is not None else None
            self._seen[name] = known = content, fresh or [_blank(width)] * height
        return known[1]

    def _fresh(self, name: str, content: Drawn, width: int, height: int) -> list[Line]:
        try:
            # Those of the whole run: a moment of it has had fewer names.
            view = View(styles=self.source.history.styles.numbers)
            return draw(content, width, height, self.options.look, view).lines
        except Exception as error:  # the file may come from anywhere: the other panels are whole
            self.options.note(f"the panel {name!r} cannot be drawn: {error}")
            lost = events.Text(panel=name, text="(this panel cannot be drawn)")
            return draw(lost, width, height, self.options.look).lines

    def _beneath(self, history: History, until: int | None) -> list[Line]:
        look, page = self.options.look, console(self.options.width)
        parts: list[RenderableType] = []
        if history.tweaks:
            parts.append(Text(printable(tweaks(history), look)))
        if self.source.sabotaged:
            parts.append(Text(printable(self.source.sabotaged, look), "bold yellow"))
        parts.append(Text(printable(self._state(history, until), look)))
        address = Text(printable(self.source.command, look), overflow="fold")
        parts.append(address)
        lines = [line for part in parts for line in page.render_lines(part, pad=True)]
        return self._claims(history, page) + lines

    def _claims(self, history: History, page: Console) -> list[Line]:
        """The table of the claims, which most frames leave as it was: it takes half of their time
        to lay out."""
        if not history.claims:
            return []
        known = repr(history.claims), history.whole
        if self._judged[0] != known:
            look = self.options.look
            table = verdicts(
                history.claims,
                history.whole,
                self.options.width,
                lambda text: printable(text, look),
                colors=look.colors != "none",
            )
            self._judged = known, [*page.render_lines(table, pad=True), *page.render_lines("")]
        return self._judged[1]

    def _state(self, history: History, until: int | None) -> str:
        if until is None:
            return self.source.summary()
        progress = history.progress
        if progress is None:
            return "beginning"
        phase = f" · {progress.phase}" if progress.phase else ""
        of_all = f" of {progress.total:,}" if progress.total else ""
        return f"step {progress.step:,}{of_all}{phase}"


@lru_cache(maxsize=64)
def _blank(width: int) -> Line:
    return [Segment(" " * width)]


def _same(old: Drawn | None, new: Drawn | None) -> bool:
    """Whether two moments of a panel look the same. Curves are put together anew for each."""
    if not (isinstance(old, Curves) and isinstance(new, Curves)):
        return old is new
    return (
        old.axes is new.axes
        and old.scatter == new.scatter
        and list(old.lines) == list(new.lines)
        and all(map(_same_line, old.lines.values(), new.lines.values()))
    )


def _same_line(old: Curve, new: Curve) -> bool:
    pairs = (old.x, new.x), (old.mean, new.mean), (old.low, new.low), (old.high, new.high)
    return all(len(a) == len(b) and a.tobytes() == b.tobytes() for a, b in pairs)


def tweaks(history: History) -> str:
    """What was changed while the run went on."""
    return ", ".join(f"at {t.tick:,}: {t.name}={t.value}" for t in history.tweaks)
