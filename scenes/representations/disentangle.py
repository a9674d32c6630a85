r"""
# Pull the factors apart

Each picture here has three causes, the *factors of variation*: where a spot stands, x and y,
and its size. They are drawn independently. A *disentangled* representation has one number for each:
turn one factor, and one number changes. Nets see the pictures, 144 pixels. Do they find the three?

How well a code z fits the factors f is read from the rank correlations |ρ(zᵢ, fⱼ)|, panel
**factors**. The *score* is, for each factor, the best correlation less the second best,
averaged. One number for each factor gives 1; factors spread over all numbers, 0.

- **supervised**: an encoder that is told the factors. It isolates each.
- **AE**, an autoencoder: three numbers in the middle, trained to reconstruct the picture and
  nothing else.
- **VAE**, **β-VAE**: the code is noisy, and the distance of its distribution from a standard normal
  one, the KL divergence, costs β times its value:

$$ L = \frac{1}{2} \text{(squared error)} + \beta \text{KL} \left( q(z|x), N(0, 1) \right) $$

- **PCA**: the three directions of most variance. No training at all.

Three copies of each learn side by side, from different first weights; curves are their means.

**Why the autoencoder fails.** Not for lack of information: its code knows the factors. But take any
perfect code, rotate it, Qz, and let the decoder begin with the inverse, Qᵀ. All reconstructions
are the same, to the last digits, and the score is gone. The loss cannot tell the two codes apart,
so nothing in it can prefer the disentangled one (Locatello et al., 2019, prove that in general). A
way out needs something from outside: labels, or assumptions about the factors.

**Then why does the β-VAE do better?** Noise in each number makes it cheap to line up the code with
the directions in which pictures vary most, as PCA does; and here these happen to be the factors'
own, because x has a wider range than y. Much of its lead is owed to that inequality: with equal
ranges (`range_y=1`) nothing tells x and y from their diagonals, and the lead shrinks. And it is
paid for in reconstruction: the higher β, the blurrier, until numbers are given up altogether (*KL
per number* near 0).

That PCA beats an autoencoder here is worth knowing when a table of scores is shown to you. So is
what the score does not see: it asks that each factor has one number, not that two factors have
different ones. Let x and y go together (`correlation=0.9`), and PCA's first number is the diagonal
for both of them, at the same high score.

**Disentangled or invariant?** The two are often told as one. They are opposites in what they
do with a *nuisance*, a factor that the task does not need. To disentangle is to keep every factor,
each in its place; to be invariant is to throw the nuisance away. Panel **kept** shows how much of
each factor can be read from a code: of the supervised one, which was trained for all three, and
of one that was trained for the size alone.

A toy shows less than theory asks: three independent factors, no noise. On photographs nobody
knows the factors, so nobody can compute this score.

## Watch

- **factors**: one light cell in each row and column, or a blur. Flip through the nets.
- **traversal**: one number at a time is low (above) or high (below), the others halfway. What
  changes? `shown` picks the net.
- **score** and **error**: the price of β.

## Try

- `turn=0`, then up to 120: at 60° each number is a mixture of all factors. At 120° they have only
  changed places, and the score is back.
- `undo=off`: the decoder is not told of the rotation. Then it does notice.
- `beta=0.01`: the VAE becomes an autoencoder.
- `correlation=0.9`: x and y go together. Now even the supervised numbers answer to both.
- `range_y=1`: nothing singles out the axes. Where PCA's land is chance: high scores with one seed,
  low ones with another (`n`).
- `task=all`: the invariant encoder is trained for every factor, and keeps them.
"""

import math

import torch
from torch import nn
from torch.nn.functional import pad

from dlplay import Choice, Float, Int, Scene, Toggle, claim
from dlplay.nn.batched import BatchedLinear, side_by_side

SIZE = 12  # pixels a side
FACTORS = ("x", "y", "size")
COPIES = 3
ARMS = ("AE", "VAE", "β-VAE")
NETS = ("supervised", "rotated", "AE", "VAE", "β-VAE")


def draw_factors(count, correlation):
    """x, y and size, each uniform in -1 to 1: [count, 3]. Size is independent of the others."""
    normal = torch.randn(count, 3)
    normal[:, 1] = correlation * normal[:, 0] + math.sqrt(1 - correlation**2) * normal[:, 1]
    return torch.erf(normal / math.sqrt(2))


