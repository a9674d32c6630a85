"""svg and html: well-formed, self-contained, with everything that should be on them."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest
from rich.cells import cell_len

from dlplay.draw import Look
from dlplay.draw.mosaic import LOWEST, Want
from dlplay.engine.recordings.replay import stand_in
from dlplay.export import FORMATS, NoSuchPanel, Options
from dlplay.export.picture import GAP, Page, arranged
from dlplay.wire import events

SVG = "{http://www.w3.org/2000/svg}"


def svg(source, **options):
    return FORMATS["svg"].write(source, Options(**options))


def html(source, **options):
    return FORMATS["html"].write(source, Options(**options))


def text_of(picture):
    """The text of an SVG, row by row, each piece where it stands."""
    rows = {}
    for element in ElementTree.fromstring(picture).iter(f"{SVG}text"):
        rows.setdefault(float(element.get("y")), []).append(
            (round(float(element.get("x")) / 12.2), element.text.replace("\xa0", " "))
        )
    lines = []
    for y in sorted(rows):
        line = ""
        for x, text in sorted(rows[y]):
            line = line.ljust(x) + text
        lines.append(line.rstrip())
    return lines


def fetched(text):
    """What a browser would go and get."""
    text = text.replace('xmlns="http://www.w3.org/2000/svg"', "")
    return re.findall(r"https?:|//[a-z]|@font-face|@import|\burl\((?!#)|\bsrc=|\bhref=", text)


@pytest.mark.parametrize("holds", [None, True])
def test_claims_are_whole_at_every_width(by_hand, holds):
    """Where columns are few, a sentence stands under what was measured."""
    claims = [
        events.ClaimResult("one", "the first is what it is said to be", 0.9895, ">", 0.92, holds),
        events.ClaimResult(
            "two", "the other lies between two numbers", 0.5, "", (0.43, 0.57), holds
        ),
    ]
    source = by_hand(
        [events.Text(tick=1, panel="words", text="w"), events.Claims(tick=1, claims=claims)]
    )
    for width in range(30, 90):
        lines = text_of(svg(source, width=width, height=8))
        assert max(map(cell_len, lines)) <= width
        words = " ".join(" ".join(lines).split())
        for shown in ("holds" if holds else "not measured", "0.9895", "> 0.92", "0.43 to 0.57"):
            assert shown in words, width
        for word in " ".join(claim.claim for claim in claims).split():
            assert word in words, width


def test_a_picture_shows_panels_claims_and_address(run_of):
    lines = text_of(svg(run_of.source))
    shown = "\n".join(lines)
    assert lines[0] == run_of.source.title
    for panel in run_of.source.card.panels:
        assert re.search(rf"(^|  ){panel} ─", shown, re.M), panel
    for claim in run_of.result.claims:
        words = "✓ holds" if claim.holds else "✗ fails"
        assert any(row.startswith(words) and claim.claim[:40] in row for row in lines)
    assert lines[-1] == f"dlplay open {run_of.source.address}"


@pytest.mark.parametrize("write", [svg, html])
def test_nothing_is_fetched(run_of, write):
    assert fetched(write(run_of.source)) == []


def test_the_guard_against_fetching_can_fail():
    assert fetched('url("https://example.org/a.woff")')
    assert fetched("<img src=x>")


def test_the_panels_are_drawn_as_everywhere(fine):
    from dlplay.draw import draw

    source = fine.source
    drawing = draw(source.history.panel("valley"), 60, 18, Look()).plain.splitlines()
    drawing = [row.rstrip() for row in drawing if row.strip()]
    lines = text_of(svg(source, panel="valley", width=60, height=20))
    assert drawing == lines[2 : 2 + len(drawing)]


def test_every_piece_of_text_is_clipped_by_something_that_is_there(fine):
    picture = svg(fine.source)
    assert set(re.findall(r"url\(#([^)]+)\)", picture)) <= set(re.findall(r'id="([^"]+)"', picture))


def test_a_page_tells_title_parameters_claims_and_measures(run_of):
    page = html(run_of.source)
    words = Words(page).words
    assert run_of.source.title in words
    for name in (*run_of.result.parameters, *run_of.result.measures):
        assert name in words
    for claim in run_of.result.claims:
        assert claim.claim in words
    pictures = re.findall(r"<svg.*?</svg>", page, re.S)
    assert len(pictures) == len(run_of.source.panels())
    for picture in pictures:
        ElementTree.fromstring(picture)


class Words(HTMLParser):
    """The texts of a page; every tag that is opened must be closed in its turn."""

    VOID = ("meta", "br", "rect")

    def __init__(self, page):
        super().__init__()
        self.words, self.open, self.tags = [], [], set()
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_startendtag(self, tag, attrs):
        self.tags.add(tag)

    def handle_data(self, data):
        self.words.append(data)


def test_one_panel(fine):
    shown = "\n".join(text_of(svg(fine.source, panel="words")))
    assert "step 69" in shown
    assert "walker" not in shown
    assert html(fine.source, panel="words").count("<figure") == 1


def test_no_such_panel(fine):
    with pytest.raises(NoSuchPanel, match=r"no panel 'vally'.*Did you mean 'valley'"):
        svg(fine.source, panel="vally")


def test_names_and_texts_of_a_stranger_stay_text(hostile):
    ElementTree.fromstring(svg(hostile))
    page = html(hostile)
    assert "script" not in Words(page).tags
    for text in (svg(hostile), page):
        assert "\x1b" not in text
        assert "<script" not in text


def test_a_panel_that_cannot_be_drawn_leaves_the_others(by_hand, monkeypatch):
    from dlplay.draw.kind import Kind
    from dlplay.draw.kinds import KINDS

    def fail(canvas, table, view):
        raise ZeroDivisionError("odd")

    monkeypatch.setitem(KINDS, events.Table, Kind(events.Table, fail))
    notes = []
    source = by_hand(
        [
            events.Table(panel="odd", columns=["a"], rows=[[1]]),
            events.Text(panel="fine", text="all well"),
        ]
    )
    shown = "\n".join(text_of(svg(source, note=notes.append)))
    assert "all well" in shown
    assert "cannot be drawn" in shown
    assert notes == ["the panel 'odd' cannot be drawn: odd"]


def test_ascii_and_no_colour(fine):
    assert "\n".join(text_of(svg(fine.source, look=Look("none", ascii=True)))).isascii()


def test_a_run_that_drew_nothing(by_hand):
    lines = text_of(svg(by_hand()))
    assert lines[0] == "made/up"
    assert "unfinished" in lines[-2]
    assert "<figure" not in html(by_hand())


@pytest.mark.parametrize("count", range(1, 20))
@pytest.mark.parametrize("size", [(20, 8), (30, 8), (80, 24), (160, 48), (500, 300)])
def test_all_panels_are_on_one_page(count, size):
    width, height = size
    found = arranged([Want(lambda width: 14)] * count, width + GAP, height)
    taken = np.zeros((1000, width), int)
    for place in found:
        assert place.width >= min(28, width)
        assert place.height >= LOWEST
        taken[place.y : place.y + place.height, place.x : place.x + place.width] += 1
    assert taken.max() == 1
    assert len(found) == count
    if count == 1:
        assert taken[:height].all()


def test_a_caption_goes_on_under_the_title_and_cuts_no_table(by_hand):
    """What a panel is given has room for its caption and all its rows."""
    rows = [[f"row {n}", n] for n in range(14)]
    source = by_hand([events.Table(tick=1, panel="table", columns=["a", "b"], rows=rows)])
    told = "each row with its number; lower is better, and the last is the highest"
    source = replace(source, card=replace(stand_in("made/up"), panels={"table": told}))
    page = "\n".join(text_of(svg(source, width=40, height=24)))
    assert all(f"row {n}" in page for n in range(14))
    assert "more rows" not in page
    assert "each row with its number" in " ".join(page.split())
    assert "…" not in page


def test_a_headline_is_whole_and_moves_nothing(by_hand):
    """At its longest, too: a number that is cut is another number."""
    said = "distance: in turn 0.39, look-ahead 0.27, momentum 1.975, penalty 0.00168"
    source = by_hand(
        [
            events.Headline(tick=1, text="short"),
            events.Table(tick=1, panel="table", columns=["a"], rows=[["1"]]),
        ],
        [events.Headline(tick=2, text=said)],
    )
    page = Page(source, Options(width=40, height=12))
    early, late = (page.lines(source.history, tick) for tick in (1, 2))
    words = [" ".join("".join(s.text for s in line).split()) for line in late]
    assert said in " ".join(words)
    assert early[3:] == late[3:]
    assert len(early) == len(late) == page.height
    endless = replace(source, card=replace(stand_in("made/up"), title="word " * 100))
    lines = Page(endless, Options(width=40, height=12)).lines(source.history)
    assert lines[2][0].text.endswith("…")
    assert all(cell_len("".join(s.text for s in line)) == 40 for line in lines)


def test_what_a_moment_leaves_as_it_was_is_not_made_again(fine):
    page, history = Page(fine.source, Options()), fine.source.history

    def panels(tick):
        return page.lines(history, tick)[2 : 2 + max(p.y + p.height for p in page.places.values())]

    first, again, later = panels(20), panels(20), panels(40)
    assert all(a is b for a, b in zip(first, again, strict=True))
    assert first != later
    assert any(a is b for a, b in zip(first, later, strict=True)), "titles, at least"
