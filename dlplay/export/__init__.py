"""A recorded run in formats that other programs read: pure functions of (source, options).

Names are loaded when they are first used: the table of formats alone costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

_HOMES = {
    "FORMATS": "dlplay.export.formats",
    "Format": "dlplay.export.formats",
    "MissingPackage": "dlplay.export.options",
    "NoSuchPanel": "dlplay.export.options",
    "NotTranslatable": "dlplay.export.script",
    "Options": "dlplay.export.options",
    "Source": "dlplay.export.source",
}
__all__ = [
    "FORMATS",
    "Format",
    "MissingPackage",
    "NoSuchPanel",
    "NotTranslatable",
    "Options",
    "Source",
]

if TYPE_CHECKING:
    from dlplay.export.formats import FORMATS, Format
    from dlplay.export.options import MissingPackage, NoSuchPanel, Options
    from dlplay.export.script import NotTranslatable
    from dlplay.export.source import Source


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'dlplay.export' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
