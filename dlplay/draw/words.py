"""Words: plain text, tokens coloured by a value."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from dlplay.draw import figures, glyphs, ink, palette
from dlplay.draw.canvas import Canvas
from dlplay.draw.frame import note
from dlplay.draw.ink import BOLD, FAINT, ITALIC, NONE, UNDERLINE
from dlplay.draw.kind import Kind, Words
from dlplay.draw.look import View
from dlplay.wire import events

LONGEST = 20_000  # characters of a text that are laid out: no panel shows more


def draw_text(canvas: Canvas, text: events.Text, view: View) -> None:
    """Wrap and write; the end of it with `tail`, a count of what is left out otherwise."""
    if not text.text.strip():
        note(canvas, "nothing yet")
        return
    lines = wrap(text.text, canvas.width, text.tail)
    hidden = len(lines) - canvas.height
    shown = lines[-canvas.height :] if text.tail else lines[: canvas.height]
    for y, line in enumerate(shown):
        canvas.text(0, y, line)
    if hidden > 0 and not text.tail and canvas.width >= 16 and canvas.height > 1:
        mark = f"… {hidden + 1} more lines"
        canvas.text(0, canvas.height - 1, " " * canvas.width)
        canvas.text(0, canvas.height - 1, mark, NONE, FAINT)


def wrap(text: str, width: int, tail: bool = False) -> list[str]:
    """Lines of at most `width` cells: broken at spaces, inside words that are longer."""
    text = text[-LONGEST:] if tail else text[:LONGEST]
    lines: list[str] = []
    for line in text.expandtabs(4).splitlines() or [""]:
        lines += _wrap_line(line, max(1, width))
    return lines


def _wrap_line(line: str, width: int) -> Iterator[str]:
    simple = glyphs.is_simple(line)
    while (len(line) if simple else glyphs.width(line)) > width:
        cut = width if simple else _cut(line, width)
        space = line.rfind(" ", max(1, cut // 3), cut + 1)
        if space > 0:
            yield line[:space]
            line = line[space + 1 :]
        else:
            yield line[:cut]
            line = line[cut:]
    yield line


def _cut(line: str, width: int) -> int:
    """How many characters fit into `width` cells, at least one."""
    used = 0
    for index, character in enumerate(line):
        used += len(glyphs.cells(character))
        if used > width:
            return max(1, index)
    return len(line)


def draw_tokens(canvas: Canvas, tokens: events.Tokens, view: View) -> None:
    """Running text in which each piece has the colour of its value; the end stays in sight."""
    if not tokens.tokens:
        note(canvas, "nothing yet")
        return
    keep = max(1, canvas.width * canvas.height)
    skipped = max(0, len(tokens.tokens) - keep)
    pieces = list(enumerate(tokens.tokens))[skipped:]
    styles = _token_styles(canvas, tokens)
    places = list(_lay(pieces, canvas.width, tokens.gap))
    scale = canvas.height >= 5 and bool(tokens.values)
    rows = canvas.height - (2 if scale else 0)
    last = places[-1][1] if places else 0
    first = max(0, last - rows + 1)
    for x, y, index, text in places:
        if y >= first:
            front, back, attr = styles[index]
            canvas.text(x, y - first, text, front, attr, back)
    if scale:
        color_bar(canvas, canvas.height - 1, tokens.low, tokens.high, "token")


def _lay(
    pieces: list[tuple[int, str]], width: int, gap: bool
) -> Iterator[tuple[int, int, int, str]]:
    """(x, y, index, text) of every piece, or of its parts on several lines."""
    x = y = 0
    for index, piece in pieces:
        lines = piece.replace("\t", " ").split("\n")
        for number, text in enumerate(lines):
            if number:
                x, y = 0, y + 1
            if gap:
                text = f" {text.strip() or '␣'} "
            size = glyphs.width(text)
            if x > 0 and x + size > width and (size <= width // 2 or gap):
                x, y = 0, y + 1
                text = text if gap else text.lstrip(" ")
            while text:
                cut = _cut(text, max(1, width - x))
                yield x, y, index, text[:cut]
                x += glyphs.width(text[:cut])
                text = text[cut:]
                if text or x >= width:
                    x, y = 0, y + 1
            if gap and x:
                x += 1


def _token_styles(canvas: Canvas, tokens: events.Tokens) -> list[tuple[int, int, int]]:
    """Foreground, background and attributes of each piece."""
    look = canvas.look
    count = len(tokens.tokens)
    values = np.full(count, np.nan)
    given = min(count, len(tokens.values))
    values[:given] = tokens.values[:given]
    shares = palette.shade(values, tokens.low, tokens.high)
    styles = []
    backs = palette.colors_of(shares, "token", look).tolist()
    for index, (share, back) in enumerate(zip(shares.tolist(), backs, strict=True)):
        if index < tokens.prompt:
            styles.append((NONE, NONE, ITALIC | FAINT))
        elif math.isnan(share):
            styles.append((NONE, NONE, 0))
        elif look.shaded:
            attr = UNDERLINE if share < 1 / 3 else 0 if share < 2 / 3 else BOLD
            front = NONE if share >= 2 / 3 else palette.warning(look) if share < 1 / 3 else NONE
            styles.append((front, NONE, attr))
        else:
            styles.append((ink.contrast(back), back, 0))
    return styles


def color_bar(canvas: Canvas, y: int, low: float, high: float, name: str) -> None:
    """One row: the low end, the colours between, the high end."""
    least, most = figures.number(low), figures.number(high)
    if canvas.look.shaded:
        if name == "token":
            x = canvas.text(0, y, least, palette.warning(canvas.look), UNDERLINE)
            canvas.text(x, y, " … ", NONE, FAINT)
            canvas.text(x + 3, y, most, NONE, BOLD)
        return
    size = min(24, canvas.width - len(least) - len(most) - 2)
    if size < 4:
        return
    x = canvas.text(0, y, least, NONE, FAINT) + 1
    canvas.back[y, x : x + size] = palette.colors_of(np.linspace(0, 1, size), name, canvas.look)
    canvas.text(x + size + 1, y, most, NONE, FAINT)


def tokens_height(tokens: events.Tokens, width: int) -> int:
    """The lines that the pieces take, and the scale below them."""
    places = list(_lay(list(enumerate(tokens.tokens)), max(1, width), tokens.gap))
    lines = places[-1][1] + 1 if places else 1
    return lines + (2 if tokens.values and lines >= 3 else 0)


def _text_height(text: events.Text, width: int) -> int:
    return max(1, len(wrap(text.text, width, text.tail)))


def _text_parts(text: events.Text) -> Iterator[Words]:
    yield Words(text.text)


def _tokens_parts(tokens: events.Tokens) -> Iterator[Words]:
    yield Words((" " if tokens.gap else "").join(tokens.tokens))


TEXT = Kind(events.Text, draw_text, height=_text_height, parts=_text_parts)
TOKENS = Kind(events.Tokens, draw_tokens, height=tokens_height, parts=_tokens_parts)
