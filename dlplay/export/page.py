"""`html`: a run on one page that fetches nothing."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from dlplay.engine.recordings.replay import changed_since
from dlplay.export.options import Options
from dlplay.export.picture import Page, printable, tweaks
from dlplay.export.source import Source
from dlplay.export.svg import FONTS, THEME, clean, drawn
from dlplay.words.address import show_setting
from dlplay.words.numbers import bound, short, stands

STYLE = f"""
body {{ margin: 2em; color: {THEME.foreground_color.hex};
  background: {THEME.background_color.hex}; font: 15px/1.5 system-ui, sans-serif; }}
main {{ display: flex; flex-wrap: wrap; gap: 1.5em; }}
figure {{ margin: 0; max-width: 100%; }}
figcaption {{ font-weight: bold; }}
figcaption span {{ font-weight: normal; opacity: .65; }}
svg {{ display: block; }}
code {{ font-family: {FONTS}; overflow-wrap: anywhere; }}
table {{ border-collapse: collapse; margin: 0 0 1em; }}
th, td {{ text-align: left; padding: .1em 1.2em .1em 0; vertical-align: top; }}
th {{ font-weight: normal; opacity: .65; }}
td.number {{ text-align: right; font-variant-numeric: tabular-nums; }}
.holds {{ color: #5fe05f; }} .fails {{ color: #ff5f5f; }} .open {{ color: #f5e050; }}
"""
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<h1>{title}</h1>
<p>{summary}<br><code>{address}</code></p>
<main>
{figures}
</main>
{tables}
</body>
</html>
"""
CELL = 8  # pixels of a column
CLASSES = {"green": "holds", "red": "fails", "yellow": "open"}


def html(source: Source, options: Options) -> str:
    """The panels (or one) at the end of the run, claims, measures and parameters.

    Raises NoSuchPanel.
    """
    notes = [
        source.history.headline(),
        source.sabotaged,
        source.summary(),
        source.replay.damaged,
        changed_since(source.replay, source.card),
    ]
    return clean(
        PAGE.format(
            title=escape(printable(source.title)),
            style=STYLE,
            summary="<br>".join(escape(printable(note)) for note in notes if note),
            address=escape(printable(source.command)),
            figures="\n".join(_figures(source, options)),
            tables="\n".join(
                [_claims(source), _measures(source), _parameters(source), _tries(source)]
            ),
        )
    )


def _figures(source: Source, options: Options) -> Iterable[str]:
    page = Page(source, options)
    for number, (name, place) in enumerate(page.places.items(), 1):
        lines = page.drawing(name, source.history.panel(name), place)
        title = escape(printable(name, options.look))
        caption = source.card.panels.get(name, "") if source.card else ""
        if caption:
            title += f"<br><span>{escape(printable(caption, options.look))}</span>"
        yield (
            f'<figure style="width: {place.width * CELL:.0f}px">'
            f"<figcaption>{title}</figcaption>\n{drawn(lines, place.width, f'panel{number}')}"
            "</figure>"
        )


def _table(title: str, heads: Iterable[str], rows: list[str]) -> str:
    if not rows:
        return ""
    cells = "".join(f"<th>{head}</th>" for head in heads)
    head = f"<tr>{cells}</tr>\n" if cells else ""
    return f"<h2>{title}</h2>\n<table>\n{head}" + "\n".join(rows) + "\n</table>"


def _row(*cells: str) -> str:
    return "<tr>" + "".join(f"<td>{escape(printable(cell))}</td>" for cell in cells) + "</tr>"


def _claims(source: Source) -> str:
    rows = []
    for claim in source.history.claims:
        words, ink = stands(claim.holds, source.history.whole)
        verdict = f'<td class="{CLASSES[ink]}">{words}</td>'
        cells = _row(claim.claim, short(claim.value), bound(claim.relation, claim.bound))
        rows.append(cells.replace("<tr>", f"<tr>{verdict}", 1))
    return _table("Claims", ("", "claim", "measured", "claimed"), rows)


def _tries(source: Source) -> str:
    """Each try as a question; its answer opens with a click."""
    tries = source.card.tries if source.card else ()
    parts = []
    for each in tries:
        options = "".join(f"<li>{escape(printable(option))}</li>" for option in each.options)
        answer = f"{each.options[each.right - 1]}. {each.why}"
        parts.append(
            f"<p><code>{escape(printable(each.setting))}</code> "
            f"{escape(printable(each.question))}</p><ol>{options}</ol>"
            f"<details><summary>Answer</summary>{escape(printable(answer))}</details>"
        )
    return "<h2>Tries</h2>\n" + "\n".join(parts) if parts else ""


def _measures(source: Source) -> str:
    """What was measured; a page's claims, which are measures too, have been told."""
    page = source.card is not None and source.card.is_page
    claimed = {claim.name for claim in source.history.claims} if page else set()
    measures = [
        (name, value) for name, value in source.history.measures.items() if name not in claimed
    ]
    return _table("Measures", (), [_row(name, short(value)) for name, value in measures])


def _parameters(source: Source) -> str:
    known = source.card.parameters if source.card else {}
    rows = []
    for name, value in source.started.parameters.items():
        shown = show_setting(known, name, value).partition("=")[2]
        rows.append(_row(name, shown, known[name].help if name in known else ""))
    table = _table("Parameters", (), rows)
    later = tweaks(source.history)
    return table + (f"\n<p>Changed {escape(printable(later))}</p>" if later else "")
