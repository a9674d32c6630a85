"""# Asks for input"""

from dlplay import Scene


class Asks(Scene):
    def run(self, stage):
        for _ in stage.loop(1):
            input("your name? ")
