"""
# How much may a hidden variable know?

You want an energy F(y) that is low where data are and high elsewhere. A **hidden** variable z may
help: a decoder turns z into a point of the plane, and y costs its squared distance to the best copy
that any z gives.

    F(y) = min over z ‖y − Dec(z)‖²

Training moves the decoder so that F falls at the data. Nothing asks it to be high anywhere. So what
keeps it up elsewhere? Only that z can't say everything.

Data here lie round three quarters of a circle. If z is *one number*, the copies form a curve. It
follows the data, and what lies off it costs its distance. (The curve runs on past the data's ends;
F is low there for no reason.) If z is *two numbers*, some z hits each point of the plane, data or
not. Then F is 0 everywhere: perfect at the data, and worth nothing.

So keep small what z can **carry**: fewer numbers, a short list of codes, a bound with noise that
blurs. You can also charge for z, at a price λ:

    F(y) = min ‖y − Dec(z)‖² + λ‖z‖²

But a price alone is dodged: with larger weights in the decoder a smaller z says the same.

Here Dec(z) = Wz + net(z). W begins as the identity, and net is bounded, so two numbers can reach
the whole plane. The search for z takes the best of a list, then damped Gauss-Newton steps. A lazy
search misses good z, and F seems to rise. That is no virtue of the model.

## Tomorrow

Beside the energy of data, print that of nonsense, with the best z that you can find for it. If both
are low, let z carry less. Never judge by the data's energy alone.
"""

import math

import torch
from torch import nn

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.nn import grid
from dlplay.nn.batched import BatchedLinear

VIEW = (-2, 2)
LISTED = "sixteen-codes", "bounded", "noisy"  # rooms in which z may not leave its list


class Decoders(nn.Module):
    """Two of them, side by side: z [N, 2, 2] -> copies [N, 2, 2]."""

    def __init__(self):
        super().__init__()
        self.W = nn.Parameter(torch.eye(2).repeat(2, 1, 1))
        self.net = nn.Sequential(
            *(BatchedLinear(2, 2, 32), nn.Tanh(), BatchedLinear(2, 32, 32), nn.Tanh()),
            BatchedLinear(2, 32, 2, gain=0.3),
        )

    def forward(self, z):
        return torch.einsum("nki,kij->nkj", z, self.W) + self.net(z)


