"""A scene as one plain torch file, without dlplay, that prints the measures of a run."""

from dlplay.export.script.text import NotTranslatable
from dlplay.export.script.translate import Plan, script

__all__ = ["NotTranslatable", "Plan", "script"]
