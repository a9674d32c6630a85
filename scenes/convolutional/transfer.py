"""
# When is it worth starting from another net?

You have ten images of each class. That is few to learn a net of some ten thousand weights from.
Somebody has trained such a net on another task with much more data. Can you use it?

A net is layers that turn an image into a few dozen **features**, then a linear layer, the **head**,
that names the class. The head belongs to its task. The features may be good for others. Two ways:

- **Frozen**: keep the layers as they are and fit a new head on their features. This is also called
  linear probing. It takes seconds, and 245 weights are all that is learned.
- **Fine-tuned**: give the net a new head, then train all of it on, at a small rate.

Here the source task is digits 0 to 4, the target 5 to 9. All lie somewhere on the canvas, turned,
larger or smaller, among dots and noise. So a net has to learn two things: to ignore all that, and
to tell five shapes apart. The first is the same in both tasks, and ten images hardly show it. That
is what is borrowed. To see that not just any features do, take those of a net with random weights.

It is no law. If the new data itself shows what must be ignored, or there is nothing to ignore,
starting from scratch is as good.

Fine-tuning changes the net, so it forgets. How much depends on the rate. The third panel gives the
fine-tuned net its old head back, and asks for the old digits.

The same goes for text: BERT and GPT are such nets, trained on much text, then tuned with little.

## Tomorrow

Fit a linear head on frozen features first; it is cheap and a number to beat. Then fine-tune the
layers at a tenth of the usual rate or less. Always train one net from scratch to compare. If the
old task still matters, test it again.
"""

from copy import deepcopy

import torch
from torch import nn
from torch.nn.functional import adaptive_avg_pool2d, cross_entropy, max_pool2d, one_hot

from dlplay import Choice, Float, Int, Scene, Toggle, Try
from dlplay.data import digits, fashion, warped

N, WIDTHS, SHOTS = 16, (12, 24, 48), (2, 10, 50)  # pixels; channels; target examples of a class


