"""A run whose events are always the same, for pictures of the interface: no clocks, no torch."""

from __future__ import annotations

import math

import numpy as np

from dlplay.author.claims import Claim
from dlplay.wire import events
from dlplay.wire.events import Array, ClaimResult, Cloud, Trail


def story(card) -> list[events.AnyEvent]:
    """The events of a finished run that drew one panel of each kind."""
    ticks = list(range(1, 201))
    rng = np.random.default_rng(0)
    xs = [float(t - 1) for t in ticks]
    train = [2.3 * math.exp(-t / 40) + 0.05 for t in ticks]
    test = [2.3 * math.exp(-t / 50) + 0.2 + 0.05 * math.sin(t) for t in ticks]
    across, up = np.meshgrid(np.linspace(-2, 2, 48), np.linspace(-2, 2, 48))
    valley = (across**2 + 6 * up**2).astype(np.float32)
    turn = np.linspace(0, 6, 60)
    path = np.stack([2 * np.exp(-turn / 3) * np.cos(turn), np.exp(-turn / 3) * np.sin(turn)], 1)
    heads = rng.random((2, 8, 8)).astype(np.float32)
    text = "the cat sat on the mat"
    claims = [
        ClaimResult("falls", "the loss falls below a tenth", 0.066, "<", 0.1, True),
        ClaimResult("generalises", "the test loss stays within 0.1", 0.19, "<", 0.1, False),
        ClaimResult("unknown", "what nobody has measured yet", reason="not measured"),
    ]
    summary = {
        "scene": card.id, "seed": 0, "device": "cpu", "parameters": card.defaults,
        "measures": {"train": 0.066}, "claims": claims, "steps": 200, "seconds": 1.5,
    }  # fmt: skip
    return [
        events.Started(scene=card.id, seed=0, device="cpu", parameters=card.defaults),
        events.Progress(tick=200, step=200, total=200),
        events.Axes(panel="loss", y="nats", log="y", lines={"chance": 2.3}),
        events.Points(tick=200, panel="loss", series="train", ticks=ticks, x=xs, y=train),
        events.Points(tick=200, panel="loss", series="test", ticks=ticks, x=xs, y=test),
        events.Plane(
            tick=200, panel="valley", x=(-2, 2), y=(-2, 2), field=Array.of(valley), kind="contour",
            trails=[Trail("walker", Array.of(path.astype(np.float32)))],
            clouds=[Cloud("goal", Array.of(np.zeros((1, 2), np.float32)))],
        ),
        events.Heatmap(
            tick=200, panel="attention", values=Array.of(heads), names=["head 1", "head 2"],
            rows=list("the cats"), columns=list("the cats"),
        ),
        events.Tokens(
            tick=200, panel="text", tokens=list(text), values=rng.random(len(text)).tolist(),
            prompt=4,
        ),
        events.Image(
            tick=200, panel="digits",
            pixels=Array.of((rng.random((6, 8, 8, 1)) * 255).astype(np.uint8)),
            captions=list("012345"),
        ),
        events.Bars(
            tick=200, panel="gradients", labels=["layer 1", "layer 2", "layer 3"],
            series={"ReLU": [0.9, 1.0, 1.1], "sigmoid": [0.001, 0.03, 0.5]}, log=True,
        ),
        events.Finished(tick=200, status="done", **summary),
    ]  # fmt: skip


PANELS = ("loss", "valley", "attention", "text", "digits", "gradients")


CLAIMS = (
    Claim("falls", "the loss falls below a tenth", {"steps": 1}, None, "train < 0.1"),
    Claim("generalises", "the test loss stays within 0.1", {"steps": 9}, None, "gap < 0.1"),
    Claim("unknown", "what nobody has measured yet", {"size": 1}, None, "unknown > 0"),
)


class FixedRun:
    """A run that is over as soon as it is looked at."""

    state = "over"
    paused = False
    pid = None
    lingering = lost = False

    def __init__(self, card) -> None:
        self.waiting = story(card)

    def drain(self):
        batch, self.waiting = self.waiting, []
        return batch

    def look(self, xray):
        pass

    def kill(self):
        pass


class FixedLauncher:
    def open_gate(self):
        pass

    def start(self, card, settings=None, **options):
        return FixedRun(card)
