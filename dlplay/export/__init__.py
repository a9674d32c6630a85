"""A recorded run in formats that other programs read: pure functions of (source, options)."""

from dlplay.export.formats import FORMATS, Format
from dlplay.export.options import MissingPackage, NoSuchPanel, Options
from dlplay.export.script import NotTranslatable
from dlplay.export.source import Source

__all__ = [
    "FORMATS",
    "Format",
    "MissingPackage",
    "NoSuchPanel",
    "NotTranslatable",
    "Options",
    "Source",
]
