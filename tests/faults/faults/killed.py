"""# Is killed by the system"""

import os
import signal

from dlplay import Scene


class Killed(Scene):
    def run(self, stage):
        for step in stage.loop(10):
            stage.curve("loss", train=float(step))
            if step == 5:
                stage.flush()
                os.kill(os.getpid(), signal.SIGKILL)
