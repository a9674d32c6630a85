"""# Leaves without a word"""

import os

from dlplay import Scene


class Exits(Scene):
    def run(self, stage):
        for step in stage.loop(10):
            stage.curve("loss", train=float(step))
            if step == 5:
                stage.flush()
                os._exit(7)
