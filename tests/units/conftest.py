"""A stage without a run: a scene, controls that say what was prepared, and what is sent."""

from __future__ import annotations

import pytest

from dlplay import Float, Scene
from dlplay.stage.stage import Stage


class Empty(Scene):
    rate = Float(1.0, min=0, max=10, live=True)


class Script:
    """Controls that give prepared commands before the steps at which they are due."""

    def __init__(self, *waiting):
        self.waiting = list(waiting)

    def pending(self):
        return bool(self.waiting)

    def take(self):
        return self.waiting.pop(0)

    def wait(self, seconds):
        self.waited = [*getattr(self, "waited", []), seconds]
        return self.pending()


@pytest.fixture
def staged():
    """Makes the stage of a scene: `seen` is what it has sent, `got` what it has of a kind."""

    def make(scene):
        seen = []
        stage = Stage(scene, sink=seen.extend, flush_every=0)
        stage.seen = seen
        stage.got = lambda kind: [event for event in seen if isinstance(event, kind)]
        return stage

    return make


@pytest.fixture
def stage(staged):
    return staged(Empty())
