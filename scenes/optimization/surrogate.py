r"""
# What we descend is not what we want

We want a net that is right on data it has never seen: a small *true risk*. What we descend is
something else, twice over. Not the risk but the *empirical risk*, the average over the training
set; and not the number of mistakes, which is flat nearly everywhere and has no gradient to follow,
but a smooth *surrogate*, the cross-entropy. All weights and biases, gathered in one vector θ, give
the error function

$$E(\theta) = \frac{1}{N} \sum_{n=1}^{N} \text{loss}(f_\theta(x_n), y_n)$$

and that it transfers to new data is a hope, to be checked. Only one of the four numbers in **four
numbers** is optimized, and only that one has to fall.

Here a net learns digits of whose training labels a share `label_noise` is wrong. It can learn
those by heart, and it does.

## The surface of a real net

The second half looks at E of a small net (8 principal components of the digits, 10 tanh units,
10 outputs: 200 parameters), whose Hessian can be written down in full. A bowl has positive
eigenvalues only. At the start many of them are *negative*: there are directions in which the
surface bends down, and we stand on no bowl. After training few are left, and the spectrum is that
of real nets: a few steep directions, which limit the learning rate, and hundreds of nearly flat
ones, along which little happens.

## What is true, and what is only told

- *"Training is done when there are no more mistakes"*: the mistakes, 0/1, yes. The cross-entropy
  goes on falling, because it also rewards being surer. It knows nothing of the test set.
- *"The loss falls, so the net gets better"*: the *test* loss turns round and rises while the
  training loss keeps falling. Here the test accuracy falls too, as wrong labels are learnt by
  heart; the loss rises also where accuracy does not, as wrong answers get surer of themselves.
- *"Nets are locally bowls near small weights"*: smooth surfaces are locally quadratic anywhere, but
  a quadratic is a bowl only if its curvatures are positive. With all weights 0 a deep net has no
  gradient at all in its weight matrices.
- *"Whiten the inputs and the bowl is round"*: for a linear model with squared error, exactly. The
  inputs of the small net *are* white; its largest curvature is still some forty times the median.

## Watch

- **four numbers**: the optimized one is marked.
- **loss** and **accuracy**: where training and test part company.
- **curvatures**: the eigenvalues of the small net's Hessian, at the start and now.
- **steepest first**: their sizes in order, powers of ten.

## Try

- `label_noise=0`: the test loss hardly turns.
- `learning_rate=0.0003`: never perfect in the time given, so nothing goes on falling after that.
- `hidden=0`: no hidden layer. A linear model with squared error: all curvatures are 1, exactly.
- `examples=1000`: harder to learn by heart.
"""

import torch
from torch import nn
from torch.func import functional_call, hessian
from torch.nn.functional import cross_entropy, mse_loss

from dlplay import Float, Int, Scene, claim
from dlplay.data import digits


