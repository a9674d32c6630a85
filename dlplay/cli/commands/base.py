"""The app, how a function becomes a command of it, and the start of the interface."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Annotated, Any

import typer

from dlplay.cli import options
from dlplay.cli.exits import HELP, Mistake, tidy_end
from dlplay.cli.group import Command, Commands
from dlplay.cli.options import (
    COMMON,
    Ascii,
    Charts,
    Color,
    Scenes,
    Session,
    in_session,
)

app = typer.Typer(
    name="dlplay",
    cls=Commands,
    help="A deep-learning laboratory in the terminal. Without a command: the browser of scenes.",
    epilog=HELP,
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _version(wanted: bool) -> None:
    if wanted:
        import dlplay

        typer.echo(f"dlplay {dlplay.__version__}")
        raise typer.Exit


@app.callback()
def main(
    ctx: typer.Context,
    scenes: Scenes = None,
    ascii: Ascii = False,
    color: Color = None,
    charts: Charts = None,
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=_version, is_eager=True),
    ] = False,
) -> None:
    with tidy_end():
        ctx.obj = Session().with_options(scenes, ascii, color, charts)
    if ctx.invoked_subcommand is None:
        raise typer.Exit(start_interface(ctx.obj, what="The browser"))


def command(
    name: str | None = None,
    *,
    cls: type[Command] = Command,
    common: Iterable[str] = COMMON,
    short_help: str | None = None,
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a function a command; its first argument is the session of the common options."""

    def add(function: Callable[..., None]) -> Callable[..., None]:
        wrapped = in_session(function, common)
        return app.command(name, cls=cls, short_help=short_help)(wrapped)

    return add


def start_interface(here: Session, *, what: str, **known: Any) -> int:
    """Start the interface; its exit status."""
    if not options.on_a_terminal():
        raise Mistake(
            f"{what} needs a terminal. Without one: `dlplay list` shows the scenes, "
            "`dlplay run ID` runs one."
        )
    if (term := os.environ.get("TERM")) in ("dumb", "unknown"):
        raise Mistake(
            f"{what} needs a terminal that moves its cursor, such as TERM=xterm-256color; "
            f"TERM={term} is none. `dlplay list` and `dlplay run ID` do without."
        )
    from dlplay.tui.app import start

    return start(here.scenes, look=here.look(here.console()), **known)