def render(factors, range_y):
    """A spot for each row of factors: [N, 144]."""
    x, y = 3 * factors[:, :1], 3 * range_y * factors[:, 1:2]
    width = 1.5 + 0.5 * factors[:, 2:]
    line = torch.arange(SIZE) - (SIZE - 1) / 2
    across = torch.exp(-((line - x) ** 2) / (2 * width**2))  # [N, 12]
    down = torch.exp(-((line + y) ** 2) / (2 * width**2))
    return (down[:, :, None] * across[:, None, :]).flatten(1)


def rank_correlation(z, f):
    """|Spearman's ρ| between numbers z [N, k] and factors f [N, 3]: [k, 3]."""
    z, f = (column_ranks(part) for part in (z, f))
    return (z.T @ f / len(z)).abs()


def column_ranks(x):
    ranks = x.argsort(0).argsort(0).float()
    return (ranks - ranks.mean(0)) / ranks.std(0, correction=0)


def score(correlation):
    """The best less the second best correlation [k, 3] of each factor, averaged."""
    best = correlation.sort(0, descending=True).values
    return (best[0] - best[1]).mean().item()


def readable(z, f):
    """R² of each factor f [N, 3] when a line is fitted to a code z [N, k]: [3]."""
    x = torch.cat([z, torch.ones_like(z[:, :1])], 1)
    missed = f - x @ torch.linalg.lstsq(x, f).solution
    return 1 - missed.square().sum(0) / (f - f.mean(0)).square().sum(0)


def rotation(degrees):
    """The rotation [3, 3] about the axis (1, 1, 1). At 120° it exchanges the numbers."""
    angle = math.radians(degrees)
    a = (1 - math.cos(angle)) / 3
    b, c = a + math.sin(angle) / math.sqrt(3), a - math.sin(angle) / math.sqrt(3)
    a = a + math.cos(angle)
    return torch.tensor([[a, c, b], [b, a, c], [c, b, a]])


def tower(copies, inputs, outputs):
    """`copies` nets with two hidden layers of 64 units."""
    return nn.Sequential(
        BatchedLinear(copies, inputs, 64, gain=1),
        nn.ELU(),
        BatchedLinear(copies, 64, 64, gain=1),
        nn.ELU(),
        BatchedLinear(copies, 64, outputs, gain=0.5),
    )


