"""
# Where do the filters come from?

Nobody draws the filters of a net. They start as noise, and after training they look like edges and
bars. Is that because the pictures are full of bars?

Here a net must name the angle of a bar. It has few parts: **filters** of 7×7, each slid over the
picture, what is below 0 cut off, of each map only the largest answer, and one linear layer on
those. Two such nets start alike and see the same pictures. One learns from the true angles, the
other from answers **drawn by lot**.

The pictures pull on both alike. Yet only the net with true answers gets filters with a shape. For
the weight k at place i of a filter the gradient is

    ∂L/∂k(i) = Σ error · x(place + i)

summed over the pictures; L is the loss, x the picture, *place* where the filter answered most, and
*error* what comes down from the loss. With true answers, patches that speak for an angle are added
and those that speak against it are taken away, again and again, so their shape stays. Answers by
lot give errors of random sign: what one step adds, another takes away. A filter takes the shape of
what **separates the classes**, not of what is in the pictures.

How much shape there is, two numbers say. **Selectivity** is 0 for a filter that changes alike in
all directions and 1 for one direction only. **Smoothness** is the correlation of weights that are
neighbours: 0 for noise.

To see what a filter wants one often shows the mean of the patches that excite it most. Beware:
they were chosen for being like the filter. Even a filter of pure noise finds its own shape again, a
little.

## Tomorrow

Look at the first layer's filters. Noise there means that they have learned nothing, whatever the
accuracy: too small a rate, too few steps, too little data for the noise in it, or wrong labels.
Show favourite patches beside those of an untrained net.
"""

import torch
from torch import nn
from torch.nn.functional import conv2d, cosine_similarity, cross_entropy

from dlplay import Float, Int, Scene, Try
from dlplay.data import bars

K = 7  # a side of a filter


