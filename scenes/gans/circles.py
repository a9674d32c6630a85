"""
# Why does descent on a game go round in circles?

Take the smallest GAN there is. All data lie at 0. The generator is a single number θ: it draws
every sample at θ. The discriminator has a single number ψ, its slope:

    D(x) = 1 / (1 + exp(−ψx))

Its loss is −log D(0) − log(1 − D(θ)), the generator's is −log D(θ). The solution is θ = 0, ψ = 0:
samples on the data, and a discriminator that says one half to all.

Now both learn by small steps. Say θ is on the right. The discriminator learns that right is fake:
ψ falls below 0. So the generator goes left, past the data, for ψ still says "left" when it is
there. Only then does ψ turn round. Near the solution the steps are

    θ ← θ + (α/2) ψ
    ψ ← ψ − (α/2) θ

with the rate α. Each moves by what the *other* is: an arrow that points along a circle, not to its
middle. Each step lowers its own player's loss, and yet nobody arrives. A loss that both lower does
not exist, so "descent" has nothing to descend.

What helps and what harms? **Momentum** goes on where it came from; on a circle that is outwards.
**Look-ahead** asks for the gradient one step ahead, and takes that one from here: it turns in a
little earlier. The **penalty**

    (γ/2) · (slope of D at the data)²

which is (γ/2)ψ² at the solution, pulls the discriminator to rest. That is friction, and the
spiral ends. It is known as R1. Too much of it, and the discriminator is no guide any more.

## Tomorrow

Play games with little momentum: β₁ = 0.5 or 0 in Adam, not 0.9. If losses or samples come round
again and again, put a gradient penalty on the discriminator at real data, before you touch the
rate.
"""

import torch
from torch.nn.functional import softplus

from dlplay import Float, Int, Scene, Try

RULES = "in turn", "look-ahead", "momentum", "penalty"
TURN = 126  # steps of one round, near the solution at the rate 0.1: 2π / 0.05


