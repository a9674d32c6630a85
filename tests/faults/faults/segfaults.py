"""# Crashes the interpreter"""

import ctypes

from dlplay import Scene


class Segfaults(Scene):
    def run(self, stage):
        for _ in stage.loop(10):
            ctypes.string_at(0)