class HiddenRoom(Scene):
    covers = ("Regularized Latent-Variable EBM",)
    panels = {
        "energy": "F(y), dark is low; reach is what the decoder can say",
        "two numbers": "a twin, same scale: low everywhere",
        "mean F": "good: low for new data, high for far points",
    }
    claims = {
        "models": "F of new data is below 0.008 in the mean",
        "rises": "that of far points, over 0.4 off the data's curve, is above 0.35",
        "hole": "in the middle of the circle, where no data are, F is above 0.05",
        "tells": "a far point has a higher F than a new datum in over 94 of 100 pairs",
        "twin": "with two free numbers instead, the far points lie below 0.005",
    }
    tries = (
        Try(
            "room=two-numbers",
            "z gets a second number. What becomes of F far from the data?",
            ("it rises more steeply", "it becomes flat", "it stays the same"),
            right=2,
            breaks=("rises", "hole", "tells"),
            keeps=("models", "twin"),
            why="Some z hits every point of the plane exactly. There is nothing left to learn.",
        ),
        Try(
            "room=priced",
            "Two numbers, but ‖z‖² costs. Is F in the middle of the circle high again?",
            ("no, the price is dodged", "yes, as with one number", "yes, and at the data too"),
            right=1,
            breaks=("rises", "hole", "tells"),
            keeps="models",
            why="The decoder's weights grow, so that a short z says the same. What remains of the "
            "price is lowest for z = 0, data or not.",
        ),
        Try(
            "room=bounded",
            "Two numbers, but ‖z‖ is at most 1. Where is F low?",
            ("everywhere", "on the data's curve only", "on the whole disc within it"),
            right=3,
            breaks="hole",
            keeps=("models", "rises"),
            why="A bounded z still says all that lies within. Nothing asks it to spare the hole.",
        ),
        Try(
            "room=noisy",
            "Bounded z, and noise is added to it. What is F now in the hole, and at the data?",
            ("low in both", "high in the hole, higher at the data too", "high in the hole alone"),
            right=2,
            breaks="models",
            keeps=("rises", "hole", "tells"),
            why="Codes that are near each other are no longer told apart. Room for z is scarce, so "
            "it is spent on the data. The blur costs something everywhere.",
        ),
        Try(
            "search=0",
            "No steps: z is the best of a list of 441. What of the twin with two numbers?",
            ("flat as before", "its F seems to rise", "it models the data better"),
            right=2,
            breaks="twin",
            keeps=("models", "rises"),
            why="A better z lies between those of the list. The height is the search's own.",
        ),
    )
    quick = {"steps": 20}

    room = Choice(
        "one-number",
        ("one-number", "two-numbers", "priced", "sixteen-codes", "bounded", "noisy"),
        help="what z may be; all but the first and the codes have two numbers",
    )
    price = Float(0.1, min=0, max=1, help="λ, of a priced z")
    noise = Float(0.25, min=0, max=1, help="standard deviation, on a noisy z")
    search = Int(10, min=0, max=50, help="Gauss-Newton steps after the best of the list")
    y1 = Float(0.2, min=-2, max=2, live=True, help="a point that is asked for: across")
    y2 = Float(0.1, min=-2, max=2, live=True, help="and up")
    steps = Int(400, min=20, max=5000, log=True, help="steps of Adam over all 200 data")

    def run(self, stage):
        data, new = arc(200).to(stage.device), arc(400).to(stage.device)
        far = 4 * torch.rand(800, 2) - 2
        far = far[off(far) > 0.4].to(stage.device)
        hole = 0.3 * (2 * torch.rand(50, 2) - 1).to(stage.device)
        decoders = Decoders().to(stage.device)  # of the room, and of the twin
        adam = torch.optim.Adam(decoders.parameters(), lr=0.02, eps=1e-3)
        places = grid(VIEW, VIEW, 32, device=stage.device).reshape(-1, 2)
        square = grid((-3, 3), (-3, 3), 21).reshape(-1, 2)  # codes [441, 2]
        line = torch.linspace(-5, 5, 441)[:, None] * torch.tensor([1.0, 0.0])
        disc = square[square.norm(dim=1) <= 3] / 3
        rooms = {"one-number": line, "bounded": disc, "noisy": disc}
        rooms["sixteen-codes"] = torch.randn(16, 2)
        lists = [each.to(stage.device) for each in (rooms.get(self.room, square), square)]
        numbers = torch.tensor([[1.0, self.room != "one-number"], [1, 1]]).to(stage.device)
        σ = torch.tensor([[self.noise * (self.room == "noisy")], [0]]).to(stage.device)
        λ = torch.tensor([self.price * (self.room == "priced"), 0]).to(stage.device)
        free = torch.tensor([self.room not in LISTED, True]).to(stage.device)
        blur = torch.randn(16 if self.room == "noisy" else 1, 2).to(stage.device)

        def copies(k):
            """Of decoder k, for each code of its list: mean copy [C, 2] and its scatter [C]."""
            z = (lists[k][:, None] + σ[k] * blur).view(-1, 1, 2).expand(-1, 2, -1)
            copy = decoders(z)[:, k].view(len(lists[k]), -1, 2)  # [C, draws of the noise, 2]
            return copy.mean(dim=1), copy.var(dim=1, unbiased=False).sum(dim=1)

        def costs(y, z):
            return (y[:, None] - decoders(z)).square().sum(dim=2) + λ * z.square().sum(dim=2)

        def improved(y, z):
            """A damped Gauss-Newton step of z, of length 1 at most, where z is free."""
            with torch.enable_grad():
                z = z.detach().requires_grad_()
                copy = decoders(z)
                ways = copy.sum(dim=(0, 1))  # across, up
                slopes = [torch.autograd.grad(way, z, retain_graph=True)[0] for way in ways]
            z, J = z.detach(), torch.stack(slopes, dim=2) * numbers[:, None]  # J [N, 2, 2, 2]
            damped = J.mT @ J + (λ[:, None, None] + 1e-3) * torch.eye(2, device=z.device)
            pull = (J.mT @ (y[:, None] - copy.detach())[..., None])[..., 0] - λ[:, None] * z
            step = torch.linalg.solve_ex(damped, pull)[0]
            short = step * numbers / step.norm(dim=2, keepdim=True).clamp(min=1)
            return torch.where(free[:, None], z + short, z)

        @torch.no_grad()
        def minimum(y):
            """F [N, 2] of points [N, 2], by both decoders, and where it is: z [N, 2, 2]."""
            found = []
            for k, codes in enumerate(lists):
                mean, scatter = copies(k)
                cost = scatter + λ[k] * codes.square().sum(dim=1)
                least, at = (torch.cdist(y, mean).square() + cost).min(dim=1)
                found.append((least, codes[at]))
            F, best = (torch.stack(each, dim=1) for each in zip(*found, strict=True))
            z = best
            for _ in range(self.search):
                z = improved(y, z)
                now = costs(y, z)
                lower = free & (now < F)
                F, best = torch.where(lower, now, F), torch.where(lower[..., None], z, best)
            return F, best

        @stage.look(20, decoders)
        def look():
            kinds = [places, new, far, torch.tensor([[self.y1, self.y2]]).to(stage.device)]
            F, z = minimum(torch.cat(kinds))
            maps, of_new, of_far, of_asked = F.split([len(each) for each in kinds])
            reach, copy = copies(0)[0], decoders(z[-1:])[0, :1]
            points = {"data": data[:100], "asked": kinds[3]}
            paths = {"to its copy": torch.cat([kinds[3], copy])}
            one = self.room == "one-number"
            (paths if one else points)["reach"] = reach if one else reach[:: 1 + len(reach) // 60]
            view, maps = {"x": VIEW, "y": VIEW, "low": 0, "high": 1}, maps.T.reshape(2, 32, 32)
            stage.plane("energy", **view, field=maps[0], points=points, paths=paths)
            stage.plane("two numbers", **view, field=maps[1], points={"data": data[:100]})
            low, high, twin = of_new[:, 0].mean(), of_far[:, 0].mean(), of_far[:, 1].mean()
            stage.curve("mean F", {"data": low, "far": high, "far, two numbers": twin})
            told = f"F: data {low:.3f}, far {high:.2f} (twin {twin:.2f}), asked"
            stage.headline(f"{told} {of_asked[0, 0]:.2f}")

        stage.axes("mean F", x="step", y="squared distance")
        for step in stage.loop(self.steps):
            if step % 20 == 0:
                z = minimum(data)[1]  # search anew
            elif self.search:
                z = improved(data, z)
            loss = costs(data, z + σ * torch.randn(z.shape).to(stage.device))
            adam.zero_grad()
            loss.mean(dim=0).sum().backward()
            adam.step()

        with stage.probe(decoders):
            F_new, F_far, F_hole = (minimum(y)[0] for y in (new, far, hole))
            told = (F_far[:, None, 0] > F_new[:, 0] + 1e-6).float().mean()
            stage.claim("models", F_new[:, 0].mean(), below=0.008)
            stage.claim("rises", F_far[:, 0].mean(), above=0.35)
            stage.claim("hole", F_hole[:, 0].mean(), above=0.05)
            stage.claim("tells", told, above=0.94)
            stage.claim("twin", F_far[:, 1].mean(), below=0.005)


def arc(N):
    """Data [N, 2] along three quarters of a circle, with noise of 0.05."""
    angle = 1.5 * math.pi * torch.rand(N)
    return torch.stack([angle.cos(), angle.sin()], dim=1) + 0.05 * torch.randn(N, 2)


def off(y):
    """How far points [N, 2] are from the arc: [N]."""
    ends = torch.tensor([[1.0, 0.0], [0.0, -1.0]])
    beside = torch.atan2(y[:, 1], y[:, 0]) % (2 * math.pi) < 1.5 * math.pi
    return torch.where(beside, (y.norm(dim=1) - 1).abs(), torch.cdist(y, ends).amin(dim=1))
