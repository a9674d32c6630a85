"""`dlplay serve`: dlplay in the browser, for several visitors."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from dlplay.author.parameters.settings import own_files
from dlplay.cli.exits import Exit, Mistake, complain
from dlplay.cli.streams import say
from dlplay.course.catalog import BrokenScene, is_file
from dlplay.web import DRIVER, VISIT
from dlplay.words.address import parse_words

if TYPE_CHECKING:
    from dlplay.cli.options import Session
    from dlplay.web.site import Site

MISSING = "serve needs textual-serve, which is not installed: pip install 'dlplay[web]'"
HOMES = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")  # each visitor has his own
# What stands for all addresses of a kind, and one that is nobody's, to ask for the way to others.
ALL = {
    "0.0.0.0": (socket.AF_INET, "192.0.2.1"),
    "::": (socket.AF_INET6, "2001:db8::1"),
}
# What a visitor's process does not take over from the terminal that the server runs in.
TERMINALS = ("COLORFGBG", "LINES", "TERM_PROGRAM", "TEXTUAL", "TEXTUAL_LOG", "TMUX", "STY")


def run(
    here: Session,
    id: str | None,
    words: Sequence[str],
    *,
    host: str,
    port: int,
    most: int,
    files: bool,
) -> Exit:
    """Serve until Ctrl-C, SIGTERM or SIGHUP. `words`: the settings of the scene `id`."""
    if sys.platform == "win32":
        raise Mistake("serve needs Linux or macOS")
    if not host.strip():
        raise Mistake("--host takes an address of this machine, such as 127.0.0.1 or 0.0.0.0")
    if id is not None:
        check(here, id, words, files)
    if not all(map(find_spec, ("textual_serve", "aiohttp"))):
        complain(MISSING)
        return Exit.FAILED
    from dlplay.engine import server
    from dlplay.engine.pool import cores
    from dlplay.web.site import Site, is_local
    from dlplay.web.visitor import Program

    folder = server.folder()
    if not folder:
        complain("there is no folder for temporary files that can be written; set TMPDIR to one")
        return Exit.FAILED
    site = Site(
        Program(command(here, id, words), lambda visit: environment(os.environ, visit, files)),
        host=host,
        port=port,
        most=most or 2 * cores(),
        root=Path(folder),
        tell=_tell,
        names=() if is_local(host) else names(),
    )

    def ready(port: int) -> None:
        visitors = "1 visitor" if site.most == 1 else f"{site.most} visitors"
        place = address(outward(host), port)
        say(f"dlplay is at {place} for {visitors} at once; Ctrl-C ends it")
        sys.stdout.flush()
        if not site.local:
            complain(warning(host, port, files))

    try:
        asyncio.run(_serve(site, ready))
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Mistake(refused(error, host, port)) from None
    return Exit.DONE


def check(here: Session, id: str, words: Sequence[str], files: bool) -> None:
    """Raise what would end each visitor's page: no such scene or setting, or a file that visitors
    are not given."""
    if "=" in id:
        raise Mistake(f"{id!r} is a setting of a scene: dlplay serve ID {id}")
    card = here.catalog().find(id)
    if card.broken:
        raise BrokenScene(f"{card.id} cannot be read: {card.broken}")
    settings = parse_words(card, words).settings
    if files:
        return
    for name in own_files(card.parameters, card.defaults | settings).keys() & settings:
        raise Mistake(
            f"{name}={settings[name]} is a file of this machine: visitors have none of them read "
            "unless --files says so"
        )


def checked_port(word: str | None) -> int:
    """What was given with --port, or 8000."""
    if word is None:
        return 8000
    if not word.isascii() or not word.isdigit() or int(word) > 65535:
        raise Mistake(f"--port takes a whole number from 0 to 65535, not {word!r}")
    return int(word)


def command(here: Session, id: str | None, settings: Sequence[str] = ()) -> list[str]:
    """What draws a visitor's page: dlplay itself, with the options that it was served with."""
    words = [sys.executable, "-m", "dlplay", "--charts", here.asked_charts()[0]]
    words += ["--color", here.color] if here.color != "auto" else []
    words += ["--ascii"] if here.ascii else []
    words += ["--scenes", str(here.scenes.absolute())] if here.scenes is not None else []
    if id is None:
        return words
    return [*words, "open", os.path.abspath(id) if is_file(id) else id, *settings]


def environment(ours: Mapping[str, str], visit: Path, files: bool) -> dict[str, str]:
    """The environment of a visitor's process. What it keeps, it keeps in the visitor's folder;
    what scenes say, and the scenes of whoever serves, are common."""
    from dlplay.course.catalog import user_folder

    homes = {name: str(visit / name.lower()) for name in HOMES}
    scenes = Path(homes["XDG_CONFIG_HOME"]) / "dlplay" / "scenes"
    scenes.parent.mkdir(parents=True)
    if user_folder().is_dir():
        scenes.symlink_to(user_folder().absolute(), target_is_directory=True)
    if sys.platform == "darwin":
        homes["HOME"] = str(visit)
    kept = {name: value for name, value in ours.items() if name not in TERMINALS}
    return {
        **kept,
        **homes,
        "TMPDIR": str(visit),
        VISIT: str(visit),
        "DLPLAY_FILES": "any" if files else "none",
        "TEXTUAL_DRIVER": DRIVER,
        "TEXTUAL_COLOR_SYSTEM": "truecolor",
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
    }


def warning(host: str, port: int, files: bool) -> str:
    """What it means that others can reach this server."""
    read = (
        "He can name any file that you can read as data, and see what is in it (--files)."
        if files
        else "He cannot have files of this machine read."
    )
    return (
        f"{host} can be reached from elsewhere. Whoever opens port {port} runs the scenes of the "
        f"course on this machine, as you, and can see their source. {read} There is no password "
        "and no encryption: do this only in a network whose people you trust."
    )


def _tell(text: str) -> None:
    for line in text.splitlines():
        complain(line)


async def _serve(site: Site, ready: Callable[[int], None]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:
            loop.add_signal_handler(number, stop.set)
    await site.run(ready, stop)


def names() -> set[str]:
    """What others may call this machine: what it is called itself, in the domain that it is in,
    and as machines find each other in a home."""
    ours = socket.gethostname().lower()
    if not ours:
        return set()
    return {ours, socket.getfqdn().lower(), f"{ours.split('.')[0]}.local"}


def outward(host: str) -> str:
    """Where others find what is bound to this host: of all addresses, that from which others are
    reached; the name of this machine, which others need not know, where there is none."""
    if host not in ALL:
        return host
    kind, elsewhere = ALL[host]
    with suppress(OSError), socket.socket(kind, socket.SOCK_DGRAM) as way:
        way.connect((elsewhere, 9))  # nothing is sent
        found = str(way.getsockname()[0])
        if not ipaddress.ip_address(found).is_loopback:
            return found
    return socket.gethostname()


def address(host: str, port: int) -> str:
    """What a browser is told to open."""
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def refused(error: OSError, host: str, port: int) -> str:
    """Why the address cannot be had."""
    if isinstance(error, socket.gaierror):
        return f"--host: {host!r} is no address of this machine"
    if error.errno == errno.EADDRINUSE:
        return f"port {port} of {host} is taken; --port N takes another, 0 a free one"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"--host: {host} is no address of this machine"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"port {port} may not be opened by you; --port N takes another, from 1024 on"
    return f"port {port} of {host} cannot be opened: {error.strerror}"
