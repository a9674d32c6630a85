"""`dlplay doctor`: prints what was found, as it is found."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from dlplay.cli import doctor
from dlplay.cli.exits import Exit
from dlplay.cli.streams import print_json

if TYPE_CHECKING:
    from dlplay.cli.options import Session

STYLES = {"ok": "green", "warning": "yellow", "trouble": "bold red"}
NAMES = 12


def run(session: Session, json: bool) -> Exit:
    """Print every finding, with what to do about it; whether any is trouble."""
    findings = list(doctor.quick(session.scenes))
    if not json:
        for finding in findings:
            _print(session, finding)
        if sys.stderr.isatty():
            typer.echo("asking torch ...", err=True, nl=False)
    slow = list(doctor.torch_build())
    if not json:
        if sys.stderr.isatty():
            typer.echo("\r                \r", err=True, nl=False)
        for finding in slow:
            _print(session, finding)
    else:
        print_json([asdict(finding) for finding in findings + slow])
    trouble = any(finding.state == "trouble" for finding in findings + slow)
    return Exit.FAILED if trouble else Exit.DONE


def _print(session: Session, finding: doctor.Finding) -> None:
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    console = session.console()
    row = Table.grid(padding=(0, 2, 0, 0))
    row.add_column(width=7)
    row.add_column(width=NAMES)
    row.add_column(ratio=1, overflow="fold")
    row.add_row(
        Text(finding.state, STYLES[finding.state]),
        Text(finding.name, no_wrap=False, overflow="fold"),
        Text(session.text(finding.text), overflow="fold"),
    )
    console.print(row)
    if finding.advice:
        advice = Text(session.text(f"→ {finding.advice}"), overflow="fold")
        console.print(Padding(advice, (0, 0, 0, 7 + 2 + NAMES + 2)))
    sys.stdout.flush()
