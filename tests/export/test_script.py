"""Scripts: each scene as one plain torch file that prints what the scene measures."""

from __future__ import annotations

import ast
import multiprocessing
import re
import subprocess
import sys
import tokenize
from functools import cache
from io import StringIO
from types import SimpleNamespace

import pytest

from dlplay import run
from dlplay.course.catalog import Catalog, built_in, describe
from dlplay.engine.launcher import Launcher
from dlplay.export.script import NotTranslatable, Plan, script
from dlplay.wire import events
from tests.conftest import FAULTS
from tests.export import alone
from tests.scenes.quickly import SEED, quick, short_run

COURSE = Catalog([built_in()])
CARDS = {card.id: card for card in COURSE.scenes}
CONTEXT = multiprocessing.get_context(Launcher().method)
VERDICTS = {True: "holds", False: "fails", None: "not measured"}


def written(card, settings=None, **known):
    values = card.defaults | dict(settings or {})
    return script(Plan(card, values, card.id, device="cpu", **known))


@cache
def written_quickly(id):
    """The script of a scene's quick run, for all that ask for it."""
    card = CARDS[id]
    return written(card, card.quick, seed=SEED)


def printed(text, path):
    """What a script prints in an interpreter of its own: its end, measures and verdicts."""
    path.write_text(text, encoding="utf-8")
    command = [sys.executable, "-W", "error::UserWarning", "-m", "tests.export.alone", str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return understood(done.stdout)


def forked(text, path):
    """The same in a fork of a process that has torch already: a start costs next to nothing."""
    path.write_text(text, encoding="utf-8")
    output = path.with_suffix(".txt")
    process = CONTEXT.Process(target=alone.main, args=(path, output))
    process.start()
    process.join()
    said = output.read_text(encoding="utf-8")
    assert process.exitcode == 0, said[-3000:]
    return understood(said)


def understood(said):
    first, _, rest = said.partition("\nmeasures\n")
    return SimpleNamespace(
        end=first.strip().splitlines()[-1],
        measures=dict(re.findall(r"^  (\S+) = (\S+)$", rest, re.MULTILINE)),
        claims=re.findall(r"^  (holds|fails|not measured): (.*)$", rest, re.MULTILINE),
    )


def assert_same(script_said, result):
    assert script_said.measures == {n: repr(v) for n, v in result.measures.items()}
    assert script_said.claims == [(VERDICTS[c.holds], c.claim) for c in result.claims]


@short_run
@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS)
def test_every_scene_measures_the_same_as_a_script(card, tmp_path, launcher):
    result, _ = quick(card)
    text = written_quickly(card.id)
    assert "import dlplay" not in text
    assert "from dlplay" not in text
    said = forked(text, tmp_path / "scene.py")
    assert said.end == f"done: {result.steps} steps"
    assert_same(said, result)


@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS)
def test_what_stays_of_a_scene_stays_as_it_was_written(card):
    """Code lines and comments are the scene's own, but for what is told here."""
    text = written_quickly(card.id)
    source = {line.strip() for line in card.source.splitlines()}
    body = text.partition("# ---- The scene: ")[2].partition("\n\ndef main():")[0]
    names = tuple(f"{name} = " for name in (*card.parameters, "parameters"))
    for line in map(str.strip, body.splitlines()[1:]):
        told = line.startswith(("class ", "# ", "pass", *names)) or not line
        told = told or ".check_finite(" in line or ".unseen(" in line or " <= " in line
        assert told or line in source, line
    assert card.lesson.splitlines()[-1] in text
    ast.parse(text)


def test_comments_of_what_stays_survive():
    card = CARDS["optimization/race"]
    text = written(card)
    comments = {t.string for t in tokenize.generate_tokens(StringIO(text).readline)
                if t.type == tokenize.COMMENT}  # fmt: skip
    assert "# To the start: a walker of each runner on each surface. The rules treat every" in (
        comments
    )
    assert "# How far beyond the ellipse's floor, as a share of the height of the start" in comments
    assert "# level lines close to the minimum too" not in comments


def test_what_only_draws_is_gone():
    text = written(CARDS["optimization/race"]).partition("# ---- The scene: ")[2]
    for word in ("stage.plane", "stage.table", "winners", "trails", "grid(", "leaderboard"):
        assert word not in text
    assert "stage.check_finite(" in text  # for it ends a run that diverges
    assert "photos.npz" not in written(CARDS["convolutional/sharing"])
    assert "shakespeare.txt.gz" in written(CARDS["language-models/char-gpt"])


