"""# Its loss becomes infinite"""

from dlplay import Scene


class Diverges(Scene):
    def run(self, stage):
        loss = 1.0
        for _ in stage.loop(1000):
            loss *= 1e10
            stage.curve("loss", train=loss)
