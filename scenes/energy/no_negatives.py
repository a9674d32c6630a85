"""
# How can it learn when nothing is pushed apart?

Two views of a picture should get the same embedding z. If nothing pushes other pictures away, the
cheapest answer is one z for all: collapse. Yet there are recipes without any **negatives** that do
not collapse. They are lopsided on purpose.

SimSiam sends both views through one encoder. Behind it, one side gets a small extra net, the
**predictor** h. It must guess the other side's z, which is held still: its gradient is stopped.
Then the sides change places.

    loss = −½ cos(h(z₁), stop(z₂))
           −½ cos(h(z₂), stop(z₁))

Nothing in this loss forbids the collapse: in a point it would be perfect. It is the *way* that
does not lead there. Take away one part, and it does:

- no stop: both sides move, and run towards each other into one point;
- no predictor: each side is pulled to where the other is, which comes to the same;
- no batch normalisation: a part of this recipe, not a law; larger nets have done without.

BYOL holds another thing still: its target is a slow copy of the encoder, a running mean of the
weights. It needs the predictor too. Neither stopping nor a slow copy is enough alone.

The third way is to say what is wanted. VICReg has no trick: it *adds* a price if any of the 32
numbers varies too little over a batch, and one if two of them vary together.

**Spread** is the standard deviation of embeddings of length 1, times √32: near 1 on
the sphere, 0 in a point. A spread says that it did not collapse, not that it learned much: so soon,
neighbours tell digits hardly better than chance here.

## Tomorrow

Whenever you change a recipe of this kind, watch the spread for a hundred steps before you believe
the loss. If it falls towards 0, put back what you took.
"""

import copy
import math

import torch
from torch import nn
from torch.nn.functional import cosine_similarity, relu

from dlplay import Choice, Float, Int, Scene, Toggle, Try
from dlplay.data import digits, view
from dlplay.nn.embeddings import encoder, spread, told

ARMS = "recipe", "no stop", "no predictor", "no batch norm"