class Surrogate(Scene):
    covers = {
        "Optimization (introduction: empirical risk)": (
            "four numbers",
            "loss",
            "accuracy",
            "test_turns",
            "falls_on",
        ),
        "Error Surface": (
            "curvatures",
            "steepest first",
            "negative_first",
            "fewer_negative",
            "few_steep",
        ),
        "A Bag of Tricks — 3. Decorrelate the Input Components": (
            "steepest first",
            "hidden_not_round",
        ),
    }
    panels = ("loss", "four numbers", "accuracy", "curvatures", "steepest first")
    quick = {"steps": 60}

    label_noise = Float(0.3, min=0, max=0.9, help="share of the training labels that are random")
    examples = Int(300, min=50, max=1400, help="training examples")
    learning_rate = Float(0.003, min=1e-5, max=0.1, log=True, live=True, help="Adam's rate")
    hidden = Int(10, min=0, max=16, help="tanh units of the small net; 0: none, a linear model")
    small_rate = Float(0.5, min=0.01, max=3, log=True, live=True, help="rate of the small net")
    steps = Int(800, min=20, max=5000, log=True, help="steps of full-batch training")

    def run(self, stage):
        device = stage.device
        x, y, x_test, y_test = (part.to(device) for part in digits())
        x, x_test = x.flatten(1), x_test.flatten(1)  # [1400, 64], [397, 64]
        few, labels = x[: self.examples], y[: self.examples].clone()
        wrong = torch.rand(self.examples, device=device) < self.label_noise
        labels[wrong] = torch.randint(10, (int(wrong.sum()),), device=device)
        net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)).to(device)
        optimizer = torch.optim.Adam(net.parameters(), lr=self.learning_rate)
        stage.watch(net)

        # The small net: white inputs [1400, 8], one-hot targets [1400, 10], squared error
        mean = x.mean(0)
        values, axes = torch.linalg.eigh((x - mean).T @ (x - mean) / len(x))
        white = (x - mean) @ axes[:, -8:] / values[-8:].sqrt()
        targets = torch.eye(10, device=device)[y]
        layers = [nn.Linear(8, self.hidden), nn.Tanh(), nn.Linear(self.hidden, 10)]
        small = nn.Sequential(*(layers if self.hidden else [nn.Linear(8, 10)])).to(device)
        with stage.probe():
            first = spectrum(small, white, targets)

        lowest, perfect = float("inf"), None  # of the test loss; training loss when all are right
        stage.axes("loss", y="cross-entropy", log="y")
        stage.axes("accuracy", y="share right", lines={"guessing": 0.1})

        for _ in stage.loop(self.steps):
            for group in optimizer.param_groups:
                group["lr"] = self.learning_rate
            logits = net(few)
            loss = cross_entropy(logits, labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

            fit = half_squared(small, white, targets)
            parameters = list(small.parameters())
            gradients = torch.autograd.grad(fit, parameters)
            with torch.no_grad():
                for p, g in zip(parameters, gradients, strict=True):
                    p -= self.small_rate * g

            # What the user sees
            right = (logits.argmax(1) == labels).float().mean().item()
            if right == 1 and perfect is None:
                perfect = loss.item()
            if stage.every(2):
                with stage.probe(net):
                    logits = net(x_test)
                    test = cross_entropy(logits, y_test).item()
                    test_right = (logits.argmax(1) == y_test).float().mean().item()
                lowest = min(lowest, test)
                stage.curve("loss", {"training": loss, "test": test})
                stage.curve("accuracy", {"training": right, "test": test_right})
            if stage.every(10):
                stage.table(
                    "four numbers",
                    ["", "loss", "accuracy"],
                    [["training", loss.item(), right], ["test", test, test_right]],
                    best=[0],
                )
            if stage.every(100):
                with stage.probe(small):
                    now = spectrum(small, white, targets)
                self.draw(stage, first, now)
                size = now.abs().sort(descending=True).values
                stage.measure(
                    test_turn=test / lowest,
                    still_falling=loss.item() / (perfect or loss.item()),
                    negative_first=share_negative(first),
                    negative_left=share_negative(now) / max(share_negative(first), 1e-9),
                    top_share=size[: max(1, len(size) // 10)].sum() / size.sum(),
                    condition=size[0] / size.median(),
                )

    def draw(self, stage, first, now):
        most = max(first.abs().max().item(), 1e-6)
        kept = {"at the start": first, "now": now.clamp(-most, most)}
        stage.histogram("curvatures", kept, bins=41, low=-most, high=most, x="eigenvalue")
        stage.axes("steepest first", x="rank", y="log₁₀ |eigenvalue|")
        sizes = {
            name: values.abs().sort(descending=True).values.clamp(min=1e-9).log10()
            for name, values in (("at the start", first), ("now", now))
        }
        stage.plot("steepest first", range(1, len(first) + 1), sizes)

    @claim(
        "with wrong labels the test loss turns and ends more than 1.3 times above its lowest",
        breaks={"label_noise": 0, "steps": 400},
    )
    def test_turns(self, measured):
        return measured.test_turn > 1.3

    @claim(
        "after the last training mistake is gone the training loss still falls, to less than half",
        breaks={"learning_rate": 0.0003, "steps": 300},
    )
    def falls_on(self, measured):
        return measured.still_falling < 0.5

    @claim(
        "at the start more than a fifth of the small net's curvatures are negative",
        breaks={"hidden": 0, "steps": 100},
    )
    def negative_first(self, measured):
        return measured.negative_first > 0.2

    @claim(
        "after training the share of negative ones is less than half of that",
        breaks={"small_rate": 0.01, "steps": 100},
    )
    def fewer_negative(self, measured):
        return measured.negative_left < 0.5

    @claim(
        "the steepest tenth of the directions has more than 0.3 of all curvature (in a round bowl "
        "it has 0.1)",
        breaks={"hidden": 0, "steps": 100},
    )
    def few_steep(self, measured):
        return measured.top_share > 0.3

    @claim(
        "white inputs make no round bowl under a hidden layer: the largest curvature is more than "
        "10 times the median",
        breaks={"hidden": 0, "steps": 100},
    )
    def hidden_not_round(self, measured):
        return measured.condition > 10


def half_squared(model, x, targets):
    """E = ½ mean |f(x) − y|²: its Hessian is exactly XᵀX/N for a linear model."""
    return 0.5 * targets.shape[1] * mse_loss(model(x), targets)


def spectrum(model, x, targets):
    """The eigenvalues of the Hessian of E at the model's parameters: [200]."""
    names = [name for name, _ in model.named_parameters()]
    shapes = [p.shape for p in model.parameters()]
    theta = torch.cat([p.detach().flatten() for p in model.parameters()])

    def error(theta):
        parts = theta.split([shape.numel() for shape in shapes])
        named = {n: p.reshape(s) for n, p, s in zip(names, parts, shapes, strict=True)}
        out = functional_call(model, named, (x,))
        return 0.5 * targets.shape[1] * mse_loss(out, targets)

    return torch.linalg.eigvalsh(hessian(error)(theta)).cpu()


def share_negative(values):
    """Of eigenvalues that are clearly below 0, beyond rounding."""
    return (values < -1e-5 * values.abs().max()).float().mean().item()
