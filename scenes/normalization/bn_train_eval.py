r"""
# The two lives of a BatchNorm layer

In training, BatchNorm (BN) normalizes by the batch at hand. What should it do with a single image?
The usual answer, "there is no batch then", is not the real reason. Even with a batch, an image's
answer would depend on *which others it came with*. See **one image**: the same digit among fifty
different sets of mates. In train mode its answer wavers; in eval mode it is what it is alone.

So every BN layer leads two lives. In training it also keeps *running averages*,

    μ̄ₜ = η μ̄ₜ₋₁ + (1 − η) μ        σ̄²ₜ = η σ̄²ₜ₋₁ + (1 − η) s²

and at inference it uses these constants instead: ẑ = (z − μ̄) / √(σ̄² + ε). Four things go wrong:

- **The sign of ε.** One finds √(σ̄² − ε) printed. It must be **+**: a unit whose variance is below
  ε (a dead one) would ask for the root of a negative number, NaN. (`epsilon_sign=minus`)
- **What is averaged.** Not σ, as one also reads, but the variance, and the *unbiased* one,
  s² = σ²·N/(N−1). For true variance 4 and batches of 2 the average of σ, squared, is near 4/π, of
  the biased σ² near 2, of s² near 4: **running variance**. (`average=deviation`, `small=64`)
- **momentum.** PyTorch's `momentum=0.1` is 1 − η: it is the weight of the *new* batch. Who copies
  η = 0.99 there keeps next to nothing of the past.
- **When one looks.** The averages start at 0 and 1 and lag behind. Eval mode badly underrates a
  young net: in its first ten updates it may lose twenty points and more, at the end nothing. See
  **two modes**.

## How small may a batch be?

A mean over N examples has the standard error σ/√N: **statistics' noise**, measured on real units.
It is not a matter of taste below which N that is too much. In this multilayer perceptron (MLP),
after equally many examples, N = 4 is a bit worse and N = 2 is ruined: of two numbers only *which is
larger* survives, ẑ is +1 and −1, whatever they were. (N = 1 leaves only zeros, and PyTorch refuses
it.) LayerNorm, which takes its mean over the units, doesn't notice. And splitting a batch over many
devices makes N the share of one device, unless they exchange their sums.

"Below 8 to 16 examples BN fails" is wrong as a rule, for it is not examples that count. In a
convolutional net (CNN) the statistics of a channel pool N·H·W values: at N = 2, with 8×8 maps,
128 of them. **smallest batch** shows the same pairs of images to five CNNs, and there BN is among
the best.

## Watch

- **two modes**: test accuracy by running averages and by the statistics of the test set.
- **one image**: its class's probability among 50 sets of mates. It is the test digit about which
  the net is least sure. (The claim takes the mean spread of the ten least sure ones.)
- **by batch size**: the MLP's, all arms having seen equally many digits; **smallest batch**: N = 2.

## Try

- `momentum=0.9`: the averages follow at once. `momentum=0.001`: even at the end they have hardly
  left their start, and eval mode is still behind.
- `mates=256`: among many, an image's answer wavers less.
- `mode=train`: "inference" in train mode wavers too, and alone (N = 1) knows nothing.
- `small=8`: the ruined arm gets batches of 8 and is well. `small=64`: from the same few digits that
  is one update in eight steps, and LayerNorm too has learned less.
- `pooling=pixel`: a mean for each pixel instead of each channel, and the CNN is ruined as well.
- `order=sorted`: batches of one class each. They are no sample of the whole: their means err by
  far more than σ/√N, and such a net learns nothing.
"""

import torch
from torch import nn
from torch.nn import functional as fn

from dlplay import Choice, Float, Int, Scene, claim
from dlplay.data import digits
from dlplay.nn.batched import BatchedLinear, accuracies, losses, side_by_side

EPS = 1e-5
SIZES = (4, 8, 16, 32)  # of batches, besides the smallest
CNNS = ("none", "batch", "layer", "instance", "group")
RATE = 0.1  # of SGD in the MLPs; the CNNs' is a third


