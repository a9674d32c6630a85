"""The command line: Typer commands that parse, call and print."""

from dlplay.cli.commands import app

__all__ = ["app"]
