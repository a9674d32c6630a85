"""
# Which of your layers does PyTorch train?

Your net learns, only not as well as it should, and there is no error. Do all of its layers take
part? Two things must hold for that, and neither complains when it does not.

**A layer must be found.** The optimizer moves what `parameters()` hands it. That looks at the
module's own attributes and into an `nn.ModuleList`, but not into a plain Python list.

**It must be reached.** As the net computes, PyTorch records a graph: each result has a `grad_fn`,
which knows the operation that made it and its operands. `loss.backward()` goes back along that
graph. No operation made a parameter, so it has no `grad_fn`: it is a leaf, and there the slope is
added to `.grad`. `detach()` gives the same numbers without their record. What lies behind it is
never reached.

Either way the last layer trains on whatever the untrained layers happen to give it, and that is
enough to learn something. The training loop:

    loss = cross_entropy(net(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

`backward` *adds* to `.grad`, because a weight that is used twice needs the sum. Hence `zero_grad`.

The graph is made anew in each forward pass, so a Python `if` may change it. The nets here are
64-60-40-10, for digits of 8×8 pixels: 6,750 parameters. (A net 600-60-40-10, for images of 3×10×20,
has 38,910.) Digits come as a batch [N, 1, 8, 8], of which `flatten(1)` makes [N, 64]. `view(-1)`
makes one long row of everything, the batch too.

## Tomorrow

Print the number of parameters and compare it with your own sum. After a few steps look at each
`.grad`: None or 0 means that the layer is not reached. On a GPU a plain list shows itself sooner,
since `net.to(device)` does not move its layers.
"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.data import digits

SLIPS = ("none", "plain list", "detach", "no zero_grad", "view(-1)")


class Net(nn.Module):
    """64-60-40-10 with ReLU; `slip` is the mistake in it."""

    def __init__(self, slip):
        super().__init__()
        hidden = [nn.Linear(64, 60), nn.Linear(60, 40)]
        self.hidden = hidden if slip == "plain list" else nn.ModuleList(hidden)
        self.last = nn.Linear(40, 10)
        self.slip = slip

    def forward(self, images):  # [N, 1, 8, 8]
        a = images.view(-1) if self.slip == "view(-1)" else images.flatten(1)  # [N, 64]
        for layer in self.hidden:
            a = layer(a).relu()
            if self.slip == "detach":
                a = a.detach()
        return self.last(a)  # [N, 10]

    def weights(self):
        return [layer.weight for layer in (*self.hidden, self.last)]


class Pytorch(Scene):
    covers = ("Pytorch",)
    panels = {
        "moved": "how far each layer's weights are from their start; 0: the layer is not trained",
        "test accuracy": "share of 397 new digits that are read; higher is better",
        "your layers": "the two checks: does parameters() find it, does a slope arrive",
        "recorded": "your net's graph, from the loss back to its parameters, the leaves",
    }
    claims = {
        "found": "parameters() finds the 6,750 numbers of your net",
        "all_move": "in 400 steps the weights of every layer of your net move by over 3 in length",
        "reads": "your net reads over 0.93 of 397 new digits",
        "still_learns": "the net with a plain list reads 0.45 to 0.8 all the same",
        "detached": "the net with detach, all of whose parameters are found, reads 0.35 to 0.8",
    }
    tries = (
        Try(
            "slip='plain list'",
            "The hidden layers of your net stand in a Python list. What do you see?",
            ("an error", "a coin's accuracy", "a net that learns, badly"),
            right=3,
            breaks=("found", "all_move", "reads"),
            keeps="still_learns",
            why="parameters() does not look into a plain list, so the optimizer never hears of "
            "those layers. The last one trains on what they happen to give.",
        ),
        Try(
            "slip=detach",
            "All parameters are found, but each hidden result is detached. Which layers move?",
            ("all: they are found", "only the last one", "none"),
            right=2,
            breaks=("all_move", "reads"),
            keeps="found",
            why="On the way back the graph ends at the first detach; no slope goes past it.",
        ),
        Try(
            "slip='no zero_grad'",
            "zero_grad() is left out. What becomes of your net?",
            ("it is lost", "it learns, with more noise", "nothing: step() clears the slopes"),
            right=1,
            breaks="reads",
            keeps=("found", "all_move"),
            why="backward adds to .grad, so each step follows the sum of all slopes so far: "
            "momentum that forgets nothing, and never slows down.",
        ),
        Try(
            "slip='view(-1)'",
            "view(-1) stands in place of flatten(1). What becomes of a batch of 128 digits?",
            ("it is read", "an error about sizes", "wrong answers without an error"),
            right=2,
            breaks=("all_move", "reads"),
            keeps="found",
            why="view(-1) makes one row of 128 · 64 numbers; a single image would have worked.",
        ),
    )
    quick = {"steps": 20}
    pace = 30

    slip = Choice("none", SLIPS, help="the mistake in your net")
    learning_rate = Float(0.3, min=0.001, max=5, log=True, live=True, help="step size of SGD")
    batch = Int(128, min=1, max=256, log=True, help="digits in a step")
    steps = Int(400, min=10, max=5000, log=True, help="steps of training")

    def run(self, stage):
        x, y, x_test, y_test = digits(standard=False, device=stage.device)  # [1400, 1, 8, 8], ...
        slips = {"your net": self.slip, "plain list": "plain list", "detach": "detach"}
        nets = {name: Net(slip).to(stage.device) for name, slip in slips.items()}
        for net in nets.values():
            for layer in net.hidden:
                layer.to(stage.device)  # .to() too passes a plain list by
        starts = {name: [w.detach().clone() for w in net.weights()] for name, net in nets.items()}
        optimizers = {name: torch.optim.SGD(net.parameters()) for name, net in nets.items()}
        yours, losses, complaint = nets["your net"], {}, ""
        if self.slip == "view(-1)":
            try:
                yours(x[: self.batch + 1])
            except RuntimeError as error:
                complaint = str(error)

        def accuracy(net):
            if net is yours and complaint:
                return 0.0
            return (net(x_test).argmax(dim=1) == y_test).float().mean().item()

        def moved(name):
            pairs = zip(nets[name].weights(), starts[name], strict=True)
            return [(now - start).norm().item() for now, start in pairs]

        @stage.look(5, *nets.values())
        def look():
            right = {name: accuracy(net) for name, net in nets.items()}
            far = {name: moved(name) for name in nets}
            read, least = right["your net"], min(far["your net"])
            news = f"your net reads {read:.0%}; its laziest layer has moved by {least:.2f}"
            stage.headline(complaint[:76] or news)
            stage.bars("moved", ("layer 1", "layer 2", "layer 3"), far)
            stage.curve("test accuracy", right)
            found = {id(p) for p in yours.parameters()}
            rows = []
            for k, weight in enumerate(yours.weights(), start=1):
                size = "None" if weight.grad is None else f"{weight.grad.norm():.2g}"
                rows.append((f"layer {k}", "yes" if id(weight) in found else "no", size))
            stage.table("your layers", ("", "found", ".grad, its size"), rows)
            stage.text("recorded", complaint or tree(losses["your net"].grad_fn))

        for _ in stage.loop(self.steps):
            i = torch.randint(len(x), (self.batch,))
            for name, net in nets.items():
                if net is yours and complaint:
                    continue
                loss = losses[name] = cross_entropy(net(x[i]), y[i])
                optimizers[name].param_groups[0]["lr"] = self.learning_rate
                if net.slip != "no zero_grad":
                    optimizers[name].zero_grad()
                loss.backward()
                optimizers[name].step()

        with stage.probe(*nets.values()):
            stage.claim("found", sum(p.numel() for p in yours.parameters()), equal=6750)
            stage.claim("all_move", min(moved("your net")), above=3)
            stage.claim("reads", accuracy(yours), above=0.93)
            stage.claim("still_learns", accuracy(nets["plain list"]), within=(0.45, 0.8))
            stage.claim("detached", accuracy(nets["detach"]), within=(0.35, 0.8))


def tree(function, depth=0):
    """What was recorded behind a result, one operation a line, each with what it was made from."""
    name = type(function).__name__.removesuffix("Backward0").replace("AccumulateGrad", "leaf")
    size = "×".join(map(str, function.variable.shape)) if hasattr(function, "variable") else ""
    made_from = [tree(before, depth + 1) for before, _ in function.next_functions if before]
    return "\n".join([f"{' ' * depth}{name} {size}", *made_from])
