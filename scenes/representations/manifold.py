r"""
# Few numbers behind many pixels

A picture of 16 by 16 pixels is a point in a space of 256 dimensions. Almost every point there is
noise. The pictures that occur fill only a thin sheet of it, because their pixels depend on one
another: they come from a few causes. The *manifold hypothesis* says that natural data lie near
a *manifold* of much lower dimension than the space around it.

Here it can be checked, for the causes are known. **circle**: a spot that runs on a circle; one
number, its angle, says all about the picture. **plane**: a spot anywhere; two numbers. **swiss**: a
sheet rolled up in 3-D; two numbers. And **digits**, whose causes nobody knows.

Three dimensions of the same data:

- *pixels*: how many numbers are stored.
- *linear*, column **PCA**: how many principal components it takes for 95 % of the variance.
- *intrinsic*: how many directions a point has to go to its neighbours. Two estimators: TwoNN looks
  at the ratio μ = r₂/r₁ of the distances to the second and to the first neighbour, which in d
  dimensions has P(μ > x) = x⁻ᵈ (Facco et al., 2017). MLE does so with twenty neighbours (Levina and
  Bickel, 2005).

**"Lower-dimensional subspaces"** says too much. Manifolds are curved, and a flat one is the special
case. The circle has one intrinsic dimension, and PCA needs ten. An *autoencoder*, which bends,
writes it in two numbers with next to no error; PCA with two components misses more than half.
Take the bending away (`activation=none`) and the autoencoder is a PCA, and no more.

**Why two numbers, if the circle has dimension one?** Because a circle is no line. A continuous code
of one number has to cut it open somewhere, and pictures near the cut are decoded badly. The
dimension is a local matter, the *topology* a global one.

**"A limited number of expressions"** is the wrong count: it is the number of *dimensions* that is
finite; pictures there are infinitely many. And the often-quoted number of dimensions of faces, some
fifty, was got by counting muscles of the face, not by measuring.

**What the estimates are worth.** In many dimensions a thousand points are few: no point has a near
neighbour, and every estimator comes out too low. A Gaussian cloud of 64 dimensions is told to
have fewer than 50. So *about 9 dimensions* for digits is a number to compare, with the 24 of the
same pixel values shuffled among the pictures, say, and no number to believe. That a single class
has fewer is told too, and *ones* do come out lower; but so do as few digits of all classes
(*few*: as many as there are ones), so it is no claim here. And noise has as
many dimensions as there are pixels: near enough, every manifold is drowned in it.

## Watch

- *code*: the two numbers of each picture. The circle comes out as a closed loop, sometimes with a
  twist, though nobody told the net the angle. *NE* to *SW*: in which quarter of the picture the
  spot stands.
- *unexplained*: the share of the variance that is lost; *circle in 1* has a code of one number.
- *between*: halfway from one picture to another. Pixels halved, both spots are there at half
  strength, and such a picture does not occur. Codes halved and decoded, it is one spot.
- *decoded*: what the decoder makes of the point under the cursor (`cursor_x`, `cursor_y`).

## Try

- `shown=circle cursor_x=0 cursor_y=0`: the middle of the loop, where no picture is.
- `code=1`: one number for everything. The circle has to be cut.
- `activation=none`: the linear autoencoder does not get below PCA.
- `noise=0.3`: the estimates leave the manifold and go up, and shuffled digits are hardly different.
- `width=6`: a spot as wide as the picture. Its circle is nearly flat: PCA gets by with few.
- `gaussian=10`: in ten dimensions the estimate is right.
"""

import math

import torch
from torch import nn

from dlplay import Choice, Float, Int, Scene, claim
from dlplay.data import digits

N = 1000  # points of each set
SIZE = 16  # pixels a side of a generated picture
TOLD = ("circle", "plane", "swiss", "digits")  # what autoencoders learn
QUARTERS = {"circle": ("NE", "NW", "SW", "SE"), "plane": ("SW", "SE", "NW", "NE")}  # of the picture
BENDS = {"elu": nn.ELU, "tanh": nn.Tanh, "none": nn.Identity}


def spots(places, width):
    """Pictures [N, 256] of a round spot at each of places [N, 2], in pixels from the middle."""
    line = torch.arange(SIZE) - (SIZE - 1) / 2
    across = torch.exp(-((line - places[:, :1]) ** 2) / (2 * width**2))  # [N, 16]
    down = torch.exp(-((line + places[:, 1:]) ** 2) / (2 * width**2))
    return (down[:, :, None] * across[:, None, :]).flatten(1)


