"""
# Why do more layers train worse?

A net of 30 layers can do all that one of 8 can: let 22 of them hand on what they get. So it should
fit its training data at least as well. Watch it do worse, on the very digits that it trains on.
That is not overfitting, which would be good there and bad on new digits. The shallow net is the
deep one without its last 11 blocks of two layers: same weights at the start, same batches.

Look at what the layers hand on before any training. After each block, find for each digit the one
whose maps lie nearest. Is it of the same class? At first nearly always. But each block of random
filters mixes the maps a bit more, and after 14 of them the nearest is little better than a guess.
The last layer, which has to name the digit, hardly sees it.

Now add what goes into a block to what comes out:

    x ← relu(x + F(x))

x are the maps, F the block's two layers, and the added x is the **shortcut**. The input travels on
to the end, and each block only learns what to change. To do nothing it needs F = 0, not filters
that copy. Such a net is called **residual**. The shortcut has no weights.

Gradients travel by it too, from the loss to every block. Without it the first block's gradient is
dozens of times the last's: it *explodes* towards the input. Batch normalisation, which all three
nets have, keeps the maps in scale, not the gradients. One often reads that they vanish here. They
don't; and most of the difference is gone after some 30 steps, but the deep net's loss stays high.
So it is not their size alone.

## Tomorrow

Compare *training* losses first. If the deeper net's is higher, more data or regularisation won't
help: add shortcuts, with nothing on them. If you cannot, begin with filters that copy.
"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy, relu

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.data import digits

C = 8  # maps of every layer
NETS = ("shallow", "deep", "with shortcuts")
SCALE = {"x": 1.0, "x/2": 0.5, "nothing": 0.0}


class Degradation(Scene):
    covers = ("ResNet (degradation problem, residual learning)",)
    panels = {
        "training loss": "mean of the last 10 batches; lower is better",
        "still told apart": "share of digits whose nearest other has their class; higher is better",
        "gradients": "their size in the first layer of each block; block 1 is next to the input",
        "digits read": "share of digits read: of those trained on, and of new ones",
    }
    claims = {
        "deeper_is_worse": "trained, the deep net's loss is over 0.15 above the shallow one's",
        "not_overfitting": "of its own training digits it reads at least 0.1 fewer",
        "shortcut_cures": "with shortcuts the deep net's loss is below half of the shallow one's",
        "input_kept": "untrained, with shortcuts over 0.5 more digits are told apart at the end",
        "explodes": "at the start the deep net's first gradient is over 15 times its last",
    }
    tries = (
        Try(
            "blocks=3 steps=60",
            "The deep nets get 3 blocks too, as the shallow one has. What do shortcuts buy now?",
            ("less, but still something", "nothing: they are a cure for depth", "as much"),
            right=1,
            breaks=("deeper_is_worse", "explodes", "input_kept"),
            why="Three blocks of random filters leave most of the digit. There is less to save.",
        ),
        Try(
            "shortcut=x/2 steps=60",
            "The shortcut carries x/2 instead of x. How does the net with shortcuts train?",
            ("as well", "a little slower", "hardly better than without"),
            right=3,
            breaks=("shortcut_cures", "input_kept"),
            keeps="deeper_is_worse",
            why="Halved at each of 14 blocks, the input is gone at the end. A shortcut works only "
            "if nothing stands on it.",
        ),
        Try(
            "filters=copying steps=60",
            "All filters of the blocks begin by copying a map. Where is the deep net without "
            "shortcuts now?",
            ("behind the shallow one, as before", "ahead of it", "level with shortcuts"),
            right=2,
            breaks=("deeper_is_worse", "input_kept"),
            keeps="shortcut_cures",
            why="It was the random start that scrambled the digit, not depth by itself. Shortcuts "
            "still lead by far.",
        ),
        Try(
            "learning_rate=0.005 steps=60",
            "A rate ten times smaller, to be careful. Is the deep net still behind?",
            ("yes, as much", "no", "yes, further"),
            right=2,
            breaks="deeper_is_worse",
            keeps="explodes",
            why="Neither has learned yet. A careful rate hides the difference, it doesn't cure it.",
        ),
    )
    quick = {"steps": 6, "blocks": 4}

    blocks = Int(14, min=3, max=20, help="blocks of two layers in the deep nets; the shallow has 3")
    shortcut = Choice("x", tuple(SCALE), help="what is added to a block's output")
    filters = Choice("random", ("random", "copying"), help="of all blocks, at the start")
    learning_rate = Float(0.05, min=0.001, max=0.5, log=True, live=True, help="of SGD")
    steps = Int(100, min=5, max=1000, log=True, help="steps of 64 digits, for each net")

    def run(self, stage):
        x, y, x_test, y_test = digits(device=stage.device)  # [1400, 1, 8, 8], [1400]; 397 of test
        plan = (3, 0.0), (self.blocks, 0.0), (self.blocks, SCALE[self.shortcut])
        nets = [Net(blocks, scale, self.filters) for blocks, scale in plan]
        for net in nets:  # all begin with the deep one's weights, as far as they reach
            net.load_state_dict(nets[1].state_dict(), strict=False)
        nets = nn.ModuleList(nets).to(stage.device)
        optimizer = torch.optim.SGD(nets.parameters(), lr=self.learning_rate, momentum=0.9)

        def told_apart(net):
            """After each block, how many of 300 digits lie nearest to one of their class."""
            shares = []
            for maps in net.maps(x_test[:300]):  # [300, C, 8, 8] each
                apart = torch.cdist(maps.flatten(1), maps.flatten(1)).fill_diagonal_(torch.inf)
                same = y_test[apart.argmin(dim=1)] == y_test[:300]
                shares.append(same.float().mean().item())
            return shares

        def gradients(net):
            return [block[0].conv.weight.grad.norm().item() for block in net.blocks]

        def read(net, x, y):
            return (net(x).argmax(dim=1) == y).float().mean().item()

        with stage.probe(nets):
            untrained = [told_apart(net) for net in nets[1:]]
        names = [name + when for when in (", untrained", "") for name in NETS[1:]]
        losses, first = [], []
        stage.axes("training loss", x="step", y="loss", lines={"guessing": 2.303})
        stage.axes("still told apart", x="after block", y="share", lines={"guessing": 0.1})
        stage.axes("gradients", x="block", y="length", log="y")

        @stage.look(5)
        def look():
            told = zip(NETS, torch.stack(losses[-10:]).mean(0).tolist(), strict=True)
            stage.headline("training loss: " + ", ".join(f"{n} {loss:.2f}" for n, loss in told))
            shares = *untrained, *(told_apart(net) for net in nets[1:])
            after = range(self.blocks + 1)
            stage.plot("still told apart", after, dict(zip(names, shares, strict=True)))
            sizes = *first, *(gradients(net) for net in nets[1:])
            stage.plot("gradients", after[1:], dict(zip(names, sizes, strict=True)))

        @stage.look(25, nets)
        def accuracy():
            rows = [
                (name, f"{read(net, x[:400], y[:400]):.2f}", f"{read(net, x_test, y_test):.2f}")
                for name, net in zip(NETS, nets, strict=True)
            ]
            stage.table("digits read", ("net", "trained", "new"), rows)

        for step in stage.loop(self.steps):
            optimizer.param_groups[0]["lr"] = self.learning_rate
            batch = torch.randint(len(y), (64,), device="cpu").to(stage.device)
            loss = torch.stack([cross_entropy(net(x[batch]), y[batch]) for net in nets])  # [3]
            optimizer.zero_grad()
            loss.sum().backward()
            if step == 0:
                first = [gradients(net) for net in nets[1:]]
            optimizer.step()
            losses.append(loss.detach())
            recent = torch.stack(losses[-10:]).mean(0)
            stage.curve("training loss", dict(zip(NETS, recent, strict=True)))

        with stage.probe(nets):
            shallow, plain, short = recent.tolist()
            trained = [read(net, x[:400], y[:400]) for net in nets]
            stage.claim("deeper_is_worse", plain - shallow, above=0.15)
            stage.claim("not_overfitting", trained[0] - trained[1], at_least=0.1)
            stage.claim("shortcut_cures", short / shallow, below=0.5)
            stage.claim("input_kept", untrained[1][-1] - untrained[0][-1], above=0.5)
            stage.claim("explodes", first[0][0] / first[0][-1], above=15)
            stage.measure(shallow=shallow, deep=plain, with_shortcuts=short)


class Layer(nn.Module):
    """A convolution of 3×3, then batch normalisation by the batch's own mean and variance."""

    def __init__(self, maps, filters):
        super().__init__()
        self.conv = nn.Conv2d(maps, C, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(C, track_running_stats=False)
        if filters == "copying" and maps == C:
            nn.init.dirac_(self.conv.weight)
        else:
            nn.init.kaiming_normal_(self.conv.weight)

    def forward(self, x):  # [N, maps, 8, 8] -> [N, C, 8, 8]
        return self.norm(self.conv(x))


class Net(nn.Module):
    """A layer, blocks of two layers, the mean of each map, a linear layer."""

    def __init__(self, blocks, scale, filters):
        super().__init__()
        self.scale, self.stem, self.end = scale, Layer(1, filters), nn.Linear(C, 10)
        pairs = [(Layer(C, filters), nn.ReLU(), Layer(C, filters)) for _ in range(blocks)]
        self.blocks = nn.ModuleList(nn.Sequential(*pair) for pair in pairs)

    def maps(self, x):
        """The maps before the first block and after each: [N, 1, 8, 8] -> of [N, C, 8, 8]."""
        x = relu(self.stem(x))
        yield x
        for block in self.blocks:
            x = relu(self.scale * x + block(x))
            yield x

    def forward(self, x):  # [N, 1, 8, 8] -> [N, 10]
        *_, x = self.maps(x)
        return self.end(x.mean(dim=(2, 3)))
