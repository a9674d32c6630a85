"""`svg`: the page of a run as a picture that fetches nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rich.segment import Segment, Segments
from rich.terminal_theme import TerminalTheme

from dlplay.export.options import Options
from dlplay.export.picture import Line, Page, console
from dlplay.export.source import Source

FONTS = "'DejaVu Sans Mono', Menlo, Consolas, 'Noto Sans Mono', monospace"
THEME = TerminalTheme(
    (18, 18, 18),
    (222, 222, 222),
    [(0, 0, 0), (176, 48, 48), (48, 160, 48), (160, 128, 32), (80, 112, 224), (160, 58, 160),
     (42, 160, 160), (184, 184, 184)],
    [(104, 104, 104), (255, 95, 95), (95, 224, 95), (245, 224, 80), (110, 156, 255),
     (255, 127, 208), (95, 232, 240), (255, 255, 255)],
)  # fmt: skip
PICTURE = """\
<svg class="dlplay" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{
  font-family: FONTS;
  font-size: {char_height}px; line-height: {line_height}px; white-space: pre;
}}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
<rect width="100%" height="100%" fill="GROUND"/>
<g transform="translate({terminal_x}, 8)" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
""".replace("FONTS", FONTS).replace("GROUND", THEME.background_color.hex)
_LINE_END = re.compile(r"<text [^>]*>\n</text>")  # Rich writes one a line
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # in XML


def svg(source: Source, options: Options) -> str:
    """The panels (or one) as they were at the end, the claims and the address beneath.

    Raises NoSuchPanel.
    """
    return drawn(Page(source, options).lines(source.history), options.width, "run")


def drawn(lines: Iterable[Line], width: int, id: str) -> str:
    """Lines of `width` cells as an SVG element; its ids and classes begin with `id`."""
    paper = console(width, record=True)
    for line in lines:
        paper.print(Segments([*line, Segment.line()]), end="")
    paper.print()  # Rich clips no text of the last line
    picture = paper.export_svg(title="", theme=THEME, code_format=PICTURE, unique_id=id)
    return clean(_LINE_END.sub("", picture))


def clean(text: str) -> str:
    """The text without characters that XML and HTML forbid."""
    return _FORBIDDEN.sub("\ufffd", text)