class Circles(Scene):
    covers = ("Difficulties with Training GANs",)
    panels = {
        "game": "the last 126 steps of four ways to step; the solution is in the middle",
        "distance": "from the solution; lower is better",
    }
    claims = {
        "own_loss": "taken in turn, over 0.98 of the steps lower their own player's loss",
        "still_turning": "in turn, the game is 0.2 to 0.6 from its solution after 500 steps",
        "ahead": "look-ahead ends at less than 0.85 of that distance",
        "thrown_out": "momentum 0.9 ends over 1.7 away, farther than the 1.41 of its start",
        "settles": "with the penalty it ends within 0.0001",
    }
    tries = (
        Try(
            "penalty=20",
            "Twenty times the penalty. Does the game settle faster?",
            ("yes, faster still", "about as fast", "it settles no longer"),
            right=3,
            breaks="settles",
            keeps=("still_turning", "thrown_out"),
            why="The discriminator is pulled to 0 before it has told the generator anything, and "
            "a step of 20 times the slope throws it to and fro across 0.",
        ),
        Try(
            "momentum=-0.5",
            "Momentum below zero: half of the last step is taken back. Where does that game end?",
            ("farther out than it began", "about as near as in turn", "at the solution"),
            right=2,
            breaks="thrown_out",
            keeps=("settles", "still_turning"),
            why="Taking back turns it inwards instead of outwards, but it is a weak brake.",
        ),
        Try(
            "learning_rate=0.5",
            "Five times the rate for all. Who else comes to rest beside the penalty?",
            ("in turn", "look-ahead", "nobody: all are thrown out"),
            right=2,
            keeps=("settles", "own_loss", "thrown_out"),
            why="Looking farther ahead turns the step farther inwards: its brake grows with the "
            "square of the rate.",
        ),
        Try(
            "penalty=0",
            "The penalty is taken away. Where does its game end?",
            ("at the solution", "with the one in turn", "with the one that has momentum"),
            right=2,
            breaks="settles",
            keeps=("still_turning", "ahead"),
            why="It was the only difference between the two.",
        ),
    )
    quick = {"steps": 20}
    pace = 30

    penalty = Float(1, min=0, max=20, live=True, help="γ, on the discriminator's slope at the data")
    momentum = Float(0.9, min=-0.5, max=0.95, live=True, help="share of the last step that is kept")
    learning_rate = Float(0.1, min=0.01, max=0.5, log=True, live=True, help="α, of both players")
    steps = Int(500, min=10, max=5000, log=True, help="steps of each player")

    def run(self, stage):
        # One game for each rule; of the runs of a sweep, C at once
        θ, ψ = torch.ones(2, stage.copies, len(RULES)).to(stage.device)  # [C, 4] each
        last = torch.zeros_like(torch.stack([θ, ψ]))  # steps taken before
        has = [torch.tensor([rule == name for rule in RULES]).to(stage.device) for name in RULES]
        in_turn, ahead, momentum, penalty = has
        path, lowered = [torch.stack([θ[0], ψ[0]], dim=1)], []

        def losses(θ, ψ):
            """Of the generator and of the discriminator, in each game: [C, 4] twice."""
            γ = penalty * stage.each(self.penalty)[:, None]
            fooled = softplus(-ψ * θ)  # −log D(θ)
            told = softplus(ψ * θ) + softplus(0 * ψ)  # −log(1 − D(θ)) − log D(0)
            return fooled, told + γ / 2 * ψ.square()

        def slopes(θ, ψ):
            """Each player's gradient of its own loss."""
            with torch.enable_grad():
                θ, ψ = θ.detach().requires_grad_(), ψ.detach().requires_grad_()
                fooled, told = losses(θ, ψ)
                of_θ = torch.autograd.grad(fooled.sum(), θ, retain_graph=True)[0]
                return of_θ, torch.autograd.grad(told.sum(), ψ)[0]

        def distances():
            return dict(zip(RULES, torch.hypot(θ, ψ).T, strict=True))

        @stage.look(2)
        def look():
            walks = torch.stack(path[-TURN:]).cpu()  # [at most 126, 4, 2]
            reach = max(1.5, 1.1 * min(6.0, float(walks.abs().max())))
            stage.plane(
                "game",
                x=(-reach, reach),
                y=(-reach, reach),
                points={"solution": torch.zeros(1, 2)},
                paths={rule: walks[:, k] for k, rule in enumerate(RULES)},
                x_label="θ, where the generator draws",
                y_label="ψ, slope of the discriminator",
            )
            told = ", ".join(f"{name} {float(far):.2g}" for name, far in distances().items())
            stage.headline(f"distance: {told}")

        stage.axes("distance", x="step", y="distance", log="y", lines={"start": 2**0.5})
        for _ in stage.loop(self.steps):
            α = stage.each(self.learning_rate)[:, None]
            β = momentum * stage.each(self.momentum)[:, None]
            of_θ, of_ψ = slopes(θ, ψ)
            # Look-ahead asks again after a step of both; the others after the discriminator's own.
            step_θ, step_ψ = -α * of_θ, β * last[1] - (1 - β) * α * of_ψ
            later_θ, later_ψ = slopes(θ + ahead * step_θ, ψ + step_ψ)
            step_ψ = torch.where(ahead, -α * later_ψ, step_ψ)
            step_θ = β * last[0] - (1 - β) * α * later_θ
            before, middle = losses(θ, ψ), losses(θ, ψ + step_ψ)
            after = losses(θ + step_θ, ψ + step_ψ)
            lowered.append(torch.stack([middle[1] < before[1], after[0] < middle[0]]))
            θ, ψ, last = θ + step_θ, ψ + step_ψ, torch.stack([step_θ, step_ψ])
            path.append(torch.stack([θ[0], ψ[0]], dim=1))
            stage.curve("distance", distances())

        with stage.probe():
            far = distances()
            own = torch.stack(lowered)[..., in_turn].float().mean(dim=(0, 1, 3))  # [C]
            stage.claim("own_loss", own, above=0.98)
            stage.claim("still_turning", far["in turn"], within=(0.2, 0.6))
            stage.claim("ahead", far["look-ahead"] / far["in turn"], below=0.85)
            stage.claim("thrown_out", far["momentum"], above=1.7)
            stage.claim("settles", far["penalty"], below=1e-4)
