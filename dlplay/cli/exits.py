"""What the command's exit status means, and how a user's mistake becomes one."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import IntEnum

import typer


class Exit(IntEnum):
    """The exit statuses, as `dlplay --help` documents them."""

    DONE = 0
    FAILED = 1
    WRONG_USE = 2
    CLAIM_FAILED = 3
    DIVERGED = 4
    NOT_WRITTEN = 5
    INTERRUPTED = 130
    PIPE_CLOSED = 141  # as of any command whose reader goes away
    TERMINATED = 143  # by SIGTERM, as any process


# What a write to a disk without room, or to a stream that is no more, fails with.
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF}
OF_STATUS = {"done": Exit.DONE, "diverged": Exit.DIVERGED, "stopped": Exit.INTERRUPTED}

HELP = """\b
Exit status:
  0    done
  1    the scene failed, or a file could not be read or written
  2    wrong use: no such scene, parameter, value or option
  3    a claim failed or was not measured (run --check, check)
  4    the run diverged: its loss is no longer a finite number
  5    standard output could not be written: its disk is full
  130  interrupted
  141  whoever read standard output went away
  143  told to end (SIGTERM)
"""


class Mistake(Exception):
    """A wrong use of the command line; the message says what was wrong and what is allowed."""


class FileTrouble(Exception):
    """A file that is there and cannot be read, or cannot be written; the message says which."""


def complain(message: str) -> None:
    """One message on standard error."""
    from dlplay.cli.streams import stderr_text

    with suppress(OSError):  # there is nowhere left to say it
        typer.echo(stderr_text(f"dlplay: {message}"), err=True)


@contextmanager
def tidy_end() -> Iterator[None]:
    """A user's mistake, an output that cannot be written or Ctrl-C ends the command with a status,
    not a traceback."""
    from dlplay.author.parameters.base import ParameterError
    from dlplay.cli.streams import stderr_text
    from dlplay.course.catalog import BrokenScene, UnknownScene
    from dlplay.engine.cluster.places import NoPlace
    from dlplay.engine.numerics import NoDevice

    try:
        try:
            yield
        finally:  # also where the command has ended with its own status
            sys.stdout.flush()
    except (Mistake, UnknownScene, ParameterError, NoDevice, NoPlace) as mistake:
        complain(str(mistake))
        raise typer.Exit(Exit.WRONG_USE) from None
    except (BrokenScene, FileTrouble) as error:
        complain(str(error))
        raise typer.Exit(Exit.FAILED) from None
    except KeyboardInterrupt:
        complain("interrupted")
        raise typer.Exit(Exit.INTERRUPTED) from None
    except BrokenPipeError:
        _forget_stdout()
        raise typer.Exit(Exit.PIPE_CLOSED) from None
    except OSError as error:
        if error.errno not in FULL or error.filename is not None:
            raise
        _forget_stdout()
        complain(f"standard output could not be written: {error.strerror}")
        raise typer.Exit(Exit.NOT_WRITTEN) from None
    except Exception as error:
        if hasattr(error, "format_message"):  # Typer's own: it quotes what was typed
            error.message = stderr_text(str(getattr(error, "message", error)))  # type: ignore[attr-defined]
        raise


@contextmanager
def whole(heeded: bool) -> Iterator[None]:
    """The whole of a command, from before it is parsed: Ctrl-C is told in words, wherever.

    `heeded`: whether Ctrl-C is listened to; not in the background of a script.
    """
    import signal

    try:
        if heeded:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        yield
    except KeyboardInterrupt:
        complain("interrupted")
        sys.exit(Exit.INTERRUPTED)
    finally:
        if heeded:  # what is left to do is not worth a traceback
            signal.signal(signal.SIGINT, signal.SIG_DFL)


def _forget_stdout() -> None:
    """Nobody reads it any more; the interpreter must not complain when it flushes it at the end."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
