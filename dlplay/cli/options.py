"""Options that several commands share, what they mean for the output, and shell completion."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO, cast

import typer

from dlplay.cli.exits import Mistake, complain
from dlplay.cli.streams import AsciiStream, TrimmedStream, has_unicode
from dlplay.course.preferences import ALLOWED, Preferences, place
from dlplay.engine.numerics import DEVICES
from dlplay.web import in_a_browser
from dlplay.words import foreign
from dlplay.words.address import parse_seed
from dlplay.words.nearest import did_you_mean
from dlplay.words.plain import to_ascii
from dlplay.words.sabotage import KINDS

if TYPE_CHECKING:
    from rich.console import Console

    from dlplay.course.catalog import Catalog
    from dlplay.draw import Look
    from dlplay.engine.cluster.places import Cluster

CHARTS = ALLOWED["charts"]
COLORS = {"auto": "auto", "never": None, "16": "standard", "256": "256", "truecolor": "truecolor"}


def complete_scene(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """IDs of scenes that begin with what was typed, with their titles."""
    return [(c.id, c.title) for c in _catalog_of(ctx).scenes if c.id.startswith(incomplete)]


def complete_chapter_or_scene(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """The same, and the names of chapters."""
    chapters = [(c.id, c.title) for c in _catalog_of(ctx).chapters if c.id.startswith(incomplete)]
    return chapters + (complete_scene(ctx, incomplete) if "/" in incomplete or not chapters else [])


def complete_chapter(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Names of chapters."""
    return [(c.id, c.title) for c in _catalog_of(ctx).chapters if c.id.startswith(incomplete)]


