"""
# Fast to judge or fast to sample: must one choose?

A digit of 64 pixels is 64 numbers x₁ … x₆₄. Any density of them can be written as a chain: the
first number, the second when the first is known, and so on. Let a net say, for each number, where
it lies (bᵢ) and how far it scatters (exp sᵢ), from those before it alone:

    xᵢ = bᵢ + exp(sᵢ) zᵢ

zᵢ comes from the bell curve. **Masks** on the weights see to it that output i reads no input from i
on; then a single pass gives all b and s for a digit that is there. So it is judged in one pass:

    zᵢ = exp(−sᵢ) (xᵢ − bᵢ)
    log p(x) = Σᵢ log N(zᵢ) − Σᵢ sᵢ

N is the bell. The matrix ∂z/∂x is *lower* triangular, for zᵢ hangs on no later x, and its
determinant is the product of its diagonal.

But to draw a digit, x₁ must be there before x₂ can be asked for: 64 passes. That is a **masked
autoregressive flow** (MAF). The **inverse** one (IAF) lets b and s read z instead of x. Drawing
then takes one pass, and judging 64. One must choose; only what it drew itself can an IAF judge at
once, for there z is known. Trained on data, as here, it pays 64 passes a step.

In one layer each number is a bell, once those before are known. More layers in the same order keep
it so. Reverse the order from layer to layer, and it need not be.

## Tomorrow

Ask what you will do a million times: judging calls for a MAF, drawing for an IAF, both for coupling
layers. Reverse the order between layers. Test each mask: change xⱼ, and see which outputs move.
"""

import math

import torch
from torch import nn
from torch.nn.functional import linear

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.data import digits

D, H = 64, 128  # pixels of a digit, hidden units of a layer
REVERSED, SAME = "order reversed", "same order"


class InOrder(Scene):
    covers = ("Autoregressive Flows",)
    panels = {
        "drawn digits": "ten at once, in the end number by number: grey is not yet known",
        "reads": "which x (column) moves which z (row), in one layer; grey: none",
        "nats a digit": "of new digits; lower is better (densities over 1 give less than 0)",
        "passes": "through a layer, counted, for all layers",
    }
    claims = {
        "passes": "counted: drawing takes 64 times as many passes as judging",
        "reversing": "reversed, two layers are over 1.5 nats a digit better than in the same order",
        "good": "they are over 6 nats better than one Gaussian over all 64 numbers",
        "triangular": "by the book: no x moves an earlier z of its layer, by more than 1e-6",
    }
    tries = (
        Try(
            "direction=IAF steps=20",
            "Turned round: b and s read z. How many passes of a layer to draw, how many to judge?",
            ("64 to draw, 1 to judge", "1 to draw, 64 to judge", "1 for both"),
            right=2,
            breaks="passes",
            keeps="triangular",
            why="z is drawn all at once, so all b and s are known at once. A given digit must be "
            "undone number by number. (20 steps, as each now costs 64 passes a layer.)",
        ),
        Try(
            "reverse=no",
            "Both layers go in the same order. What are new digits worth?",
            ("as much as before", "less", "as little as to one Gaussian"),
            right=2,
            breaks="reversing",
            keeps=("passes", "good"),
            why="A bell that is stretched and shifted by what came before is a bell, however "
            "many layers do so. A pixel that is either black or bright is no bell.",
        ),
        Try(
            "mask=no",
            "The masks are left out. What score do new digits get?",
            ("a far better one, and it is false", "a worse one", "the same"),
            right=1,
            breaks="triangular",
            keeps="passes",
            why="b may read xᵢ itself, answer xᵢ, and leave nothing to scatter. The sum of sᵢ is "
            "no longer the log of the determinant; the digits that are drawn show it.",
        ),
        Try(
            "order=random",
            "The pixels come in a random order, not row by row. Is the likelihood much worse?",
            ("yes, neighbours must come together", "no", "it can't be computed"),
            right=2,
            keeps=("good", "passes"),
            why="In any order it is a chain that holds. Pixels from all over the digit tell early "
            "what it will be; row by row, the lower half comes last.",
        ),
    )
    quick = {"steps": 10}
    pace = 30

    direction = Choice("MAF", ("MAF", "IAF"), help="whether b and s read x or z")
    reverse = Choice("yes", ("yes", "no"), help="whether each layer goes the other way round")
    layers = Int(2, min=1, max=4, help="layers of either flow")
    mask = Choice("yes", ("yes", "no"), help="whether an output is kept from reading later inputs")
    order = Choice("rows", ("rows", "random"), help="of the pixels")
    spread = Float(0.6, min=0.1, max=1.5, live=True, help="of the z from which digits are drawn")
    steps = Int(400, min=10, max=3000, log=True, help="steps of 128 digits, for each flow")

    def run(self, stage):
        x, _, x_new, _ = digits(flat=True)  # [1400, 64], 397 new ones
        x, x_new = ((16 * x + torch.rand_like(x)) / 17 * 2 - 1 for x in (x, x_new))  # −1 to 1
        gauss = torch.distributions.MultivariateNormal(x.mean(dim=0), x.T.cov())
        gaussian = -gauss.log_prob(x_new).mean()
        order = torch.randperm(D) if self.order == "random" else torch.arange(D)
        x, x_new = x[:, order].to(stage.device), x_new[:, order].to(stage.device)
        flows = nn.ModuleDict({
            name: nn.ModuleList(Layer(self.mask == "yes") for _ in range(self.layers))
            for name in (REVERSED, SAME)
        }).to(stage.device)  # fmt: skip
        optimizer = torch.optim.Adam(flows.parameters(), lr=0.003)

        def turned(name, k, x):
            """Every second layer of the first flow goes from the last number to the first."""
            return x.flip(1) if k % 2 and name == REVERSED and self.reverse == "yes" else x

        def log_density(name, x):
            """Of digits x [N, 64], layer by layer to z: [N]."""
            total = 0.0
            for k, layer in enumerate(flows[name]):
                inverse = self.direction == "IAF" and name == REVERSED
                z, s = (layer.number_by_number if inverse else layer.at_once)(turned(name, k, x))
                x, total = turned(name, k, z), total + (s if inverse else -s).sum(dim=1)
            return total - 0.5 * x.square().sum(dim=1) - D / 2 * math.log(2 * math.pi)

        def drawn(z):
            """Digits from z [N, 64]."""
            for k, layer in reversed(list(enumerate(flows[REVERSED]))):
                z = turned(REVERSED, k, z)
                z, _ = (layer.at_once if self.direction == "IAF" else layer.number_by_number)(z)
                z = turned(REVERSED, k, z)
            return z

        def nats():
            return {name: -log_density(name, x_new).mean() for name in flows}

        def counted(work, *given):
            """How many passes through layers this takes."""
            before = sum(layer.passes for layer in flows[REVERSED])
            work(*given)
            return sum(layer.passes for layer in flows[REVERSED]) - before

        z = torch.randn(10, D).to(stage.device)
        back = order.argsort().to(stage.device)
        cost = {}

        def show(x):  # [10, 64]
            stage.image("drawn digits", (x[:, back].reshape(-1, 8, 8) + 1) / 2, columns=5)

        @stage.look(20, flows)
        def look():
            if cost:
                return
            show(drawn(self.spread * z))
            now = nats()
            stage.curve("nats a digit", {n: v.clamp(max=10) for n, v in now.items()})
            judged, drew = counted(log_density, REVERSED, x_new[:1]), counted(drawn, z[:1])
            stage.bars("passes", ["judge", "draw"], [judged, drew])
            told = ", ".join(f"{name} {value:.1f}" for name, value in now.items())
            stage.headline(f"nats: {told}; passes to judge {judged}, to draw {drew}")
            J = flows[REVERSED][0].moves(x_new[0])
            stage.heatmap("reads", J, x="x", y="z", low=-1, high=1, diverging=True)

        stage.axes("nats a digit", x="step", y="nats", lines={"one Gaussian": float(gaussian)})
        for step in stage.loop(self.steps):
            optimizer.param_groups[0]["lr"] = 0.003 * (1 - 0.9 * step / self.steps)
            batch = torch.randint(len(x), (128,), device="cpu").to(stage.device)
            loss = -sum(log_density(name, x[batch]).mean() for name in flows)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe(flows):
            score = nats()
            cost["judge"] = counted(log_density, REVERSED, x_new[:1])
            cost["draw"] = counted(drawn, z[:1])
            early = flows[REVERSED][0].moves(x_new[0]).triu(1).abs().max()
            stage.claim("passes", cost["draw"] / cost["judge"], within=(63, 65))
            stage.claim("reversing", score[SAME] - score[REVERSED], above=1.5)
            stage.claim("good", gaussian - score[REVERSED], above=6)
            stage.claim("triangular", early, below=1e-6)

        finished = {}  # by the spread of z

        @stage.look(1, flows)
        def look_at_drawing():
            known = D if self.direction == "IAF" else stage.step + 1
            if self.spread not in finished:
                finished[self.spread] = drawn(self.spread * z)
            here = torch.arange(D, device=z.device) < known
            show(torch.where(here, finished[self.spread], torch.zeros_like(z)))
            stage.headline(
                f"{known} of {D} numbers drawn; passes to draw {cost['draw']}, to judge "
                f"{cost['judge']}; nats a digit {score[REVERSED]:.1f}"
            )

        for _ in stage.loop(D, "drawing, number by number"):
            pass


