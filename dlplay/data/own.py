"""Loaders of what a File parameter names: something bundled, or a file of the user's own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch.nn import functional

from dlplay.author.contents import Unfit, as_table, as_text
from dlplay.author.files import IMAGE_SIZE, TABLE_SIZE, TEXT_SIZE, absolute, image_files, read
from dlplay.author.parameters.base import ParameterError
from dlplay.data.bundled import PHOTOS, digits, fashion, photo
from dlplay.data.measurements import SERIES, measurements
from dlplay.data.pictures import decoded
from dlplay.data.writing import names, shakespeare, smiles

LUMA = (0.299, 0.587, 0.114)  # how bright red, green and blue look


def text(file: str, *, least: int = 1) -> str:
    """The text of a File of kind "text", of `least` characters or more; lines end with \\n.

    Bundled are "shakespeare", as `shakespeare()` has it, and the lines of "names" and "smiles" in
    random order, always the same. Raises ParameterError for a file that will not do.
    """
    if file == "shakespeare":
        return shakespeare()
    if file == "names":
        return _lines(*names())
    if file == "smiles":
        return _lines(*smiles())
    with told(file):
        found = as_text(read(absolute(file), TEXT_SIZE))
        if len(found) < least:
            raise Unfit(f"it has {len(found):,} characters, and {least:,} are needed")
        return found


def _lines(first: list[str], rest: list[str]) -> str:
    return "\n".join([*first, *rest, ""])


def image(
    file: str, *, size: int | None = 128, grey: bool = False, device: str = "cpu"
) -> torch.Tensor:
    """The image of a File of kind "image": [3, H, W], or [1, H, W] if `grey`; values 0 to 1.

    Its middle square, scaled to H = W = `size`; with `size` None the whole, as large as it is.
    It stands upright, what is transparent is white, of an animation it is the first picture.
    Bundled are the PHOTOS. Raises ParameterError for a file that will not do.
    """
    if file in PHOTOS:
        return _fitted(photo(file)[None], size, grey)[0].to(device)
    with told(file):
        return decoded(read(absolute(file), IMAGE_SIZE), size, grey).to(device)


def images(
    file: str, *, size: int = 32, grey: bool = False, least: int = 1, device: str = "cpu"
) -> tuple[torch.Tensor, list[str]]:
    """The images of a File of kind "images": [N, 3 or 1, size, size], and their names, in order.

    N is `least` or more. Each is treated as by `image`. The run's log tells which files cannot be
    read; they are left out. Bundled are "photos" (6), "digits" (1,797) and "fashion" (3,000).
    Raises ParameterError for a folder that will not do.
    """
    with told(file):
        x, called = _bundled_images(file, size, grey) or _folder(absolute(file), size, grey)
        if len(x) < least:
            raise Unfit(f"it holds {len(x)} images that can be read, and {least} are needed")
        return x.to(device), called


def _bundled_images(file: str, size: int, grey: bool) -> tuple[torch.Tensor, list[str]] | None:
    if file == "photos":
        photos = torch.stack([photo(name).expand(3, -1, -1) for name in PHOTOS])
        return _fitted(photos, size, grey), list(PHOTOS)
    if file in ("digits", "fashion"):
        x = digits(1797)[0] if file == "digits" else fashion()[0]
        return _fitted(x, size, grey), [f"{file} {n}" for n in range(1, len(x) + 1)]
    return None


def _folder(path: str, size: int, grey: bool) -> tuple[torch.Tensor, list[str]]:
    found, called = [], []
    for each in image_files(path):
        name = os.fsencode(os.path.basename(each)).decode("utf-8", "replace")
        try:
            found.append(decoded(read(each, IMAGE_SIZE), size, grey))
            called.append(name)
        except Unfit as why:
            print(f"{name!r} is left out: {why}")
    if not found:
        raise Unfit("none of its images can be read")
    return torch.stack(found), called


def _fitted(x: torch.Tensor, size: int | None, grey: bool) -> torch.Tensor:
    """Square images [N, 3 or 1, H, H] as `decoded` gives them."""
    if grey and x.shape[1] == 3:
        x = (x * torch.tensor(LUMA)[:, None, None]).sum(dim=1, keepdim=True)
    if size is not None and size != x.shape[2]:
        x = functional.interpolate(x, (size, size), mode="bilinear", antialias=True).clamp(0, 1)
    return x.contiguous() if grey else x.expand(-1, 3, -1, -1).contiguous()


def examples(
    file: str,
    *,
    features: int,
    classes: bool = False,
    least: int = 30,
    most: int = 2000,
    device: str = "cpu",
) -> tuple[torch.Tensor, torch.Tensor]:
    """What is known and what is to be told, of a File of kind "table": x [N, features], y [N].

    Told is the last column with numbers, from the first `features` of the others, each with mean 0
    and standard deviation 1. `classes`: the last column must have two values, and y says 0 for the
    smaller, 1 for the larger. The rows are in random order, always the same. Those with an empty
    cell are left out; N is `least` or more, and of more than `most` so many are drawn. Raises
    ParameterError for a file that will not do, also for columns that never change.
    """
    called, rows = table(file, device=device)
    name = called[-1]
    with told(file):
        if len(called) <= features:
            raise Unfit(f"it needs {features + 1} columns with numbers, and has {len(called)}")
        if len(rows) < least:
            raise Unfit(f"it has {len(rows)} whole rows, and {least} are needed")
        order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(0))
        rows = rows[order[:most].to(device)]
        y = rows[:, -1]
        values = sorted(set(y.tolist()))
        if classes and len(values) != 2:
            raise Unfit(f"{name!r} needs two values, one for each class, and has {len(values)}")
        if len(values) == 1:
            raise Unfit(f"{name!r} has the same value in all rows, so there is nothing to tell")
        x = rows[:, :features].double()
        for column, each in zip(x.T, called, strict=False):
            if column.std() == 0:
                raise Unfit(f"{each!r} has the same value in all rows, so it tells nothing")
        print(f"{name!r} is told from {', '.join(map(repr, called[:features]))}; {len(x)} rows")
        x = (x - x.mean(dim=0)) / x.std(dim=0)
        return x.to(y), (y == values[1]).to(y) if classes else y


def table(
    file: str, *, gaps: bool = False, device: str = "cpu"
) -> tuple[tuple[str, ...], torch.Tensor]:
    """The table of a File of kind "table": the names of its columns, and [rows, columns].

    Rows with an empty cell are left out, unless `gaps`: then they stay, with NaN in it. Columns
    without any number, such as of words or dates, are left out; the run's log tells of both.
    Bundled are the SERIES, with the columns "year" and the series' own. Raises ParameterError for
    a file that will not do.
    """
    with told(file):
        called, x = _bundled_table(file) if file in SERIES else _own_table(file)
        whole = ~x.isnan().any(dim=1)
        if gaps or whole.all():
            return called, x.to(device)
        if not whole.any():
            raise Unfit("every row has an empty cell")
        print(f"left out: {(~whole).sum()} of {len(x)} rows, for they have an empty cell")
        return called, x[whole].to(device)


def _bundled_table(name: str) -> tuple[tuple[str, ...], torch.Tensor]:
    years, values = measurements(name)
    return ("year", name), torch.stack([years, values], dim=1)


def _own_table(file: str) -> tuple[tuple[str, ...], torch.Tensor]:
    found = as_table(read(absolute(file), TABLE_SIZE))
    for name in found.others:
        print(f"left out: the column {name!r}, for it holds no numbers")
    return tuple(found.names), torch.tensor(found.columns).T.contiguous()


@contextmanager
def told(file: str) -> Iterator[None]:
    """What will not do is the user's mistake, which a run reports in one sentence."""
    try:
        yield
    except Unfit as why:
        raise ParameterError(f"{file!r} cannot be used: {why}") from None