class Transfer(Scene):
    covers = ("Transfer Learning",)
    panels = {
        "target digits read": "share of new 5s to 9s; random: frozen layers that never learned",
        "images": "above some of the source; below some of the target",
        "source read": "of new source images; after the line the net is fine-tuned on 50 of each",
    }
    claims = {
        "pays": "from 10 examples of a class, fine-tuned reads over 0.15 more than from scratch",
        "worth": "fine-tuned on 10 of a class is less than 0.1 behind from scratch on 50",
        "not_any_features": "on 10, frozen reads over 0.1 more than random layers, frozen too",
        "overtakes": "on 50 examples of a class, fine-tuned reads over 0.03 more than frozen",
        "remembers": "fine-tuned on 50, with its old head, it still reads over 0.75 of the source",
    }
    tries = (
        Try(
            "clutter=off",
            "Clean digits, upright in the middle. What is the other net worth at 10 examples?",
            ("more than before", "as much", "little or nothing"),
            right=3,
            breaks="pays",
            keeps="remembers",
            why="There is nothing to ignore, so nothing to be borrowed for it. Ten clean examples "
            "show most of what their classes look like.",
        ),
        Try(
            "rate=0.05",
            "The net is fine-tuned at fifty times the rate. What is lost?",
            (
                "only the old digits",
                "the old digits, and most of what the start was worth",
                "nothing: it learns sooner",
            ),
            right=2,
            breaks="remembers",
            keeps="not_any_features",
            why="The layers move by more than their own size. What was learned before is gone, "
            "for the new digits too.",
        ),
        Try(
            "source=clothes",
            "The source are five kinds of clothes instead of digits. What is starting from it "
            "worth, at 10 examples?",
            ("nothing: the shapes are foreign", "a good part of it, at least", "it does harm"),
            right=2,
            keeps="not_any_features",
            why="Clothes, too, lay anywhere, turned, among dots and noise. To ignore all that is "
            "what ten digits of a class cannot teach.",
        ),
    )
    quick = {"pretrain": 10, "steps": 4}
    pace = 10

    clutter = Toggle(True, help="whether all lie anywhere, turned, among dots and noise")
    source = Choice("digits 0 to 4", ("digits 0 to 4", "clothes"), help="of the other task")
    pretrain = Int(250, min=10, max=2000, log=True, help="steps on the source, 64 images each")
    rate = Float(0.001, min=1e-5, max=0.1, log=True, live=True, help="of fine-tuned layers, Adam")
    steps = Int(80, min=4, max=1000, log=True, help="steps on the target, for each net")

    def run(self, stage):
        def placed(images):
            return on_canvas(images, self.clutter).to(stage.device)  # [B, 1, N, N]

        x, y, x_test, y_test = digits()
        split = fashion() if self.source == "clothes" else (x, y, x_test, y_test)
        (source, y_source), (old, y_old) = (first_five(*split[:2]), first_five(*split[2:]))
        old, y_old = placed(old), y_old.to(stage.device)
        x, y = torch.cat([x, x_test]), torch.cat([y, y_test]) - 5  # targets are those from 0 up
        mixed = torch.randperm(len(y))
        order = [mixed[y[mixed] == kind] for kind in range(5)]  # the images of each target class

        def drawn(part):
            """Some images of each target class, placed, and their classes."""
            some = torch.cat([images[part] for images in order])
            return placed(x[some]), y[some].to(stage.device)

        few = [drawn(slice(shots)) for shots in SHOTS]
        new, y_new = drawn(slice(SHOTS[-1], SHOTS[-1] + 120))

        def batch():
            """64 source images, each placed anew."""
            some = torch.randint(len(y_source), (64,), device="cpu")
            return placed(source[some]), y_source[some].to(stage.device)

        def right(scores, truth):
            return (scores.argmax(dim=1) == truth).float().mean().item()

        def probed(net):
            """Of new targets, the share that a new head on the net's layers reads, by shots."""
            unseen = net.features(new)
            return [right(fitted(net.features(x), y, unseen), y_new) for x, y in few]

        trained, random = Net().to(stage.device), Net().to(stage.device)
        with torch.no_grad():
            for _ in range(20):
                random(batch()[0])  # batch norm gets to know the images; no weight learns
        tuned, fresh = nn.ModuleList(), nn.ModuleList()  # one for each number of shots
        adam = torch.optim.Adam(trained.parameters(), lr=0.003)

        stage.axes("target digits read", x="examples of each", y="share", log="x")
        stage.axes("source read", y="share", verticals={"fine-tuning": self.pretrain})
        images = torch.cat([placed(source[:6]), drawn(slice(6))[0][::5]])
        stage.image("images", images, columns=6)

        @stage.look(10, trained, random, tuned, fresh)
        def look():
            shares = {"frozen": probed(trained), "random": probed(random)}
            for name, nets in {"fine-tuned": tuned, "from scratch": fresh}.items():
                if nets:
                    shares[name] = [right(net(new), y_new) for net in nets]
            stage.plot("target digits read", SHOTS, shares)
            read = right(trained.head((tuned[-1] if tuned else trained).features(old)), y_old)
            at = stage.step + (self.pretrain if tuned else 0)
            stage.curve("source read", {"with the old head": read}, x=at)
            stage.headline(
                "from 10 of each: "
                + ", ".join(f"{n} {share[1]:.0%}" for n, share in shares.items())
            )

        for _ in stage.loop(self.pretrain, "source"):
            images, classes = batch()
            loss = cross_entropy(trained(images), classes)
            adam.zero_grad()
            loss.backward()
            adam.step()

        for _ in SHOTS:
            net = deepcopy(trained)
            net.head = nn.Linear(WIDTHS[-1], 5)
            tuned.append(net.to(stage.device))
            fresh.append(Net().to(stage.device))
        layers, heads = zip(*((net.layers, net.head) for net in tuned), strict=True)
        groups = [
            {"params": nn.ModuleList(layers).parameters(), "lr": self.rate},
            {"params": nn.ModuleList(heads).parameters(), "lr": 0.01},
            {"params": fresh.parameters(), "lr": 0.003},
        ]
        adam = torch.optim.Adam(groups)
        for _ in stage.loop(self.steps, "target"):
            adam.param_groups[0]["lr"] = self.rate
            loss = 0
            for n, (x, y) in enumerate(few):
                some = torch.randperm(len(y), device="cpu")[:32].to(stage.device)
                for net in (tuned[n], fresh[n]):
                    loss = loss + cross_entropy(net(x[some]), y[some])
            adam.zero_grad()
            loss.backward()
            adam.step()

        with stage.probe(trained, random, tuned, fresh):
            frozen, chance = probed(trained), probed(random)
            fine, scratch = ([right(net(new), y_new) for net in nets] for nets in (tuned, fresh))
            stage.claim("pays", fine[1] - scratch[1], above=0.15)
            stage.claim("worth", scratch[2] - fine[1], below=0.1)
            stage.claim("not_any_features", frozen[1] - chance[1], above=0.1)
            stage.claim("overtakes", fine[2] - frozen[2], above=0.03)
            kept = right(trained.head(tuned[2].features(old)), y_old)
            stage.claim("remembers", kept, above=0.75)
            stage.measure(fine_tuned=fine[1], scratch=scratch[1], scratch_on_50=scratch[2])


class Net(nn.Module):
    """Three convolutions with a pool between, the largest answer of each map, a linear head."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(map(layer, (1, *WIDTHS), WIDTHS))
        self.head = nn.Linear(WIDTHS[-1], 5)

    def features(self, x):  # [B, 1, N, N] -> [B, 48]
        for n, convolution in enumerate(self.layers):
            x = convolution(max_pool2d(x, 2) if n else x)
        return x.amax(dim=(2, 3))

    def forward(self, x):  # [B, 1, N, N] -> [B, 5]
        return self.head(self.features(x))


def layer(inputs, outputs):
    convolution = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU())


def fitted(features, y, new):
    """Scores [M, 5] of `new` features by a linear head: least squares with a little decay."""
    middle = features.mean(dim=0)
    x, x_new = features - middle, new - middle
    decay = torch.eye(x.shape[1], device=x.device)
    weights = torch.linalg.solve(x.T @ x + decay, x.T @ (one_hot(y, 5) - 0.2))
    return x_new @ weights


def first_five(images, y):
    """Those of classes 0 to 4, as 8×8 pixels."""
    return adaptive_avg_pool2d(images[y < 5], 8), y[y < 5]


def on_canvas(images, clutter):
    """Images [B, 1, 8, 8] on a canvas of N×N; with clutter turned, scaled, anywhere, with dots."""
    if not clutter:
        return warped(images, N)
    canvas = warped(images, N, turn=23, shift=3, scale=0.15).flatten(1)  # [B, N²]
    places, light = torch.randint(N * N, (len(images), 8)), 0.5 + 0.5 * torch.rand(len(images), 8)
    canvas = torch.maximum(canvas, torch.zeros_like(canvas).scatter(1, places, light))
    return (canvas + 0.15 * torch.randn_like(canvas)).reshape(-1, 1, N, N)