def test_the_parameters_are_constants_with_their_help():
    text = written(CARDS["optimization/race"], {"beta": 0.5})
    line = "    beta = 0.5  # how much velocity momentum and Nesterov keep; 0 to 0.999"
    assert line in text.splitlines()


def test_live_tweaks_at_their_steps(tmp_path):
    card = CARDS["optimization/race"]
    tweaks = [
        events.Tweaked(tick=7, name="beta", value=0.5),
        events.Tweaked(tick=7, name="whose", value="Adam"),
        events.Tweaked(tick=20, name="rate", value=3.0),
        events.Tweaked(tick=25, name="rotation", value=30.0),
    ]
    result = run(card.id, tweaks=tweaks, device="cpu", **dict(card.quick))
    said = printed(written(card, card.quick, tweaks=tweaks), tmp_path / "tweaked.py")
    assert_same(said, result)
    assert result.measures != run(card.id, device="cpu", **dict(card.quick)).measures


def test_a_run_that_was_stopped(tmp_path, launcher):
    card = CARDS["introduction/first-net"]
    result = run(card.id, max_steps=103, device="cpu")
    said = forked(written(card, ends=103), tmp_path / "stopped.py")
    assert said.end == "stopped: after 103 steps"
    assert_same(said, result)


def test_a_run_that_diverges(tmp_path, launcher):
    """It ends at the same step, with the measures of that step."""
    card = Catalog([FAULTS]).find("faults/diverges")
    result = run(card.id, scenes=FAULTS)
    said = forked(written(card), tmp_path / "diverged.py")
    assert result.status == "diverged"
    assert said.end == f"diverged: {result.message}"
    assert_same(said, result)


SCENE = '''"""# A trap"""
import torch
from dlplay import Float, Int, Scene, claim


class Trap(Scene):
    panels = ("a",)
    steps = Int(5, min=1, max=9)
    scale = Float(1, min=0, max=2, live=True)

    def run(self, stage):
        net = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Dropout(0.5))
        shown, kept = [], []
        for step in stage.loop(self.steps):
            x = torch.rand(2)
{body}
        stage.measure(x=x.sum(), kept=sum(kept), weight=net[0].weight.sum())

    @claim("it is what it is", breaks={{"steps": 1}})
    def holds(self, measured):
        return (measured.x / measured.kept).between(0.1, 10)
'''


def scene(folder, *body):
    lines = "\n".join(" " * 12 + line for line in body)
    path = folder / "traps" / "trap.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text(SCENE.format(body=lines), encoding="utf-8")
    return describe(path, folder)


TRAPS = {
    "random numbers for a picture": ["stage.image('a', torch.rand(4, 4))"],
    "a model that drops out": ["stage.plot('a', [0, 1], out=net(x))"],
    "a picture that moves state": ["stage.plot('a', [0], y=[kept.append(1.0) or 1.0])"],
    "a buffer that is also measured": ["shown.append(x)", "kept.append(shown[-1].sum())",
                                       "stage.plot('a', [0, 1], y=shown[-1])"],
    "in place": ["with torch.no_grad():", "    weight = net[0].weight", "    weight += 1",
                 "stage.plot('a', [0, 1], y=weight[0])"],
    "a hook that counts": [
        "def count(*_):", "    kept.append(1.0)",
        "hook = net[0].register_forward_hook(count)", "net(x)", "hook.remove()",
    ],
    "a function by another name": [
        "draw = torch.rand if step else torch.randn",
        "y = draw(2)", "stage.plot('a', [0, 1], y=y)",
    ],
    "a call for its own sake": [
        "def work():", "    kept.append(1.0)", "def twice(what):", "    what()", "    what()",
        "twice(work)",
    ],
    "a picture drawn before a measure in one probe": [
        "if stage.every(2):", "    with stage.probe(net):",
        "        y = torch.rand(2)", "        z = torch.rand(2)",
        "        stage.plot('a', [0, 1], y=y)", "        stage.measure(drawn=z.sum())",
    ],
    "a look that measures": ["if stage.every(2):", "    with stage.probe(net):",
                             "        stage.measure(inner=net(x).sum())",
                             "        stage.plot('a', [0, 1], y=net(x))"],
    "random in a look": ["if stage.every(2):", "    with stage.probe(net):",
                         "        y = torch.rand(2)", "        stage.plot('a', [0, 1], y=y)"],
    "an else that draws": ["if step % 2:", "    kept.append(0.5)", "else:",
                           "    stage.plot('a', [0, 1], y=x)"],
    "one line": ["if step % 2: stage.plot('a', [0, 1], y=x)", "kept.append(1)"],
    "in another way": ["kept.append(2) if step else stage.text('a', 'b')"],
    "a list put in order": ["kept += [step, -step]", "kept.sort()", "shown = kept",
                            "stage.plot('a', kept, y=shown)"],
    "a name with two lives": ["y = x * 2", "stage.plot('a', [0, 1], y=y)", "y = y.sum()",
                              "kept.append(y)"],
}  # fmt: skip


