"""# Prints, warns and writes to the file descriptors"""

import os
import sys
import warnings

from dlplay import Scene


class Warns(Scene):
    def run(self, stage):
        for _ in stage.loop(1):
            print("to standard output")
            print("to standard error", file=sys.stderr)
            warnings.warn("a warning", stacklevel=1)
            os.write(1, b"from below\n")