def twonn(x):
    """Intrinsic dimension of points [N, D] by the two nearest neighbours (Facco et al., 2017).

    The slope through the origin of −log(1 − F(μ)) over log μ, F the share of points with a lower
    ratio μ; the tenth with the highest ratios is left out.
    """
    near = neighbours(x, 2)
    mu = (near[:, 1] / near[:, 0]).sort().values
    share = torch.arange(1, len(mu) + 1, dtype=mu.dtype) / len(mu)
    keep = int(0.9 * len(mu))
    a, b = mu[:keep].log(), -(1 - share[:keep]).log()
    return (a @ b / (a @ a)).item()


def mle(x, k=20):
    """The estimate of Levina and Bickel (2005) from k neighbours, averaged as MacKay and
    Ghahramani (2005) do."""
    near = neighbours(x, k)
    return 1 / (near[:, -1:] / near[:, :-1]).log().mean().item()


def neighbours(x, k):
    """Distances [N, k] to the k nearest other points, none of them 0."""
    x = x.double().unique(dim=0)
    distance = torch.cdist(x, x, compute_mode="donot_use_mm_for_euclid_dist")
    return distance.topk(k + 1, largest=False).values[:, 1:]


def spectrum(x):
    """The variance along each principal component as a share of all of it, falling."""
    squares = torch.linalg.svdvals(x - x.mean(0)).square()
    return squares / squares.sum()


def linear_dimension(x, share=0.95):
    return int((spectrum(x).cumsum(0) < share).sum()) + 1


class Autoencoder(nn.Module):
    """D numbers -> k numbers -> D numbers, with two hidden layers of 64 on each side."""

    def __init__(self, dimension, code, bend):
        super().__init__()
        self.encode = nn.Sequential(
            nn.Linear(dimension, 64), bend(), nn.Linear(64, 64), bend(), nn.Linear(64, code)
        )
        self.decode = nn.Sequential(
            nn.Linear(code, 64), bend(), nn.Linear(64, 64), bend(), nn.Linear(64, dimension)
        )

    def forward(self, x):
        return self.decode(self.encode(x))


