r"""
# Digits out of noise

Take a picture of a digit and add a little noise, 200 times, until nothing of it is left. Then teach
a network to undo one such step. That is all of a diffusion model (Sohl-Dickstein et al., 2015; Ho
et al., 2020): to make a picture that never was, begin with pure noise and undo it 200 times.

**Forward.** Each step shrinks the picture a little and adds fresh noise ε,

$$ x_t = \sqrt{1 - β_t} x_{t-1} + \sqrt{β_t} ε_t $$

with β from 0.0005 to 0.1. The shrinking keeps the scale: if x has variance 1, so has the next,
since (1 - β) · 1 + β = 1. Leave it out and the variance grows with each step; *variance exploding*
models (Song et al., 2021) do that, and reckon with it. (Some tell this with x + βε and a variance
of tβ: fresh noises add their variances, so that would be tβ².) As sums of Gaussians are Gaussian,
all t steps are one jump,

$$ x_t = \sqrt{\bar{α}_t} x_0 + \sqrt{1 - \bar{α}_t} ε $$

where ᾱ is the product of all (1 - β) so far. So training never walks: it picks a level, jumps
there and asks which noise was added. The schedule says how ᾱ falls. Signal to noise is ᾱ/(1 - ᾱ):
the linear one spends a third of its levels where that is below 1/100 and there is next to nothing
to see, the cosine one (Nichol and Dhariwal, 2021) a fifteenth.

**Training** is a regression: the squared error between the noise and its guess, the same weight
for every level. At the noisiest levels it is easy, as the picture *is* the noise. At the cleanest
the error stays near 1, as bad as guessing zero: that little noise cannot be told from the pen's
own. Theory, by a bound on the likelihood, would weight the levels, the first ones most. Its first
term is often dropped as small; here it is a fifth of the whole. Yet weighting as the bound asks
makes the samples worse: in one pair of runs their Fréchet distance doubled, from 2.0 to 3.9.

**Backward.** From the guessed noise follows a guess of the clean picture. The sampler does not go
there: it goes one level down, to a weighted mean of here and there, and adds fresh noise, a little
less than it took away. DDIM (Song et al., 2020) adds none, and may take long strides. It is told
that a sample becomes what its first noise was closest to. For this sampler that is not so: from
one and the same noise, two runs agree on the digit about as often as chance has it. The noise
on the way decides. With DDIM the first noise decides everything.

**Judging.** A classifier that never saw a sample says whether it is the digit asked for. That is
not enough. Forget the fresh noise (`mistake=no-fresh-noise`) and it says yes to every sample,
surer than ever: all the samples of a digit are then the same picture, its smoothest average. So
look at variety as well, the mean distance between two samples of one digit, over that of real
ones, and at the Fréchet distance, which compares means and covariances of what the judge
sees: about 2 here, 1.1 to 1.8 for as many real digits, 7 for mere noise with the pixels' means and
covariances, 57 for noise without. Such noise would pass for varied, and the judge is above 90 %
sure of four in ten of it. No single number will do.

**Your own pictures.** `data=FOLDER` has it learn 100 or more of yours, grey and 8 pixels wide, all
of one class. The judge knows digits alone: it is silent, and its claims are not made of yours.

## Watch

- **forward**: above, one digit taken step by step; below, jumps to the same levels. The noise
  differs, the amount does not.
- **denoising**: above, four samples on their way; below, what the network believes they will be.
  The guess is a blur at first, the average of all it could be, and gets sharp late.
- **loss**: the noisiest levels fall far below the mean; the cleanest never do.
- **noise schedule**: ᾱ of both schedules, and the error at each level as it is now.
- **judge**: right class and confidence come first; variety must stay up as they rise.

## Try

- `mistake=no-fresh-noise` while it runs: right class up, variety down to nothing.
- `mistake=reversed-clock`, `mistake=stopped-clock`: the network must know how noisy its input is.
- `guidance=0`: no digit is asked for, and the right one comes by chance. `guidance=4` exaggerates
  (Ho and Salimans, 2022): always right, less varied.
- `sampler=ddim passes=10`: twenty times cheaper, nearly as good, and the same noise always gives
  the same digit.
- `shrink=off`: the walk ends at a variance near 11, and the jump is no longer the walk.
- `schedule=cosine`, `weighting=bound`, `steps=100`: compare what the judge says.
"""

import math

import torch
from torch import nn

from dlplay import Choice, File, Float, Int, Scene, Toggle, claim
from dlplay.data import digits, images
from dlplay.nn.judge import Judge

