"""The text of the strip in which tries are offered, asked and told."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from rich.text import Text

from dlplay.tui.model.riddle import Riddle
from dlplay.tui.model.tries import ENDS, Measured, Tries, measured, usual
from dlplay.tui.widgets.claims import comparison, standing
from dlplay.tui.widgets.text import Inks
from dlplay.words.numbers import short

ROWS = 8  # that it takes at most
MARK = "▸"  # before the option that is marked, where one is


def try_lines(tries: Tries, width: int, inks: Inks) -> Text:
    """What the strip says; each row of it at most `width` columns."""
    match tries.state:
        case "offered":
            rows = _offer(tries, width, inks)
        case "asking":
            rows = _question(tries, width, inks)
        case "running":
            rows = [_heading(tries, inks), *wrapped(tries.current.question, width, "bold")]
            rows += _said(tries, width)
        case _:
            rows = _verdict(tries, width, inks)
    return fitted(rows, width)


def riddle_lines(riddle: Riddle, width: int, inks: Inks) -> Text:
    """The same of a riddle."""
    if riddle.state == "told":
        return fitted(_solved(riddle, width, inks), width)
    rows = [Text("A riddle: one knob was turned. Which? The panels tell.", "bold")]
    for number, each in enumerate(riddle.choices, 1):
        instead = f"  instead of {usual(riddle.session.card, each)}"
        sign = f"{number}  ", f"bold {inks['accent']}"
        rows.append(Text.assemble(sign, each.setting, (instead, "dim")))
    keys = f"1 to {len(riddle.choices)} answers · esc leaves"
    return fitted([*rows, Text(keys, "dim")], width)


def option_at(text: Text, row: int) -> int:
    """The number of the option that stands in a row of a question; 0 where none does."""
    rows = text.plain.split("\n")
    found = rows[row] if 0 <= row < len(rows) else ""
    number, _, option = found[found[:1] in (MARK, " ") :].partition("  ")
    return int(number) if option and number.isdecimal() else 0


def _solved(riddle: Riddle, width: int, inks: Inks) -> list[Text]:
    said, answer = riddle.choices[(riddle.said or 1) - 1], riddle.answer
    if said is answer:
        head, ink = f"✓ Right: it was {answer.setting}", "success"
    else:
        head, ink = f"✗ You said {said.setting}: it was {answer.setting}", "error"
    rows = [Text(head, f"bold {inks[ink]}"), *wrapped(answer.why, width, "")]
    keys = Text("enter another riddle · esc back to the run before", "dim")
    finished = riddle.session.history.finished
    if finished is None:
        return [*rows, Text("The run goes on; what it measures comes with its end.", "dim"), keys]
    rows += results(measured(riddle.way, answer), finished.status, ROWS - len(rows) - 1, inks)
    return [*rows, keys]


def fitted(rows: Sequence[Text], width: int) -> Text:
    for row in rows:
        row.truncate(width, overflow="ellipsis")
    text = Text("\n").join(rows)
    text.no_wrap = True
    return text


def _offer(tries: Tries, width: int, inks: Inks) -> list[Text]:
    said = f"try {tries.place + 1} of {len(tries.listed)}: {tries.current.question}"
    first, *more = textwrap.wrap(said, width - 2)
    return [
        Text.assemble(("t ", f"bold {inks['accent']}"), first),
        *(Text(f"  {line}") for line in more),
    ]


def _heading(tries: Tries, inks: Inks) -> Text:
    count = f"try {tries.place + 1} of {len(tries.listed)}  "
    setting = tries.current.setting
    instead = f"  instead of {usual(tries.session.card, tries.current)}"
    return Text.assemble((count, "dim"), (setting, f"bold {inks['accent']}"), (instead, "dim"))


def _question(tries: Tries, width: int, inks: Inks) -> list[Text]:
    each = tries.current
    rows = [_heading(tries, inks), *wrapped(each.question, width, "bold")]
    for number, option in enumerate(each.options, 1):
        first, *more = textwrap.wrap(option, max(width - 3, 10)) or [""]
        rows.append(Text.assemble((f"{number}  ", f"bold {inks['accent']}"), first))
        rows += [Text(f"   {line}") for line in more]
    other = " · t another try" if len(tries.listed) > 1 else ""
    keys = f"1 to {len(each.options)} answers · s shows it without an answer{other} · esc leaves"
    return [*rows, Text(keys, "dim")]


def _said(tries: Tries, width: int) -> list[Text]:
    if tries.said is None:
        return []
    return wrapped(f"You said: {tries.current.options[tries.said - 1]}", width, "")


def _verdict(tries: Tries, width: int, inks: Inks) -> list[Text]:
    each, said = tries.current, tries.said
    truth = each.options[each.right - 1]
    if said is None:
        head, ink = f"So it is: {truth}", "accent"
    elif said == each.right:
        head, ink = f"✓ Right: {truth}", "success"
    else:
        head, ink = f"✗ You said: {each.options[said - 1]}. So it is: {truth}", "error"
    rows = [_heading(tries, inks), *wrapped(head, width, f"bold {inks[ink]}")]
    rows += wrapped(each.why, width, "")
    finished = tries.session.history.finished
    ended = finished.status if finished is not None else "unfinished"
    rows += results(measured(tries.way, each), ended, ROWS - len(rows) - 1, inks)
    going = "leaves" if tries.last else "next try"
    return [
        *rows,
        Text(f"enter {going} · t another try · R riddle · esc back to the run before", "dim"),
    ]


def results(found: Sequence[Measured], ended: str, room: int, inks: Inks) -> list[Text]:
    if ended not in ("done", "diverged"):
        return [Text(f"Nothing is measured: the run {ENDS.get(ended, ended)}.", "dim")]
    return [measured_row(each, inks) for each in found[: max(room, 1)]]


def measured_row(about: Measured, inks: Inks) -> Text:
    """`✗ 0.98 → 0.61 not > 0.92  the claim's sentence`."""
    now, before = about.now, about.before
    mark, ink, _ = standing(now, whole=True)
    numbers = comparison(now) or "not measured"
    if before is not None and before.value is not None:
        numbers = f"{short(before.value)} → {numbers}"
    return Text.assemble((f"{mark} {numbers}  ", f"bold {inks[ink]}"), now.claim)


def wrapped(text: str, width: int, style: str) -> list[Text]:
    return [Text(line, style) for line in textwrap.wrap(text, width) or [""]]