class NoNegatives(Scene):
    covers = ("Non-Contrastive Embedding",)
    panels = {
        "spread": "1 is the whole sphere, 0 a point: who stays up?",
        "loss": "of each arm; lower is no proof",
    }
    claims = {
        "recipe": "the whole recipe keeps a spread above 0.5",
        "no_stop": "without the stopped gradient it falls below 0.2",
        "no_predictor": "without the predictor it falls below 0.2",
        "no_norm": "without batch normalisation it falls below 0.2",
        "blind_loss": "yet each of these three has a better loss than the whole recipe",
    }
    tries = (
        Try(
            "method=byol",
            "BYOL: a slow copy of the encoder is the target. Which arms collapse now?",
            ("none", "the one without stopping stays up", "the same three"),
            right=2,
            breaks="no_stop",
            keeps=("recipe", "no_predictor"),
            why="A slow copy gets no gradient anyway, so there is nothing to stop. The predictor "
            "is still needed: a copy alone does not hold it.",
        ),
        Try(
            "method=vicreg",
            "VICReg: a price on too small a spread, and no trick. Which arms collapse now?",
            ("the same three", "all", "none"),
            right=3,
            breaks=("no_stop", "no_predictor", "no_norm"),
            keeps="recipe",
            why="What keeps them apart stands in the loss itself. It uses neither a stopped "
            "gradient nor a predictor, so leaving them out changes nothing.",
        ),
        Try(
            "predictor_norm=off",
            "The encoder keeps its batch normalisation, the predictor loses it. The recipe?",
            ("stays up: the encoder's is what counts", "falls too", "rises"),
            right=2,
            breaks="recipe",
            keeps=("no_stop", "no_predictor"),
            why="The predictor has to be good, and fast, for the recipe to work. Without it this "
            "one learns too slowly: the encoder runs to the point before it is ready.",
        ),
    )
    quick = {"steps": 4, "batch": 32}

    method = Choice("simsiam", ("simsiam", "byol", "vicreg"), help="the recipe of all four arms")
    predictor_norm = Toggle(True, help="batch normalisation in the predictor")
    batch = Int(128, min=16, max=256, log=True, help="pictures in a step")
    slow = Float(0.99, min=0, max=0.999, help="BYOL: share of the copy that is kept in a step")
    learning_rate = Float(
        0.2, min=0.01, max=1, log=True, live=True, help="of SGD with momentum, falling"
    )
    steps = Int(250, min=4, max=2000, log=True, help="steps, for each of four encoders")

    def run(self, stage):
        images, y, images_new, y_new = digits(device=stage.device)
        x, x_new = view(images), view(images_new)  # what the judge sees
        torch_nets = [encoder(), encoder(batch_norm=False)]
        full, plain = torch_nets
        encoders = nn.ModuleList([full, copy.deepcopy(full), copy.deepcopy(full), plain])
        heads = [Predictor(self.predictor_norm and k != 3) for k in range(4)]
        heads[2] = nn.Identity()
        heads, copies = nn.ModuleList(heads), copy.deepcopy(encoders)
        nets = nn.ModuleList([encoders, heads, copies]).to(stage.device)
        weights = [*encoders.parameters(), *heads.parameters()]
        optimizer = torch.optim.SGD(weights, lr=self.learning_rate, momentum=0.9)

        @stage.look(5, nets)
        def look():
            spreads = {arm: spread(e(x_new)) for arm, e in zip(ARMS, encoders, strict=True)}
            stage.curve("spread", spreads)
            stage.headline("spread: " + ", ".join(f"{arm} {s:.2f}" for arm, s in spreads.items()))

        stage.axes("spread", x="step", y="spread")
        stage.axes("loss", x="step", y="loss")
        for step in stage.loop(self.steps):
            falling = 0.5 + 0.5 * math.cos(math.pi * step / self.steps)
            optimizer.param_groups[0]["lr"] = self.learning_rate * falling
            some = images[torch.randint(len(images), (self.batch,), device="cpu").to(stage.device)]
            both = view(torch.cat([some, some]))  # [2N, 1, 10, 10]
            losses = []
            for arm, e, h, slow in zip(ARMS, encoders, heads, copies, strict=True):
                z = e(both)  # [2N, 32]
                if self.method == "vicreg":
                    losses.append(priced(*z.chunk(2)))
                    continue
                target = slow(both).detach() if self.method == "byol" else z
                target = target if arm == "no stop" else target.detach()
                (guess, guess2), (t, t2) = h(z).chunk(2), target.chunk(2)
                loss = cosine_similarity(guess, t2) + cosine_similarity(guess2, t)
                losses.append(-loss.mean() / 2)
            optimizer.zero_grad()
            sum(losses).backward()
            optimizer.step()
            stage.curve("loss", dict(zip(ARMS, losses, strict=True)))
            with torch.no_grad():
                for kept, new in zip(copies.parameters(), encoders.parameters(), strict=True):
                    kept.lerp_(new, 1 - self.slow)

        with stage.probe(nets):
            up, *down = (spread(e(x_new)) for e in encoders)
            stage.claim("recipe", up, above=0.5)
            stage.claim("no_stop", down[0], below=0.2)
            stage.claim("no_predictor", down[1], below=0.2)
            stage.claim("no_norm", down[2], below=0.2)
            stage.claim("blind_loss", losses[0] - max(losses[1:]), above=0.1)
            e = encoders[0]
            stage.measure(tells=told(e(x), y, e(x_new), y_new))


class Predictor(nn.Sequential):
    """h, from 32 numbers over 16 to 32."""

    def __init__(self, batch_norm):
        norm = nn.BatchNorm1d(16) if batch_norm else nn.Identity()
        super().__init__(nn.Linear(32, 16), norm, nn.ReLU(), nn.Linear(16, 32))


def priced(z, z2):
    """VICReg's loss over 25, of embeddings [N, 32]: likeness, spread, no covariance."""
    price = (z - z2).square().mean()
    for each in (z, z2):
        each = each - each.mean(dim=0)
        covariance = each.T @ each / (len(each) - 1)
        variance = covariance.diagonal()
        price = price + 0.5 * relu(1 - (variance + 1e-4).sqrt()).mean()
        price = price + (covariance.square().sum() - variance.square().sum()) / (25 * 32)
    return price
