"""
# What does the ground around the solution look like?

A net's loss is a height over a plain of some ten thousand weights. The optimizer walks on it with
its eyes on the slope under its feet. How does the ground look a bit further away, and what have
shortcuts to do with it?

You can't see ten thousand directions. But you can walk straight on from the trained weights θ, in
a direction d taken by chance, and note the loss on the way:

    f(t) = L(θ + t·d)

That is a **slice** through the loss surface. How long should d be? A filter of large weights hardly
notices a step that turns a filter of small ones into something else. With batch normalisation a
filter's length does not even change what it answers. So each filter's part of d gets the length of
that filter: t = 0.5 then moves every filter by half of itself. This is called **filter-normalised**
(Li et al., 2018). Without it, what looks like a sharp valley may be a net with small weights.

Two nets of 30 layers have been trained with the same weights at the start, the same batches, the
same directions. One has shortcuts. Its slice is a bowl: down from all sides to where the net
stands. The plain net's is a crooked trough. *Roughness* puts a number on it: how much the slope
changes along the slice, in all, divided by the slice's height.

Two cautions. The plain net has not learned as much, so it stands elsewhere, and some of the
difference may be due to that place. And three slices say little of what lies off them.

## Tomorrow

If training is fragile, draw three slices; it takes seconds. Give each filter's part the filter's
length, and use the same batch for all points. Compare nets on the same axes, at a similar loss.
"""

import torch
from torch import nn
from torch.func import functional_call
from torch.nn.functional import cross_entropy, relu

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.data import digits

C, POINTS, REACH = 8, 21, 0.8  # maps of every layer, points of a slice, its ends
NETS = {"plain": 0.0, "with shortcuts": 1.0}