@pytest.mark.parametrize("body", TRAPS.values(), ids=TRAPS)
def test_traps(tmp_path, body, launcher):
    card = scene(tmp_path, *body)
    assert not card.broken, card.broken
    result = run("traps/trap", scenes=tmp_path, device="cpu")
    assert result.status == "done", result.log
    if body == TRAPS["in another way"]:
        with pytest.raises(NotTranslatable, match=r"line 16 of trap.py: stage.text is not"):
            written(card)
        return
    assert_same(forked(written(card), tmp_path / "trap_script.py"), result)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("draw = stage.plot", r"line 16 of trap.py: stage.plot is not called as a statement"),
        ("stage.flush()", r"line 16 of trap.py: stage.flush has no counterpart"),
        ("print(Float)", r"line 16 of trap.py: Float of dlplay is used outside"),
        ("from dlplay.data import digits", r"line 16 of trap.py: dlplay is imported inside"),
        ("print(self.values)", r"line 16 of trap.py: values of a Scene"),
    ],
)
def test_what_has_no_counterpart_is_told_with_its_line(tmp_path, line, message):
    with pytest.raises(NotTranslatable, match=message):
        written(scene(tmp_path, line))


def test_the_script_of_a_page_is_its_run_without_looks():
    card = CARDS["introduction/first-net"]
    text = written(card)
    body = text.partition("# ---- The scene: ")[2].partition("\n\ndef main():")[0]
    for word in ("stage.look", "stage.plane", "stage.headline", "stage.axes", "def look"):
        assert word not in body, word
    assert 'stage.claim("learns", right, above=' in body
    assert (
        len(body.splitlines()) < len(card.source.splitlines()) - 60
    )  # no page, no tries, no looks
    for each in card.tries:
        assert each.setting in text
        assert each.options[each.right - 1] in " ".join(text.replace("#", " ").split())


PAGE = '''"""
# A page

Text.
"""
import torch

from dlplay import Float, Int, Scene, Try
from dlplay.data import photo


def shown(value):
    return photo("camera")[0] * value


def kept(value):
    return 2 * value


class Page(Scene):
    covers = ("Paging",)
    panels = {"picture": "a picture", "value": "a number"}
    claims = {"small": "the number ends below one half"}
    tries = (Try("rate=0.9", "And now?", ("yes", "no"), right=1, breaks="small", why="So."),)
    rate = Float(0.5, min=0.1, max=1, live=True)
    steps = Int(10, min=1, max=100)

    def run(self, stage):
        value = torch.rand(()).item() + 1

        def only_looked(number):
            return shown(number)

        @stage.look(2)
        def look():
            stage.headline(f"{value}")
            stage.image("picture", only_looked(value))
            stage.claim("small", kept(value), below=0.5)

        for step in stage.loop(self.steps):
            value *= self.rate
            if step % 2:
                stage.axes("value", y="number")
            stage.curve("value", it=value)
            for _ in range(2):
                stage.text("picture", "nothing but this")
        with stage.probe():
            stage.image("picture", only_looked(1.0))
        stage.claim("small", kept(value), below=0.5)
        stage.measure(half=value / 2)
'''


def test_of_a_page_stays_what_is_computed_and_nothing_that_looks(tmp_path):
    (tmp_path / "mine").mkdir()
    file = tmp_path / "mine" / "page.py"
    file.write_text(PAGE)
    card = describe(file, tmp_path)
    assert not card.broken
    result = run(card.id, scenes=tmp_path, seed=3, device="cpu")
    text = written(card, seed=3)
    said = printed(text, tmp_path / "script.py")
    assert_same(said, result)
    for gone in ("photo", "shown", "only_looked", "stage.look", "stage.axes", "stage.text"):
        assert gone not in text.partition("# ---- The scene: ")[2], gone
    assert "def kept(value):" in text