T = 200  # noise levels
NOBODY = 10  # the class "not told", for training without a class


def read(data):
    """Pictures [N, 1, 8, 8] and their classes [N], to learn from and others; yours are all of 0."""
    if data == "digits":
        return digits()
    x, _ = images(data, size=8, grey=True, least=100)
    held_out, y = torch.arange(len(x)) % 5 == 4, torch.zeros(len(x)).long()
    return x[~held_out], y[~held_out], x[held_out], y[held_out]


class Denoiser(nn.Module):
    """Which noise is in x? Told the picture, how noisy it is, and (or not) which digit it is."""

    def __init__(self, width=320):
        super().__init__()
        self.level = nn.Sequential(nn.Linear(64, width), nn.SiLU(), nn.Linear(width, width))
        self.digit = nn.Embedding(11, width)
        self.enter = nn.Linear(64, width)
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.LayerNorm(width), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width)
            )
            for _ in range(2)
        )
        self.leave = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 64))

    def forward(self, x, t, digit):  # x [N, 64], t [N] in 1..T, digit [N] in 0..10
        told = self.level(waves(t)) + self.digit(digit)
        h = self.enter(x) + told
        for block in self.blocks:
            h = h + block(h + told)
        return self.leave(h)


def waves(t):  # [N] -> [N, 64]: sines and cosines of 32 wavelengths (Vaswani et al., 2017)
    speed = torch.exp(-math.log(10_000) * torch.arange(32, device=t.device) / 32)
    angle = 1000 / T * t[:, None] * speed
    return torch.cat([angle.sin(), angle.cos()], 1)


def noise_schedule(name):
    """β [T + 1] and ᾱ [T + 1], from t = 0, where there is no noise yet, to t = T."""
    t = torch.arange(T + 1, dtype=torch.float64)
    if name == "linear":  # Ho et al. (2020), who had T = 1000
        beta = torch.cat([torch.zeros(1), torch.linspace(1e-4, 0.02, T) * 1000 / T]).double()
    else:  # Nichol and Dhariwal (2021)
        f = torch.cos((t / T + 0.008) / 1.008 * math.pi / 2) ** 2
        beta = torch.cat([torch.zeros(1), (1 - f[1:] / f[:-1]).clamp(max=0.999)])
    return beta.float(), (1 - beta).cumprod(0).float()


