"""What could keep dlplay from working here, and what to do about it."""

from __future__ import annotations

import json
import locale
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

State = Literal["ok", "warning", "trouble"]
PROBE_SECONDS = 120  # for a first import of torch from a cold disk
PROBE = """
import json, torch
gpus = range(torch.cuda.device_count()) if torch.cuda.is_available() else []
mps = getattr(torch.backends, "mps", None)
print(json.dumps({
    "version": str(torch.__version__),
    "cuda_build": torch.version.cuda or getattr(torch.version, "hip", None) or "",
    "gpus": [torch.cuda.get_device_name(i) for i in gpus],
    "memory": [torch.cuda.mem_get_info(i)[1] for i in gpus],
    "mps": bool(mps and mps.is_available()),
    "threads": torch.get_num_threads(),
    "product": float((torch.ones(8, 8) @ torch.ones(8, 8)).sum()),
}))
"""
DATA = Path(__file__).parents[1] / "data" / "files"
NEEDS = ("msgspec", "networkx", "numpy", "pillow", "platformdirs", "rich", "textual", "typer")


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: how it is, and what to do if it is not well."""

    name: str
    state: State
    text: str
    advice: str = ""


def quick(extra: Path | None = None, environ: Mapping[str, str] | None = None) -> Iterator[Finding]:
    """All but torch. `extra`: one more folder of chapters; `environ`: in place of os.environ."""
    yield from python()
    yield from terminal(os.environ if environ is None else environ)
    yield from data()
    yield from scenes(extra)
    yield from settings_folder()


def python() -> Iterator[Finding]:
    """The interpreter and the packages that we depend on."""
    from importlib.metadata import PackageNotFoundError, version

    import dlplay

    yield Finding("dlplay", "ok", f"{dlplay.__version__} in {Path(dlplay.__file__).parent}")
    text = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    yield Finding("python", "ok", f"{text}, {sys.executable}")
    found, missing = [], []
    for name in NEEDS:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        advice = "install dlplay again with pip, in this environment"
        yield Finding("packages", "trouble", f"not installed: {', '.join(missing)}", advice)
    else:
        yield Finding("packages", "ok", ", ".join(found))
    yield _charts()


def _charts() -> Finding:
    """Whether plotext, which has no wheel for some platforms, is here and can be loaded."""
    from dlplay.draw import sheets

    plotext = sheets.plotext()
    if plotext is None:
        advice = "pip install 'plotext>=6.1,<7'; without it boxes are tables, stacks plain bars"
        return Finding("charts", "warning", "no plotext that can be loaded", advice)
    return Finding("charts", "ok", f"plotext {plotext.__version__}")


def terminal(env: Mapping[str, str]) -> Iterator[Finding]:
    """Whether there is one, its size, its colours, its characters, its pictures."""
    yield _interactive(env)
    if sys.stdout.isatty():
        yield _size(*shutil.get_terminal_size())
    yield _colors(env)
    yield _characters(env)
    yield Finding("graphics", "ok", _graphics(env))
    layers = [name for name in ("TMUX", "STY", "SSH_CONNECTION", "SSH_TTY") if env.get(name)]
    if layers:
        names = {"TMUX": "tmux", "STY": "screen", "SSH_CONNECTION": "SSH", "SSH_TTY": "SSH"}
        within = " and ".join(dict.fromkeys(names[layer] for layer in layers))
        advice = ""
        if "TMUX" in layers and not _truecolor(env):
            advice = 'for all colours: set -as terminal-features ",*:RGB" in ~/.tmux.conf'
        yield Finding("within", "ok", within, advice)


def _interactive(env: Mapping[str, str]) -> Finding:
    term = env.get("TERM", "")
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        advice = "the interface needs a terminal; `dlplay run` and `dlplay list` work without one"
        return Finding("terminal", "warning", "input or output is no terminal", advice)
    if term in ("", "dumb", "unknown"):
        advice = "the interface needs a terminal that moves its cursor, such as TERM=xterm-256color"
        return Finding("terminal", "trouble", f"TERM={term or '(not set)'}", advice)
    program = env.get("TERM_PROGRAM", "")
    return Finding("terminal", "ok", f"TERM={term}" + (f", {program}" if program else ""))


def _size(columns: int, rows: int) -> Finding:
    if columns >= 80 and rows >= 24:
        return Finding("size", "ok", f"{columns}x{rows}")
    advice = "make the window larger: 80x24 is the least, 120x40 is comfortable"
    return Finding("size", "warning", f"{columns}x{rows}", advice)


def _truecolor(env: Mapping[str, str]) -> bool:
    return env.get("COLORTERM", "").lower() in ("truecolor", "24bit")


def _colors(env: Mapping[str, str]) -> Finding:
    if env.get("NO_COLOR"):
        return Finding("colours", "ok", "none, as NO_COLOR asks; --color overrides it")
    if _truecolor(env):
        return Finding("colours", "ok", f"16 million (COLORTERM={env['COLORTERM']})")
    advice = "if your terminal has 16 million, set COLORTERM=truecolor"
    if "256" in env.get("TERM", ""):
        return Finding("colours", "ok", "256", advice)
    return Finding("colours", "warning", "16: pictures are drawn with characters", advice)


def _characters(env: Mapping[str, str]) -> Finding:
    encoding = sys.stdout.encoding or locale.getpreferredencoding(False)
    if encoding.lower().startswith("utf"):
        return Finding("characters", "ok", f"Unicode ({encoding})")
    advice = "set LANG to a UTF-8 locale, such as C.UTF-8; until then only ASCII is drawn"
    return Finding("characters", "warning", f"no Unicode ({encoding})", advice)


def _graphics(env: Mapping[str, str]) -> str:
    """A guess from the environment; dlplay draws with characters everywhere."""
    program = env.get("TERM_PROGRAM", "")
    if env.get("KITTY_WINDOW_ID") or program in ("ghostty", "WezTerm"):
        return "the terminal probably has the Kitty protocol; dlplay draws with characters"
    if program == "iTerm.app" or env.get("TERM", "") in ("mlterm", "foot", "contour"):
        return "the terminal probably shows images; dlplay draws with characters"
    return "none known; dlplay draws with characters"


def data() -> Iterator[Finding]:
    """The bundled data files."""
    folder = DATA
    try:
        sizes = {path.name: len(path.read_bytes()) for path in sorted(folder.iterdir())}
    except OSError as error:
        yield Finding("data", "trouble", f"{folder}: {error.strerror}", "install dlplay again")
        return
    empty = [name for name, size in sizes.items() if size == 0]
    if empty or not sizes:
        what = f"empty: {', '.join(empty)}" if empty else f"no files in {folder}"
        yield Finding("data", "trouble", what, "install dlplay again")
        return
    words = ", ".join(f"{name} {size / 1024:,.0f} KB" for name, size in sizes.items())
    yield Finding("data", "ok", words)


def scenes(extra: Path | None) -> Iterator[Finding]:
    """The folders that are searched, and the files in them that cannot be read."""
    from dlplay.course.catalog import Catalog, built_in, roots
    from dlplay.course.files import shown

    if not built_in().is_dir():
        yield Finding("scenes", "trouble", f"no folder {built_in()}", "install dlplay again")
    folders = roots(extra)
    for root in folders:
        cards = Catalog([root]).scenes
        broken = [card for card in cards if card.broken]
        yield Finding("scenes", "ok", f"{len(cards) - len(broken)} in {shown(root)}")
        for card in broken:
            advice = f"correct {shown(card.path)}"
            yield Finding(card.id, "warning", card.broken.splitlines()[0], advice)
    for notice in Catalog(folders).notices:
        yield Finding("scenes", "warning", notice.text, notice.advice)


def settings_folder() -> Iterator[Finding]:
    """Where the user's settings and scenes are kept."""
    from dlplay.course.catalog import user_folder
    from dlplay.course.preferences import Preferences
    from dlplay.course.preferences import place as kept_in

    kept = Preferences(kept_in())
    if kept.trouble:
        yield Finding("settings", "warning", kept.trouble, "mend that line, or remove the file")
    folder = user_folder().parent
    place = next(p for p in (folder, *folder.parents) if p.exists())
    if place.is_dir() and os.access(place, os.W_OK | os.X_OK):
        new = "" if place == folder else " (made when it is needed)"
        yield Finding("settings", "ok", f"{folder}{new}; charts: {kept['charts']}")
    else:
        advice = f"make {place} writable, or set XDG_CONFIG_HOME to a folder that is"
        text = f"{folder} cannot be written; settings and new scenes are not kept"
        yield Finding("settings", "warning", text, advice)


