"""`dlplay new`: the scene that a user starts from. It runs as it is."""

from __future__ import annotations

import re
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
        return chapter, slug
    parts = [_kebab(part) for part in name.split("/")][-2:]
    better = "/".join(part for part in parts if part)
    hint = f" Did you mean {better!r}?" if NAME.fullmatch(better.split("/")[-1]) else ""
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

SCENE = '''"""
# @TITLE@

The lesson, in Markdown: the idea, the formula, what is commonly told wrong. It is shown beside
the panels. Here, gradient descent fits a straight line y = w·x + b to noisy points by making the
mean squared error small, one step of length η against the gradient at a time:

$$ w_{t + 1} = w_t - \\\\eta \\\\frac{\\\\partial L}{\\\\partial w} $$

## Watch

- **loss**: it falls fast, then stops at the variance of the noise, which no line can explain.
- **fit**: the line turns until it lies along the points.

## Try

- `learning_rate=0.001`: so slow that the line has hardly turned when the run ends.
- `learning_rate=1`: every step overshoots by more than the last, and the loss diverges.
"""

import torch
from torch import nn

from dlplay import Float, Int, Scene, claim

# Data is at hand: from dlplay.data import digits, photo, shakespeare

SLOPE, INTERCEPT = 2.0, -1.0


class @CLASS@(Scene):
    # These are read without running the file, so they must be written out as literals.
    covers = {}  # sections of the course, each with the panels and claims that show it
    panels = ("loss", "fit")  # the names of what it draws, in the order of the layout
    quick = {"steps": 5}  # settings of a complete run of a second or two, for tests

    # A parameter becomes a slider, name=value on the command line, and self.name here.
    # A live one may be changed while the scene runs: read it inside the loop.
    learning_rate = Float(0.1, min=1e-3, max=1, log=True, live=True, help="length of a step")
    noise = Float(0.5, min=0, max=5, help="standard deviation of the points around the line")
    steps = Int(150, min=1, max=5000, help="steps of gradient descent")

    def run(self, stage):
        # The random seed is set already. Tensors and models go on stage.device.
        x = torch.rand(200, 1, device=stage.device) * 4 - 2  # [N, 1]
        y = SLOPE * x + INTERCEPT + self.noise * torch.randn_like(x)  # [N, 1]
        model = nn.Linear(1, 1).to(stage.device)
        ends = torch.tensor([[-2.0], [2.0]], device=stage.device)
        stage.watch(model)  # its layers can be X-rayed
        stage.axes("loss", y="mean squared error", log="y", lines={"noise": self.noise**2})

        for _ in stage.loop(self.steps):  # pausing, stopping and live parameters come with it
            loss = ((model(x) - y) ** 2).mean()
            model.zero_grad()
            loss.backward()
            with torch.no_grad():
                for parameter in model.parameters():
                    parameter -= self.learning_rate * parameter.grad
            stage.curve("loss", train=loss)
            if stage.every(5):  # an expensive look: not at every step
                with stage.probe(model):  # whatever only looks must not change the numbers
                    line = torch.cat([ends, model(ends)], dim=1)  # [2, 2]
                    stage.plane(
                        "fit",
                        x=(-2, 2),
                        y=(-8, 8),
                        points={"data": torch.cat([x, y], dim=1)},
                        paths={"line": line},
                        x_label="x",
                        y_label="y",
                    )

        # What the claims compare: numbers, by name.
        stage.measure(slope_error=abs(model.weight.item() - SLOPE))

    # A sentence of the theory that this run can refute, and a setting that does.
    @claim("gradient descent finds the slope to within 0.2", breaks={"learning_rate": 0.001})
    def finds_the_slope(self, measured):
        return measured.slope_error < 0.2


# Run it:    dlplay open @ID@
# Headless:  dlplay run @ID@ learning_rate=0.05 --seed 1
# Everything that a stage can draw is in the docstrings of dlplay/drawings.py.
'''
