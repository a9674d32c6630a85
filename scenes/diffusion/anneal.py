"""
# Why learn the slope at many noise levels?

Walkers that follow the slope of a density stay in the heap that is nearest, so the shares of the
heaps come out wrong. And a slope that was learned with narrow noise is a guess wherever no noised
point fell. Both have one cause: between heaps there is nothing.

Blur the density until the gap is gone. With noise as wide as the distance of the heaps, all is one
hill, and walkers go to and fro on it. Then blur a little less, and less again. As the hill splits,
walkers in the valley take sides, in the right proportion; later the valley is empty, and the shares
are kept. That is **annealing**: levels σ₁ > σ₂ > … > σ_L, and at each some steps of Langevin's walk
along the slope of that level:

    x ← x + ησ² s(x, σ) + √(2ησ²) ε

η is the same for all levels, so steps shrink with the noise. Walkers start as the widest level
lies, from σ₁ε, not from ε.

One net learns all levels. It is told σ, and guesses the noise ε in x₀ + σε. Its slope is

    s(x, σ) = −ε̂(x, σ)/σ

Learning a slope and learning to take noise away are one thing. Song and Ermon (2019) came from the
slope, Ho et al. (2020) from the noise. A loss on s needs a weight for each level, or the narrowest,
whose slopes are steepest, decides all. Take σ²:

    σ² ‖s + ε/σ‖² = ‖ε̂ − ε‖²

That is the plain loss on the noise, each level counting alike.

## Tomorrow

Choose the widest noise as large as the data are apart, the narrowest as small as the detail that
you need, and enough levels that neighbours overlap. Read a noise net as a slope and the other way
round.
"""

import math

import torch
from torch import nn

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.data import two_heaps
from dlplay.nn import cloud_picture

WALKERS, NARROWEST = 700, 0.1


