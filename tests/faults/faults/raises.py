"""# Raises in the middle"""

from dlplay import Scene


class Raises(Scene):
    def run(self, stage):
        for step in stage.loop(10):
            stage.curve("loss", train=1.0 / (step + 1))
            if step == 5:
                raise ValueError("the batch is empty")
