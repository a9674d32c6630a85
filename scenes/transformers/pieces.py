"""
# What does each piece of the block carry?

A Transformer is a stack of blocks, and a block is made of few pieces. Which of them could go? Take
a task that is small and asks for everything: a row of six hours is read, 0 to 11, and at each place
the net must say the hour there plus its mirror image's, as on a clock. For `3 1 4 10 5 9` that is
`0 6 2 2 6 0`.

Then build nets of six kinds, alike but for one piece that is missing, and train all on the same
rows:

    x = vector + position
    x ← x + attention(norm(x))
    x ← x + feed_forward(norm(x))

x is the vector of a place, the last two lines are one block, and each net has two.

- **attention** alone brings something from another place. Without it no net can know the mirror.
- **positions** tell where the mirror is. Without them a place sees a bag of hours.
- **sums** (*residuals*): without `x +` each layer *replaces* what it was given. Attention returns
  means of what others offer, and after two blocks a place has lost its own hour.
- **feed-forward**: two layers with a bend between them, at each place alone. The sum on a clock is
  no weighted mean. Without them softmax and the norm must do the bending, and it comes slowly.
- **normalization** hands each layer vectors of the same size, whatever has been added up before.
  Here vectors are 10 times as large as usual. Without it scores are huge, softmax puts all weight
  on one place, and hardly any gradient is left.

So attention, positions and sums decide what can be learnt at all; feed-forward and normalization
decide how fast. Which is which depends on the task, though: turn it and see.

## Tomorrow

Before you praise a piece of your model, take it out and train again, with the same steps, seeds and
data. What costs nothing to remove is not needed here. Say "here": another depth or another scale of
the inputs may need it.
"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy, gelu, layer_norm

from dlplay import Choice, Float, Int, Scene, Try

T, V, D, H = 6, 12, 24, 2  # places, hours, width, heads
REMOVED = ("nothing", "sums", "normalization", "feed-forward", "positions", "attention")
COPIES = (6, 1, 2, 6, 1, 1)  # nets for each of them: more where single nets differ
KIND = [name for name, count in zip(REMOVED, COPIES, strict=True) for _ in range(count)]
NETS = len(KIND)


class Pieces(Scene):
    covers = ("Encoder (residual, LayerNorm, FFN)",)
    panels = {
        "what is removed": "share of new hours that are said right; a long bar: it is not missed",
        "on the way": "the same over the steps, for the nets that get somewhere",
        "one row": "what is read, what must be said, and what each net says",
    }
    claims = {
        "whole": "with nothing removed six nets have at least 0.7 of new hours right, on average",
        "needed": "without sums, or without attention, less than 0.15 are right (guessing: 0.08)",
        "bag": "without positions it is 0.13 to 0.3: more than guessing, far from the whole",
        "feed_forward": "without feed-forward layers at least 0.05 fewer, in the mean of six nets",
        "norm": "without normalization at least 0.35 fewer, in the mean of two nets",
    }
    tries = (
        Try(
            "size=1",
            "The vectors are of the usual size, a tenth of this. Which piece is hardly missed?",
            ("normalization", "the sums", "positions"),
            right=1,
            breaks="norm",
            keeps=("needed", "whole"),
            why="Two blocks alone don't make numbers large. Where they begin at size 1 there is "
            "little to normalize. The deeper the net, the less can you count on that.",
        ),
        Try(
            "blocks=1",
            "One block, not two. Which of the nets that were near guessing does learn now?",
            ("the one without attention", "the one without sums", "the one without positions"),
            right=2,
            breaks="needed",
            keeps="bag",
            why="A single layer of attention can take the own hour along: a head may look at the "
            "place itself. Two in a row lose it, unless a sum carries it past them.",
        ),
        Try(
            "task=mirror",
            "Each place has to say its mirror alone, nothing is added. Which piece is not missed?",
            ("attention", "positions", "feed-forward"),
            right=3,
            breaks="feed_forward",
            why="To fetch an hour from another place is attention's own work. There is nothing to "
            "compute from what was fetched.",
        ),
    )
    quick = {"steps": 5}

    task = Choice("sum", ("sum", "mirror"), help="what must be said: hour plus mirror, or mirror")
    size = Float(10, min=1, max=30, log=True, help="size of the vectors that go into the blocks")
    blocks = Int(2, min=1, max=4, help="blocks of each net")
    learning_rate = Float(0.02, min=1e-3, max=0.1, log=True, live=True, help="of Adam, at its top")
    steps = Int(300, min=5, max=3000, log=True, help="steps of 48 rows, for all nets at once")

    def run(self, stage):
        net = Transformers(self.blocks, self.size).to(stage.device)
        optimizer = torch.optim.Adam(net.parameters())

        def rows(count):
            """Hours [count, T], and what must be said at each place [count, T]."""
            x = torch.randint(V, (count, T), device="cpu").to(stage.device)
            return x, (x + x.flip(1)) % V if self.task == "sum" else x.flip(1)

        x_new, y_new = rows(300)

        def right():
            """The share of new hours that nets of each kind say, on average."""
            hits = (net(x_new).argmax(dim=3) == y_new).float().mean(dim=(1, 2))  # [NETS]
            return torch.stack([each.mean() for each in hits.split(COPIES)])

        stage.axes("on the way", y="share right", lines={"guessing": 1 / V})

        @stage.look(25, net)
        def look():
            shares = right()
            stage.bars("what is removed", REMOVED, shares, lines={"guessing": 1 / V})
            seen = {f"no {name}": shares[REMOVED.index(name)] for name in REMOVED[2:5]}
            stage.curve("on the way", {"whole": shares[0], **seen})
            said = net(x_new[:1]).argmax(dim=3)[:, 0].tolist()
            said = [said[KIND.index(name)] for name in REMOVED]
            named = zip([f"without {name}" for name in REMOVED[1:]], said[1:], strict=True)
            lines = [("it reads", x_new[0].tolist()), ("it must say", y_new[0].tolist())]
            lines += [("the whole net", said[0]), *named]
            stage.table("one row", ("", "hours"), [(n, " ".join(map(str, d))) for n, d in lines])
            stage.headline(
                f"right with nothing removed {shares[0]:.0%}; without sums {shares[1]:.0%}, norm "
                f"{shares[2]:.0%}, feed-forward {shares[3]:.0%}"
            )

        for step in stage.loop(self.steps):
            course = min((step + 1) / 30, (self.steps - step) / max(self.steps - 30, 1))
            optimizer.param_groups[0]["lr"] = self.learning_rate * min(course, 1)
            x, y = rows(48)
            logits = net(x)
            y = y.expand(NETS, -1, -1)
            loss = cross_entropy(logits.flatten(0, 2), y.flatten()) * NETS  # the sum over the nets
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe(net):
            whole, sums, norm, feed_forward, positions, attention = right()
            stage.claim("whole", whole, at_least=0.7)
            stage.claim("needed", max(sums, attention), below=0.15)
            stage.claim("bag", positions, within=(0.13, 0.3))
            stage.claim("feed_forward", whole - feed_forward, at_least=0.05)
            stage.claim("norm", whole - norm, at_least=0.35)


class Lines(nn.Module):
    """A linear layer for each net: [NETS, N, inputs] -> [NETS, N, outputs]."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.W = nn.Parameter((2 * torch.rand(NETS, inputs, outputs) - 1) / inputs**0.5)
        self.b = nn.Parameter(torch.zeros(NETS, 1, outputs))

    def forward(self, x):
        return torch.baddbmm(self.b, x, self.W)


