r"""
# Squeeze and rebuild

An *autoencoder* is a net that is asked for its own input. An encoder writes a picture x as a code
z of k numbers, a decoder makes a picture y of z, and the loss is how far y is from x:

$$ z = f(Wx + b) \qquad y = g(W'z + b') \qquad L = \frac{1}{2} \sum \|x - y\|^2 $$

No labels. Such nets are among the oldest deep architectures (late 1980s), first used to make data
smaller, then, in the 2000s, to learn *representations*. Nothing forces a net to find out anything
in order to copy: the identity would do (the next scene shows it). An **undercomplete** one has
to, for the code is too small: the *bottleneck* keeps what varies and drops what can be guessed.

Here 64 pixels go through 128 and 64 ELU units to k numbers and back; eight nets learn side by
side, from 1,400 digits. All errors are squared errors per picture, of 397 pictures that were not
learned from (the mean picture has 4.70).

**The manifold.** The other data are round blobs on 16 by 16 pixels, at random places. Two
numbers say all, and a code of two finds them: next to nothing is lost, and the place can be
read off it. PCA with two components loses more than half: the blobs lie on a sheet that is
*curved*. Halfway between two codes is one blob halfway; halfway between two *pictures* are two
pale ghosts, which do not occur. The code counts the directions in which the data
vary, and says nothing about others.

**A linear autoencoder is PCA**, they say. The loss is, and the *subspace* is. The code is not:
nothing in the loss prefers one basis of that subspace, so the decoder's columns are neither
orthogonal nor principal components (`axes=rotated` makes them so, at the same loss). And that
holds for the minimum, which L-BFGS reaches. Adam comes within a few per cent of the loss while
its plane is still many degrees off: compare errors, not angles, unless you know that the run has
converged.

**Nonlinearity alone does not help.** With a sigmoid encoder and a *linear* decoder, all pictures
lie in a flat k-dimensional plane, and PCA's plane is the best (Bourlard and Kamp, 1988). What
bends is the decoder: give it a hidden layer (`shallow_decoder=deep`) and PCA is beaten. (Kernel
PCA bends too, by a kernel that is fixed; an autoencoder learns how.)

**"Significantly more powerful than PCA"** is true of small codes. With 32 numbers for 64 pixels
PCA wins clearly: it is the exact optimum of all linear codes, and the deep net, which could do as
well in principle, is what 800 steps of Adam found, from 1,400 examples. So "30 numbers are enough
for digits and blurry for faces" is about data and k together.

**Why rebuild the input at all?** As a proxy: what suffices to rebuild x should serve for other
tasks. The test: learn the digits by logistic regression from few labels, on raw pixels or on ten
numbers (eight draws of the labelled ones). "Often better" is too kind. The plain code does *not*
beat the pixels, with few labels it is level. A *denoising* one does, while labels are few (it
sees noisy pictures and has to rebuild clean ones). With many labels raw pixels win: what the code
dropped was good for something. (By the nearest neighbour they lead too, by four to twelve digits
of 397, which is too few to claim: see the log. PCA's ten numbers are only shown.) What the code is
really good at is being small: two numbers, learned without a label, tell digits apart far better
than two principal components.

**Your own pictures.** `data=FOLDER` has it learn 100 or more of yours, grey and 8 pixels wide.
The claims are made of digits: of yours nothing is claimed, and what needs to know which
digit is shown (*few labels*) is left out.

## Watch

- *rebuilt*: pictures, and what PCA and the autoencoder make of `code` numbers.
- *code map*: each picture's two numbers, by class (no label was seen) or by place; the cursor
  walks there.
- *halfway between*: one picture and another, in the middle of their pixels, in the middle of their
  codes; and the picture at the cursor.
- *error by size*: where the two curves cross, PCA begins to win.
- *linear and PCA*: training losses over PCA's; the largest angle between the two planes; the mean
  |cosine| of a column with its nearest component.

## Try

- `shown=blobs cursor_x=1`: walk the blob about. `code=8`, `code=32`: who rebuilds better?
- `activation=none`: every net is linear, and everything that bending won is gone.
- `linear_solver=adam`: nearly the same loss, another plane.
- `noise=0`: the denoising autoencoder becomes a plain one.
- `activation=none feature_code=32`: a linear code of 32 loses little, and the pixels' lead melts.
- `shallow_decoder=deep`: one hidden layer in the decoder, and PCA is beaten.
- `blob_width=6`: the sheet is nearly flat, PCA-2 is quite good.
- `steps=20`: untrained, size hardly matters.
"""