class BatchNorm(nn.Module):
    """Batch normalization with both its lives: [N, features] -> [N, features]."""

    def __init__(self, features, momentum, average, sign):
        super().__init__()
        self.momentum, self.average, self.sign = momentum, average, sign
        self.gamma = nn.Parameter(torch.ones(features))
        self.beta = nn.Parameter(torch.zeros(features))
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("spread", torch.ones(features))  # a variance, or a deviation

    def forward(self, z, own=False):
        """By the batch's own statistics in training, or where asked; else by running averages."""
        if self.training or own:
            variance, mean = torch.var_mean(z, 0, correction=0)
            if self.training:
                self.update(mean.detach(), variance.detach(), len(z))
            return self.gamma * (z - mean) / (variance + EPS).sqrt() + self.beta
        variance = self.spread**2 if self.average == "deviation" else self.spread
        ẑ = (z - self.mean) / (variance + self.sign * EPS).sqrt()
        return self.gamma * ẑ + self.beta

    def update(self, mean, variance, n):
        self.mean.lerp_(mean, self.momentum)  # (1 − momentum) of the old, momentum of the new
        self.spread.lerp_(kept(variance, n, self.average), self.momentum)


def kept(variance, n, average):
    """What the running average gets from a batch of n, given its mean square deviation."""
    if average == "deviation":
        return variance.sqrt()
    return variance if average == "biased" else variance * n / max(n - 1, 1)


class Net(nn.Module):
    """64-64-10 with one BatchNorm."""

    def __init__(self, *options):
        super().__init__()
        self.first, self.norm, self.last = (
            nn.Linear(64, 64),
            BatchNorm(64, *options),
            nn.Linear(64, 10),
        )

    def forward(self, x, own=False):
        return self.last(self.norm(self.first(x), own).relu())


class TwoMLPs(nn.Module):
    """64-64-64-10, once with batch norm and once with layer norm: [N, 64] -> [N, 2, 10]."""

    def __init__(self):
        super().__init__()
        self.hidden = nn.ModuleList([BatchedLinear(2, 64, 64), BatchedLinear(2, 64, 64)])
        self.last = BatchedLinear(2, 64, 10, gain=1)
        self.gamma = nn.Parameter(torch.ones(2, 2, 64))  # [layer, net, unit]
        self.beta = nn.Parameter(torch.zeros(2, 2, 64))
        self.register_buffer("mean", torch.zeros(2, 64))
        self.register_buffer("variance", torch.ones(2, 64))

    def forward(self, x):
        x = side_by_side(x, 2)
        for k, linear in enumerate(self.hidden):
            z = linear(x)  # [N, 2, 64]
            batch = fn.batch_norm(z[:, 0], self.mean[k], self.variance[k], training=self.training)
            layer = fn.layer_norm(z[:, 1], (64,))
            x = (torch.stack([batch, layer], 1) * self.gamma[k] + self.beta[k]).relu()
        return self.last(x)


class FiveCNNs(nn.Module):
    """Two convolutions of 16 channels, once with each norm: [N, 1, 8, 8] -> [N, 5, 10]."""

    def __init__(self, pooling):
        super().__init__()
        self.pooling = pooling
        self.first = nn.Conv2d(5, 80, 3, padding=1, groups=5)
        self.second = nn.Conv2d(80, 80, 3, padding=1, groups=5)
        self.last = BatchedLinear(5, 256, 10, gain=1)
        self.gamma = nn.Parameter(torch.ones(2, 80, 1, 1))
        self.beta = nn.Parameter(torch.zeros(2, 80, 1, 1))
        for k, cells in enumerate((64, 16)):
            features = 16 * cells if pooling == "pixel" else 16
            self.register_buffer(f"mean{k}", torch.zeros(features))
            self.register_buffer(f"variance{k}", torch.ones(features))

    def forward(self, x):
        x = fn.max_pool2d(self.norm(self.first(x.expand(-1, 5, -1, -1)), 0).relu(), 2)
        x = self.norm(self.second(x), 1).relu()  # [N, 80, 4, 4]
        return self.last(x.reshape(len(x), 5, 256))

    def norm(self, z, k):
        none, batch, layer, instance, group = z.chunk(5, 1)  # [N, 16, H, W] each
        mean, variance = getattr(self, f"mean{k}"), getattr(self, f"variance{k}")
        cells = batch.flatten(1) if self.pooling == "pixel" else batch
        cells = fn.batch_norm(cells, mean, variance, training=self.training)
        normed = [
            none,
            cells.reshape(batch.shape),
            fn.layer_norm(layer, layer.shape[1:]),
            fn.instance_norm(instance),
            fn.group_norm(group, 4),
        ]
        return torch.cat(normed, 1) * self.gamma[k] + self.beta[k]


