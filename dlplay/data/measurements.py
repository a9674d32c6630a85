"""Loader of the bundled time series."""

from __future__ import annotations

import gzip
from functools import cache

import numpy as np
import torch

from dlplay.data.bundled import FOLDER

SERIES = ("sunspots", "co2", "nile", "elnino")


@cache
def _rows() -> list[list[str]]:
    """Rows of a series' name, year and value; the value is empty where none was measured."""
    text = gzip.decompress((FOLDER / "series.csv.gz").read_bytes()).decode("ascii")
    return [line.split(",") for line in text.splitlines()[1:]]


def measurements(name: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Years and values as `series` has them, but for NaN where nothing was measured."""
    rows = [row for row in _rows() if row[0] == name]
    years = torch.tensor([float(year) for _, year, _ in rows])
    return years, torch.tensor([float(value or "nan") for _, _, value in rows])


def series(name: str, *, device: str = "cpu") -> tuple[torch.Tensor, torch.Tensor]:
    """A time series at even steps: the years [N], with their fractions, and the values [N].

    - "sunspots": mean number of sunspots a year, 1700 to 2008; N = 309, values 0 to 190
    - "co2": carbon dioxide in the air above Mauna Loa in ppm, weekly from March 1958 to December
      2001; N = 2,284, values 313 to 374; 59 weeks without a measurement, at most 18 in a row, lie
      on the straight line between their neighbours
    - "nile": flow of the Nile at Aswan in 10^8 m^3 a year, 1871 to 1970; N = 100, values 456 to
      1,370
    - "elnino": temperature of the sea off Peru in degrees Celsius, monthly, 1950 to 2010; N = 732,
      values 18.9 to 29.3

    All are in the public domain, as distributed with statsmodels.
    """
    if name not in SERIES:
        raise ValueError(f"a series is one of {', '.join(SERIES)}, not {name!r}")
    years, values = measurements(name)
    known = ~values.isnan()
    filled = np.interp(years, years[known], values[known])
    return years.to(device), torch.from_numpy(filled).float().to(device)