class Layer(nn.Module):
    """b and s of each of 64 numbers, from the numbers before it. `passes` counts."""

    def __init__(self, masked):
        super().__init__()
        self.passes = 0
        self.first, self.last = nn.Linear(D, H), nn.Linear(H, 2 * D)
        nn.init.normal_(self.last.weight, std=0.01)
        place = torch.arange(D)
        unit = torch.arange(H) % (D - 1)  # this unit may read the places up to this one
        reads = unit[:, None] >= place, place.repeat(2)[:, None] > unit
        for name, mask in zip(("reads_first", "reads_last"), reads, strict=True):
            self.register_buffer(name, mask.float() if masked else torch.ones_like(mask).float())

    def ask(self, x):  # [N, 64] -> b and s, [N, 64] each
        self.passes += 1
        h = torch.relu(linear(x, self.first.weight * self.reads_first, self.first.bias))
        b, s = linear(h, self.last.weight * self.reads_last, self.last.bias).chunk(2, dim=1)
        return b, 3 * torch.tanh(s / 3)

    def at_once(self, x):
        """(x − b(x)) · exp(−s(x)): one pass."""
        b, s = self.ask(x)
        return (x - b) * (-s).exp(), s

    def number_by_number(self, z):
        """What `at_once` takes to z: a pass for each number, of which only that one is kept."""
        x, place = torch.zeros_like(z), torch.arange(D, device=z.device)
        for i in range(D):
            b, s = self.ask(x)
            x = torch.where(place == i, b + s.exp() * z, x)
        return x, s

    def moves(self, x):
        """∂z/∂x at a digit x [64], by moving each number a little: [64, 64]."""
        moved = x + 0.01 * torch.eye(D, device=x.device)
        z, _ = self.at_once(torch.cat([x[None], moved]))
        return (z[1:] - z[0]).T / 0.01