from itertools import pairwise

import torch
from torch import nn
from torch.nn.functional import adaptive_avg_pool2d, cross_entropy

from dlplay import Choice, File, Float, Int, Scene, claim
from dlplay.data import digits, images
from dlplay.nn.batched import BatchedLinear, side_by_side

SIZES = (1, 2, 4, 8, 16, 32)  # numbers in a code
BENDS = {"elu": nn.ELU, "relu": nn.ReLU, "none": nn.Identity}
LINEAR = (2, 4, 8)  # code sizes of the linear autoencoders
SHALLOW = (2, 8)  # and of those with a sigmoid encoder
LABELS = (20, 50, 200, 1400)  # labelled digits
DRAWS = 8  # of the labelled ones
PLACES = ("low left", "low right", "top left", "top right")


class Autoencoders(nn.Module):
    """pixels-128-64-k-64-128-pixels, one copy for each k. All copies have as many code units as
    the largest; a copy with a smaller code has zeros in the rest."""

    def __init__(self, pixels, sizes, bend, output):
        super().__init__()
        n, k = len(sizes), max(sizes)
        self.encoder = nn.Sequential(
            BatchedLinear(n, pixels, 128, gain=1),
            bend(),
            BatchedLinear(n, 128, 64, gain=1),
            bend(),
            BatchedLinear(n, 64, k, gain=0.7),
        )
        self.decoder = nn.Sequential(
            BatchedLinear(n, k, 64, gain=1),
            bend(),
            BatchedLinear(n, 64, 128, gain=1),
            bend(),
            BatchedLinear(n, 128, pixels, gain=0.7),
            output(),
        )
        sizes = torch.tensor(sizes)
        self.register_buffer("used", (torch.arange(k) < sizes[:, None]).float())  # [copies, k]
        with torch.no_grad():  # few code units, larger weights: every copy starts with equal scale
            self.decoder[0].weight *= (k / sizes)[:, None, None] ** 0.5

    def encode(self, x):
        """The same pictures for every copy: [N, pixels] -> [N, copies, k]"""
        return self.encoder(side_by_side(x, len(self.used))) * self.used

    def forward(self, x):
        """x [N, copies, pixels], rebuilt"""
        return self.decoder(self.encoder(x) * self.used)


class Flat(nn.Module):
    """An autoencoder 64-k-64 for centred pictures x [N, 64], trained on all of them at once."""

    def __init__(self, x, k, encoder, decoder="linear", solver="lbfgs"):
        super().__init__()
        self.x, self.done = x, False
        self.encoder = nn.Sequential(
            nn.Linear(64, k), nn.Sigmoid() if encoder == "sigmoid" else nn.Identity()
        )
        self.decoder = nn.Linear(k, 64)
        if decoder == "deep":
            self.decoder = nn.Sequential(nn.Linear(k, 64), nn.Tanh(), nn.Linear(64, 64))
        for weight in self.parameters():
            nn.init.normal_(weight, std=0.1)
        self.to(x)
        if solver == "lbfgs":
            self.rounds = 1  # of ten iterations each
            self.optimizer = torch.optim.LBFGS(
                self.parameters(), max_iter=10, history_size=20, line_search_fn="strong_wolfe"
            )
        else:
            self.rounds = 10
            self.optimizer = torch.optim.Adam(self.parameters(), lr=0.003)

    def rebuilt(self):
        return self.decoder(self.encoder(self.x))

    def error(self):
        return squared(self.rebuilt(), self.x)

    def improve(self):
        """About ten evaluations of the gradient; none once these hardly lower the loss."""
        if self.done:
            return

        def closure():
            self.optimizer.zero_grad()
            loss = self.error()
            loss.backward()
            return loss

        before = self.error().item()
        for _ in range(self.rounds):
            self.optimizer.step(closure)
        self.done = 0 <= before - self.error().item() < 1e-7 * before

    def columns(self, axes):
        """The decoder's columns, unit vectors [k, 64]; "rotated": the same pictures, with a code
        whose numbers are uncorrelated and columns that are orthogonal."""
        columns = self.decoder.weight.T
        if axes == "rotated":
            columns = torch.linalg.svd(self.rebuilt(), full_matrices=False)[2][: len(columns)]
        return columns / columns.norm(dim=1, keepdim=True)