def complete_setting(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """`name=` for the parameters of the scene given before, and the values of a choice."""
    from dlplay.author.parameters.file import File
    from dlplay.course.catalog import UnknownScene

    try:
        card = _catalog_of(ctx).find(str(ctx.params.get("id") or ""))
    except UnknownScene:
        return []
    name, sign, begun = incomplete.partition("=")
    if sign and name in card.parameters:
        parameter = card.parameters[name]
        values = [parameter.show(value) for value in parameter.spread(8)]
        if isinstance(parameter, File) and begun:
            values = parameter.completions(begun)
        words = [(f"{name}={value}", parameter.allowed) for value in values]
    else:
        words = [(f"{n}=", p.help or p.allowed) for n, p in card.parameters.items()]
    return [word for word in words if word[0].startswith(incomplete)]


def _catalog_of(ctx: typer.Context) -> Catalog:
    """The catalog while a shell completes: no callback has run, the options are on the contexts."""
    from dlplay.course.catalog import Catalog, roots

    here: Any = ctx
    while here is not None:
        if here.params.get("scenes"):
            return Catalog(roots(Path(here.params["scenes"])))
        here = here.parent
    return Catalog(roots())


SceneId = Annotated[
    str,
    typer.Argument(metavar="ID", hidden=True, autocompletion=complete_scene),
]
Settings = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="NAME=VALUE",
        hidden=True,  # the commands' help explains it: Typer would add `<list[str]>`
        autocompletion=complete_setting,
    ),
]
Seed = Annotated[
    str | None,
    typer.Option("--seed", metavar="N", help="Random seed: a whole number, 0 unless given."),
]
Device = Annotated[
    str,
    typer.Option(
        "--device",
        metavar="|".join(DEVICES),
        autocompletion=lambda incomplete: [d for d in DEVICES if d.startswith(incomplete)],
        help="Where it runs; auto is CUDA where there is a GPU, else the CPU.",
    ),
]
On = Annotated[
    str | None,
    typer.Option(
        "--on",
        metavar="WHERE",
        help="Make the runs elsewhere: slurm[,partition=P,time=H:MM:SS,cpus=N,gpus=N,memory=GB,"
        "account=A,qos=Q,constraint=C,at_once=N], dask=HOST:PORT, or local, which tries the way to "
        "Slurm on this machine. Slurm is asked for an hour a run unless told. Scenes and files of "
        "your own must lie at the same place there.",
    ),
]
At = Annotated[
    str | None,
    typer.Option(
        "--at",
        metavar="FOLDER",
        help="With --on: where the runs' recordings lie, on Slurm a folder that all machines see; "
        "dlplay/cluster in the user's data directory unless given.",
    ),
]
Sabotage = Annotated[
    str | None,
    typer.Option(
        "--sabotage",
        metavar="|".join(KINDS),
        autocompletion=lambda incomplete: [
            (kind, about) for kind, about in KINDS.items() if kind.startswith(incomplete)
        ],
        help="Spoil its learning on purpose, as `dlplay check --sabotage` does ("
        + "; ".join(f"{kind}: {about}" for kind, about in KINDS.items())
        + "). A recording says so.",
    ),
]
Search = Annotated[
    str | None,
    typer.Option(
        "--search",
        metavar="N",
        help="Try N points, chosen to find the best value of the measure; a tenth of them at a "
        "time at most, unless --jobs says so.",
    ),
]
Goal = Annotated[
    str | None,
    typer.Option(
        "--goal",
        metavar="least|greatest",
        autocompletion=lambda incomplete: [
            g for g in ("least", "greatest") if g.startswith(incomplete)
        ],
        help="With --search: which is best; unless given, as the measure's claim has it.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="For machines: JSON on standard output.")]
Scenes = Annotated[
    str | None,
    typer.Option("--scenes", metavar="DIR", help="One more folder of chapters to look in."),
]
Ascii = Annotated[bool, typer.Option("--ascii", help="Use ASCII characters only.")]
Color = Annotated[
    str | None,
    typer.Option(
        "--color",
        metavar="|".join(COLORS),
        autocompletion=lambda incomplete: [c for c in COLORS if c.startswith(incomplete)],
        help="Colours; auto asks the terminal and NO_COLOR.",
        show_default=False,
    ),
]
Charts = Annotated[
    str | None,
    typer.Option(
        "--charts",
        metavar="|".join(CHARTS),
        autocompletion=lambda incomplete: [c for c in CHARTS if c.startswith(incomplete)],
        help="What draws curves, bars and histograms: dlplay itself, or plotext.",
        show_default=False,
    ),
]


@dataclass(frozen=True)
class Session:
    """What the options before and after the command say together."""

    scenes: Path | None = None
    ascii: bool = False
    color: str = "auto"
    charts: str | None = None  # None: as the user's settings have it

    def with_options(
        self,
        scenes: str | None,
        ascii: bool,
        color: str | None,
        charts: str | None = None,
    ) -> Session:
        """The options after the command win over those before it."""
        folder = self.scenes if scenes is None else Path(scenes).expanduser()
        if folder is not None and not folder.is_dir():
            raise Mistake(f"--scenes: there is no folder {str(folder)!r}")
        if color is not None and color not in COLORS:
            hint = did_you_mean(color, COLORS)
            raise Mistake(f"--color takes one of {', '.join(COLORS)}, not {color!r}.{hint}")
        if charts is not None and charts not in CHARTS:
            hint = did_you_mean(charts, CHARTS)
            raise Mistake(f"--charts takes one of {', '.join(CHARTS)}, not {charts!r}.{hint}")
        return Session(folder, ascii or self.ascii, color or self.color, charts or self.charts)

    def catalog(self) -> Catalog:
        from dlplay.course.catalog import Catalog, roots

        return Catalog(roots(self.scenes))

    def plain(self, stream: TextIO) -> bool:
        """Whether this stream gets ASCII alone."""
        return self.ascii or not has_unicode(stream)

    def text(self, text: str) -> str:
        """Text as standard output can show it, and obeys in nothing."""
        text = foreign.shown(text)
        return to_ascii(text) if self.plain(sys.stdout) else text

    def console(self, stream: TextIO | None = None) -> Console:
        """A Rich console on standard output, or on another stream."""
        from rich.console import Console
        from rich.segment import Segment

        class Out(Console):
            def on_broken_pipe(self) -> None:
                raise BrokenPipeError

            def render(self, renderable: Any, options: Any = None) -> Iterable[Segment]:
                """Whatever is printed, and by whom, its texts are texts."""
                for segment in super().render(renderable, options):
                    if segment.control or segment.text.isprintable():
                        yield segment
                    else:
                        yield Segment(foreign.shown(segment.text), segment.style)

        stream = stream or sys.stdout
        shown: Any = AsciiStream(stream) if self.plain(stream) else stream
        shown = shown if stream.isatty() else TrimmedStream(shown)
        forced = self.color in ("16", "256", "truecolor")
        return Out(
            file=shown,
            color_system=cast(Any, COLORS[self.color]),
            no_color=False if forced else True if self.color == "never" else None,
            force_terminal=True if forced else None,
            highlight=False,
            emoji=False,
            markup=False,
        )

    def look(self, console: Console) -> Look:
        """How pictures are drawn on this console."""
        from dataclasses import replace

        from dlplay.draw import Look

        environment: dict[str, str] = dict(os.environ)
        if self.color not in ("auto", "never"):  # asked for by name: stronger than NO_COLOR
            environment.pop("NO_COLOR", None)
            environment["TERM"] = "xterm"
        system, encoding = console.color_system, console.encoding
        if in_a_browser():  # it is no terminal, and shows whatever there is
            system, encoding = system or ("truecolor" if self.color == "auto" else None), "utf-8"
        look = Look.detect(environment, system, encoding)
        return self.with_charts(replace(look, ascii=look.ascii or self.ascii))

    def with_charts(self, look: Look) -> Look:
        """The look with the charts that were asked for; where there is no plotext, it is said."""
        wanted, asked = self.asked_charts()
        if wanted == "own":
            return look
        from dataclasses import replace

        from dlplay.draw import sheets

        if sheets.plotext() is None:
            complain(f"{asked}: plotext is not installed; dlplay draws the charts itself")
            return look
        return replace(look, charts="plotext")

    def asked_charts(self) -> tuple[str, str]:
        """What is to draw charts, and where that was asked for."""
        if self.charts is not None:
            return self.charts, f"--charts {self.charts}"
        kept = Preferences(place())
        if kept.trouble:
            complain(kept.trouble)
        return kept["charts"], f'charts = "{kept["charts"]}"'


def on_a_terminal() -> bool:
    """Whether a person can be shown the interface."""
    return in_a_browser() or (sys.stdin.isatty() and sys.stdout.isatty())


def whole_number(option: str, text: str | None, default: int, most: int | None = None) -> int:
    """What was given with an option that takes a number from 1 on, up to `most`; or the default."""
    if text is None:
        return default
    digits = text if text.isascii() and text.isdigit() else ""
    # As many digits as no number has are not read: that takes long
    number = int(digits) if digits and len(digits.lstrip("0")) < 20 else 0
    if number < 1 or (most is not None and number > most):
        allowed = "from 1 on" if most is None else f"from 1 to {most}"
        raise Mistake(f"{option} takes a whole number {allowed}, not {text!r}")
    return number


def checked_device(word: str) -> str:
    """The word, if there is such a device at all; whether it is here only torch can say."""
    if word in DEVICES:
        return word
    hint = " Did you mean 'cuda'?" if word == "gpu" else did_you_mean(word, DEVICES)
    raise Mistake(f"--device takes one of {', '.join(DEVICES)}, not {word!r}.{hint}")


def checked_sabotage(word: str | None) -> str:
    """The word, if learning can be spoilt so; "" where none was given."""
    if word is None or word in KINDS:
        return word or ""
    raise Mistake(
        f"--sabotage takes one of {', '.join(KINDS)}, not {word!r}.{did_you_mean(word, KINDS)}"
    )


def elsewhere(on: str | None, at: str | None) -> Cluster | None:
    """The machines given with --on and --at; None for this one. Raises Mistake, NoPlace."""
    if on is None:
        if at is not None:
            raise Mistake("--at says where the recordings of --on lie; alone it says nothing")
        return None
    from dlplay.engine.cluster.places import place

    return place(on, at)


def chosen_seed(option: str | None, word: int | None) -> int | None:
    """The seed given with --seed, or as seed=N; None if it is not given."""
    if option is None:
        return word
    seed = parse_seed(option)
    if word is not None and word != seed:
        raise Mistake(f"the seed is given twice: --seed {seed} and seed={word}")
    return seed


COMMON: dict[str, tuple[Any, Any]] = {  # type and default
    "scenes": (Scenes, None),
    "ascii": (Ascii, False),
    "color": (Color, None),
    "charts": (Charts, None),
}


def in_session(function: Callable[..., None], names: Iterable[str] = COMMON) -> Callable[..., None]:
    """The function as a command with these common options. In place of them it is called with the
    session that they make of the one that the callback began, as its first argument."""
    own = inspect.signature(function, eval_str=True)
    kind = inspect.Parameter.KEYWORD_ONLY
    context = inspect.Parameter("ctx", kind, annotation=typer.Context)
    common = [
        inspect.Parameter(name, kind, default=COMMON[name][1], annotation=COMMON[name][0])
        for name in names
    ]

    def command(ctx: typer.Context, **given: Any) -> None:
        begun = ctx.find_root().obj
        known = begun if isinstance(begun, Session) else Session()
        chosen = {name: given.pop(name, default) for name, (_, default) in COMMON.items()}
        function(known.with_options(**chosen), **given)

    command.__doc__, command.__name__ = function.__doc__, function.__name__
    parameters = [each.replace(kind=kind) for each in [*own.parameters.values()][1:]]
    command.__signature__ = own.replace(parameters=[context, *parameters, *common])  # type: ignore[attr-defined]
    return command
