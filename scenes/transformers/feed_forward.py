"""
# What are the two layers after attention for?

Attention brings to a token what stands elsewhere. Say the token is b, and the one before it is a.
Attention fetches a, and both are in one vector now:

    z = e(b) + W e(a)

e is the vector of a symbol, W what values and output make of it. Is this enough to know what the
*pair* a b means? "New" tells little, "York" tells little; "New York" is a city.

Here a table of 16 × 16 entries says which symbol follows each pair. It is drawn at random, so there
is no rule: all 256 entries must be remembered. Three nets try. In all three attention finds the
symbol before, as a claim says. They differ in what follows:

- **nothing**: a linear layer reads the answer from z. It can only add up votes: one from a for each
  answer, one from b. Two lists of 16 votes make a third of the table, and no more.
- **two linear layers**, 64 wide between them. Linear after linear is linear: votes again.
- **two layers with a ReLU**, as wide:

      z + W₂ max(0, W₁ z + b₁)

  A unit of W₁ can be above zero for some *pairs* alone, and W₂ writes what follows from them.

Only the last table fills. In the picture a cell lights up when the net is sure of the right entry.

In a Transformer these two layers stand after each attention, the same at every token. With 4D units
between them, as usual, they hold two thirds of a block's weights. Attention fetches, they look up.

## Tomorrow

Facts about combinations need room: count them, and look at the width between the two layers before
you add heads. A net that stays at a third of the facts may lack a nonlinearity, not training.
"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from dlplay import Choice, Int, Scene, Try

N, D = 8, 32  # places, numbers of a token's vector
R = 3  # nets of each kind, which learn side by side
NETS = ("nothing after", "two linear", "two with ReLU")


class FeedForward(Scene):
    covers = ("Encoder (residual, LayerNorm, FFN)",)
    panels = {
        "what follows": "row: the symbol before; column: the symbol here; bright: knows the answer",
        "right": "share of places with the right symbol named; higher is better",
        "one pair": "of the pair that you choose: probability of the answers",
    }
    claims = {
        "relu_knows": "two layers with a ReLU know at least 0.97 of what follows, medians of 3",
        "votes_only": "with nothing after attention it is between 0.2 and 0.43",
        "linear_adds_none": "two linear layers as wide are within 0.08 of nothing, either way",
        "all_found_it": "in all three nets attention puts over 0.9 on the symbol before",
    }
    tries = (
        Try(
            "hidden=4",
            "Four units between the two layers, for 256 facts. How much does the ReLU net know?",
            ("no more than the other two", "more than they, but not all", "all, as before"),
            right=2,
            breaks="relu_knows",
            keeps=("votes_only", "all_found_it"),
            why="Each unit bends the votes along one line. A few bends sort some of the pairs; "
            "for all of them there are too few. Room for facts is counted in units.",
        ),
        Try(
            "symbols=8",
            "Eight symbols, a table of 64. How much is known with nothing after attention?",
            ("a third, as before", "about half", "all"),
            right=2,
            breaks="votes_only",
            keeps=("relu_knows", "linear_adds_none"),
            why="Two lists of votes can suit a larger share of a small table. Tests with few "
            "combinations flatter a linear net.",
        ),
        Try(
            "between=norm",
            "A layer norm between the two linear layers, no ReLU. Does that net know more now?",
            ("no, a norm only rescales", "no, less", "yes, over half of the table"),
            right=3,
            breaks="linear_adds_none",
            keeps=("votes_only", "relu_knows"),
            why="A norm divides by the vector's own size, which depends on a and b together. "
            "No straight line either, only a weaker bend.",
        ),
    )
    quick = {"steps": 10}

    symbols = Int(16, min=4, max=24, help="V; the table has V × V entries")
    hidden = Int(64, min=2, max=256, log=True, help="units between the two layers")
    between = Choice("nothing", ("nothing", "norm"), help="between the two linear layers")
    pair = Int(1, min=1, max=576, live=True, help="the pair shown, counted row by row")
    steps = Int(300, min=10, max=3000, log=True, help="steps of 32 strings, for each net")

    def run(self, stage):
        V = self.symbols
        table = torch.randint(V, (V, V)).to(stage.device)  # what follows each pair
        norm = nn.LayerNorm(self.hidden, elementwise_affine=False)
        between = None, norm if self.between == "norm" else nn.Identity(), nn.ReLU()
        nets = nn.ModuleList(Nets(V, self.hidden, each) for each in between)
        nets.to(stage.device)
        optimizer = torch.optim.Adam(nets.parameters(), lr=0.003)

        def strings(count):
            """Random symbols [count, N], and what follows at each place but the first."""
            x = torch.randint(V, (count, N), device="cpu").to(stage.device)
            return x, table[x[:, :-1], x[:, 1:]]

        def right(logits, y):
            return (logits.argmax(dim=3) == y).float().mean(dim=(1, 2))  # [R]

        x_new, y_new = strings(100)
        x_pairs, _ = strings(V * V)  # each pair once, at the fifth place and the sixth
        x_pairs[:, 4:6] = torch.cartesian_prod(*[torch.arange(V)] * 2).to(stage.device)

        @stage.look(25, nets)
        def look():
            each = [right(net(x_new)[0], y_new) for net in nets]
            shares = [some.median() for some in each]
            stage.headline(
                f"known after attention: with nothing {shares[0]:.0%}, two linear {shares[1]:.0%}, "
                f"ReLU {shares[2]:.0%}"
            )
            middle = [int(some.argsort()[R // 2]) for some in each]  # the net that is shown
            p = [net(x_pairs)[0][k, :, 4] for net, k in zip(nets, middle, strict=True)]
            p = [logits.softmax(dim=1) for logits in p]  # [V * V, V] each
            known = [some.gather(1, table.reshape(-1, 1)).reshape(V, V) for some in p]
            scales = dict.fromkeys(NETS, (0, 1))
            stage.matrices("what follows", dict(zip(NETS, known, strict=True)), scales=scales)
            at = (self.pair - 1) % (V * V)
            sure = [float(some.flatten()[at]) for some in known]
            most = [float(some[at].scatter(0, table.flatten()[at], 0.0).max()) for some in p]
            told = [(a, b, 1 - a - b) for a, b in zip(sure, most, strict=True)]
            labels = "right", "top wrong", "the rest"
            stage.bars("one pair", labels, dict(zip(NETS, told, strict=True)))

        stage.axes("right", y="share", lines={"guessing": 1 / V})
        for _ in stage.loop(self.steps):
            x, y = strings(32)
            logits = [net(x)[0] for net in nets]  # [R, 32, N - 1, V] each
            target = y.expand(R, -1, -1).flatten()
            loss = sum(R * cross_entropy(each.flatten(0, 2), target) for each in logits)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            shares = [right(each, y).median() for each in logits]
            stage.curve("right", dict(zip(NETS, shares, strict=True)))

        with stage.probe(nets):
            nothing, linear, relu = (right(net(x_new)[0], y_new).median() for net in nets)
            bands = [net(x_new)[1].diagonal(dim1=2, dim2=3) for net in nets]
            before = [band.mean(dim=(1, 2)).median() for band in bands]
            stage.claim("relu_knows", relu, at_least=0.97)
            stage.claim("votes_only", nothing, within=(0.2, 0.43))
            stage.claim("linear_adds_none", linear - nothing, within=(-0.08, 0.08))
            stage.claim("all_found_it", min(before), above=0.9)


class Nets(nn.Module):
    """R nets: one head of attention, two layers with something between or none, an answer."""

    def __init__(self, V, hidden, between):
        super().__init__()

        def drawn(rows, columns):
            return nn.Parameter((2 * torch.rand(R, 1, rows, columns) - 1) / rows**0.5)

        self.between = between
        self.symbol = nn.Parameter(torch.randn(R, V, D))
        self.place = nn.Parameter(torch.randn(R, 1, N, D))
        self.W_Q, self.W_K, self.W_V = (drawn(D, D) for _ in range(3))
        self.W_1, self.W_2, self.answer = drawn(D, hidden), drawn(hidden, D), drawn(D, V)
        self.b_1 = nn.Parameter(torch.zeros(R, 1, 1, hidden))

    def forward(self, x):
        """Symbols [B, N] -> logits [R, B, N - 1, V] from the second place on, and weights
        [R, 1, N - 1, N] of the places before: scores go by place, not by symbol."""
        e = self.symbol[:, x]  # [R, B, N, D]
        scores = self.place[:, :, 1:] @ self.W_Q @ (self.place @ self.W_K).mT / D**0.5
        here_or_later = torch.ones(N, N, device=x.device).triu()[1:] > 0
        α = scores.masked_fill(here_or_later, -torch.inf).softmax(dim=3)
        z = e[:, :, 1:] + α @ (e @ self.W_V)
        if self.between is not None:
            z = z + self.between(z @ self.W_1 + self.b_1) @ self.W_2
        return z @ self.answer, α