class PCA:
    def __init__(self, x):
        self.mean = x.mean(dim=0)
        self.axes = torch.linalg.svd(x - self.mean, full_matrices=False)[2]  # [.., pixels]

    def encode(self, x, k):
        return (x - self.mean) @ self.axes[:k].T

    def rebuild(self, x, k):
        return self.encode(x, k) @ self.axes[:k] + self.mean

    def error(self, x, k):
        return squared(self.rebuild(x, k), x)


def squared(y, x):
    """The squared error per picture."""
    return (y - x).square().sum(dim=-1).mean(dim=0)


def blobs(places, width):
    """Pictures [N, 256] of a round blob at each of places [N, 2], in pixels from the middle."""
    line = torch.arange(16) - 7.5
    across = torch.exp(-((line - places[:, :1]) ** 2) / (2 * width**2))  # [N, 16]
    down = torch.exp(-((line + places[:, 1:]) ** 2) / (2 * width**2))
    return (down[:, :, None] * across[:, None, :]).flatten(1)


def read(data):
    """Pictures [N, 64] and their classes [N], to learn from and others; yours are all of 0."""
    if data == "digits":
        x, y, x_test, y_test = digits()
        return x.flatten(1), y, x_test.flatten(1), y_test
    x, _ = images(data, size=8, grey=True, least=100)
    x, held_out, y = x.flatten(1), torch.arange(len(x)) % 5 == 4, torch.zeros(len(x)).long()
    return x[~held_out], y[~held_out], x[held_out], y[held_out]


