"""Runs a script where dlplay, and what only dlplay needs, cannot be imported."""

from __future__ import annotations

import runpy
import sys
import traceback
import warnings
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

OURS = ("dlplay", "textual", "rich", "msgspec", "typer", "platformdirs")


def forget() -> None:
    """From now on an import of one of them fails, also where it was imported before."""
    for name in list(sys.modules):
        if name.split(".")[0] in OURS:
            del sys.modules[name]
    sys.modules.update(dict.fromkeys(OURS))


def main(script: Path, output: Path) -> None:
    """Run the script in this process; what it prints goes to a file, as does a traceback."""
    forget()
    warnings.simplefilter("error", UserWarning)
    sys.argv = [str(script)]
    with output.open("w", encoding="utf-8") as file, redirect_stdout(file), redirect_stderr(file):
        try:
            runpy.run_path(str(script), run_name="__main__")
        except BaseException:
            traceback.print_exc()
            raise


if __name__ == "__main__":
    forget()
    runpy.run_path(sys.argv[1], run_name="__main__")
