"""What lies in the user's own files: bytes read as text, as a table or as an image."""

from __future__ import annotations

import codecs
import csv
import io
import math
import re
import warnings
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = "PNG, JPEG, GIF, BMP, TIFF, WebP"
MEGAPIXELS = 40
MISSING = frozenset({"", "-", "?", "na", "n/a", "nan", "null", "none"})
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
COMMAS = re.compile(r"[+-]?[\d.]*\d,\d[\d,]*(\.\d+)?", re.ASCII)
LARGEST = 3.4e38  # of a float32


class Unfit(ValueError):
    """A file that will not do; the message says why, as the end of a sentence."""


class NotThere(Unfit):
    """A path at which there is nothing."""


def as_text(data: bytes) -> str:
    """The text, its lines ended by line feeds, without a byte-order mark. Raises Unfit."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise Unfit("it is UTF-16; save it as UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise Unfit(f"line {line} is not UTF-8; save it as UTF-8") from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise Unfit(f"line {line} has a NUL in it, so it is no text")
    if not text.strip():
        raise Unfit("it is empty")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def as_image(data: bytes) -> Image:
    """The image, its size known and its pixels not yet decoded. Raises Unfit."""
    from PIL import Image

    formats = FORMATS.upper().split(", ")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd metadata; of the size we speak ourselves
        try:
            image = Image.open(io.BytesIO(data), formats=formats)
            pixels = image.width * image.height
        except Image.DecompressionBombError:
            pixels = 10**9
        except Exception:  # decoders raise nearly anything at what is broken
            raise Unfit(f"it is no image that can be read; {FORMATS} can") from None
    if pixels > MEGAPIXELS * 10**6:
        raise Unfit(f"it has more than {MEGAPIXELS} megapixels")
    return image


@dataclass
class Table:
    """Columns of numbers, in each NaN where a cell is empty; `others`: columns without numbers."""

    names: list[str]
    columns: list[list[float]]
    others: list[str]


def as_table(data: bytes, whole: bool = True) -> Table:
    """The columns of a CSV file that hold numbers. Raises Unfit, with the line.

    Unless `whole`, these are its first lines alone: what can be known from them is told.
    """
    header, *rows = _rows(as_text(data))
    if not whole and len(rows) > 1:
        rows.pop()  # the cut may go through it
    if not rows and whole:
        raise Unfit("it has a first line, which names the columns, and no rows")
    names = _names(header[1])
    for line, row in rows:
        if len(row) != len(names):
            raise Unfit(f"line {line} has {len(row)} cells, the first line {len(names)}")
    table = Table([], [], [])
    for place, name in enumerate(names):
        cells = [(line, row[place].strip()) for line, row in rows]
        values = _values(name, cells)
        if values:
            table.names.append(name)
            table.columns.append(values)
        else:
            table.others.append(name)
    if not table.names and whole:
        raise Unfit("none of its columns holds numbers")
    return table


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """Every row that is not blank, with its line."""
    first = text.lstrip().partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        return [(reader.line_num, row) for row in reader if any(map(str.strip, row))]
    except csv.Error as error:
        raise Unfit(f"line {reader.line_num} cannot be read: {error}") from None


def _names(header: list[str]) -> list[str]:
    cells = [cell.strip() for cell in header]
    if all(_number(cell) is not None for cell in cells if cell):
        raise Unfit("its first line must name the columns, and it holds numbers alone")
    names = [cell or f"column {place}" for place, cell in enumerate(cells, 1)]
    for name, count in Counter(names).items():
        if count > 1:
            raise Unfit(f"{count} of its columns are called {name!r}")
    return names


def _values(name: str, cells: list[tuple[int, str]]) -> list[float]:
    """The column's numbers; none if it holds other things alone, such as words or dates."""
    given = [(line, cell) for line, cell in cells if cell.lower() not in MISSING]
    wrong = [(line, cell) for line, cell in given if _number(cell) is None]
    if wrong and all(COMMAS.fullmatch(cell) for _, cell in wrong):
        line, cell = wrong[0]
        raise Unfit(f"line {line} has {cell!r} in {name!r}; write 3.14 and 1000, without commas")
    if wrong and len(wrong) < len(given):
        line, cell = wrong[0]
        raise Unfit(f"line {line} has {cell!r} in {name!r}, which is no number")
    if wrong or not given:
        return []
    numbers = [_number(cell) for _, cell in cells]
    return [math.nan if number is None else number for number in numbers]


def _number(cell: str) -> float | None:
    if not NUMBER.fullmatch(cell):
        return None
    number = float(cell)
    return number if abs(number) < LARGEST else None
