"""`dlplay new`: the scene that a user starts from. It runs as it is."""

from __future__ import annotations

import re
from keyword import iskeyword
from pathlib import Path

CHAPTER = "mine"
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


class BadName(ValueError):
    """A name that no scene can have, or that is taken; the message says which is allowed."""


def split_name(name: str) -> tuple[str, str]:
    """Chapter and scene of `scene` or `chapter/scene`; BadName unless both are kebab-case."""
    chapter, slash, slug = name.rpartition("/")
    chapter = chapter if slash else CHAPTER
    if NAME.fullmatch(chapter) and NAME.fullmatch(slug):
        for word in (chapter, slug):
            if iskeyword(word):
                raise BadName(f"{word!r} is a word of Python's own; choose another name")
        return chapter, slug
    parts = [_kebab(part) for part in name.split("/")][-2:]
    better = "/".join(part for part in parts if part)
    fits = all(NAME.fullmatch(part) and not iskeyword(part) for part in better.split("/"))
    hint = f" Did you mean {better!r}?" if fits else ""
    raise BadName(
        f"{name!r} is no name for a scene: write scene or chapter/scene, in lower-case letters, "
        f"digits and single hyphens, each beginning with a letter.{hint}"
    )


def _kebab(text: str) -> str:
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1-\2", text)
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-").lstrip("0123456789-")


def create(name: str, folder: Path) -> tuple[str, Path]:
    """Write the scene into `folder`, which is made if need be; its id and its file.

    An existing file is never touched: BadName. Raises OSError where it cannot be written.
    """
    chapter, slug = split_name(name)
    path = folder / chapter.replace("-", "_") / f"{slug.replace('-', '_')}.py"
    if path.exists():
        raise BadName(f"{path} exists already; choose another name")
    path.parent.mkdir(parents=True, exist_ok=True)
    heading = path.parent / "__init__.py"
    if not heading.exists():
        heading.write_text(HEADING.format(title=_title(chapter)), encoding="utf-8")
    words = {"@TITLE@": _title(slug), "@CLASS@": _class(slug), "@ID@": f"{chapter}/{slug}"}
    text = SCENE
    for mark, word in words.items():
        text = text.replace(mark, word)
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
    return f"{chapter}/{slug}", path


def _title(slug: str) -> str:
    return slug.replace("-", " ").capitalize()


def _class(slug: str) -> str:
    return "".join(word.capitalize() for word in slug.split("-"))


HEADING = '''"""# {title}

What the scenes of this chapter have in common.
"""
'''

SCENE = r'''r"""
# @TITLE@

The page: first the problem, then the picture, the mechanism, the formula with every letter said,
for a reader who has no other book. Here a straight line y = w·x + b is fitted to noisy points:
each step moves w and b a little against the slope of the mean squared error L, by the learning
rate η:

$$ w_{t + 1} = w_t - \eta \frac{\partial L}{\partial w} $$

The loss stops at the variance of the noise: no line explains that.

## Tomorrow

If the loss jumps, lower the learning rate before you change anything else.
"""

import torch
from torch import nn

from dlplay import Float, Int, Scene, Try

# Data is at hand: from dlplay.data import digits, points, photo, shakespeare

SLOPE, INTERCEPT = 2.0, -1.0


class @CLASS@(Scene):
    # All this is read without running the file, so it is written out as literals.
    covers = ()  # sections of the course, ("Momentum",)
    panels = {  # what is drawn, each with what to see in it; the first is the large one
        "fit": "the line turns until it lies along the points",
        "loss": "mean squared error; lower is better, the dashed line is the noise",
    }
    claims = {  # sentences that a run can refute
        "slope": "after 150 steps the line's slope is within 0.2 of the true one",
    }
    tries = (  # one knob turned, a question, the answers, which of them is right, and why
        Try(
            "learning_rate=0.001",
            "A hundredth of the step size, as many steps. Where is the line at the end?",
            ("where it was before, only later", "still on its way"),
            right=2,
            breaks="slope",
            why="Each step goes a hundredth as far: it would take a hundred times as many.",
        ),
        Try(
            "noise=0",
            "The points lie on a line now. What becomes of the loss?",
            ("it stops where it did", "it falls to nothing", "it falls more slowly"),
            right=2,
            keeps="slope",
            why="What was left over was the noise, and there is none.",
        ),
    )
    quick = {"steps": 5}  # settings of a complete run of a second or two, for tests

    # A parameter becomes a knob, name=value on the command line, and self.name here.
    # A live one may be turned while the scene runs: read it inside the loop.
    learning_rate = Float(0.1, min=1e-3, max=1, log=True, live=True, help="step size η")
    noise = Float(0.5, min=0, max=5, help="standard deviation of the points around the line")
    steps = Int(150, min=1, max=5000, help="steps of gradient descent")

    def run(self, stage):
        # The random seed is set already. Tensors and models go on stage.device.
        x = (torch.rand(200, 1) * 4 - 2).to(stage.device)  # [N, 1]
        y = SLOPE * x + INTERCEPT + self.noise * torch.randn(200, 1).to(stage.device)  # [N, 1]
        model = nn.Linear(1, 1).to(stage.device)
        ends = torch.tensor([[-2.0], [2.0]], device=stage.device)
        stage.watch(model)  # its layers can be X-rayed
        stage.axes("loss", y="mean squared error", log="y", lines={"noise": self.noise**2 or 1e-9})

        # A look only looks: after each fifth step, the last, and when a live knob was turned.
        @stage.look(5, model)
        def look():
            slope, intercept = model.weight.item(), model.bias.item()
            stage.headline(f"step {stage.step + 1}: y = {slope:.2f} x {intercept:+.2f}")
            points, line = torch.cat([x, y], dim=1), torch.cat([ends, model(ends)], dim=1)
            stage.plane(
                "fit",
                x=(-2, 2),
                y=(-8, 8),
                points={"data": points},
                paths={"line": line},
                x_label="x",
                y_label="y",
            )

        for _ in stage.loop(self.steps):  # pausing, stopping and live parameters come with it
            loss = ((model(x) - y) ** 2).mean()
            model.zero_grad()
            loss.backward()
            with torch.no_grad():
                for parameter in model.parameters():
                    parameter -= self.learning_rate * parameter.grad
            stage.curve("loss", train=loss)

        stage.claim("slope", abs(model.weight.item() - SLOPE), below=0.2)


# Run it:    dlplay open @ID@
# Headless:  dlplay run @ID@ learning_rate=0.05 --seed 1
# Check it:  dlplay check @ID@ --tries --sabotage
# Everything that a stage can draw is in the docstrings of dlplay/stage/drawings.py.
'''
