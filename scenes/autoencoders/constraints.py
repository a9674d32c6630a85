r"""
# Too big to be trivial

An autoencoder with 256 hidden units for 64 pixels is **overcomplete**: there is room to copy. It
does, and that is the danger of the identity: digits come out with hardly an error, and of pure
noise, which it has never seen, about half comes through. A net of 8 units, the *bottleneck* of
the scene before, cannot do that (*copier or not*). This scene keeps the large hidden layer and
forbids copying by other means. All nets have one hidden layer; errors are squared errors per test
picture (the mean picture has 4.70).

## Sparse: few units at a time

Not few units, but few *active* ones per picture. The price is L1, on activations, not on weights:

$$ L = \sum_n \left( \frac{1}{2} \|x_n - y_n\|^2 + \lambda \sum_j |a_{nj}| \right) $$

The sum over examples n belongs to both terms; it's often left out of the second, as if a unit had
one activation for all data. With larger λ fewer units are active, and the error is larger: a
trade-off, from more than half of 128 units down to hardly any. At λ = 0.1 about one in seven is
active, others for every picture.

**The loophole** that is usually not mentioned: halve all activations, double the decoder's
weights, and the picture is the same at half the price. So with a *free* decoder the activations
shrink, its columns grow, and λ means less than it seems. The remedy is to keep the columns at
length 1 (the first family here), or to decay them.

**Exact zeros need an activation that has them**, such as ReLU. A sigmoid is never 0: it gets
small, and every unit stays "active".
And what is too sparse is dead: at λ = 0.3 most units of the free decoder are never active for any
picture.

## Denoising: undo damage

Damage the input, x̃ = noise(x), and ask for the *clean* x (Vincent et al., 2008). Copying is now
wrong. To remove noise the net has to know what digits look like; in particular that neighbouring
pixels go together (adjacent ones correlate over 0.4, pixels four apart 0.1). Four nets, four
kinds of damage: Gaussian 0.3 and 0.5, *masking* (pixels to 0, probability 0.4), *salt and pepper*
(pixels to 0 or 1, probability 0.3).

A denoiser has to be compared with the best *linear* one, which needs no training: for centred data
W = (X̃ᵀX̃)⁻¹X̃ᵀX. (PCA is linear too: no number of components does better.) The autoencoder is
better still, for all four. The plain autoencoder passes most of the noise on.

**Not the identity, though overcomplete.** Pictures of uniform noise are not copied: the error
there is two to four times the plain net's. **And it has a price**: of a *clean* digit, which the
plain net copies all but perfectly, the denoising net loses hundreds of times as much.

**Your own pictures.** `data=FOLDER` has it learn 100 or more of yours, grey and 8 pixels wide.
The claims are made of digits: of yours nothing is claimed, though all is measured.

## Watch

- *clean, noisy, out*: a digit, damaged, denoised, and what the plain net makes of it.
- *denoising*: how much of the damage each leaves, as a share of the squared error.
- *copier or not*: errors on digits, and on pictures of uniform noise.
- *atoms*: what single units of the chosen sparse net draw, mid-grey for 0: strokes, dots.
- *active units*: its busiest units (rows) for three digits of each class (columns).
- *price of sparsity*: left end λ = 0. Unit columns: the share of active units, and the error as a
  share of the mean picture's. Free decoder: the columns' length, the share of dead units.

## Try

- `penalty=0`, `penalty=1`: all units, no units. Turn it as it runs.
- `decoder=unit`: the loophole is shut in the second family as well.
- `activation=sigmoid`: nothing is ever exactly zero.
- `noise=masking`, `strength=2`: harder; `strength=0`: a denoiser without noise is a copier.
- `width=8`: no room: neither identity nor a good denoiser.
- `pixels=independent`: every pixel from another digit. Nothing can be guessed from neighbours.
"""

from itertools import pairwise

import torch
from torch import nn

from dlplay import Choice, File, Float, Int, Scene, claim
from dlplay.data import digits, images
from dlplay.nn.batched import BatchedLinear, side_by_side

