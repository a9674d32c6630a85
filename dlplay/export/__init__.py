"""A recorded run in formats that other programs read: pure functions of (source, options)."""

from dlplay.export.formats import FORMATS, Format
from dlplay.export.options import NoSuchPanel, Options
from dlplay.export.source import Source

__all__ = ["FORMATS", "Format", "NoSuchPanel", "Options", "Source"]