class Disentangle(Scene):
    covers = {
        "Disentangling Factors of Variation": (
            "factors",
            "score",
            "traversal",
            "error",
            "kept",
            "KL per number",
            "labels",
            "entangled",
            "rotation_spoils",
            "rotation_unseen",
            "beta_helps",
            "beta_costs",
            "pca_beats",
            "keeps_or_drops",
        ),
    }
    panels = ("factors", "score", "traversal", "error", "kept", "KL per number")
    quick = {"steps": 20}

    shown = Choice("β-VAE", NETS, live=True, help="whose numbers are turned in the traversal")
    beta = Float(8.0, min=0.01, max=100, log=True, live=True, help="weight of the β-VAE's KL")
    turn = Float(60, min=0, max=180, step=10, live=True, unit="°", help="rotation of the code")
    undo = Toggle(True, live=True, help="the decoder begins with the inverse rotation")
    range_y = Float(0.6, min=0.2, max=1, help="range of y, as a multiple of the range of x")
    correlation = Float(0.0, min=0, max=0.95, help="how far x and y go together")
    task = Choice("size", ("size", "all"), help="what the invariant encoder is trained for")
    steps = Int(500, min=10, max=5000, log=True, help="training steps of every net")

    def run(self, stage):
        device = stage.device
        factors = draw_factors(4000, self.correlation)
        images = render(factors, self.range_y)
        self.mean, self.scale = images.mean(0).to(device), images.var(0).mean().sqrt().item()
        x = (images.to(device) - self.mean) / self.scale  # [4000, 144], mean variance 1
        factors = factors.to(device)
        x, self.x, f, self.f = x[:3000], x[3000:], factors[:3000], factors[3000:]

        # Autoencoders, VAEs and β-VAEs: three copies each, in one batch of nine
        count = len(ARMS) * COPIES
        self.encoder = tower(count, SIZE**2, 6).to(device)  # mean and log variance of 3 numbers
        self.decoder = tower(count, 3, SIZE**2).to(device)
        noisy = torch.tensor([0.0, 1.0, 1.0], device=device).repeat_interleave(COPIES)[:, None]
        # The two encoders that are told something, and a decoder for the code of the first
        self.told = tower(2, SIZE**2, 3).to(device)
        self.told_decoder = tower(1, 3, SIZE**2).to(device)
        wanted = torch.ones(2, 3, device=device)
        if self.task == "size":
            wanted[1, :2] = 0
        self.wanted = wanted[1].bool()
        nets = nn.ModuleDict({"encoder": self.encoder, "decoder": self.decoder, "told": self.told})
        nets["remake"] = self.told_decoder
        stage.watch(nets)
        optimizer = torch.optim.Adam(nets.parameters())

        directions = torch.linalg.svd(x.cpu(), full_matrices=False).Vh[:3].to(device)
        self.pca = rank_correlation(self.x @ directions.T, self.f)
        stage.axes("score", lines={"PCA": score(self.pca)})
        stage.axes("error", y="share of variance", log="y")

        for step in stage.loop(self.steps):
            i = torch.randint(len(x), (128,), device=device)
            batch, truth = side_by_side(x[i], count), f[i, None]  # [128, 9, 144], [128, 1, 3]
            mean, log_var = self.encoder(batch).split(3, dim=2)  # [128, 9, 3] each
            log_var = log_var.clamp(-12, 5)
            z = mean + noisy * (log_var / 2).exp() * torch.randn_like(mean)
            error = (self.decoder(z) - batch).square().sum(2).mean(0)  # [9]
            divergence = 0.5 * (mean.square() + log_var.exp() - 1 - log_var).mean(0)  # [9, 3]
            beta = torch.tensor([0, 1, self.beta], device=device).repeat_interleave(COPIES)
            loss = (error / 2 + beta * divergence.sum(1)).sum()

            guess = self.told(side_by_side(x[i], 2))  # [128, 2, 3]
            loss = loss + 50 * ((guess - truth).square() * wanted).mean()
            remade = self.told_decoder(guess[:, :1].detach())
            loss = loss + 50 * (remade - batch[:, :1]).square().mean()

            optimizer.zero_grad()
            loss.backward()
            optimizer.param_groups[0]["lr"] = 0.003 * (1 - step / self.steps)
            optimizer.step()
            shares = by_arm(error / SIZE**2)
            shares["supervised"] = (remade - batch[:, :1]).square().mean().item()
            stage.curve("error", shares)
            if stage.every(20) or stage.changed("turn", "undo", "shown"):
                with stage.probe(nets):
                    self.look(stage)
                bars = divergence.detach().reshape(len(ARMS), COPIES, 3)[1:, 0]
                numbers = ("z1", "z2", "z3")
                kl = dict(zip(ARMS[1:], bars, strict=True))
                stage.bars("KL per number", numbers, kl, unit="nats")

    def look(self, stage):
        """Everything that is measured on the 1,000 test pictures."""
        count = len(ARMS) * COPIES
        codes = self.encoder(side_by_side(self.x, count))[..., :3]  # [1000, 9, 3]
        told = self.told(side_by_side(self.x, 2))  # [1000, 2, 3]
        turned = told[:, 0] @ rotation(self.turn).T.to(told)
        invariant = told[:, 1, self.wanted]  # [1000, 1], or 3 numbers

        maps = {
            "supervised": rank_correlation(told[:, 0], self.f),
            "rotated": rank_correlation(turned, self.f),
        }
        scores = []
        for copy in range(count):
            correlation = rank_correlation(codes[:, copy], self.f)
            scores.append(score(correlation))
            if copy % COPIES == 0:
                maps[ARMS[copy // COPIES]] = correlation
        maps["PCA"] = self.pca
        scores = by_arm(torch.tensor(scores))
        scores["supervised"] = score(maps["supervised"])
        scores["rotated"] = score(maps["rotated"])
        stage.curve("score", scores)
        stage.heatmap(
            "factors",
            torch.stack(list(maps.values())),
            names=list(maps),
            rows=("z1", "z2", "z3"),
            columns=FACTORS,
            low=0,
            high=1,
        )
        every, some = readable(told[:, 0], self.f), readable(invariant, self.f)
        stage.bars("kept", FACTORS, {"disentangled": every, "invariant": some}, unit="R²")

        plain, rotated = self.remake(told[:, 0], "supervised"), self.remake(turned, "rotated")
        remade = self.decoder(codes)  # [1000, 9, 144]
        error = by_arm((remade - self.x[:, None]).square().mean((0, 2)))
        stage.measure(
            supervised=scores["supervised"],
            autoencoder=scores["AE"],
            rotated=scores["rotated"],
            rotated_change=(rotated - plain).abs().max(),
            beta_vae=scores["β-VAE"],
            pca=score(self.pca),
            beta_error=error["β-VAE"] / error["VAE"],
            kept_x=every[0],
            dropped_x=some[0],
        )
        self.traverse(stage, {"supervised": told[:, 0], "rotated": turned}, codes)

    def remake(self, code, name):
        """Pictures [N, 144] from codes [N, 3] of one of the nets."""
        if name == "rotated" and self.undo:
            code = code @ rotation(self.turn).to(code)  # its transpose is its inverse
        if name in ("supervised", "rotated"):
            return self.told_decoder(code[:, None])[:, 0]
        copy = ARMS.index(name) * COPIES
        return self.decoder(side_by_side(code, len(ARMS) * COPIES))[:, copy]

    def traverse(self, stage, told, codes):
        """A number at a time is at its 5th, then its 95th percentile, the others stay halfway."""
        name = self.shown
        code = told[name] if name in told else codes[:, ARMS.index(name) * COPIES]
        low, middle, high = (code.quantile(share, dim=0) for share in (0.05, 0.5, 0.95))
        rows = middle.repeat(6, 1)  # [6, 3]
        for k in range(3):
            rows[k, k], rows[3 + k, k] = low[k], high[k]
        pictures = self.remake(rows, name) * self.scale + self.mean
        pictures = pictures.reshape(2, 3, SIZE, SIZE)[:, :, 2:-2, 2:-2]  # little at the edge
        pair = pad(pictures, (0, 0, 0, 1), value=0.5).transpose(0, 1).flatten(1, 2)  # [3, 18, 8]
        captions = [f"z{k + 1} lo/hi" for k in range(3)]
        stage.image("traversal", pair[:, :-1].clamp(0, 1), captions=captions, columns=3)

    @claim(
        "told the factors, an encoder isolates each: score above 0.9",
        breaks={"correlation": 0.9, "steps": 60},
    )
    def labels(self, measured):
        return measured.supervised > 0.9

    @claim(
        "an autoencoder of three numbers does not: its mean score is over 0.4 below the supervised "
        "one",
        breaks={"correlation": 0.9, "steps": 60},
    )
    def entangled(self, measured):
        return measured.supervised - measured.autoencoder > 0.4

    @claim(
        "rotated, the supervised code's score falls below 0.5",
        breaks={"turn": 120, "steps": 40},
    )
    def rotation_spoils(self, measured):
        return measured.rotated < 0.5

    @claim(
        "and no reconstruction changes by more than 0.0001, if the decoder undoes the rotation",
        breaks={"undo": False, "steps": 20},
    )
    def rotation_unseen(self, measured):
        return measured.rotated_change < 1e-4

    @claim(
        "where x and y have different ranges, the β-VAE scores over 0.15 more than the autoencoder",
        breaks={"beta": 0.01, "steps": 200},
    )
    def beta_helps(self, measured):
        return measured.beta_vae - measured.autoencoder > 0.15

    @claim(
        "and pays for it: its error is over 1.5 times that of the VAE with β = 1",
        breaks={"beta": 0.01, "steps": 200},
    )
    def beta_costs(self, measured):
        return measured.beta_error > 1.5

    @claim(
        "PCA, with no training, scores over 0.2 more than the autoencoder",
        breaks={"range_y": 1.0, "steps": 20},
    )
    def pca_beats(self, measured):
        return measured.pca - measured.autoencoder > 0.2

    @claim(
        "a disentangled code keeps the nuisance x, a code trained for the size alone drops it: "
        "read by a line, the R² of x is over 0.8 higher",
        breaks={"task": "all", "steps": 40},
    )
    def keeps_or_drops(self, measured):
        return measured.kept_x - measured.dropped_x > 0.8


def by_arm(values):
    """The mean over the copies of each arm: values [9] -> a number by name."""
    means = values.detach().reshape(len(ARMS), COPIES).mean(1).tolist()
    return dict(zip(ARMS, means, strict=True))