LAMBDAS = (0, 0.01, 0.03, 0.1, 0.3, 1.0)
UNITS = 128  # of a sparse net
NOISES = ("gaussian 0.3", "gaussian 0.5", "masking", "salt and pepper")
LABELS = ("σ 0.3", "σ 0.5", "masking", "salt")  # of the same
WIDE = ("plain", "linear", "8 units", *NOISES)  # nets of up to 256 units
ENERGY = 64 / 12  # of pictures of uniform noise: 64 pixels, each with the variance 1/12


def damage(x, kind, strength):
    """x with the kind of noise of that number, so many times its usual level."""
    if kind < 2:
        return x + (0.3, 0.5)[kind] * strength * torch.randn(x.shape).to(x)
    u, v = torch.rand(2, *x.shape).to(x)
    if kind == 2:
        return torch.where(u < 0.4 * strength, 0.0, x)
    return torch.where(u < 0.3 * strength, (v < 0.5).float(), x)


def squared(y, x):
    """The squared error per picture."""
    return (y - x).square().sum(dim=-1).mean(dim=0)


class Sparse(nn.Module):
    """Nets 64-128-64: a family with unit columns, a second one, and the chosen net."""

    def __init__(self, activation):
        super().__init__()
        copies = 2 * len(LAMBDAS) + 1
        self.encoder = BatchedLinear(copies, 64, UNITS, gain=0.6)
        self.f = {"relu": torch.relu, "sigmoid": torch.sigmoid}[activation]
        self.decoder = BatchedLinear(copies, UNITS, 64, gain=0.6)

    def forward(self, x):
        """x [N, 64] -> activations [N, copies, 128], pictures [N, copies, 64]"""
        a = self.f(self.encoder(side_by_side(x, len(self.encoder.weight))))
        return a, self.decoder(a)

    @torch.no_grad()
    def normalise(self, copies):
        """Give the columns of the decoder, one a unit, the length 1."""
        weight = self.decoder.weight[copies]  # [.., 128, 64]
        self.decoder.weight[copies] = weight / weight.norm(dim=2, keepdim=True)


class Wide(nn.Module):
    """Nets 64-width-64, one for each of WIDE; "linear" has no ReLU, "8 units" has 8."""

    def __init__(self, width, device):
        super().__init__()
        self.encoder = BatchedLinear(len(WIDE), 64, 256, gain=0.6)
        self.decoder = BatchedLinear(len(WIDE), 256, 64, gain=0.6)
        units = torch.full((len(WIDE), 1), width)
        units[2] = 8
        self.used = (torch.arange(256) < units).float().to(device)  # [copies, 256]
        self.bent = (torch.arange(len(WIDE)) != 1)[:, None].to(device)

    def forward(self, x):
        """x [N, copies, 64] -> [N, copies, 64]"""
        z = self.encoder(x)
        return self.decoder(torch.where(self.bent, z.relu(), z) * self.used)


def read(data):
    """Pictures [N, 64] to learn from, others, and 30 of the others to show: three of each digit.

    Of your own, every fifth is kept back, and the first 30 of these are shown.
    """
    if data == "digits":
        x, _, x_test, y_test = digits()
        shown = torch.cat([(y_test == digit).nonzero()[:3, 0] for digit in range(10)])
    else:
        x, _ = images(data, size=8, grey=True, least=100)
        held_out = torch.arange(len(x)) % 5 == 4
        x, x_test = x[~held_out], x[held_out]
        shown = torch.arange(min(30, len(x_test)))
    return x.flatten(1), x_test.flatten(1), shown


