"""# A scene that behaves"""

import torch

from dlplay import Choice, Float, Int, Scene, claim


class Fine(Scene):
    panels = ("loss", "weights", "valley", "words")
    learning_rate = Float(0.1, min=1e-3, max=10, log=True, live=True, help="step size")
    steps = Int(50, min=1, max=1_000_000, log=True)
    size = Int(3, min=1, max=10, help="weights")
    rule = Choice("plain", ("plain", "signed"), live=True)

    def run(self, stage):
        w = torch.randn(self.size, requires_grad=True)
        print("starting with", self.size, "weights")
        stage.axes("loss", y="squared", log="y", lines={"floor": 1e-3})
        path = []
        for step in stage.loop(self.steps):
            loss = (w**2).sum()
            (gradient,) = torch.autograd.grad(loss, w)
            with torch.no_grad():
                w -= self.learning_rate * (gradient.sign() if self.rule == "signed" else gradient)
            stage.curve("loss", {"the loss": loss, "half of it": loss / 2})
            path.append([w[0].item(), w.sum().item()])
            if stage.every(10):
                with stage.probe():
                    maps = torch.rand(2, 4, 4)
                stage.heatmap("weights", maps, names=["head 1", "head 2"])
                stage.plane("valley", x=(-3, 3), y=(-3, 3), paths={"walker": path})
                stage.text("words", f"step {step}")
                stage.measure(final=loss)
        stage.measure(final=loss)

    @claim("the loss ends below one thousandth", breaks={"learning_rate": 10.0})
    def below(self, measured):
        return measured.final < 1e-3
