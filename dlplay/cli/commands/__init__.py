"""The commands, their options and their help, in the order in which `dlplay --help` lists them."""

from dlplay.cli.commands import scenes, many, recorded, beyond, course  # isort: skip
from dlplay.cli.commands.base import app

__all__ = ["app", "beyond", "course", "many", "recorded", "scenes"]
