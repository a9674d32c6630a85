"""
# What do the sums around each layer keep apart?

A block of a Transformer has two layers: attention, which lets the tokens look at one another, and
two layers with a ReLU between them, which work on each token alone. In what way are they stacked?
Not one after the other. What a layer makes is *added* to what went in, and before each layer stands
a norm, which brings a vector to a fixed size:

    h ← h + attention(norm(h))
    h ← h + feed_forward(norm(h))

h has a row of D numbers for each token. The chain of sums is called the **residual stream**.

Leave out the sums, h ← attention(norm(h)), and look at the picture: a square for the cosines
between all pairs of tokens, white where two vectors point the same way. It is white after two
blocks. Attention returns means, and fresh attention nearly the same mean to every token. The other
layers don't undo it: with fresh weights they, too, keep little of what differs, and add biases that
are common to all. Two blocks, and all sixteen tokens say the same.

After that there is nothing to learn from. The nets have to turn a string of symbols round. Without
the sums each place gives the same answer, and the best such answer is to guess: a loss of
ln 16 = 2.77. With them, a token keeps what it was, and each layer only adds to it.

You will read that the sums are there so that gradients don't vanish. That is half of it. Here the
norms keep the gradient alive down to the first block in *both* stacks, see the measures. What is
lost is which token is which.

## Tomorrow

A deep model that predicts the same everywhere: print the mean cosine between its tokens, block by
block. Near 1 from some block on? Look there for a sum that is missing, or drowned.
"""

import torch
from torch import nn
from torch.nn.functional import cosine_similarity, cross_entropy

from dlplay import Choice, Float, Int, Scene, Try

V = N = 16  # symbols, places
D, H = 32, 4  # numbers of a token, heads
STACKS = ("with sums", "no sums")