class Manifold(Scene):
    covers = {
        "The Manifold Hypothesis": (
            "dimensions",
            "code",
            "between",
            "unexplained",
            "circle_one",
            "plane_two",
            "swiss_two",
            "linear_fooled",
            "digits_few",
            "dependence",
            "too_low",
            "bent",
            "bent_everywhere",
            "topology",
            "halfway_is_real",
        ),
    }
    panels = ("dimensions", "code", "between", "decoded", "unexplained", "two numbers")
    quick = {"steps": 12}

    shown = Choice("plane", ("circle", "plane", "digits"), live=True, help="whose code is shown")
    cursor_x = Float(0.0, min=-2, max=2, live=True, help="cursor in the code, 1st number")
    cursor_y = Float(0.0, min=-2, max=2, live=True, help="cursor in the code, 2nd number")
    code = Int(2, min=1, max=8, help="numbers in the autoencoder's code")
    activation = Choice("elu", ("elu", "tanh", "none"), help="what lets the autoencoder bend")
    noise = Float(0.0, min=0, max=1, help="standard deviation of noise on every pixel")
    width = Float(1.2, min=0.8, max=8, log=True, unit="px", help="width of the spot")
    gaussian = Int(64, min=2, max=128, log=True, help="dimensions of the Gaussian cloud")
    steps = Int(400, min=12, max=5000, log=True, help="training steps of each autoencoder")

    def run(self, stage):
        device = stage.device
        self.make()
        jobs = list(self.sets)
        self.found = {}  # set -> its dimensions

        # For the autoencoders: mean 0 and mean variance 1, so that a loss is the unexplained share
        self.mean = {name: self.sets[name].mean(0).to(device) for name in TOLD}
        self.scale = {name: self.sets[name].var(0).mean().sqrt().item() for name in TOLD}
        data = {
            name: (self.sets[name].to(device) - self.mean[name]) / self.scale[name] for name in TOLD
        }
        names = {name: name for name in TOLD} | {"circle in 1": "circle"}
        nets = {}
        for name, source in names.items():
            numbers = self.code if name == source else 1
            dimension = data[source].shape[1]
            nets[name] = Autoencoder(dimension, numbers, BENDS[self.activation]).to(device)
        optimizer = torch.optim.Adam([p for net in nets.values() for p in net.parameters()])
        stage.watch(nets[self.shown])
        pca = {name: spectrum(self.sets[name])[self.code :].sum().item() for name in TOLD}
        stage.axes("unexplained", y="share of variance", log="y")

        for step in stage.loop(self.steps):
            if stage.changed("shown"):
                stage.watch(nets[self.shown])
            losses = {}
            for name, source in names.items():
                x = data[source][torch.randint(N, (128,), device=device)]  # [128, D]
                losses[name] = (nets[name](x) - x).square().mean()
            optimizer.zero_grad()
            sum(losses.values()).backward()
            optimizer.param_groups[0]["lr"] = 0.003 * (1 - step / self.steps)
            optimizer.step()
            stage.curve("unexplained", {"circle in 1": losses["circle in 1"], **losses})
            if jobs:
                self.estimate(stage, jobs.pop(0))
            if stage.every(10) or stage.changed("shown", "cursor_x", "cursor_y"):
                with stage.probe(*nets.values()):
                    self.look(stage, nets[self.shown], data[self.shown])
                    unexplained = {
                        name: ((nets[name](data[s]) - data[s]).square().mean()).item()
                        for name, s in names.items()
                    }
                shares = {
                    "autoencoder": [100 * unexplained[name] for name in TOLD],
                    "PCA": [100 * pca[name] for name in TOLD],
                }
                stage.bars("two numbers", TOLD, shares, unit="% left")

        with stage.probe(*nets.values()):
            halfway = self.halfway(nets["plane"], data["plane"])
        stage.measure(
            circle=self.found["circle"]["TwoNN"],
            plane=self.found["plane"]["TwoNN"],
            swiss=self.found["swiss"]["TwoNN"],
            circle_linear=self.found["circle"]["PCA"],
            digits=max(self.found["digits"]["TwoNN"], self.found["digits"]["MLE"]),
            shuffled_ratio=self.found["shuffled"]["TwoNN"] / self.found["digits"]["TwoNN"],
            cloud_ratio=self.found["Gaussian"]["TwoNN"] / self.gaussian,
            bent=unexplained["circle"] / pca["circle"],
            bent_least=max(unexplained[name] / pca[name] for name in TOLD),
            cut=unexplained["circle in 1"] / unexplained["circle"],
            halfway=halfway,
        )

    def make(self):
        """The data sets, each [N, D], and what they are made from."""
        angle = 2 * math.pi * torch.rand(N)
        place = 9 * torch.rand(N, 2) - 4.5
        turn = 1.5 * math.pi * (1 + 2 * torch.rand(N))
        roll = torch.stack([turn * turn.cos(), 21 * torch.rand(N), turn * turn.sin()], 1) / 10
        train, train_labels, test, test_labels = digits()
        images = torch.cat([train, test]).flatten(1)  # [1797, 64]
        labels = torch.cat([train_labels, test_labels])
        chosen = torch.randperm(len(images))[:N]
        ones = labels == 1
        self.sets = {
            "circle": spots(4.5 * torch.stack([angle.cos(), angle.sin()], 1), self.width),
            "plane": spots(place, self.width),
            "swiss": roll,
            "digits": images[chosen],
            "ones": images[ones],
            "few": images[chosen[: int(ones.sum())]],
        }
        for name, x in self.sets.items():
            self.sets[name] = x + self.noise * torch.randn_like(x)
        # The same values of every pixel, dealt out among the pictures
        orders = torch.rand(N, 64).argsort(0)
        self.sets["shuffled"] = self.sets["digits"].gather(0, orders)
        self.sets["Gaussian"] = torch.randn(N, self.gaussian)
        self.labels = {
            "circle": (angle / (2 * math.pi) * 4).long(),
            "plane": (place[:, 0] > 0).long() + 2 * (place[:, 1] > 0).long(),
            "digits": labels[chosen],
        }

    def estimate(self, stage, name):
        x = self.sets[name]
        self.found[name] = {
            "pixels": x.shape[1],
            "PCA": linear_dimension(x),
            "TwoNN": twonn(x),
            "MLE": mle(x),
        }
        rows = [[name, *found.values()] for name, found in self.found.items()]
        stage.table("dimensions", ["data", "pixels", "PCA", "TwoNN", "MLE"], rows)

    def look(self, stage, net, x):
        """The code of every picture, the picture under the cursor, and ways between two."""
        codes = net.encode(x)  # [N, k]
        middle, spread = codes.mean(0), codes.std(0)
        flat = (codes - middle) / spread
        if self.code == 1:
            flat = torch.cat([flat, torch.zeros_like(flat)], 1)
        cursor = torch.tensor([[self.cursor_x, self.cursor_y]], device=x.device)
        stage.plane(
            "code",
            x=(-2.5, 2.5),
            y=(-2.5, 2.5),
            points=self.groups(flat[:150, :2]),
            paths={"cursor": cursor},
            x_label="1st",
            y_label="2nd",
        )
        at = middle.clone()[None]  # [1, k]
        at[:, :2] += cursor[:, : self.code] * spread[:2]
        nearest = (codes - at).square().sum(1).argmin()
        captions = ["at the cursor", "nearest picture"]
        pictures = torch.cat([net.decode(at), x[nearest][None]])
        stage.image("decoded", self.pictures(pictures), captions=captions)

        ends = codes[:, 0].argmin(), codes[:, 0].argmax()
        one, other = x[ends[0]], x[ends[1]]
        halved = net.decode((codes[ends[0]] + codes[ends[1]]) / 2)
        pictures = torch.stack([(one + other) / 2, halved, one, other])
        captions = ["pixels halved", "codes halved", "one", "the other"]
        stage.image("between", self.pictures(pictures), captions=captions)

    def groups(self, points):
        """Points [n, 2] by the name of what is known of their pictures."""
        names = QUARTERS.get(self.shown, "0123456789")
        labels = self.labels[self.shown][: len(points)].to(points.device)
        return {name: points[labels == label] for label, name in enumerate(names)}

    def pictures(self, x):
        pixels = x * self.scale[self.shown] + self.mean[self.shown]
        side = math.isqrt(x.shape[1])
        return pixels.reshape(-1, side, side).clamp(0, 1)

    def halfway(self, net, x):
        """How far from the nearest real picture one lies that is halfway between two: by code, as
        a multiple of by pixels. The mean over 200 pairs."""
        a, b = x[:200], x[200:400]
        codes = (net.encode(a) + net.encode(b)) / 2
        by_code = torch.cdist(net.decode(codes), x).min(1).values.mean()
        by_pixels = torch.cdist((a + b) / 2, x).min(1).values.mean()
        return by_code / by_pixels

    @claim(
        "a spot on a circle: 256 pixels, and TwoNN finds one dimension, 0.75 to 1.3",
        breaks={"noise": 0.3, "steps": 12},
    )
    def circle_one(self, measured):
        return measured.circle.between(0.75, 1.3)

    @claim(
        "a spot in the plane: two dimensions, 1.6 to 2.4",
        breaks={"noise": 0.3, "steps": 12},
    )
    def plane_two(self, measured):
        return measured.plane.between(1.6, 2.4)

    @claim(
        "the Swiss roll: two dimensions, 1.6 to 2.4, in the three of space",
        breaks={"noise": 0.3, "steps": 12},
    )
    def swiss_two(self, measured):
        return measured.swiss.between(1.6, 2.4)

    @claim(
        "PCA needs 6 components or more for 95 % of the circle's variance: manifolds are curved",
        breaks={"width": 6.0, "steps": 12},
    )
    def linear_fooled(self, measured):
        return measured.circle_linear >= 6

    @claim(
        "digits of 64 pixels have fewer than 15 dimensions, by both estimators",
        breaks={"noise": 0.3, "steps": 12},
    )
    def digits_few(self, measured):
        return measured.digits < 15

    @claim(
        "it is the dependence between pixels: shuffled among the pictures, the same pixel values "
        "have over 1.8 times the dimension",
        breaks={"noise": 0.3, "steps": 12},
    )
    def dependence(self, measured):
        return measured.shuffled_ratio > 1.8

    @claim(
        "the estimate is too low in many dimensions: under 0.8 of the Gaussian cloud's",
        breaks={"gaussian": 5, "steps": 12},
    )
    def too_low(self, measured):
        return measured.cloud_ratio < 0.8

    @claim(
        "two bent numbers say more than two straight ones: of the circle, the autoencoder leaves "
        "less than a tenth of what PCA leaves",
        breaks={"activation": "none", "steps": 60},
    )
    def bent(self, measured):
        return measured.bent < 0.1

    @claim(
        "on circle, plane, Swiss roll and digits alike, the autoencoder leaves less than 0.9 of it",
        breaks={"activation": "none", "steps": 60},
    )
    def bent_everywhere(self, measured):
        return measured.bent_least < 0.9

    @claim(
        "a circle is not one number: with one, over 5 times as much of it is left as with two",
        breaks={"code": 1, "steps": 60},
    )
    def topology(self, measured):
        return measured.cut > 5

    @claim(
        "halfway by code is under 0.8 times as far from the real pictures as halfway by pixels",
        breaks={"activation": "none", "steps": 60},
    )
    def halfway_is_real(self, measured):
        return measured.halfway < 0.8