class Bottleneck(Scene):
    covers = {
        "Autoencoders (introduction)": ("rebuilt", "error by size", "falls_with_size"),
        "Autoencoder (undercomplete)": (
            "rebuilt",
            "code map",
            "halfway between",
            "falls_with_size",
            "two_numbers_do",
            "curved",
            "place_is_read_off",
            "halfway",
        ),
        "Why Reconstruct the Input?": (
            "few labels",
            "code map",
            "denoising_helps",
            "denoising_over_plain",
            "pixels_win",
            "tells_digits_apart",
        ),
        "Deep Autoencoder vs PCA": (
            "error by size",
            "linear and PCA",
            "rebuilt",
            "linear_is_pca",
            "same_plane",
            "other_axes",
            "shallow_is_no_better",
            "deep_beats_pca",
            "pca_wins",
        ),
    }
    panels = (
        "rebuilt",
        "code map",
        "error by size",
        "halfway between",
        "few labels",
        "linear and PCA",
    )
    quick = {"steps": 10}

    shown = Choice("digits", ("digits", "blobs"), live=True, help="the data of the code map")
    code = Choice(
        "2", ("1", "2", "4", "8", "16", "32"), live=True, help="numbers in the code of *rebuilt*"
    )
    cursor_x = Float(
        0.0, min=-3, max=3, step=0.25, live=True, help="place in the code map, in spreads"
    )
    cursor_y = Float(
        0.0, min=-3, max=3, step=0.25, live=True, help="place in the code map, in spreads"
    )
    activation = Choice("elu", ("elu", "relu", "none"), help="of the deep autoencoders")
    noise = Float(
        0.5, min=0, max=1, step=0.1, live=True, help="on the inputs of the denoising autoencoder"
    )
    feature_code = Int(10, min=2, max=32, help="numbers that replace the pixels in *few labels*")
    linear_solver = Choice("lbfgs", ("lbfgs", "adam"), help="trains the linear autoencoders")
    axes = Choice(
        "learned", ("learned", "rotated"), live=True, help="basis of the linear autoencoders' codes"
    )
    shallow_decoder = Choice(
        "linear", ("linear", "deep"), help="decoder behind the shallow sigmoid encoder"
    )
    blob_width = Float(1.5, min=1, max=8, step=0.5, help="standard deviation of a blob, pixels")
    data = File("digits", kind="images", help="what it learns; your own become 8×8, grey")
    steps = Int(800, min=10, max=5000, log=True, help="training steps, of 64 pictures")

    def run(self, stage):
        device = stage.device
        x, self.y, x_test, self.y_test = (part.to(device) for part in read(self.data))
        self.x, self.x_test = x, x_test  # [1400, 64], [397, 64]
        self.places, self.test_places = 9 * torch.rand(2, 1400, 2) - 4.5
        self.blobs = blobs(self.places, self.blob_width).to(device)  # [1400, 256]
        self.test_blobs = blobs(self.test_places[:400], self.blob_width).to(device)
        self.test_places = self.test_places[:400]
        self.pca, self.blob_pca = PCA(x), PCA(self.blobs)

        bend = BENDS[self.activation]
        # Six sizes, and two of `feature_code` numbers: a plain and a denoising autoencoder
        sizes = (*SIZES, self.feature_code, self.feature_code)
        output = nn.Identity if self.activation == "none" else nn.Sigmoid
        self.nets = Autoencoders(64, sizes, bend, output).to(device)
        self.blob_net = Autoencoders(256, (2,), bend, nn.Identity).to(device)
        stage.watch(self.nets)
        adam = torch.optim.Adam([*self.nets.parameters(), *self.blob_net.parameters()], fused=True)
        centred = x - self.pca.mean
        centred = centred if device == "mps" else centred.double()
        self.linear = {k: Flat(centred, k, "linear", solver=self.linear_solver) for k in LINEAR}
        self.shallow = {k: Flat(centred, k, "sigmoid", self.shallow_decoder) for k in SHALLOW}
        mean_error = squared(self.pca.mean, x_test)
        stage.axes(
            "error by size", x="numbers", y="error", log="xy", lines={"mean picture": mean_error}
        )
        labelled = self.data == "digits"
        stage.axes("few labels", x="labels", y="right", log="x")

        k = self.feature_code
        names = ("pixels", "PCA", "plain code", "denoising")
        self.right = {name: [float("nan")] * len(LABELS) for name in names}
        reduced = self.pca.encode(x, k), self.pca.encode(x_test, k)
        if labelled:
            self.learn_from_few(stage, {"pixels": (x, x_test), "PCA": reduced})

        for step in stage.loop(self.steps):
            adam.param_groups[0]["lr"] = 5e-3 * (1 - step / self.steps) + 1e-4
            batch = x[torch.randint(len(x), (64,))]
            inputs = side_by_side(batch, len(sizes)).clone()  # [64, copies, 64]
            inputs[:, -1] += self.noise * torch.randn(64, 64).to(device)
            loss = squared(self.nets(inputs), batch[:, None]).sum()
            batch = self.blobs[torch.randint(len(self.blobs), (64,)), None]
            loss = loss + squared(self.blob_net(batch), batch).sum()
            adam.zero_grad()
            loss.backward()
            adam.step()
            if stage.every(25):
                for flat in (*self.linear.values(), *self.shallow.values()):
                    flat.improve()
                with stage.probe(self.nets):
                    self.errors(stage)
            if stage.every(100) or stage.changed("shown", "code", "cursor_x", "cursor_y", "axes"):
                with stage.probe(self.nets, self.blob_net):
                    self.look(stage)

        with stage.probe(self.nets, self.blob_net):
            self.report(stage, labelled)
            codes, test_codes = self.nets.encode(x).clone(), self.nets.encode(x_test).clone()
        if not labelled:
            return
        plain, denoising = ((codes[:, copy, :k], test_codes[:, copy, :k]) for copy in (-2, -1))
        self.learn_from_few(stage, {"plain code": plain, "denoising": denoising})
        few = {name: (right[0] + right[1]) / 2 for name, right in self.right.items()}
        many = {name: (right[2] + right[3]) / 2 for name, right in self.right.items()}
        stage.measure(
            denoising_gain=few["denoising"] - few["pixels"],
            over_plain=few["denoising"] - few["plain code"],
            pixels_lead=many["pixels"] - many["plain code"],
        )

    def learn_from_few(self, stage, features):
        """Logistic regression on what stands for the pixels: [1400, k] and [397, k] by name."""
        jobs = [(i, name) for i in range(len(LABELS)) for name in features]
        for job in stage.loop(len(jobs), "few labels"):
            i, name = jobs[job]
            with stage.probe(), torch.enable_grad():
                torch.manual_seed(100 * stage.seed + i)  # all kinds get the same labelled digits
                self.right[name][i] = logistic(*features[name], self.y, self.y_test, LABELS[i])
            stage.plot("few labels", LABELS, self.right)

    def errors(self, stage):
        """Test errors of all sizes, and those of PCA; the linear and the shallow autoencoders."""
        x, n = self.x_test, len(SIZES)
        error = squared(self.nets(side_by_side(x, n + 2)), x[:, None])[:n].tolist()
        pca = [self.pca.error(x, k).item() for k in SIZES]
        stage.plot("error by size", SIZES, {"autoencoder": error, "PCA": pca})
        rows, loss, angle, match, shallow = [], [], [], [], []
        for k, flat in self.linear.items():
            columns = flat.columns(self.axes)  # [k, 64]
            axes = self.pca.axes.to(columns)
            angle.append(largest_angle(columns, axes[:k]))
            match.append((columns @ axes.T).abs().max(dim=1).values.mean().item())
            loss.append(flat.error().item() / self.pca.error(self.x, k).item())
            rows.append([f"linear {k}", f"{loss[-1]:.4f}", f"{angle[-1]:.2f}°", f"{match[-1]:.2f}"])
        for k, flat in self.shallow.items():
            shallow.append(flat.error().item() / self.pca.error(self.x, k).item())
            rows.append([f"sigmoid {k}", f"{shallow[-1]:.4f}", "", ""])
        stage.table("linear and PCA", ["net", "loss/PCA", "angle", "cosine"], rows)
        stage.measure(
            size_ratio=max(b / a for a, b in pairwise(error)),
            deep_two=error[1] / pca[1],
            deep_many=error[-1] / pca[-1],
            linear_loss=max(loss),
            angle=max(angle),
            match=max(match[1:]),
            shallow_loss=min(shallow),
        )

    def look(self, stage):
        # Each digit, what PCA makes of it, and what the autoencoder does, side by side
        k, x = int(self.code), self.x_test[3:5]
        rebuilt = self.nets(side_by_side(x, len(self.nets.used)))[:, SIZES.index(k)]
        triples = torch.stack([x, self.pca.rebuild(x, k), rebuilt], dim=1)  # [2, 3, 64]
        strips = triples.reshape(2, 3, 8, 8).transpose(1, 2).reshape(2, 8, 24)
        stage.image("rebuilt", strips, captions=[f"{'true':^8}{'PCA':^8}{'net':^8}"] * 2)

        # The codes of two numbers, and what lies between two of them
        nets, x, copy, side = self.nets, self.x_test, 1, 8
        kinds, labels = [str(digit) for digit in range(10)], self.y_test
        if self.data != "digits":
            kinds = ["picture"]
        if self.shown == "blobs":
            nets, x, copy, side = self.blob_net, self.test_blobs, 0, 16
            right, top = (self.test_places > 0).int().T
            kinds, labels = PLACES, right + 2 * top
        codes = nets.encode(x)  # [N, copies, k]
        z = codes[:, copy, :2]
        cursor = z.mean(dim=0) + z.std(dim=0) * torch.tensor([self.cursor_x, self.cursor_y]).to(z)
        seen = torch.cat([z[:200], cursor[None]])
        margin = 0.05 * (seen.amax(dim=0) - seen.amin(dim=0)) + 1e-6
        (left, low), (right, top) = seen.amin(dim=0) - margin, seen.amax(dim=0) + margin
        stage.plane(
            "code map",
            x=(left, right),
            y=(low, top),
            points={name: z[:200][labels[:200] == i] for i, name in enumerate(kinds)},
            paths={"cursor": cursor[None]},
            x_label="z₁",
            y_label="z₂",
        )
        a, b = self.pair()
        code = torch.zeros(2, *codes.shape[1:]).to(codes)
        code[0] = codes[[a, b]].mean(dim=0)
        code[1, copy, :2] = cursor
        halved, pointed = nets.decoder(code)[:, copy]
        pictures = torch.stack([x[a], (x[a] + x[b]) / 2, x[b], halved, pointed])
        stage.image(
            "halfway between",
            adaptive_avg_pool2d(pictures.reshape(-1, side, side), 8),
            captions=["one", "pixels", "other", "codes", "cursor"],
        )

    def pair(self):
        """Two pictures to go between: an 0 and a 7; or blobs in opposite corners; or your first."""
        if self.shown == "digits" and self.data != "digits":
            return 0, 1
        if self.shown == "digits":
            return [(self.y_test == digit).nonzero()[0, 0].item() for digit in (0, 7)]
        corner = torch.tensor([[-3.0, -3.0], [3.0, 3.0]])
        return torch.cdist(corner, self.test_places).argmin(dim=1).tolist()

    def report(self, stage, labelled):
        # The blobs: what is lost, and whether the code tells the place
        x, net, pca = self.test_blobs, self.blob_net, self.blob_pca
        energy = squared(x, pca.mean)
        codes, test_codes = net.encode(self.blobs)[:, 0], net.encode(x)[:, 0]
        places = self.places, self.test_places
        unexplained = left_over(codes, test_codes, *places)
        unexplained_pca = left_over(pca.encode(self.blobs, 2), pca.encode(x, 2), *places)

        # Pairs of blobs that are far apart: how near halfway is to a real blob
        i, j = torch.randint(len(x), (2, 300))
        apart = (self.test_places[i] - self.test_places[j]).norm(dim=1) > 4
        i, j = i[apart], j[apart]
        by_code = net.decoder((test_codes[i] + test_codes[j])[:, None] / 2)[:, 0]
        by_pixels = (x[i] + x[j]) / 2
        away, away_pixels = (
            torch.cdist(middle, self.blobs).min(dim=1).values.square().mean()
            for middle in (by_code, by_pixels)
        )
        stage.measure(
            blob_lost=squared(net(x[:, None])[:, 0], x) / energy,
            blob_lost_pca=pca.error(x, 2) / energy,
            place_ratio=unexplained / unexplained_pca,
            halfway=away / away_pixels,
        )
        if not labelled:
            return

        # The digits: neighbours by pixels, by ten numbers, by two
        y = self.y, self.y_test
        codes, test_codes = self.nets.encode(self.x), self.nets.encode(self.x_test)
        stage.log(
            f"nearest neighbour: right by pixels {neighbours(self.x, self.x_test, *y, 1):.3f}, "
            f"by plain code {neighbours(codes[:, -2], test_codes[:, -2], *y, 1):.3f}"
        )
        two = neighbours(codes[:, 1, :2], test_codes[:, 1, :2], *y, 5)
        two_pca = neighbours(self.pca.encode(self.x, 2), self.pca.encode(self.x_test, 2), *y, 5)
        stage.measure(two_gain=two - two_pca)

    @claim(
        "twice as many numbers in the code leave at most 0.9 of the error, at every size up to 32",
        breaks={"axes": "rotated", "blob_width": 6, "feature_code": 2, "steps": 10},
    )
    def falls_with_size(self, measured):
        return measured.size_ratio < 0.9

    @claim(
        "a code of two numbers leaves less than 10 % of the blobs' energy",
        breaks={"activation": "none", "feature_code": 32, "shallow_decoder": "deep", "steps": 600},
    )
    def two_numbers_do(self, measured):
        return measured.blob_lost < 0.1

    @claim(
        "two principal components leave more than half of it",
        breaks={"axes": "rotated", "blob_width": 6, "feature_code": 2, "steps": 10},
    )
    def curved(self, measured):
        return measured.blob_lost_pca > 0.5

    @claim(
        "of the blobs' places, the code leaves less than half as much unexplained as PCA-2 "
        "(five nearest neighbours)",
        breaks={"activation": "none", "feature_code": 32, "shallow_decoder": "deep", "steps": 600},
    )
    def place_is_read_off(self, measured):
        return measured.place_ratio < 0.5

    @claim(
        "halfway between two codes is nearer to a real blob than halfway between their pixels: "
        "under half of the squared distance",
        breaks={"activation": "none", "feature_code": 32, "shallow_decoder": "deep", "steps": 600},
    )
    def halfway(self, measured):
        return measured.halfway < 0.5

    @claim(
        "with 20 and 50 labels, the denoising code is right over 0.005 more often than pixels",
        breaks={"linear_solver": "adam", "noise": 0, "steps": 200},
    )
    def denoising_helps(self, measured):
        return measured.denoising_gain > 0.005

    @claim(
        "and over 0.01 more often than the plain code",
        breaks={"linear_solver": "adam", "noise": 0, "steps": 200},
    )
    def denoising_over_plain(self, measured):
        return measured.over_plain > 0.01

    @claim(
        "with 200 and 1,400 labels the pixels are right over 0.01 more often than the plain code",
        breaks={"activation": "none", "feature_code": 32, "shallow_decoder": "deep", "steps": 600},
    )
    def pixels_win(self, measured):
        return measured.pixels_lead > 0.01

    @claim(
        "neighbours among codes of two numbers are right over 0.08 more often than in PCA-2",
        breaks={"activation": "none", "feature_code": 32, "shallow_decoder": "deep", "steps": 600},
    )
    def tells_digits_apart(self, measured):
        return measured.two_gain > 0.08

    @claim(
        "converged, a linear autoencoder has PCA's loss, within 1 %",
        breaks={"linear_solver": "adam", "noise": 0, "steps": 200},
    )
    def linear_is_pca(self, measured):
        return measured.linear_loss < 1.01

    @claim(
        "and spans the principal components' plane, within 1°",
        breaks={"linear_solver": "adam", "noise": 0, "steps": 200},
    )
    def same_plane(self, measured):
        return measured.angle < 1

    @claim(
        "but its axes are others: with 4 and 8 numbers, a column's |cosine| with the nearest "
        "component is below 0.9 in the mean",
        breaks={"axes": "rotated", "blob_width": 6, "feature_code": 2, "steps": 10},
    )
    def other_axes(self, measured):
        return measured.match < 0.9

    @claim(
        "a sigmoid encoder with a linear decoder is never better than PCA (loss at least 0.999)",
        breaks={"activation": "none", "feature_code": 32, "shallow_decoder": "deep", "steps": 600},
    )
    def shallow_is_no_better(self, measured):
        return measured.shallow_loss > 0.999

    @claim(
        "with two numbers the deep autoencoder leaves less than 0.8 of PCA's error",
        breaks={"activation": "none", "feature_code": 32, "shallow_decoder": "deep", "steps": 600},
    )
    def deep_beats_pca(self, measured):
        return measured.deep_two < 0.8

    @claim(
        "with 32 numbers PCA wins: after its steps the deep autoencoder leaves over 1.4 times the "
        "error on new digits",
        breaks={"activation": "none", "feature_code": 32, "shallow_decoder": "deep", "steps": 600},
    )
    def pca_wins(self, measured):
        return measured.deep_many > 1.4