def torch_build() -> Iterator[Finding]:
    """The torch build and the devices that it sees, asked in a process of its own."""
    from dlplay.engine.numerics import prepare_environment

    prepare_environment()
    answer = _ask_torch()
    if isinstance(answer, str):
        yield Finding("torch", "trouble", answer, "install torch again: see https://pytorch.org")
        return
    build = f"CUDA {answer['cuda_build']}" if answer["cuda_build"] else "no CUDA"
    threads = f"{answer['threads']} thread{'s' if answer['threads'] != 1 else ''}"
    yield Finding("torch", "ok", f"{answer['version']}, built with {build}, {threads} a run")
    cores = os.cpu_count() or 1
    yield Finding("device", "ok", f"cpu, {cores} core{'s' if cores != 1 else ''}")
    for name, memory in zip(answer["gpus"], answer["memory"], strict=True):
        yield Finding("device", "ok", f"cuda, {name}, {memory / 2**30:.0f} GB")
    if answer["mps"]:
        yield Finding("device", "ok", "mps; used only with --device mps: it has no float64")
    nvidia = shutil.which("nvidia-smi") is not None
    if nvidia and not answer["gpus"]:
        advice = "install the CUDA build of torch: see https://pytorch.org"
        if answer["cuda_build"]:
            advice = "the driver may be older than the build: look at what nvidia-smi says"
        yield Finding(
            "device", "warning", "there is an NVIDIA driver, but torch sees no GPU", advice
        )


def _ask_torch() -> dict[str, Any] | str:
    """What torch says of itself, or what went wrong."""
    try:
        ended = subprocess.run(
            [sys.executable, "-P", "-c", PROBE],
            capture_output=True,
            text=True,
            timeout=PROBE_SECONDS,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"could not be asked: {error}"
    if ended.returncode != 0:
        lines = ended.stderr.strip().splitlines()
        return f"cannot be imported: {lines[-1] if lines else f'exit status {ended.returncode}'}"
    answer: dict[str, Any] = json.loads(ended.stdout.strip().splitlines()[-1])
    return answer if answer["product"] == 512 else "multiplies matrices wrongly"