class Anneal(Scene):
    covers = ("Score Matching vs Denoising Diffusion", "Noise Variance Schedule")
    panels = {
        "film": "above annealed, below plain by its steps; a fifth should end pink",
        "share": "of walkers on the small heap's side; at the line it is right",
        "cosine": "of −ε̂/σ with the true slope at each level; 1 is the same direction",
    }
    claims = {
        "share": "annealed, 0.13 to 0.29 of the walkers end in the small heap, true is 0.2",
        "plain": "of plain Langevin, after 5 times the steps, over 0.38 sit there",
        "wide": "annealed from no wider than σ = 0.5, by exact slopes, over 0.3 do",
        "cosine": "at each level, −ε̂/σ and the true slope have a cosine over 0.9",
        "spread": "annealed walkers have a spread of 0.46 to 0.58 in their heaps, true is 0.5",
    }
    tries = (
        Try(
            "levels=3",
            "Three levels between the same ends, with 20 steps each. What comes out?",
            ("the same, sooner", "heaps too wide, shares too even", "heaps too narrow"),
            right=2,
            breaks=("share", "spread"),
            keeps="plain",
            why="From one level to the next the blur shrinks to a sixth. Walkers of the wider one "
            "lie far outside; small steps bring them in late, to whatever heap is nearer.",
        ),
        Try(
            "updates=1",
            "One step of Langevin's walk per level, not 20. What does that do?",
            ("it ruins shares as well as spread", "hardly anything", "only the spread suffers"),
            right=1,
            breaks=("share", "spread"),
            keeps="cosine",
            why="A step is short so that its noise is pulled back in time, and so moves little. "
            "A diffusion model's step is longer: it knows how far the level below lies.",
        ),
        Try(
            "slope=true",
            "The exact slope of every level instead of the learned one. What changes?",
            ("the shares become wrong", "far narrower heaps", "hardly anything"),
            right=3,
            keeps=("share", "plain", "spread"),
            why="At wide levels the net is right everywhere, and where it is less so, at narrow "
            "ones, walkers stand already where it has seen many points.",
        ),
        Try(
            "apart=1",
            "The heaps are half as far apart. What is the plain walk worth then?",
            ("it finds the shares too", "as little as before", "its heaps become one"),
            right=1,
            breaks=("plain", "wide"),
            keeps=("share", "cosine"),
            why="Between near heaps the density is small, but not next to nothing. Walkers cross "
            "now and then, and in some thousand steps often enough.",
        ),
    )
    quick = {"steps": 10, "updates": 2}
    pace = 100

    updates = Int(20, min=1, max=50, live=True, help="steps of the walk at each level")
    stride = Float(0.2, min=0.02, max=1, log=True, live=True, help="η, step size in units of σ²")
    slope = Choice("learned", ("learned", "true"), live=True, help="what annealed walkers follow")
    apart = Float(2, min=0.5, max=3, help="the heaps' centres are at ± this, in both coordinates")
    levels = Int(20, min=1, max=40, help="L, noise levels, evenly in log σ")
    widest = Float(4, min=0.2, max=10, log=True, help="σ₁, noise of the widest level")
    steps = Int(900, min=10, max=5000, log=True, help="training steps of 256 points")

    def run(self, stage):
        heaps = two_heaps(self.apart).to(stage.device)
        x0 = heaps.draw(4000)
        σs = torch.logspace(math.log10(self.widest), math.log10(NARROWEST), self.levels)
        σs = σs if self.levels > 1 else torch.tensor([NARROWEST])
        net = nn.Sequential(
            nn.Linear(8, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU(),
            nn.Linear(64, 64), nn.SiLU(), nn.Linear(64, 2),
        ).to(stage.device)  # fmt: skip
        optimizer = torch.optim.Adam(net.parameters(), lr=0.004)

        def guess(x, σ):
            """The noise in x [N, 2], of level σ [N, 1]: [N, 2]."""
            angle = σ.log() / 2 * torch.tensor([1.0, 2.0, 4.0], device=x.device)
            size = (σ.square() + self.apart**2 + 0.25).sqrt()  # of x, in the mean
            return net(torch.cat([x / size, angle.sin(), angle.cos()], dim=1))

        def follow(x, σ):
            """The slope of level σ at x [N, 2]."""
            if self.slope == "true":
                return heaps.noised(σ).slope(x)
            return -guess(x, torch.full_like(x[:, :1], σ)) / σ

        def walk(x, slope, η, steps):
            """Langevin's walk: where the walkers are, and after each step their share in the small
            heap."""
            shares = []
            for _ in range(steps):
                ε = torch.randn(WALKERS, 2).to(stage.device)
                x = x + η * slope(x) + math.sqrt(2 * η) * ε
                shares.append(share(x))
            return x, shares

        def share(x):
            return (heaps.nearest(x) == 1).float().mean()

        def annealed():
            """The walkers after each level, and their share after each step."""
            x, film, shares = self.widest * starts, [], []
            for σ in σs.tolist():
                x, more = walk(x, lambda x, σ=σ: follow(x, σ), self.stride * σ**2, self.updates)
                film.append(x)
                shares += more
            return film, torch.stack(shares)

        def alike():
            """The mean cosine of learned and true slope on noised points, by level: [L]."""
            found = []
            for σ in σs.tolist():
                x = x0[:WALKERS] + σ * starts
                learned = -guess(x, torch.full_like(x[:, :1], σ))
                found.append(torch.cosine_similarity(learned, heaps.noised(σ).slope(x)).mean())
            return torch.stack(found)

        starts = torch.randn(WALKERS, 2).to(stage.device)
        # The control: as many steps at the narrowest level alone, with its exact slope, and more
        blur = heaps.noised(NARROWEST)
        total = self.levels * self.updates
        cuts = [round(total * part) for part in (0, 0.35, 0.65, 1)]
        plain, plain_film, plain_shares = 4 * starts, [], []
        for a, b in zip([0, *cuts], [*cuts, 5 * total], strict=False):
            plain, more = walk(plain, blur.slope, 0.02, b - a)
            plain_film.append(plain)
            plain_shares += more

        narrow = 0.5 * starts  # and annealed, but from a narrow level
        for σ in torch.logspace(math.log10(0.5), -1, self.levels).tolist():
            narrow, _ = walk(narrow, heaps.noised(σ).slope, 0.2 * σ**2, self.updates)

        @stage.look(150, net)
        def look():
            film, shares = annealed()
            shown = [film[round(part * (self.levels - 1))] for part in (0, 0.35, 0.65, 1)]
            frames = [(x, shown[-1]) for x in shown] + [(x, plain_film[3]) for x in plain_film[:4]]
            pictures = [
                cloud_picture(x, heaps.nearest(end) == 0, reach=4.5, pixels=36) for x, end in frames
            ]
            names = [
                f"σ = {σs[round(part * (self.levels - 1))]:.2g}" for part in (0, 0.35, 0.65, 1)
            ]
            names += [f"plain {cut}" for cut in cuts]
            stage.image("film", torch.stack(pictures), captions=names, columns=4)
            stage.axes("share", x="step of the walk", y="share of walkers", lines={"true": 0.2})
            held = plain_shares[: len(shares)]
            held += held[-1:] * (len(shares) - len(held))
            stage.plot("share", range(len(shares)), annealed=shares, plain=torch.stack(held))
            cosine = alike()
            stage.axes("cosine", x="σ of the level", y="mean cosine", log="x")
            stage.plot("cosine", σs, {"learned": cosine})
            stage.headline(
                f"in the small heap: annealed {shares[-1]:.2f}, plain {plain_shares[-1]:.2f}; "
                f"true 0.20; least cosine {cosine.min():.2f}"
            )

        for step in stage.loop(self.steps):
            optimizer.param_groups[0]["lr"] = 0.004 * (1 - step / self.steps)
            batch = torch.randint(len(x0), (256,), device="cpu").to(stage.device)
            level = torch.randint(self.levels, (256, 1), device="cpu")
            σ, ε = σs[level].to(stage.device), torch.randn(256, 2).to(stage.device)
            loss = (guess(x0[batch] + σ * ε, σ) - ε).square().sum(dim=1).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe(net):
            film, shares = annealed()
            centres = heaps.centres[heaps.nearest(film[-1])]
            stage.claim("share", shares[-1], within=(0.13, 0.29))
            stage.claim("plain", plain_shares[-1], above=0.38)
            stage.claim("wide", share(narrow), above=0.3)
            stage.claim("cosine", alike().min(), above=0.9)
            stage.claim("spread", (film[-1] - centres).square().mean().sqrt(), within=(0.46, 0.58))