class LearnedFilters(Scene):
    covers = ("What Do Convolutional Filters Learn?",)
    panels = {
        "filters": "at the start, after true answers, after answers by lot; number: selectivity",
        "favourites": "mean of the 50 patches that excite a filter most, and how like it they are",
        "shape": "with true answers; higher: nearer to one direction, smoother, more angles named",
    }
    claims = {
        "oriented": "true answers: the mean selectivity of the filters rises by 0.2 or more",
        "by_the_error": "and ends 0.2 or more above that of the filters with answers by lot",
        "smooth": "true answers: the correlation of neighbouring weights rises by 0.25 or more",
        "accurate": "the net names the angle of 0.95 or more of 1,000 new bars",
        "found_again": "favourites are like the filter: cosine 0.1 or more above untrained ones",
    }
    tries = (
        Try(
            "noise=3",
            "The noise is raised to 3. What do the filters become?",
            ("smoother", "noise", "the same bars"),
            right=2,
            breaks=("oriented", "smooth", "accurate", "found_again"),
            why="The patch that wins is now the one whose noise fits best, and so it is noise that "
            "is added to the filter.",
        ),
        Try(
            "learning_rate=.0003",
            "A thirtieth of the rate. After the same 300 steps, what do you have?",
            (
                "the same filters: 300 steps are plenty",
                "no shape in the filters, and guessing",
                "no shape in the filters, yet most bars are right",
            ),
            right=3,
            breaks=("oriented", "smooth", "accurate"),
            why="The linear layer learns to read whatever the random filters answer. That a net is "
            "right does not tell you that its filters have learned.",
        ),
        Try(
            "orientations=2",
            "Only level and upright bars. What do the eight filters look for?",
            ("eight directions", "two, each several times", "two; the others stay noise"),
            right=2,
            keeps=("oriented", "accurate"),
            why="The answers ask for two directions only. More filters look for the same again.",
        ),
    )
    quick = {"steps": 20}
    pace = 100

    noise = Float(0.25, min=0, max=3, step=0.05, live=True, help="noise on every pixel")
    filters = Int(8, min=2, max=16, help="filters of each net")
    orientations = Int(4, min=2, max=6, help="angles, which are the classes")
    learning_rate = Float(0.01, min=1e-4, max=0.1, log=True, live=True, help="of Adam")
    steps = Int(300, min=10, max=5000, log=True, help="steps of both nets, 64 pictures each")

    def run(self, stage):
        clear, y = bars(4000, noise=0, orientations=self.orientations)  # [4000, 1, 20, 20], [4000]
        clear, y = clear.to(stage.device), y.to(stage.device)
        F, angles = self.filters, self.orientations

        k = torch.randn(F, 1, K, K) / K  # both nets start with the same filters
        k = k.repeat(2, 1, 1, 1).to(stage.device).requires_grad_()  # [2F, 1, K, K]
        b = torch.zeros(2 * F, device=stage.device, requires_grad=True)
        readout = torch.randn(2, F, angles) / F**0.5
        readout = readout.to(stage.device).requires_grad_()
        before = k[:F].detach().clone()
        optimizer = torch.optim.Adam([k, b, readout], lr=self.learning_rate)

        def noisy(i):
            return clear[i] + self.noise * torch.randn(len(i), 1, 20, 20).to(stage.device)

        def forward(x):
            maps = conv2d(x, k, b).relu()  # [M, 2F, 14, 14]
            largest = maps.amax(dim=(2, 3)).reshape(-1, 2, F)
            return torch.einsum("nmf,mfa->mna", largest, readout)  # [2, M, angles]

        def named(i):
            return (forward(noisy(i))[0].argmax(dim=1) == y[i]).float().mean()

        new = torch.arange(3000, 4000)

        @stage.look(25, nn.ParameterList([k, b, readout]))
        def look():
            after, right = k.detach(), named(new[:250])
            now, lot, start = (selectivity(a) for a in (after[:F], after[F:], before))
            stage.headline(
                f"selectivity from {start.mean():.2f} to {now.mean():.2f}, by lot "
                f"{lot.mean():.2f}; right for {right:.0%} of new bars"
            )
            shown = torch.cat([before, after])  # [3F, 1, K, K]
            reach = shown.abs().amax(dim=(1, 2, 3), keepdim=True)
            rows = (("was", start), ("true", now), ("lot", lot))
            said = [f"{name} {s:.2f}" for name, row in rows for s in row.tolist()]
            stage.image("filters", shown / reach, captions=said, columns=F, low=-1, high=1)
            both = torch.cat([before, after[:F]])
            best = favourites(both, noisy(new[:250]))
            alike = cosine_similarity(both.flatten(1), best.flatten(1)).reshape(2, F)
            rows = zip(("was", "true"), alike.tolist(), strict=True)
            said = [f"{name} {c:.2f}" for name, row in rows for c in row]
            stage.image("favourites", best, captions=said, columns=F, low=None, high=None)
            stage.curve(
                "shape",
                {"selectivity": now.mean(), "smoothness": smoothness(after[:F]), "accuracy": right},
            )

        for _ in stage.loop(self.steps):
            i = torch.randint(3000, (64,))
            answers = forward(noisy(i))
            by_lot = torch.randint(angles, (64,)).to(stage.device)
            loss = cross_entropy(answers[0], y[i]) + cross_entropy(answers[1], by_lot)
            optimizer.param_groups[0]["lr"] = self.learning_rate
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe():
            after = k.detach()
            now, lot = selectivity(after[:F]).mean(), selectivity(after[F:]).mean()
            both = torch.cat([before, after[:F]])
            best = favourites(both, noisy(new[:250]))
            alike = cosine_similarity(both.flatten(1), best.flatten(1))
            stage.claim("oriented", now - selectivity(before).mean(), at_least=0.2)
            stage.claim("by_the_error", now - lot, at_least=0.2)
            stage.claim("smooth", smoothness(after[:F]) - smoothness(before), at_least=0.25)
            stage.claim("accurate", named(new), at_least=0.95)
            stage.claim("found_again", alike[F:].mean() - alike[:F].mean(), at_least=0.1)


def selectivity(filters):
    """How one-sided the directions of a filter's Fourier power are: [F, 1, K, K] -> [F]."""
    power = torch.fft.fft2(filters[:, 0].cpu(), s=(32, 32)).abs() ** 2  # [F, 32, 32]
    frequency = torch.fft.fftfreq(32)
    down, right = torch.meshgrid(frequency, frequency, indexing="ij")
    radius, angle = torch.hypot(down, right), torch.atan2(down, right)
    power = power * ((radius > 0) & (radius < 0.5))
    # An angle and its opposite are one direction, so angles count twice
    x, y = (power * torch.cos(2 * angle)).sum((1, 2)), (power * torch.sin(2 * angle)).sum((1, 2))
    return torch.hypot(x, y) / power.sum((1, 2)).clamp(min=1e-12)


def smoothness(filters):
    """The correlation of weights that are neighbours."""
    left, right = filters[..., :-1].flatten(), filters[..., 1:].flatten()
    above, below = filters[..., :-1, :].flatten(), filters[..., 1:, :].flatten()
    pairs = torch.stack([torch.cat([left, above]), torch.cat([right, below])])
    return torch.corrcoef(pairs)[0, 1]


def favourites(filters, x):
    """The mean of the 50 patches of x that excite each filter most: [F, 1, K, K]."""
    answers = conv2d(x, filters).transpose(0, 1).flatten(1)  # [F, M · 14 · 14]
    patches = x.unfold(2, K, 1).unfold(3, K, 1).reshape(-1, K, K)  # [M · 14 · 14, K, K]
    return patches[answers.topk(50).indices].mean(dim=1, keepdim=True)
