"""How claims stand, as a table: on pages that are exported, and where a run is printed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from dlplay.words.numbers import STANDS, bound, short, stands

if TYPE_CHECKING:
    from dlplay.wire.events import ClaimResult

GAP = 2  # columns between two of the table
LEAST = 20  # columns of a claim's sentence; with fewer it has lines of its own


def verdicts(
    claims: Sequence[ClaimResult],
    whole: bool,
    width: int,
    shown: Callable[[str], str],
    colors: bool = True,
) -> Table:
    """Of each claim how it stands, its sentence, what was measured and what it is held against;
    where `width` columns are too few for that beside each other, its sentence under the others.

    `whole`: whether the run came to its end. `shown`: makes of a text what may be printed.
    """
    rows = []
    for claim in claims:
        words, style = stands(claim.holds, whole)
        texts = claim.claim, short(claim.value), bound(claim.relation, claim.bound)
        said, value, limit = (Text(shown(text)) for text in texts)
        rows.append((Text(shown(words), style if colors else ""), said, value, limit))
    taken = max(len(words) for words, _ in STANDS.values())  # the same however they stand
    for column, head in ((2, "measured"), (3, "claimed")):
        taken += max(cell_len(cell) for cell in (head, *(row[column].plain for row in rows)))
    if width - taken - 4 * GAP < LEAST:
        return _narrow(rows)
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="dim")
    table.add_column("", no_wrap=True)
    table.add_column("claim", ratio=1)
    table.add_column("measured", no_wrap=True, justify="right")
    table.add_column("claimed", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    return table


def _narrow(rows: Sequence[tuple[Text, Text, Text, Text]]) -> Table:
    """One column: how it stands with its numbers, and the sentence."""
    table = Table.grid()
    for words, claim, value, limit in rows:
        parts = [words, *(part for part in (value, limit) if part)]
        table.add_row(Text("  ").join(parts))
        table.add_row(Padding(claim, (0, 0, 0, GAP)))
    return table