def largest_angle(a, b):
    """Between the planes that the rows of a and of b [k, pixels] span: degrees."""
    a, b = (torch.linalg.qr(rows.T)[0] for rows in (a, b))
    return torch.linalg.svdvals(a.T @ b).min().clamp(max=1).acos().item() * 180 / torch.pi


def neighbours(x, x_test, y, y_test, k):
    """The share of right answers when the k nearest neighbours vote."""
    near = torch.cdist(x_test, x).topk(k, largest=False).indices  # [tests, k]
    return (y[near].mode(dim=1).values == y_test).float().mean().item()


def left_over(x, x_test, target, target_test):
    """The share of the target's variance that the mean of five neighbours does not explain."""
    near = torch.cdist(x_test, x).topk(5, largest=False).indices.cpu()  # [tests, 5]
    left = squared(target[near].mean(dim=1), target_test)
    return left / squared(target_test.mean(dim=0), target_test)


def logistic(x, x_test, y, y_test, n):
    """Logistic regression from n labelled digits, of each class as many: the share of right
    answers, over several draws of them."""
    mean, scale = x.mean(dim=0), x.std(dim=0).mean()
    x, x_test = (x - mean) / scale, (x_test - mean) / scale
    members = [(y.cpu() == digit).nonzero()[:, 0] for digit in range(10)]
    chosen = torch.arange(len(x))[None]  # [draws, n]
    if n < len(x):
        draws = [[m[torch.randperm(len(m))[: n // 10]] for m in members] for _ in range(DRAWS)]
        chosen = torch.stack([torch.cat(draw) for draw in draws])
    inputs, labels = x[chosen], y[chosen]
    weight = torch.zeros(len(chosen), x.shape[1], 10, device=x.device, requires_grad=True)
    bias = torch.zeros(len(chosen), 1, 10, device=x.device, requires_grad=True)
    lbfgs = torch.optim.LBFGS([weight, bias], max_iter=30, line_search_fn="strong_wolfe")

    def closure():
        lbfgs.zero_grad()
        logits = (inputs @ weight + bias).transpose(1, 2)  # [draws, 10, n]
        loss = cross_entropy(logits, labels, reduction="sum") / n
        loss = loss + 0.05 * weight.square().sum() / n
        loss.backward()
        return loss

    lbfgs.step(closure)
    return ((x_test @ weight + bias).argmax(dim=2) == y_test).float().mean().item()