class Constraints(Scene):
    covers = {
        "Autoencoder (undercomplete)": (
            "copier or not",
            "copies_digits",
            "copies_noise",
            "small_does_not",
        ),
        "Sparse Autoencoders": (
            "atoms",
            "active units",
            "price of sparsity",
            "fewer_units",
            "few_units",
            "costs_error",
            "loophole",
            "activations_shrink",
            "dead_units",
        ),
        "Denoising Autoencoders": (
            "clean, noisy, out",
            "denoising",
            "copier or not",
            "removes_noise",
            "better_than_linear",
            "plain_keeps_noise",
            "no_copier",
            "neighbours_go_together",
            "has_a_price",
        ),
    }
    panels = (
        "clean, noisy, out",
        "denoising",
        "copier or not",
        "atoms",
        "active units",
        "price of sparsity",
    )
    quick = {"steps": 20}

    penalty = Float(0.1, min=0, max=1, step=0.05, live=True, help="λ of the chosen sparse net")
    decoder = Choice(
        "free", ("free", "unit"), live=True, help="columns of the second family of sparse nets"
    )
    activation = Choice("relu", ("relu", "sigmoid"), help="of the sparse nets")
    noise = Choice("gaussian 0.5", NOISES, live=True, help="the damage that is shown")
    strength = Float(
        1.0, min=0, max=2, step=0.1, live=True, help="times the level of all four kinds of damage"
    )
    width = Int(256, min=8, max=256, log=True, help="hidden units of plain and denoising nets")
    pixels = Choice(
        "real", ("real", "independent"), help="digits, or every pixel from another digit"
    )
    data = File("digits", kind="images", help="what it learns; your own become 8×8, grey")
    steps = Int(1200, min=10, max=5000, log=True, help="training steps, of 64 pictures")

    def run(self, stage):
        device = stage.device
        x, x_test, shown = (part.to(device) for part in read(self.data))  # [1400, 64], [397, 64]
        if self.pixels == "independent":
            x, x_test = (
                part.gather(0, torch.rand(part.shape).argsort(dim=0).to(device))
                for part in (x, x_test)
            )
        self.x, self.x_test = x, x_test
        self.shown = x_test[shown]  # [30, 64]
        self.called = "digits" if self.data == "digits" else "pictures"
        self.uniform = torch.rand(400, 64).to(device)
        self.mean_error = squared(x.mean(dim=0), x_test)
        self.sparse = Sparse(self.activation).to(device)
        self.wide = Wide(self.width, device).to(device)
        stage.watch(self.wide)
        adam = torch.optim.Adam([*self.sparse.parameters(), *self.wide.parameters()], fused=True)
        stage.axes("price of sparsity", x="λ", log="x")
        n = len(LAMBDAS)

        for step in stage.loop(self.steps):
            adam.param_groups[0]["lr"] = 3e-3 * (1 - step / self.steps) + 1e-4
            batch = x[torch.randint(len(x), (64,))]
            a, y = self.sparse(batch)
            price = torch.tensor([*LAMBDAS, *LAMBDAS, self.penalty], device=device)
            loss = 0.5 * squared(y, batch[:, None]) + price * a.abs().sum(dim=2).mean(dim=0)
            loss = loss.sum()
            inputs = self.damaged(batch)
            loss = loss + squared(self.wide(inputs), batch[:, None]).sum()
            adam.zero_grad()
            loss.backward()
            adam.step()
            self.sparse.normalise(slice(0, n))
            self.sparse.normalise(slice(2 * n, None))
            if self.decoder == "unit":
                self.sparse.normalise(slice(n, 2 * n))

            if step == 0 or stage.changed("strength"):
                with stage.probe():
                    self.closed_form()
            if stage.every(25) or stage.changed("noise", "strength"):
                with stage.probe(self.sparse, self.wide):
                    self.denoise(stage)
            if stage.every(50):
                with stage.probe(self.sparse, self.wide):
                    self.look(stage)

    def damaged(self, x):
        """What each of the wide nets is given: x [N, 64] -> [N, copies, 64]."""
        damaged = [damage(x, kind, self.strength) for kind in range(len(NOISES))]
        return torch.stack([x, x, x, *damaged], dim=1)

    def closed_form(self):
        """The best linear map from damaged to clean pictures, and the best number of principal
        components, for each kind of damage."""
        mean = self.x.mean(dim=0)
        axes = torch.linalg.svd(self.x - mean, full_matrices=False)[2]
        clean = self.x.repeat(8, 1) - mean
        self.linear, self.pca = [], []
        for kind in range(len(NOISES)):
            noisy = damage(clean + mean, kind, self.strength)
            shift = noisy.mean(dim=0)
            gram = (noisy - shift).T @ (noisy - shift) + 0.1 * torch.eye(64, device=mean.device)
            weight = torch.linalg.solve(gram, (noisy - shift).T @ clean)
            noisy = damage(self.x_test, kind, self.strength)
            self.linear.append(squared((noisy - shift) @ weight + mean, self.x_test).item())
            along = (noisy - mean) @ axes.T  # [397, 64]
            left = (along - (self.x_test - mean) @ axes.T).square().mean(dim=0).cumsum(dim=0)
            whole = ((self.x_test - mean) @ axes.T).square().mean(dim=0)
            self.pca.append((left + whole.sum() - whole.cumsum(dim=0)).min().item())

    def denoise(self, stage):
        """Errors of plain and denoising nets on damaged pictures, and some of these."""
        clean = self.x_test
        noisy, plain, denoised = [], [], []
        for kind, name in enumerate(NOISES):
            inputs = damage(clean, kind, self.strength)
            out = self.wide(side_by_side(inputs, len(WIDE)))  # [397, copies, 64]
            error = squared(out, clean[:, None]).tolist()
            noisy.append(max(squared(inputs, clean).item(), 1e-9))
            plain.append(error[0])
            denoised.append(error[3 + kind])
            if name == self.noise:
                four = torch.stack([clean, inputs, out[:, 3 + kind], out[:, 0]], dim=1)
                strips = four[3:5].reshape(2, 4, 8, 8).transpose(1, 2).reshape(2, 8, 32)
                words = ("clean", "noisy", "denoised", "plain")
                caption = "".join(f"{word:^8}" for word in words)
                stage.image("clean, noisy, out", strips, captions=[caption] * 2)
        kept = {"plain net": plain, "PCA": self.pca, "linear": self.linear, "denoiser": denoised}
        kept = {
            name: [e / n for e, n in zip(error, noisy, strict=True)] for name, error in kept.items()
        }
        stage.bars("denoising", LABELS, kept, unit="of the damage")
        best = [min(pair) for pair in zip(self.linear, self.pca, strict=True)]
        stage.measure(
            removed=kept["denoiser"][1],
            over_linear=max(d / max(b, 1e-9) for d, b in zip(denoised, best, strict=True)),
            plain_keeps=kept["plain net"][1],
        )

    def look(self, stage):
        # What comes through the wide nets
        digit_error, noise_error = (
            squared(self.wide(side_by_side(x, len(WIDE))), x[:, None])
            for x in (self.x_test, self.uniform)
        )
        rows = zip(WIDE, digit_error.tolist(), noise_error.tolist(), strict=True)
        rows = [*rows, ("mean picture", self.mean_error.item(), ENERGY)]
        stage.table(
            "copier or not",
            ["net", self.called, "pure noise"],
            [[name, f"{digit:.3f}", f"{noise:.1f}"] for name, digit, noise in rows],
        )

        # The chosen sparse net: the units that are active most often
        a, y = self.sparse(self.x_test)  # [397, copies, ..]
        active = (a > 0).float().mean(dim=0)  # [copies, 128]
        busy = active[-1].argsort(descending=True)[:16]
        atoms = self.sparse.decoder.weight[-1, busy]  # [16, 64]
        atoms = atoms / atoms.abs().amax(dim=1, keepdim=True)
        stage.image("atoms", atoms.reshape(-1, 8, 8), low=-1, high=1)
        codes = self.sparse(self.shown)[0][:, -1, busy]  # [30, 16]
        codes = codes / codes.amax(dim=0).clamp(min=1e-9)
        x = "digits, 0 to 9" if self.data == "digits" else "pictures"
        stage.heatmap("active units", codes.T, x=x, y="units", low=0, high=1)

        # Both families
        n = len(LAMBDAS)
        share, error = active.mean(dim=1), squared(y, self.x_test[:, None])
        length = self.sparse.decoder.weight.norm(dim=2).mean(dim=1)
        height = a.mean(dim=(0, 2))
        dead = (self.sparse(self.x)[0][:, n : 2 * n] > 0).sum(dim=0).eq(0).sum(dim=1)  # [n]
        stage.plot(
            "price of sparsity",
            [0.003, *LAMBDAS[1:]],
            {
                "active": share[:n],
                "error": error[:n] / self.mean_error,
                "free length": length[n : 2 * n],
                "free dead": dead / UNITS,
            },
        )
        near, far = correlations(self.x)
        shares, errors = share[:n].tolist(), error[:n].tolist()
        stage.measure(
            falls=max(b / max(a, 1e-9) for a, b in pairwise(shares)),
            active=share[-1],
            rises=min(b / a for a, b in pairwise(errors)),
            growth=length[n + 1 : 2 * n].max() / length[n],
            shrinking=height[n + 1] / height[n],
            dead=dead[4],
            plain_digits=digit_error[0],
            plain_noise=noise_error[0] / ENERGY,
            small_digits=digit_error[2] / digit_error[0],
            not_copied=noise_error[3:].min() / noise_error[0],
            near_far=near / far,
            clean_price=digit_error[3] / digit_error[0],
        )

    @claim(
        "an overcomplete plain autoencoder copies digits: squared error below 0.05",
        breaks={"width": 8, "steps": 200},
    )
    def copies_digits(self, measured):
        return measured.plain_digits < 0.05

    @claim(
        "and pure noise too: it loses less than 0.85 of that energy, though it never saw noise",
        breaks={"width": 8, "steps": 200},
    )
    def copies_noise(self, measured):
        return measured.plain_noise < 0.85

    @claim(
        "a net of 8 units does not: on digits its error is over 20 times the plain net's",
        breaks={"width": 8, "steps": 200},
    )
    def small_does_not(self, measured):
        return measured.small_digits > 20

    @claim(
        "a larger λ leaves fewer units active: less than 0.95 of those before, each time",
        breaks={"activation": "sigmoid", "decoder": "unit", "penalty": 0, "steps": 20},
    )
    def fewer_units(self, measured):
        return measured.falls < 0.95

    @claim(
        "with λ = 0.1 less than a quarter of the units is active for a digit",
        breaks={"activation": "sigmoid", "decoder": "unit", "penalty": 0, "steps": 20},
    )
    def few_units(self, measured):
        return measured.active < 0.25

    @claim(
        "every larger λ costs error: at least 1.3 times as much as the one before",
        breaks={"activation": "sigmoid", "decoder": "unit", "penalty": 0, "steps": 20},
    )
    def costs_error(self, measured):
        return measured.rises > 1.3

    @claim(
        "the loophole: with a penalty the columns of a free decoder grow to over 1.2 times",
        breaks={"activation": "sigmoid", "decoder": "unit", "penalty": 0, "steps": 20},
    )
    def loophole(self, measured):
        return measured.growth > 1.2

    @claim(
        "while its mean activation falls below half, at λ = 0.01 already",
        breaks={"activation": "sigmoid", "decoder": "unit", "penalty": 0, "steps": 20},
    )
    def activations_shrink(self, measured):
        return measured.shrinking < 0.5

    @claim(
        "with λ = 0.3 over 60 of its 128 units are dead",
        breaks={"activation": "sigmoid", "decoder": "unit", "penalty": 0, "steps": 20},
    )
    def dead_units(self, measured):
        return measured.dead > 60

    @claim(
        "of Gaussian noise 0.5, the denoising net leaves less than 0.2 of the squared error",
        breaks={"pixels": "independent", "steps": 200},
    )
    def removes_noise(self, measured):
        return measured.removed < 0.2

    @claim(
        "for all four kinds of damage it leaves less than the best linear denoiser (ratio below 1)",
        breaks={"width": 8, "steps": 200},
    )
    def better_than_linear(self, measured):
        return measured.over_linear < 1

    @claim(
        "the plain net keeps over half of the noise",
        breaks={"width": 8, "steps": 200},
    )
    def plain_keeps_noise(self, measured):
        return measured.plain_keeps > 0.5

    @claim(
        "denoising nets do not copy: on pure noise their error is over 2 times the plain net's",
        breaks={"strength": 0, "steps": 200},
    )
    def no_copier(self, measured):
        return measured.not_copied > 2

    @claim(
        "adjacent pixels correlate over twice as much as pixels four or more apart",
        breaks={"pixels": "independent", "steps": 200},
    )
    def neighbours_go_together(self, measured):
        return measured.near_far > 2

    @claim(
        "the price: on clean digits the denoising net's error is over 20 times the plain net's",
        breaks={"strength": 0, "steps": 200},
    )
    def has_a_price(self, measured):
        return measured.clean_price > 20


def correlations(x):
    """The mean absolute correlation of pixels side by side, and of those 4 or more apart."""
    varied = x.std(dim=0) > 1e-6
    related = torch.corrcoef(x[:, varied].T).abs()
    places = torch.cartesian_prod(torch.arange(8.0), torch.arange(8.0))[varied.cpu()]
    distance = torch.cdist(places, places).to(x.device)
    return related[(distance > 0) & (distance < 1.1)].mean(), related[distance >= 4].mean()