class Digits(Scene):
    covers = {
        "Diffusion models - introduction": ("samples", "right_class", "near_real"),
        "Intuition Behind Diffusion Models": ("forward", "denoising", "keeps_variance"),
        "Denoising Diffusion Probabilistic Models (overview)": (
            "samples",
            "judge",
            "varied",
            "balanced",
        ),
        "Forward Diffusion Process": (
            "forward",
            "noise schedule",
            "keeps_variance",
            "linear_wastes",
        ),
        "Diffusion Kernel": ("forward", "jump_is_walk"),
        "Reverse Diffusion Process": ("denoising", "noise_on_the_way_decides"),
        "Simplifying the Negative ELBO": ("loss", "first_level_counts"),
        "Final Expression for the Diffusion Loss": ("loss", "hardest_when_clean"),
        "Inference": ("denoising", "samples", "few_passes"),
    }
    panels = ("forward", "denoising", "samples", "loss", "noise schedule", "judge")
    quick = {"steps": 10, "passes": 5}

    sampler = Choice(
        "ancestral", ("ancestral", "ddim"), live=True, help="with fresh noise in each step or none"
    )
    passes = Int(200, min=1, max=200, log=True, live=True, help="steps from noise to digit")
    guidance = Float(
        1.0, min=0, max=8, step=0.25, live=True, help="0 hides the class, above 1 exaggerates it"
    )
    mistake = Choice(
        "none",
        ("none", "no-fresh-noise", "stopped-clock", "reversed-clock"),
        live=True,
        help="what the sampler does wrong",
    )
    schedule = Choice("linear", ("linear", "cosine"), help="how fast the noise comes")
    weighting = Choice("simple", ("simple", "bound"), help="of the noise levels in the loss")
    shrink = Toggle(True, help="shrink by √(1-β) in each noising step")
    data = File("digits", kind="images", help="what it learns; your own become 8×8, grey")
    steps = Int(2500, min=10, max=50_000, log=True, help="batches to train on")

    def run(self, stage):
        x, y, x_test, y_test = (part.to(stage.device) for part in read(self.data))
        real, kinds = x_test, int(y.max()) + 1
        x, x_test = x.flatten(1) * 2 - 1, x_test.flatten(1) * 2 - 1  # [N, 64], from -1 to 1
        beta, alpha_bar = (values.to(stage.device) for values in noise_schedule(self.schedule))
        signal, noise = alpha_bar.sqrt(), (1 - alpha_bar).sqrt()
        judge = Judge(stage.device) if self.data == "digits" else None  # it knows no others

        # Forward, step by step: every training image walks into the noise.
        walk, strip, gap = x, [x[0]], 0.0
        shown = [0, 20, 60, 200]
        for step in stage.loop(T, "noising"):
            t = step + 1
            walk = walk * (1 - beta[t]).sqrt() if self.shrink else walk
            walk = walk + beta[t].sqrt() * torch.randn_like(walk)
            told = alpha_bar[t] * x.square().mean() + 1 - alpha_bar[t]  # by the closed form
            gap = max(gap, (walk.square().mean() / told - 1).abs().item())
            if t in shown:
                strip.append(walk[0])
                jump = [signal[t] * x[0] + noise[t] * torch.randn_like(x[0]) for t in shown]
                both = torch.stack(strip + jump[: len(strip)]).view(-1, 1, 8, 8)
                captions = [f"t={t}" for t in shown[: len(strip)]] + ["jump"] * len(strip)
                stage.image(
                    "forward", both, captions=captions, columns=len(strip), low=-1.5, high=1.5
                )
        snr = alpha_bar[1:] / (1 - alpha_bar[1:])
        stage.measure(variance=walk.var(), walk_gap=gap, hopeless=(snr < 0.01).float().mean())

        model, average = Denoiser().to(stage.device), Denoiser().to(stage.device)
        average.load_state_dict(model.state_dict())
        stage.watch(model)
        optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, fused=True)
        # What the bound on the likelihood asks of each level: β² / (2 σ² α (1 - ᾱ)), σ² = β.
        bound = beta[1:] / (2 * (1 - beta[1:]) * (1 - alpha_bar[1:]))
        bound = torch.cat([torch.zeros_like(bound[:1]), bound / bound.mean()])
        quiz_t = torch.arange(1, T + 1, device=stage.device)  # one test image for each level
        quiz_noise = torch.randn(T, 64, device=stage.device)
        quiz = (quiz_t - 1) % len(x_test)
        quiz_x = signal[quiz_t, None] * x_test[quiz] + noise[quiz_t, None] * quiz_noise
        shop = Sampler(stage, self, average, alpha_bar, 50, kinds)
        spread = within_class_distance(x_test, y_test)
        stage.axes("loss", x="step", y="error", log="y")
        stage.axes("noise schedule", x="level")
        stage.axes(
            "judge", x="step", y="share", lines={"test digits": judge.accuracy} if judge else {}
        )
        with stage.probe(average):  # noise: what the samples begin as
            judged(stage, judge, shop, spread, 0)

        for step in stage.loop(self.steps, "training"):
            for group in optimizer.param_groups:
                group["lr"] = 2e-3 * (1 + math.cos(math.pi * step / self.steps)) / 2
            pick = torch.randint(len(x), (64,)).to(stage.device)
            t = torch.randint(1, T + 1, (64,)).to(stage.device)
            e = torch.randn(64, 64).to(stage.device)
            hidden = torch.rand(64).to(stage.device) < 0.1
            noisy = signal[t, None] * x[pick] + noise[t, None] * e  # any level in one jump
            guess = model(noisy, t, torch.where(hidden, NOBODY, y[pick]))
            error = (guess - e).square().mean(1)  # [64]
            loss = (error * bound[t]).mean() if self.weighting == "bound" else error.mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            with torch.no_grad():
                for slow, fast in zip(average.parameters(), model.parameters(), strict=True):
                    slow.lerp_(fast, 0.005 if step > 200 else 0.05)

            if stage.every(5) or stage.changed("passes"):
                stage.curve("loss", train=error.mean())
                if stage.changed("passes"):
                    shop.begin()
                with stage.probe(average):
                    for _ in range(math.ceil(self.passes / 25)):
                        if shop.step():
                            judged(stage, judge, shop, spread, step)
                            shop.begin()
                    shop.show()
            if stage.every(50):
                with stage.probe(average):
                    by_level = average(quiz_x, quiz_t, y_test[quiz]) - quiz_noise
                    by_level = by_level.square().mean(1)  # [T]
                stage.curve(
                    "loss",
                    {"almost clean": by_level[:10].mean(), "almost noise": by_level[-50:].mean()},
                )
                stage.plot(
                    "noise schedule",
                    torch.arange(5, T, 10),
                    {
                        "ᾱ linear": noise_schedule("linear")[1][6::10],
                        "ᾱ cosine": noise_schedule("cosine")[1][6::10],
                        "error": by_level.view(-1, 10).mean(1),
                    },
                )

        many = Sampler(stage, self, average, alpha_bar, 200, kinds)
        few = Sampler(stage, self, average, alpha_bar, 200, kinds, sampler="ddim", passes=10)
        twins = [Sampler(stage, self, average, alpha_bar, 100, kinds, guidance=0) for _ in range(2)]
        twins[1].x = twins[0].x
        twins[1].dice.manual_seed(stage.seed + 1)
        at_work = [many, few, *twins]
        for _ in stage.loop(max(self.passes, 10), "sampling"):
            with stage.probe(average):
                at_work = [sampler for sampler in at_work if not sampler.step()]
                many.show()
        images = many.images()
        judged(stage, judge, many, spread, self.steps)
        stage.measure(
            variety=within_class_distance(many.x, many.digit) / spread,
            error_clean=by_level[:2].mean(),
            error_noise=by_level[-50:].mean(),
            first_share=bound[1] * by_level[0] / (bound[1:] * by_level).sum(),
        )
        if judge is None:
            return
        one, other = (judge.classes(twin.images()) for twin in twins)
        shares = torch.cat([one, other]).bincount(minlength=10) / 200
        stage.measure(
            right_class=(judge.classes(images) == many.digit).float().mean(),
            confidence=judge.confidence(images).mean(),
            few_right=(judge.classes(few.images()) == few.digit).float().mean(),
            frechet=judge.distance(images, real),
            frechet_few=judge.distance(few.images(), real),
            frechet_gaussian=judge.distance(pictures(gaussian_fit(x, 200)), real),
            twins=(one == other).float().mean(),
            rarest=shares.min(),
            kinds=(-(shares * shares.clamp(min=1e-9).log()).sum()).exp(),
        )

    @claim(
        "after all noising steps the variance of the pictures is 1, within 5 %",
        breaks={"shrink": False, "steps": 10, "passes": 5},
    )
    def keeps_variance(self, measured):
        return measured.variance.between(0.95, 1.05)

    @claim(
        "one jump to level t does what t steps do: their mean squares agree within 3 % everywhere",
        breaks={"shrink": False, "steps": 10, "passes": 5},
    )
    def jump_is_walk(self, measured):
        return measured.walk_gap < 0.03

    @claim(
        "a quarter of the linear schedule is wasted: at those levels the noise has more than a "
        "hundred times the power of the signal",
        breaks={"schedule": "cosine", "steps": 10, "passes": 5},
    )
    def linear_wastes(self, measured):
        return measured.hopeless > 0.25

    @claim(
        "the least noisy pictures are the hardest: there the error is over 20 times that at the "
        "noisiest quarter of the levels",
        breaks={"steps": 10, "passes": 5},
    )
    def hardest_when_clean(self, measured):
        return measured.error_clean / measured.error_noise > 20

    @claim(
        "the first level alone makes up over 15 % of the bound on the likelihood: it cannot be "
        "dropped as small",
        breaks={"schedule": "cosine", "steps": 300},
    )
    def first_level_counts(self, measured):
        return measured.first_share > 0.15

    @claim(
        "the judge sees the digit that was asked for in over 90 % of the samples",
        breaks={"guidance": 0.0, "steps": 300},
    )
    def right_class(self, measured):
        return measured.right_class > 0.9

    @claim(
        "samples are nearer to real digits than noise with the means and covariances of their "
        "pixels: its Fréchet distance is over 1.5 times as large",
        breaks={"mistake": "reversed-clock", "steps": 600},
    )
    def near_real(self, measured):
        return measured.frechet_gaussian / measured.frechet > 1.5

    @claim(
        "samples of one digit differ from each other at least half as much as real ones do",
        breaks={"mistake": "no-fresh-noise", "steps": 300},
    )
    def varied(self, measured):
        return measured.variety > 0.5

    @claim(
        "without a class told, no digit takes over: as varied as 5 equally frequent ones or more",
        breaks={"mistake": "no-fresh-noise", "steps": 300},
    )
    def balanced(self, measured):
        return measured.kinds > 5

    @claim(
        "DDIM needs 10 passes where the ancestral sampler takes 200: over 90 % right",
        breaks={"steps": 100},
    )
    def few_passes(self, measured):
        return measured.few_right > 0.9

    @claim(
        "the first noise does not decide: two runs from the same one agree on the digit in under "
        "30 % of cases",
        breaks={"sampler": "ddim", "passes": 20, "steps": 300},
    )
    def noise_on_the_way_decides(self, measured):
        return measured.twins < 0.3


