"""
# Why not just wiggle every weight?

To learn, you need the slope of the loss by every weight. Why not move each weight a little and see
what the loss does? Such a **finite difference** needs no theory:

    one-sided (f(x + h) − f(x)) / h
    central (f(x + h) − f(x − h)) / 2h

h is the step. Watch how wrong they are for f(x) = eˣ sin x as h shrinks. At first the error falls:
the curve is bent, and a shorter step sees less of the bend. Then it rises again: the two values of
f are nearly equal, the digits that they share cancel, and rounding is left. With rounding to a
relative ε (in float64 2·10⁻¹⁶) the error is about h + ε/h for the one-sided difference, h² + ε/h
for the central one. Each has its best h, and neither is exact.

**Automatic differentiation** takes no step. The program records its operations, each has a known
derivative, and the chain rule joins them. The result is exact up to rounding.

The other price is work. A difference wiggles one weight, so n weights cost n more runs of the net.
Automatic differentiation can go two ways. *Forward mode* takes along, with every number, its slope
by *one* weight: again a run for each weight. *Reverse mode*, the backward pass, takes the slope of
*one* output back to everything that it was made from: one sweep for all weights.

A net has many weights and one loss. So PyTorch goes backward, and a whole gradient costs less than
three times the multiply-adds of a forward pass, whatever the size. The price is memory: operands
are kept on the way forward, derivatives computed on the way back.

## Tomorrow

Use finite differences as a test only: central, in float64, with h near 1e-5, on a tiny input. If
your own derivative is off by more than 1e-7 of its size, it is wrong. A smaller h is not safer.
"""

import torch
from torch.autograd import forward_ad
from torch.utils.flop_counter import FlopCounterMode

from dlplay import Choice, Float, Int, Scene, Try

WAYS = ("one-sided", "central", "autodiff")
WIDTHS = (4, 8, 16, 32, 64, 128)  # of nets 64-w-w-10: 330 to 26,122 weights


def f(x):
    return x.sin() * x.exp()


def f_slope(x):
    return x.exp() * (x.sin() + x.cos())


def autodiff(x, mode):
    """The slopes of f at all x."""
    if mode == "forward":
        with forward_ad.dual_level():
            y = f(forward_ad.make_dual(x, torch.ones_like(x)))
            return forward_ad.unpack_dual(y).tangent
    with torch.enable_grad():
        x = x.clone().requires_grad_()
        f(x).sum().backward()
    return x.grad


def differences(x, h, direction):
    """The one-sided and the central difference of f at all x."""
    if direction == "imaginary":
        return f(x + 1j * h).imag / h, (f(x + 1j * h) - f(x - 1j * h)).imag / (2 * h)
    return (f(x + h) - f(x)) / h, (f(x + h) - f(x - h)) / (2 * h)


def prices(width, mode, device):
    """The weights of a net 64-w-w-10, and what all their slopes cost in forward passes, by way."""
    shapes = ((width, 64), (width,), (width, width), (width,), (10, width), (10,))
    theta = [torch.randn(shape).to(device).requires_grad_() for shape in shapes]
    x = torch.randn(1, 64).to(device)
    n = sum(p.numel() for p in theta)

    def loss(theta):
        W1, b1, W2, b2, W3, b3 = theta
        a = torch.tanh(x @ W1.T + b1)  # [1, w]
        a = torch.tanh(a @ W2.T + b2)
        return (a @ W3.T + b3).square().mean()

    with FlopCounterMode(display=False) as once:  # counts what the matrix products do
        loss(theta)
    with FlopCounterMode(display=False) as sweep, forward_ad.dual_level():
        if mode == "backward":
            loss(theta).backward()
        else:  # by one weight; each of the n costs the same
            loss([forward_ad.make_dual(p.detach(), torch.ones_like(p)) for p in theta])
    sweeps = n if mode == "forward" else 1
    return n, (n + 1, 2 * n, sweeps * sweep.get_total_flops() / once.get_total_flops())


