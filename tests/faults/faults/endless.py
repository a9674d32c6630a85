"""# Never reaches its second step"""

from dlplay import Scene


class Endless(Scene):
    def run(self, stage):
        for _ in stage.loop(10):
            stage.curve("loss", train=1.0)
            stage.flush()
            while True:
                pass