class Transformers(nn.Module):
    """All nets side by side. A piece is multiplied by 1 where a net has it, by 0 where not."""

    def __init__(self, blocks, size):
        super().__init__()
        has = torch.tensor([[float(kind != name) for kind in KIND] for name in REMOVED[1:]])
        self.register_buffer("has", has[..., None, None])
        self.vectors = nn.Parameter(size * torch.randn(NETS, V, D))
        self.positions = nn.Parameter(size * torch.randn(NETS, T, D))
        shapes = (D, 3 * D), (D, D), (D, 4 * D), (4 * D, D)
        self.blocks = nn.ModuleList(
            nn.ModuleList(Lines(*shape) for shape in shapes) for _ in range(blocks)
        )
        self.name = Lines(D, V)

    def forward(self, x):  # hours [N, T] -> logits [NETS, N, T, V]
        sums, norms, feed_forward, positions, attention = self.has  # each [NETS, 1, 1]

        def norm(x):
            return norms * layer_norm(x, (D,)) + (1 - norms) * x

        N = len(x)
        x = self.vectors[:, x] + positions[..., None] * self.positions[:, None]
        x = x.flatten(1, 2)  # [NETS, N · T, D]
        for project, mix, inner, outer in self.blocks:
            heads = project(norm(x)).reshape(NETS, N, T, 3, H, D // H)
            q, k, v = heads.permute(3, 0, 1, 4, 2, 5)  # each [NETS, N, H, T, D / H]
            weights = (q @ k.mT / (D // H) ** 0.5).softmax(dim=-1)
            mixed = mix((weights @ v).transpose(2, 3).reshape(NETS, N * T, D))
            x = sums * x + attention * mixed
            bent = outer(gelu(inner(norm(x))))
            x = sums * x + feed_forward * bent
        return self.name(norm(x)).reshape(NETS, N, T, V)