def judged(stage, judge, shop, spread, step):
    """Show finished samples over the digits asked for, and what the judge makes of them."""
    images = shop.images()
    variety = within_class_distance(shop.x, shop.digit) / spread
    if judge is None:
        stage.image("samples", images, low=0, high=1)
        stage.curve("judge", variety=variety, x=step)
        return
    asked = [str(digit) for digit in shop.digit.tolist()]
    stage.image("samples", images, captions=asked, low=0, high=1)
    right = (judge.classes(images) == shop.digit).float().mean()
    stage.curve(
        "judge",
        {
            "right class": right,
            "confidence": judge.confidence(images).mean(),
            "variety": variety,
        },
        x=step,
    )


def pictures(x):
    """x [N, 64], from -1 to 1 -> [N, 1, 8, 8], from 0 to 1."""
    return ((x.clamp(-1, 1) + 1) / 2).view(-1, 1, 8, 8)


def gaussian_fit(x, count):
    """Noise [count, 64] with the means and covariances of x [N, 64], and nothing else of it."""
    covariance = torch.cov(x.T) + 1e-4 * torch.eye(64, device=x.device)
    return x.mean(0) + torch.randn(count, 64).to(x.device) @ torch.linalg.cholesky(covariance).T


def within_class_distance(x, digit):
    """The mean distance between two pictures [N, 64] of the same digit."""
    means = [torch.pdist(x[digit == d]).mean() for d in range(10) if (digit == d).any()]
    return torch.stack(means).mean()