class Price(Scene):
    covers = ("Automatic Differentiation",)
    panels = {
        "error of the slope": "typical error (autodiff: the largest); h shrinks from right to left",
        "price of a gradient": "forward passes for the slopes by all weights; lower is better",
        "your h": "the slope at x = 1; to 13 digits it is 3.756049227095",
    }
    claims = {
        "floor": "the best one-sided difference typically errs by 1e-9 to 1e-6 (300 places)",
        "central": "the best central difference errs at least 300 times less than that",
        "smaller_is_worse": "at h = 1e-15 the one-sided difference errs by over 1e-3",
        "exact": "autodiff errs by less than 1e-13 at every one of the 300 places",
        "price": "all slopes of a net cost 2 to 4 forward passes, at the dearest of six sizes",
    }
    tries = (
        Try(
            "h=1e-15",
            "The smallest step of all is marked. What is its slope at x = 1 like?",
            ("right to 15 digits", "right to 8 digits", "wrong in the first or second digit"),
            right=3,
            keeps=("smaller_is_worse", "exact"),
            why="f(1) and f(1 + h) differ in the last digit or two. The difference keeps those, "
            "rounding errors and all, and dividing by h makes them large.",
        ),
        Try(
            "numbers=float32",
            "In single precision numbers have 7 digits. How good can the best one-sided slope be?",
            ("7 digits", "3 to 4 digits", "no digit is right"),
            right=2,
            breaks=("floor", "central", "exact"),
            why="At the best h, near √ε, the bend costs half of the digits and rounding the rest.",
        ),
        Try(
            "mode=forward",
            "Forward mode is exact too. What does the gradient of a net with n weights cost now?",
            ("it grows in step with n", "three forward passes, as before", "it grows as √n"),
            right=1,
            breaks="price",
            keeps="exact",
            why="Forward mode carries one weight's slope at a time, so each needs its own run.",
        ),
        Try(
            "direction=imaginary",
            "Now f is asked at x + ih, and its imaginary part divided by h. Where is the V?",
            ("still there", "its left arm is gone", "its right arm is gone"),
            right=2,
            breaks=("floor", "smaller_is_worse"),
            why="Nothing is subtracted, so nothing cancels; and less h is less of the bend.",
        ),
    )
    quick = {"steps": 20}
    pace = 10

    h = Float(1e-5, min=1e-15, max=0.1, log=True, live=True, help="the step in the table")
    numbers = Choice("float64", ("float64", "float32"), help="how numbers are kept")
    direction = Choice("real", ("real", "imaginary"), help="the axis along which h goes")
    mode = Choice("backward", ("backward", "forward"), help="autodiff's way through the net")
    steps = Int(57, min=15, max=1000, log=True, help="values of h, from 0.1 down to 1e-15")

    def run(self, stage):
        kind = {"float64": torch.float64, "float32": torch.float32}[self.numbers]
        x = (0.2 + 1.8 * torch.rand(300)).to(stage.device, kind)
        slope = f_slope(x.double())  # the truth, [300]
        ours = (autodiff(x, self.mode) - slope).abs()
        hs = torch.logspace(-15, -1, self.steps, dtype=torch.float64).tolist()
        errors = torch.full((2, self.steps), torch.nan, dtype=torch.float64)  # nan: not yet tried
        costs = [prices(width, self.mode, stage.device) for width in WIDTHS]
        sizes = [n for n, _ in costs]
        cost = {way: [price[i] for _, price in costs] for i, way in enumerate(WAYS)}
        stage.axes("error of the slope", x="h", y="error", log="xy")
        stage.axes("price of a gradient", x="weights", y="forward passes", log="xy")

        @stage.look(1)
        def look():
            (one, two), (best, best_two) = errors[:, tried], errors[:, tried:].amin(dim=1)
            stage.headline(
                f"step {hs[tried]:.0e}: error {one:.0e} one-sided, {two:.0e} central; "
                f"least so far {best:.0e}, {best_two:.0e}"
            )
            flat = torch.full((self.steps,), ours.max().item())
            seen = zip(WAYS, (*errors, flat), strict=True)
            curves = {way: error.clamp(min=1e-17) for way, error in seen}
            stage.plot("error of the slope", hs, curves)
            stage.plot("price of a gradient", sizes, cost)
            place = torch.ones(1, dtype=kind, device=stage.device)
            found = (*differences(place, self.h, self.direction), autodiff(place, self.mode))
            truth, rows = f_slope(place.double()).item(), []
            for way, value in zip(WAYS, found, strict=True):
                rows.append((way, f"{value.item():.15f}", f"{abs(value.item() - truth):.0e}"))
            stage.table("your h", (f"h = {self.h:.0e}", "slope at x = 1", "error"), rows)

        for step in stage.loop(self.steps):
            tried = self.steps - 1 - step  # from the largest h to the smallest
            found = torch.stack(differences(x, hs[tried], self.direction))  # [2, 300]
            errors[:, tried] = (found - slope).abs().median(dim=1).values.cpu()

        with stage.probe():
            best, best_central = errors.min(dim=1).values
            stage.claim("floor", best, within=(1e-9, 1e-6))
            stage.claim("central", best / best_central, at_least=300)
            stage.claim("smaller_is_worse", errors[0, 0], above=1e-3)
            stage.claim("exact", ours.max(), below=1e-13)
            stage.claim("price", max(cost["autodiff"]), within=(2, 4))
