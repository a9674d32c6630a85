"""What holds for every drawing, whatever the data: its size, its characters, its colours."""

import io
import itertools

import pytest
from rich.cells import cell_len
from rich.color import ColorType
from rich.console import Console

from dlplay.draw import Drawing, Look, View, caption, draw, frame_name, frames, natural_height

from . import examples

SIZES = ((1, 1), (3, 2), (20, 5), (38, 9), (80, 24), (200, 60))
COLORS = ("truecolor", "256", "16", "none")
EVERY = {**examples.typical(), **examples.strange()}


def check(drawing: Drawing, width: int, height: int, look: Look) -> None:
    assert len(drawing.lines) == height
    for line in drawing.lines:
        text = "".join(segment.text for segment in line)
        assert cell_len(text) == width
        assert not look.ascii or text.isascii()
        assert text.replace("\xa0", " ").isprintable()
    styles = {segment.style for line in drawing.lines for segment in line}
    used = [c for style in styles if style for c in (style.color, style.bgcolor) if c]
    kinds = {color.type for color in used}
    allowed = {
        "truecolor": {ColorType.TRUECOLOR},
        "256": {ColorType.EIGHT_BIT, ColorType.STANDARD},
        "16": {ColorType.STANDARD},
        "none": set(),
    }[look.colors]
    assert kinds <= allowed


@pytest.mark.parametrize("name", EVERY)
def test_any_data_at_any_size(name: str) -> None:
    content = EVERY[name]
    for (width, height), turn in zip(SIZES, itertools.count(len(name))):
        for plain in (False, True):
            look = Look(COLORS[(turn + plain) % 4], ascii=plain, dark=turn % 3 > 0)
            check(draw(content, width, height, look, View(frame=turn)), width, height, look)
        assert natural_height(content, width, look) >= 1
    assert isinstance(caption(content), str)
    assert isinstance(frame_name(content, frames(content) + 1), str)


@pytest.mark.parametrize("name", examples.typical())
@pytest.mark.parametrize("colors", COLORS)
def test_every_look(name: str, colors: str) -> None:
    for plain, dark in itertools.product((False, True), repeat=2):
        look = Look(colors, ascii=plain, dark=dark)
        for width, height in ((38, 9), (60, 16)):
            check(draw(examples.typical()[name], width, height, look), width, height, look)


@pytest.mark.parametrize("name", examples.typical())
def test_draws_something_and_the_same_again(name: str) -> None:
    content = examples.typical()[name]
    one, other = (draw(content, 60, 16, Look()) for _ in range(2))
    assert one.lines == other.lines
    inked = [
        s for line in one.lines for s in line if s.text.strip() or (s.style and s.style.bgcolor)
    ]
    assert inked


def test_no_size_at_all() -> None:
    for width, height in ((0, 0), (0, 3), (5, 0)):
        drawing = draw(EVERY["text"], width, height, Look())
        assert len(drawing.lines) == height


def test_a_drawing_is_a_rich_renderable() -> None:
    drawing = draw(EVERY["text"], 30, 4, Look())
    console = Console(file=io.StringIO(), width=80, color_system=None)
    console.print(drawing, end="")
    assert console.file.getvalue() == drawing.plain + "\n"
    assert (drawing.width, drawing.height) == (30, 4)


@pytest.mark.parametrize(
    ("environ", "system", "encoding", "wanted"),
    [
        ({}, "truecolor", "utf-8", Look("truecolor")),
        ({}, "256", "UTF8", Look("256")),
        ({}, "standard", "utf-8", Look("16")),
        ({}, "windows", "cp65001", Look("16")),
        ({}, None, "utf-8", Look("none")),
        ({"NO_COLOR": "1"}, "truecolor", "utf-8", Look("none")),
        ({"NO_COLOR": ""}, "truecolor", "utf-8", Look("truecolor")),
        ({"TERM": "dumb"}, "truecolor", "utf-8", Look("none")),
        ({}, "256", "ascii", Look("256", ascii=True)),
        ({}, "256", "latin-1", Look("256", ascii=True)),
        ({"COLORFGBG": "0;15"}, "256", "utf-8", Look("256", dark=False)),
        ({"COLORFGBG": "15;default;0"}, "256", "utf-8", Look("256", dark=True)),
    ],
)
def test_detect(environ: dict[str, str], system: str | None, encoding: str, wanted: Look) -> None:
    assert Look.detect(environ, system, encoding) == wanted
