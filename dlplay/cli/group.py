"""The group of commands and one command, as Typer builds them: light, and tidy at their end."""

from __future__ import annotations

import os
import sys
from typing import Any

from typer.core import TyperCommand, TyperGroup

from dlplay.cli.exits import Mistake, tidy_end


class _AsItIs:
    """In place of what newer versions of Typer load Pydantic for (0.1 s): we only take strings,
    and check them with messages of our own."""

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        return () if value is None and param.nargs == -1 else value


def _light(params: list[Any]) -> list[Any]:
    for param in params:
        if hasattr(param, "get_runtime_param"):
            param.get_runtime_param = _AsItIs
    return params


class Command(TyperCommand):
    """One command."""

    def get_params(self, ctx: Any) -> Any:
        return _light(super().get_params(ctx))


class Rest(Command):
    """One that takes the rest of the line as it is: after `--`, or from the first word on that is
    no option of its own."""

    def parse_args(self, ctx: Any, args: list[str]) -> Any:
        ctx.allow_interspersed_args = "--" in args
        return super().parse_args(ctx, args)


class WithFormats(Command):
    """One whose help lists the formats, which are looked up when it is asked for."""

    def format_help_text(self, ctx: Any, formatter: Any) -> None:
        from dlplay.export.formats import listed

        self.help = (self.help or "").replace("FORMATS", "\n".join(listed()))
        super().format_help_text(ctx, formatter)


class Commands(TyperGroup):
    """The group of commands; what goes wrong in one ends with a message and a status."""

    def get_params(self, ctx: Any) -> Any:
        return _light(super().get_params(ctx))

    def main(self, *args: Any, **how: Any) -> Any:
        for name in ("stdout", "stderr"):  # closed by whoever started us
            if getattr(sys, name) is None:
                setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115
        return super().main(*args, **how)

    def make_context(self, *args: Any, **how: Any) -> Any:
        with tidy_end():  # help and version are printed here
            return super().make_context(*args, **how)

    def invoke(self, ctx: Any) -> Any:
        with tidy_end():
            return super().invoke(ctx)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and "/" in args[0]:
            raise Mistake(f"there is no command {args[0]!r}. Did you mean `dlplay open {args[0]}`?")
        return super().resolve_command(ctx, args)