class Sampler:
    """Walks a batch of pictures from noise to digits, one network pass a step."""

    def __init__(self, stage, scene, model, alpha_bar, count, kinds=10, **fixed):
        self.stage, self.scene, self.model, self.alpha_bar = stage, scene, model, alpha_bar
        self.fixed = fixed  # settings that do not follow the scene's
        self.dice = torch.Generator().manual_seed(stage.seed)
        self.digit = torch.arange(count, device=stage.device) % kinds
        self.begin()

    def setting(self, name):
        return self.fixed.get(name, getattr(self.scene, name))

    def noise(self):
        return torch.randn(len(self.digit), 64, generator=self.dice).to(self.digit.device)

    def begin(self):
        self.x = self.clean = self.noise()
        levels = torch.linspace(T, 1, self.setting("passes")).round().long().tolist()
        self.levels = [*levels, 0]

    def step(self):
        """One pass; whether it was the last."""
        t, s = self.levels[0], self.levels[1]  # from level t to level s
        a, b = self.alpha_bar[t], self.alpha_bar[s]
        e = self.guess(t)
        self.clean = ((self.x - (1 - a).sqrt() * e) / a.sqrt()).clamp(-1, 1)
        if self.setting("sampler") == "ddim":  # Song et al. (2020)
            e = (self.x - a.sqrt() * self.clean) / (1 - a).sqrt()
            self.x = b.sqrt() * self.clean + (1 - b).sqrt() * e
        else:  # Ho et al. (2020): the mean of q(x at s | x at t, clean), and fresh noise
            beta = 1 - a / b
            mean = b.sqrt() * beta * self.clean + (1 - beta).sqrt() * (1 - b) * self.x
            self.x = mean / (1 - a)
            if s > 0 and self.setting("mistake") != "no-fresh-noise":
                self.x = self.x + beta.sqrt() * self.noise()
        self.levels.pop(0)
        return len(self.levels) == 1

    def guess(self, t):
        clock = {"stopped-clock": T // 2, "reversed-clock": T + 1 - t}
        t = torch.full_like(self.digit, clock.get(self.setting("mistake"), t))
        strength = self.setting("guidance")
        if strength == 1:
            return self.model(self.x, t, self.digit)
        free = self.model(self.x, t, torch.full_like(self.digit, NOBODY))
        if strength == 0:
            return free
        return free + strength * (self.model(self.x, t, self.digit) - free)

    def images(self):
        return pictures(self.x)

    def show(self):
        both = torch.cat([self.x[:4], self.clean[:4]]).view(-1, 1, 8, 8)
        captions = [f"t={self.levels[0]}"] * 4 + ["guess"] * 4
        self.stage.image("denoising", both, captions=captions, columns=4, low=-1.5, high=1.5)