class Residual(Scene):
    covers = ("Encoder (residual, LayerNorm, FFN)",)
    panels = {
        "token by token": "cosine of each token with each, block by block; white: the same vector",
        "likeness": "mean cosine of two tokens after each block; 1: all tokens are the same",
        "loss": "of naming the symbols in reverse order; lower is better",
    }
    claims = {
        "fresh_alike": "untrained, without sums, the mean cosine is over 0.99 from block 2 on",
        "fresh_apart": "untrained, with sums, it is below 0.5 after every block",
        "learns": "trained with the sums the loss is below 0.1",
        "stuck": "trained without them it is above 2.5 (the same guess everywhere: 2.77)",
        "alike_for_good": "after training without them, too, it is over 0.97 in the last block",
    }
    tries = (
        Try(
            "sums=attention",
            "Only attention averages. If the first stack keeps just the sum around attention, what "
            "do its tokens do?",
            ("stay apart", "become alike, but more slowly", "are alike after one block"),
            right=2,
            breaks=("fresh_apart", "learns"),
            keeps="stuck",
            why="The other two layers average nothing, but without a sum they replace the token: "
            "little of what differs comes through, and the biases are the same for all.",
        ),
        Try(
            "norm=no",
            "The norms are left out, the sums stay. Are the tokens of the first stack still apart?",
            ("yes", "no, all alike", "half-way"),
            right=1,
            keeps=("fresh_apart", "learns", "stuck"),
            why="It is the sum that carries a token's own vector on. The norms keep sizes, and in "
            "the stack without sums they are all that keeps a gradient alive.",
        ),
        Try(
            "layers=2",
            "Two blocks instead of six. Does the stack without sums learn something now?",
            ("nothing: two are enough to make all alike", "something", "all of it"),
            right=2,
            breaks=("stuck", "alike_for_good"),
            keeps=("fresh_alike", "learns"),
            why="Its tokens differ by less than a hundredth at first, but through two blocks "
            "training can still pull them apart. Through six it could not.",
        ),
        Try(
            "sharpness=10",
            "Scores ten times as large: a token looks at one or two others, not at a mean of all. "
            "What do fresh tokens without sums do?",
            ("stay apart", "become alike, some blocks later", "are alike from block 2, as before"),
            right=2,
            breaks="fresh_alike",
            keeps=("fresh_apart", "learns"),
            why="They are no mean of all now, but several take from the same one and so are one "
            "from then on. What has become one stays one.",
        ),
    )
    quick = {"steps": 4}

    layers = Int(6, min=2, max=12, help="blocks of each stack")
    sums = Choice(
        "both",
        ("both", "attention", "feed-forward", "none"),
        help="what the first stack sums around",
    )
    norm = Choice("yes", ("yes", "no"), help="a norm before each layer, in both stacks")
    feed_forward = Choice("yes", ("yes", "no"), help="the two layers after attention, in both")
    sharpness = Float(1, min=0.1, max=30, log=True, help="factor of the scores of attention")
    string = Int(1, min=1, max=20, live=True, help="the string whose tokens are shown")
    steps = Int(120, min=4, max=2000, log=True, help="steps of 32 strings, for each stack")

    def run(self, stage):
        L = self.layers
        parts = self.norm == "yes", self.feed_forward == "yes", self.sharpness
        nets = nn.ModuleList(Stack(L, sums, *parts) for sums in (self.sums, "none"))
        nets[1].load_state_dict(nets[0].state_dict())  # the same weights to begin with
        nets.to(stage.device)
        optimizer = torch.optim.Adam(nets.parameters(), lr=0.003)
        x_new = torch.randint(V, (100, N)).to(stage.device)

        def losses(x):
            return [cross_entropy(net(x)[0].transpose(1, 2), x.flip(1)) for net in nets]

        def cosines(net, x):
            """Of each token with each, before the first block and after each: [L + 1, B, N, N]."""
            h = torch.stack(net(x)[1])  # [L + 1, B, N, D]
            return cosine_similarity(h[..., None, :], h[..., None, :, :], dim=4)

        def likeness(net):
            """The mean cosine of two tokens of a string: [L + 1]."""
            return (cosines(net, x_new[:20]).sum(dim=(2, 3)) - N).mean(dim=1) / (N * (N - 1))

        with stage.probe(nets):
            fresh = [likeness(net) for net in nets]

        @stage.look(10, nets)
        def look():
            one = x_new[self.string - 1][None]
            drawn = sorted({0, 1, 2, L // 2 + 1, L})
            squares = torch.cat([cosines(net, one)[drawn, 0] for net in nets])
            names = [f"block {k}" if k else "input" for k in drawn]
            captions = [f"{stack}, {name}" for stack in ("sums", "no sums") for name in names]
            stage.image("token by token", squares, captions=captions, columns=len(drawn))
            alike = [likeness(net) for net in nets]
            stage.plot("likeness", range(L + 1), dict(zip(STACKS, alike, strict=True)))
            own, none = (each[-1] for each in alike)
            stage.headline(
                f"mean cosine after the last block: with sums {own:.2f}, without {none:.2f}"
            )

        stage.axes("likeness", x="blocks", y="mean cosine", lines={"all the same": 1})
        stage.axes("loss", y="nats", lines={"the same guess everywhere": torch.tensor(V).log()})
        reached = []
        for _ in stage.loop(self.steps):
            x = torch.randint(V, (32, N), device="cpu").to(stage.device)
            each = losses(x)
            optimizer.zero_grad()
            sum(each).backward()
            if not reached:
                reached = [net.blocks[0].project.weight.grad.norm().item() for net in nets]
            for net in nets:
                nn.utils.clip_grad_norm_(net.parameters(), 1)
            optimizer.step()
            stage.curve("loss", dict(zip(STACKS, each, strict=True)))

        with stage.probe(nets):
            after = losses(x_new)
            stage.claim("fresh_alike", fresh[1][2:].min(), above=0.99)
            stage.claim("fresh_apart", fresh[0].max(), below=0.5)
            stage.claim("learns", after[0], below=0.1)
            stage.claim("stuck", after[1], above=2.5)
            stage.claim("alike_for_good", likeness(nets[1])[-1], above=0.97)
            stage.measure(first_gradient_with=reached[0], first_gradient_without=reached[1])


class Block(nn.Module):
    """Attention with H heads, then two layers with a ReLU, with sums around them or not."""

    def __init__(self, sums, norm, feed_forward, sharpness):
        super().__init__()
        self.sharpness = sharpness
        self.around = [sums in ("both", "attention"), sums in ("both", "feed-forward")]
        norms = [nn.LayerNorm(D) if norm else nn.Identity() for _ in range(2)]
        self.norms = nn.ModuleList(norms)
        self.project, self.output = nn.Linear(D, 3 * D), nn.Linear(D, D)
        two = nn.Sequential(nn.Linear(D, 2 * D), nn.ReLU(), nn.Linear(2 * D, D))
        self.two = two if feed_forward else None

    def attention(self, h):  # [B, N, D]
        cut = self.project(h).unflatten(2, (3, H, D // H)).permute(2, 0, 3, 1, 4)
        Q, K, V_h = cut  # [B, H, N, D / H] each
        α = (self.sharpness * Q @ K.mT / Q.shape[3] ** 0.5).softmax(dim=3)
        return self.output((α @ V_h).transpose(1, 2).flatten(2))

    def forward(self, h):
        for norm, layer, around in zip(
            self.norms, (self.attention, self.two), self.around, strict=True
        ):
            if layer is not None:
                made = layer(norm(h))
                h = h + made if around else made
        return h


class Stack(nn.Module):
    """Symbols and places, L blocks, an answer at each place."""

    def __init__(self, L, sums, norm, feed_forward, sharpness):
        super().__init__()
        self.symbol, self.place = nn.Embedding(V, D), nn.Parameter(torch.randn(N, D))
        self.blocks = nn.ModuleList(Block(sums, norm, feed_forward, sharpness) for _ in range(L))
        self.answer = nn.Linear(D, V)

    def forward(self, x):
        """Symbols [B, N] -> logits [B, N, V], and h before the first block and after each."""
        stream = [self.symbol(x) + self.place]
        for block in self.blocks:
            stream.append(block(stream[-1]))
        return self.answer(stream[-1]), stream