class LossSurface(Scene):
    covers = ("Loss surfaces (Li et al.)",)
    panels = {
        "loss along a line": "from the trained weights (0) straight on, both ways; one direction",
        "roughness": "change of slope, in all, over height; of three directions; lower is smoother",
        "training loss": "mean of the last 10 batches; lower is better",
    }
    claims = {
        "rougher": "the plain net's roughness, mean of three slices, is over 1.55 times as high",
        "bowl": "with shortcuts the loss rises by over 4, mean of all ends, from below 0.5",
        "wide": "on its three slices up to t = 0.16 it rises by less than 0.5",
        "higher": "where the plain net stands the loss is over 1.2 higher",
    }
    tries = (
        Try(
            "blocks=3",
            "Both nets have 3 blocks, 8 layers. Which slice is rougher now?",
            ("the plain net's, as clearly", "hardly either", "the one with shortcuts"),
            right=2,
            breaks=("rougher", "higher"),
            why="Roughness comes with depth without shortcuts: through many layers a small change "
            "at the beginning is a large one at the end.",
        ),
        Try(
            "length='as it comes'",
            "Each weight's part of the direction comes as it is drawn, from a bell curve of width "
            "1. What does the bowl with shortcuts look like?",
            ("as before", "narrower", "wider"),
            right=2,
            breaks="wide",
            keeps="higher",
            why="The filters' own weights are about a sixth of that. The net is the same, only "
            "the unit of t has changed. Between nets of different weights it would differ.",
        ),
        Try(
            "stretch=5",
            "After training all filters of the net with shortcuts are multiplied by 5, which batch "
            "norm undoes. What becomes of its slice?",
            ("nothing", "it becomes five times as wide", "it becomes five times as steep"),
            right=1,
            keeps=("rougher", "bowl", "wide", "higher"),
            why="The direction's parts are measured in filters, and grow with them. Along a "
            "direction as it comes it would be five times as wide, for the same net.",
        ),
    )
    quick = {"steps": 4, "blocks": 3}
    pace = 10

    blocks = Int(14, min=3, max=16, help="blocks of two layers")
    length = Choice(
        "as each filter's", ("as each filter's", "as it comes"), help="of a direction's parts"
    )
    direction = Int(1, min=1, max=100, live=True, help="which random direction is shown")
    reach = Float(0.8, min=0.1, max=2, live=True, help="how far the shown slice goes")
    stretch = Float(1, min=0.2, max=5, log=True, live=True, help="times filters with shortcuts")
    steps = Int(80, min=4, max=1000, log=True, help="steps of 64 digits, for each net")

    def run(self, stage):
        x, y, *_ = digits(device=stage.device)  # [1400, 1, 8, 8], [1400]
        nets = [Net(self.blocks, scale) for scale in NETS.values()]
        nets[1].load_state_dict(nets[0].state_dict())  # the same weights at the start
        nets = nn.ModuleList(nets).to(stage.device)
        optimizer = torch.optim.SGD(nets.parameters(), lr=0.05, momentum=0.9)
        seen, truth = x[:128], y[:128]  # on which all slices are measured

        def sliced(net, number, reach):
            """The loss at POINTS steps along a random direction, from -reach to reach."""
            chance = torch.Generator().manual_seed(number)
            weights, along = dict(net.named_parameters()), {}
            if net is nets[1]:
                for name in weights:
                    if "conv" in name:
                        weights[name] = weights[name] * self.stretch
            for name, w in weights.items():
                d = torch.randn(w.shape, generator=chance).to(w.device)
                if w.dim() == 1:  # biases, and what batch norm learned, stay
                    d = torch.zeros_like(w)
                elif self.length == "as each filter's":
                    over = tuple(range(1, w.dim()))  # [filters, ...]
                    squares = [p.square().sum(dim=over, keepdim=True) for p in (w, d)]
                    d = d * (squares[0] / squares[1]).sqrt()
                along[name] = d
            losses = []
            for t in torch.linspace(-reach, reach, POINTS).tolist():
                moved = {name: w + t * along[name] for name, w in weights.items()}
                losses.append(cross_entropy(functional_call(net, moved, (seen,)), truth))
            return torch.stack(losses)

        def roughness(slices):
            """Change of slope, in all, over height, of each slice [K, POINTS]."""
            turns = slices.diff(n=2, dim=1).abs().sum(dim=1)
            return turns / (slices.amax(dim=1) - slices.amin(dim=1))

        def three(net):
            return torch.stack([sliced(net, number, REACH) for number in (1, 2, 3)])

        losses = []
        stage.axes(
            "loss along a line",
            x="t, in lengths of each filter",
            y="loss",
            lines={"guessing": 2.303},
        )
        stage.axes("training loss", y="loss", lines={"guessing": 2.303})

        @stage.look(20, nets)
        def look():
            lines = {
                name: sliced(net, self.direction, self.reach)
                for name, net in zip(NETS, nets, strict=True)
            }
            ts = torch.linspace(-self.reach, self.reach, POINTS)
            stage.plot("loss along a line", ts, lines)
            middle, ends = POINTS // 2, [(line[0] + line[-1]) / 2 for line in lines.values()]
            stage.headline(
                "loss at 0 → mean of all ends: "
                + ", ".join(
                    f"{n} {line[middle]:.2f} → {end:.1f}"
                    for (n, line), end in zip(lines.items(), ends, strict=True)
                )
            )

        @stage.look(self.steps, nets)
        def rough():
            found = {name: roughness(three(net)) for name, net in zip(NETS, nets, strict=True)}
            stage.bars("roughness", ("direction 1", "direction 2", "direction 3"), found)

        for _ in stage.loop(self.steps):
            batch = torch.randint(len(y), (64,), device="cpu").to(stage.device)
            loss = torch.stack([cross_entropy(net(x[batch]), y[batch]) for net in nets])
            optimizer.zero_grad()
            loss.sum().backward()
            optimizer.step()
            losses.append(loss.detach())
            recent = torch.stack(losses[-10:]).mean(0)
            stage.curve("training loss", dict(zip(NETS, recent, strict=True)))

        with stage.probe(nets):
            plain, short = map(three, nets)  # [3, POINTS]
            middle = POINTS // 2
            centre = short[0, middle]
            stage.claim("rougher", roughness(plain).mean() / roughness(short).mean(), above=1.55)
            rise = short[:, [0, -1]].mean() - centre
            stage.claim("bowl", torch.where(centre < 0.5, rise, 0), above=4)
            near = short[:, [middle - 2, middle + 2]]
            stage.claim("wide", near.max() - centre, below=0.5)
            stage.claim("higher", plain[0, middle] - centre, above=1.2)
            stage.measure(plain=roughness(plain).mean(), shortcuts=roughness(short).mean())


class Layer(nn.Module):
    """A convolution of 3×3, then batch normalisation by the batch's own mean and variance."""

    def __init__(self, maps):
        super().__init__()
        self.conv = nn.Conv2d(maps, C, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(C, track_running_stats=False)
        nn.init.kaiming_normal_(self.conv.weight)

    def forward(self, x):  # [N, maps, 8, 8] -> [N, C, 8, 8]
        return self.norm(self.conv(x))


class Net(nn.Module):
    """A layer, blocks of two layers with `scale` times their input added, a linear layer."""

    def __init__(self, blocks, scale):
        super().__init__()
        self.scale, self.stem, self.end = scale, Layer(1), nn.Linear(C, 10)
        pairs = [(Layer(C), nn.ReLU(), Layer(C)) for _ in range(blocks)]
        self.blocks = nn.ModuleList(nn.Sequential(*pair) for pair in pairs)

    def forward(self, x):  # [N, 1, 8, 8] -> [N, 10]
        x = relu(self.stem(x))
        for block in self.blocks:
            x = relu(self.scale * x + block(x))
        return self.end(x.mean(dim=(2, 3)))
