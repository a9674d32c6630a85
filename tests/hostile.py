"""A course, recordings and files full of texts that a terminal, Textual, a shell, a browser or a
spreadsheet would obey, in every place where somebody can write one."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dlplay.engine.recordings.format import Recorder
from dlplay.wire import events
from dlplay.wire.events import Array, ClaimResult

MARKUP = "[/x] [red]r[/red] [@click=app.quit]q[/] [b"
ORDERS = "\x1b[2J\x1b]0;owned\x07\x1b]52;c;b3duZWQ=\x07\x9b31m\x00\x08\x7f"
TURNS = "a\u202eb\u2066c\u2028d\u2029e\u200bf\ufeffg\u0301\u0301日本"
EVIL = f"{MARKUP} {ORDERS} {TURNS} \r =1+1 \"\"\" ''' \\"
LONG = f"{EVIL} " + "x" * 20_000
HALF = "\ud800 \udcff"  # no text of a file can hold it, but one that a scene makes

SCENE = '''"""
# {evil}

What is said here: {evil}

## Tomorrow

{evil}
"""

import warnings

from dlplay import Choice, Float, Int, Scene, Text, Toggle, Try

EVIL = {evil!r}
HALF = {half!r}


class Hostile(Scene):
    covers = (EVIL,)
    panels = {{
        EVIL: EVIL, "plain": EVIL, "table": EVIL, "bars": EVIL, "graph": EVIL, "tokens": EVIL
    }}
    claims = {{"holds": EVIL, "fails": EVIL}}
    tries = (Try("rate=0.5", EVIL, (EVIL, "no"), right=1, breaks="fails", why=EVIL),)
    quick = {{"steps": 2}}

    words = Text(EVIL, help=EVIL, max_length=5000)
    which = Choice(EVIL, (EVIL, "other"), help=EVIL)
    rate = Float(1.0, min=0.1, max=2, live=True, help=EVIL, unit=EVIL)
    on = Toggle(False, help=EVIL)
    fails = Toggle(False, help=EVIL)
    steps = Int(3, min=1, max=1000, help=EVIL)

    def run(self, stage):
        for text in (EVIL, HALF, EVIL + HALF):
            print(text)
            stage.log(text)
        warnings.warn(EVIL, stacklevel=1)
        for _ in stage.loop(self.steps, EVIL):
            stage.headline(EVIL + HALF)
            for end in ("", HALF):
                stage.curve("plain", {{EVIL + end: 1.0, "b": 2.0}})
                stage.text({evil!r}, EVIL + end)
                stage.table("table", [EVIL + end], [[EVIL + end], [1.0]])
                stage.bars("bars", [EVIL + end, "b"], {{EVIL + end: [1.0, 2.0]}})
                stage.graph("graph", [(0, 0), (1, 1)], [(0, 1)], labels=[EVIL + end, "b"])
                stage.tokens("tokens", [EVIL + end, "b"], [0.1, 0.9])
            stage.measure(**{{EVIL: 1.0, "z" + HALF: 2.0}})
        stage.claim("holds", 1.0, above=0)
        stage.claim("fails", 0.0, above=0)
        if self.fails:
            raise ValueError(EVIL + HALF)
'''
BROKEN = '"""# {evil}"""\nfrom dlplay import Scene\n\nclass B(Scene):\n    covers = {evil!r}\n'


def course(folder: Path) -> Path:
    """A folder with one chapter: a scene that says what it should not, and one that is broken."""
    chapter = folder / "evil"
    chapter.mkdir(parents=True)
    escaped = EVIL.encode("unicode_escape").decode().replace('"', '\\"')
    head = f'"""# {escaped}\n\n{escaped}\n"""\nscenes = {{{EVIL!r}: ("hostile", "broken")}}\n'
    (chapter / "__init__.py").write_text(head)
    text = SCENE.replace('"""\n# {evil}', '"""\n# {said}').replace("here: {evil}", "here: {said}")
    text = text.replace("Tomorrow\n\n{evil}", "Tomorrow\n\n{said}")
    (chapter / "hostile.py").write_text(text.format(evil=EVIL, half=HALF, said=escaped))
    broken = BROKEN.replace("# {evil}", "# {said}").format(evil=EVIL, said=escaped)
    (chapter / "broken.py").write_text(broken)
    return folder


def recording(path: Path, scene: str = "evil/hostile", **parameters: object) -> Path:
    """A recording of a stranger, with these texts in all its fields."""
    picture = Array.of(np.zeros((1, 2, 2), np.float32))
    batch = [
        events.Progress(tick=1, step=1, total=2, phase=EVIL),
        events.Points(tick=1, panel=EVIL, series=EVIL, ticks=[1], x=[0.0], y=[1.0]),
        events.Axes(tick=1, panel=EVIL, x=EVIL, y=EVIL),
        events.Text(tick=1, panel="words", text=LONG),
        events.Heatmap(tick=1, panel="map", values=picture, names=[EVIL], rows=[EVIL]),
        events.Table(tick=1, panel="table", columns=[EVIL], rows=[[EVIL]]),
        events.Tweaked(tick=1, name="rate", value=EVIL),
        events.Tweaked(tick=1, name=EVIL, value=EVIL),
        events.Measured(tick=1, values={EVIL: 1.0}),
        events.Headline(tick=1, text=EVIL),
        events.Logged(tick=1, text=LONG),
        events.Claims(tick=1, claims=[ClaimResult(EVIL, EVIL, 1.0, ">", 0.0, True)]),
    ]
    begun = events.Started(
        scene=scene, seed=1, device=EVIL, parameters=parameters or {EVIL: EVIL},
        versions={EVIL: EVIL}, digest=EVIL, sabotage=EVIL,
    )  # fmt: skip
    with Recorder(path, overwrite=True) as record:
        record([begun])
        record(batch)
        record([begun.ended("done", 2, message=EVIL, headline=EVIL, claims=[
            ClaimResult(EVIL, EVIL, 1.0, ">", 0.0, True)], measures={EVIL: 1.0})])  # fmt: skip
    return path


def obeyed(text: str) -> list[str]:
    """The characters of a text that something would obey, and colours of ours are not."""
    import re

    from dlplay.words.foreign import shown

    rest = re.sub(r"\x1b\[[0-9;]*m", "", text)
    return sorted({repr(c) for c in rest if shown(c) != c})