def descend(net, x, y, rate):
    """One step of SGD for nets side by side."""
    net.zero_grad()
    losses(net(x), y).sum().backward()
    with torch.no_grad():
        for p in net.parameters():
            p -= rate * p.grad


class BatchNormTrainEval(Scene):
    covers = {
        "BatchNorm During Inference": (
            "two modes",
            "one image",
            "running variance",
            "young",
            "grown",
            "mates_matter",
            "alone",
            "plus_epsilon",
            "deviation",
            "biased",
            "unbiased",
            "convention",
        ),
        "Limitations of BatchNorm": (
            "statistics' noise",
            "by batch size",
            "smallest batch",
            "mean_noise",
            "variance_noise",
            "ruined",
            "four",
            "layer_at_two",
            "cnn_at_two",
        ),
    }
    panels = ("two modes", "one image", "by batch size", "smallest batch", "statistics' noise",
              "running variance")  # fmt: skip
    quick = {"steps": 10}

    batch = Int(32, min=2, max=128, log=True, live=True, help="digits in a batch, in two modes")
    momentum = Float(
        0.1, min=0.001, max=0.9, log=True, live=True, help="weight of the new batch in the averages"
    )
    average = Choice(
        "unbiased", ("unbiased", "biased", "deviation"), help="what the running average is of"
    )
    epsilon_sign = Choice("plus", ("plus", "minus"), help="sign of ε at inference")
    mode = Choice("eval", ("eval", "train"), live=True, help="how inference is done for one image")
    mates = Int(8, min=2, max=256, log=True, live=True, help="size of the one image's batches")
    order = Choice(
        "random", ("random", "sorted"), help="the MLPs' batches at random, or of one class each"
    )
    small = Int(
        2,
        min=2,
        max=64,
        log=True,
        help="the smallest batch: of MLPs, CNNs, and of running variance",
    )
    pooling = Choice("channel", ("channel", "pixel"), help="what a mean of the CNN's BN is over")
    steps = Int(300, min=10, max=2000, help="updates; the small batches see 8 digits each time")

    def run(self, stage):
        device = stage.device
        images, labels, test_images, test_labels = (part.to(device) for part in digits())
        x, test_x = images.flatten(1), test_images.flatten(1)  # [1400, 64], [397, 64]
        self.classes = [(labels == c).nonzero()[:, 0].cpu() for c in range(10)]

        sign = 1 if self.epsilon_sign == "plus" else -1
        net = Net(self.momentum, self.average, sign).to(device)
        trainer = torch.optim.Adam(net.parameters(), lr=0.01, fused=device != "mps")
        sizes = sorted({self.small, *SIZES})
        mlps = {n: TwoMLPs().to(device) for n in sizes}
        cnns = FiveCNNs(self.pooling).to(device)
        stage.watch(net)
        ways = ("unbiased", "biased", "deviation")
        running = {way: torch.ones(4096) for way in ways}  # 4096 units of true variance 4

        stage.axes("two modes", y="right answers", lines={"chance": 0.1})
        stage.axes("one image", x="mates", y="p(right class)")
        stage.axes("by batch size", x="N", y="right answers", log="x")
        stage.axes("statistics' noise", x="N", y="error / σ or σ²", log="xy")
        stage.axes("running variance", lines={"true variance": 4})
        young = 0.0

        for step in stage.loop(self.steps):
            net.norm.momentum = self.momentum
            if stage.every(10) or step <= 10:
                with stage.probe(net):
                    by_running = right(net(test_x), test_labels)
                    by_batch = right(net(test_x, own=True), test_labels)
                stage.curve("two modes", {"running": by_running, "batch's own": by_batch})
                if step <= 10:
                    young = max(young, by_batch - by_running)
            i = self.draw(self.batch, 1)[0].to(device)
            trainer.zero_grad()
            fn.cross_entropy(net(x[i]), labels[i]).backward()
            trainer.step()

            # Equal examples for all: eight a step
            for n, mlp in mlps.items():
                for _ in range(8 // n if n <= 8 else step % (n // 8) == 0):
                    i = self.draw(n, 1)[0].to(device)
                    descend(mlp, x[i], labels[i], RATE)
            for _ in range(max(8 // self.small, 1)):
                i = torch.randint(len(x), (self.small,)).to(device)
                descend(cnns, images[i], labels[i], RATE / 3)

            variance = (2 * torch.randn(self.small, 4096)).var(0, correction=0)
            for way, value in running.items():
                value.lerp_(kept(variance, self.small, way), self.momentum)
            estimates = {w: v.mean().item() for w, v in running.items()}
            estimates["deviation"] **= 2  # an average of σ, to be squared
            stage.curve("running variance", {
                "of s²": estimates["unbiased"],
                "of σ²": estimates["biased"],
                "of σ, squared": estimates["deviation"],
            })  # fmt: skip

            if stage.every(10) or stage.changed("mode", "mates"):
                with stage.probe(net):
                    self.one_image(stage, net, x, test_x, test_labels)
            if stage.every(20):
                with stage.probe(*mlps.values(), cnns):
                    mlp_right = {n: accuracies(m(test_x), test_labels) for n, m in mlps.items()}
                    cnn_right = accuracies(cnns(test_images), test_labels)
                kinds = {"batch norm": 0, "layer norm": 1}
                stage.plot("by batch size", sizes, {
                    kind: [r[k].item() for r in mlp_right.values()] for kind, k in kinds.items()
                })  # fmt: skip
                least = mlp_right[self.small]
                stage.bars("smallest batch", [
                    "MLP batch", "MLP layer", *(f"CNN {name}" for name in CNNS),
                ], torch.cat([least, cnn_right]), unit="right")  # fmt: skip
            if stage.every(50):
                with stage.probe(net):
                    noise = self.noise(stage, net.first(x))

        with stage.probe(net):
            by_running = right(net(test_x), test_labels)
            by_batch = right(net(test_x, own=True), test_labels)
            unsure = net(test_x).softmax(1).amax(1).argsort()[:10]
            wavering = [
                self.among_mates(net, test_x[k], test_labels[k], x, own=True).std() for k in unsure
            ]
            meter = nn.BatchNorm1d(1, momentum=self.momentum).to(device)
            for _ in range(10):  # batches of mean 1
                meter(torch.tensor([[0.0], [2.0]], device=device))
            dead = BatchNorm(64, 1.0, "biased", sign).to(device)
            dead.update(torch.zeros(64, device=device), torch.full((64,), 1e-6, device=device), 2)
            dead = dead.eval()(0.001 * torch.randn(100, 64, device=device))
        stage.measure(
            young=young,
            grown=abs(by_batch - by_running),
            wavering=torch.stack(wavering).mean(),
            finite=torch.isfinite(dead).float().mean(),
            unbiased=estimates["unbiased"],
            biased=estimates["biased"],
            deviation=estimates["deviation"],
            kept=estimates[self.average],
            convention=meter.running_mean.item(),
            mean_noise=max(abs(ratio - 1) for ratio in noise[0]),
            variance_noise=max(abs(ratio - 1) for ratio in noise[1][2:]),
            batch_smallest=least[0],
            batch_at_4=mlp_right[4][0],
            layer_smallest=least[1],
            cnn_smallest=cnn_right[1],
        )

    def draw(self, n, count):
        """The digits of `count` batches of n: [count, n]."""
        if self.order == "random":
            return torch.randint(1400, (count, n))
        batches = []
        for c in torch.randint(10, (count,)):
            own = self.classes[c]
            batches.append(own[torch.randint(len(own), (n,))])
        return torch.stack(batches)

    def one_image(self, stage, net, x, test_x, test_labels):
        """The least certain test digit among 50 sets of mates, in train mode and at inference."""
        k = net(test_x).softmax(1).amax(1).argmin()
        own = self.mode == "train"
        used = self.among_mates(net, test_x[k], test_labels[k], x, own)
        alone = net(test_x[k : k + 1], own).softmax(1)[0, test_labels[k]]
        train = self.among_mates(net, test_x[k], test_labels[k], x, own=True)
        stage.plot("one image", range(1, 51), {
            "train mode": train,
            f"inference ({self.mode})": used,
        }, scatter=True)  # fmt: skip
        stage.measure(alone=(used - alone).abs().max())

    def among_mates(self, net, image, label, x, own):
        """The right class's probability for an image [64] in 50 batches: [50]."""
        found = []
        for _ in range(50):
            mates = x[torch.randint(len(x), (self.mates - 1,)).to(x.device)]
            found.append(net(torch.cat([image[None], mates]), own).softmax(1)[0, label])
        return torch.stack(found)

    def noise(self, stage, z):
        """Of a batch's mean, times √N / σ, and of its variance, times √(N/2) / σ²: medians over
        the units z [1400, 64], by batch size."""
        variance, _ = torch.var_mean(z, 0, correction=0)
        keep = variance > 1e-8
        sizes = (2, 4, 8, 16, 32, 64, 128)
        of_mean, of_variance = [], []
        for n in sizes:
            batches = z[self.draw(n, 200)][..., keep]  # [200, n, units]
            variances, means = torch.var_mean(batches, 1, correction=0)
            of_mean.append((means.std(0) / variance[keep].sqrt()).median().item())
            of_variance.append((variances.std(0) / variance[keep]).median().item())
        stage.plot("statistics' noise", sizes, {
            "mean": of_mean,
            "1/√N": [n**-0.5 for n in sizes],
            "variance": of_variance,
            "√(2/N)": [(2 / n) ** 0.5 for n in sizes],
        })  # fmt: skip
        return (
            [v * n**0.5 for n, v in zip(sizes, of_mean, strict=True)],
            [v * (n / 2) ** 0.5 for n, v in zip(sizes, of_variance, strict=True)],
        )

    @claim(
        "within the first 10 updates the running averages cost over 10 points of accuracy",
        breaks={"momentum": 0.9, "steps": 12},
    )
    def young(self, measured):
        return measured.young > 0.1

    @claim(
        "at the end both modes agree within 2 points",
        breaks={"momentum": 0.001, "steps": 30},
    )
    def grown(self, measured):
        return measured.grown < 0.02

    @claim(
        "in train mode an unsure answer depends on the mates: its probability wavers by over 0.1",
        breaks={"mates": 256, "steps": 20},
    )
    def mates_matter(self, measured):
        return measured.wavering > 0.1

    @claim(
        "at inference it is what it is alone, within 0.00001",
        breaks={"mode": "train", "steps": 10},
    )
    def alone(self, measured):
        return measured.alone < 1e-5

    @claim(
        "with + ε a dead unit, of variance 10⁻⁶, is normalized to finite numbers",
        breaks={"epsilon_sign": "minus", "steps": 10},
    )
    def plus_epsilon(self, measured):
        return measured.finite == 1

    @claim(
        "what is averaged estimates the true variance, 4, within 5 %",
        breaks={"average": "deviation", "steps": 20},
    )
    def unbiased(self, measured):
        return measured.kept.between(3.8, 4.2)

    @claim(
        "with batches of 2 the average of σ² comes to half of it, 2, within 5 %",
        breaks={"small": 64, "steps": 40},
    )
    def biased(self, measured):
        return measured.biased.between(1.9, 2.1)

    @claim(
        "the average of σ, squared, to 4/π = 1.27, within 5 %",
        breaks={"small": 64, "steps": 40},
    )
    def deviation(self, measured):
        return measured.deviation.between(1.21, 1.34)

    @claim(
        "momentum = 0.1 keeps η = 0.9 of the old: ten batches of mean 1 give 1 − 0.9¹⁰ = 0.651",
        breaks={"momentum": 0.9, "steps": 12},
    )
    def convention(self, measured):
        return measured.convention.between(0.65, 0.652)

    @claim(
        "a batch's mean errs by σ/√N, for N = 2 to 128 (within 15 %)",
        breaks={"order": "sorted", "steps": 50},
    )
    def mean_noise(self, measured):
        return measured.mean_noise < 0.15

    @claim(
        "its variance by about √(2/N) of σ², for N = 8 to 128 (within 35 %)",
        breaks={"order": "sorted", "steps": 50},
    )
    def variance_noise(self, measured):
        return measured.variance_noise < 0.35

    @claim(
        "an MLP with batch norm and batches of 2 is ruined: under 75 % right",
        breaks={"small": 8, "steps": 60},
    )
    def ruined(self, measured):
        return measured.batch_smallest < 0.75

    @claim(
        "with batches of 4 it has over 80 %",
        breaks={"order": "sorted", "steps": 50},
    )
    def four(self, measured):
        return measured.batch_at_4 > 0.8

    @claim(
        "with layer norm and batches of 2 over 75 %",
        breaks={"small": 64, "steps": 40},
    )
    def layer_at_two(self, measured):
        return measured.layer_smallest > 0.75

    @claim(
        "a CNN with batch norm and batches of 2 has over 85 %",
        breaks={"pooling": "pixel", "steps": 60},
    )
    def cnn_at_two(self, measured):
        return measured.cnn_smallest > 0.85


def right(logits, y):
    return (logits.argmax(1) == y).float().mean().item()
