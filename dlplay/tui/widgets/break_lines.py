"""The text of the strip in which a claim is broken."""

from __future__ import annotations

from rich.text import Text

from dlplay.author.claims import Claim
from dlplay.tui.model.breaking import Breaking
from dlplay.tui.widgets.text import Inks
from dlplay.tui.widgets.try_lines import MARK, ROWS, fitted, results, wrapped
from dlplay.words.numbers import attempts

LEAVE = "esc back to the run before"


def break_lines(game: Breaking, width: int, inks: Inks) -> Text:
    """What the strip says; each row of it at most `width` columns."""
    match game.state:
        case "choosing":
            rows = _choice(game, width, inks)
        case "playing":
            number = f" · attempt {game.attempts + 1} · b gives up"
            rows = wrapped(f"Break it: {game.claim.text}{number}", width, "bold")
            rows += wrapped(game.said, width, "")
        case "broken":
            rows = _broken(game, width, inks)
        case "given up":
            rows = _given_up(game, width, inks)
        case _:
            rows = _way(game, width, inks)
    return fitted(rows, width)


def _choice(game: Breaking, width: int, inks: Inks) -> list[Text]:
    """As many claims as there is room for, around the one that is marked, which stands whole."""
    head = Text("Break it yourself: which claim? The fewer attempts, the better.", "bold")
    keys = Text("↑ ↓ and enter, or a number, begins · b the next · esc leaves", "dim")
    chosen = _option(game, game.place, width, inks)[: ROWS - 2]
    around = ROWS - 2 - len(chosen)
    first = max(0, min(game.place - around // 2, len(game.choices) - around - 1))
    rows = [head]
    for place in range(first, min(first + around + 1, len(game.choices))):
        rows += chosen if place == game.place else _option(game, place, width, inks)[:1]
    return [*rows, keys]


def _option(game: Breaking, place: int, width: int, inks: Inks) -> list[Text]:
    """The rows of one claim, the first with its number."""
    claim, marked = game.choices[place], place == game.place
    sign = f"{MARK if marked else ' '}{place + 1}  "
    room, known, text = max(width - len(sign), 10), _known(game, claim), claim.text
    if not marked and len(text) > room - len(known):
        text = text[: max(room - len(known) - 1, 1)] + "…"
    first, *more = wrapped(text + known, room, "bold" if marked else "")
    first = Text.assemble((sign, f"bold {inks['accent']}"), first)
    return [first, *(Text.assemble(" " * len(sign), line) for line in more)]


def _known(game: Breaking, claim: Claim) -> str:
    """What is known of a claim: that it was broken before, or that nobody knows how."""
    best = game.best(claim)
    if best:
        return f" (broken in {attempts(best)})"
    return "" if claim.breaks else " (no known way)"


def _broken(game: Breaking, width: int, inks: Inks) -> list[Text]:
    head = f"✓ You broke it in {attempts(game.attempts)}, with {game.shown(game.turned)}"
    rows = wrapped(head, width, f"bold {inks['success']}")[:2]
    rows += _outcome(game, ROWS - len(rows), inks)
    if game.teacher is not None:
        rows += wrapped(game.teacher.why, width, "")
    elif len(game.turned) > 1:
        rows += wrapped("Turn all but one of them back to see which one it is.", width, "")
    if game.before:
        rows += wrapped(f"Your fewest before: {attempts(game.before)}.", width, "dim")
    return [*rows[: ROWS - 1], Text(f"b another claim · {LEAVE}", "dim")]


def _given_up(game: Breaking, width: int, inks: Inks) -> list[Text]:
    rows = wrapped(game.claim.text, width, "bold")[:2]
    if not game.known:
        rows += wrapped("No way is known here to break it. Perhaps you find one.", width, "")
        return [*rows, Text(f"b another claim · {LEAVE}", "dim")]
    head = f"A known way: {game.shown(game.known)}"
    rows += wrapped(head, width, f"bold {inks['accent']}")[:2]
    if game.teacher is not None:
        rows += wrapped(game.teacher.why, width, "")
    return [*rows[: ROWS - 1], Text(f"enter runs it · b another claim · {LEAVE}", "dim")]


def _way(game: Breaking, width: int, inks: Inks) -> list[Text]:
    """The known way while it runs, and what came of it."""
    head = f"A known way: {game.shown(game.known)}"
    rows = wrapped(head, width, f"bold {inks['accent']}")[:2]
    if game.state == "shown":
        rows += _outcome(game, ROWS - len(rows), inks)
    else:
        rows += wrapped(game.claim.text, width, "bold")[:2]
    if game.teacher is not None:
        rows += wrapped(game.teacher.why, width, "")
    again = "b another claim · " if game.state == "shown" else ""
    return [*rows[: ROWS - 1], Text(f"{again}{LEAVE}", "dim")]


def _outcome(game: Breaking, room: int, inks: Inks) -> list[Text]:
    finished = game.session.history.finished
    return results([game.measured], finished.status if finished else "unfinished", room, inks)
