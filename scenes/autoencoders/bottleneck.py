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
PCA wins clearly: what is left is nearly linear, PCA's answer is exact, and the deep net's is what
1,000 steps of Adam found, from 1,400 examples. So "30 numbers are enough for digits and blurry
for faces" is about data and k together.

**Why rebuild the input at all?** As a proxy: what suffices to rebuild x should serve for other
tasks. The test: learn the digits by logistic regression from few labels, on raw pixels or on ten
numbers (eight draws of the labelled ones). "Often better" is too kind. The plain code does *not*
beat the pixels, with few labels it is level. A *denoising* one does, while labels are few (it
sees noisy pictures and has to rebuild clean ones). With all labels raw pixels win: what the code
dropped was good for something. (By the nearest neighbour they lead too, by four to twelve digits
of 397, which is too few to claim: see the log.) What the code is really good at is being small:
two numbers, learned without a label, tell digits apart far better than two principal components.

## Watch

- *rebuilt*: pictures, and what PCA and the autoencoder make of `code` numbers.
- *code map*: each picture's two numbers, by class (no label was seen) or by place; the cursor
  walks there.
- *between*: two pictures, halfway in pixels, halfway in codes, and the picture at the cursor.
- *error by size*: where the two curves cross, PCA begins to win.

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

from dlplay import Choice, Float, Int, Scene, claim
from dlplay.data import digits
from dlplay.nn.batched import BatchedLinear, side_by_side

SIZES = (1, 2, 4, 8, 16, 32)  # numbers in a code
BENDS = {"elu": nn.ELU, "relu": nn.ReLU, "none": nn.Identity}
LINEAR = (2, 4, 8)  # code sizes of the linear autoencoders
SHALLOW = (2, 8)
LABELS = (20, 50, 200, 1400)  # labelled digits
DRAWS = 8  # of the labelled ones
PLACES = ("low left", "low right", "top left", "top right")


class Autoencoders(nn.Module):
    """pixels-128-64-k-64-128-pixels, one copy for each k. All copies have as many code units as
    the largest; a copy with a smaller code has zeros in the rest."""

    def __init__(self, pixels, sizes, bend, output, device):
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
        )
        self.output = output()
        sizes = torch.tensor(sizes)
        self.used = (torch.arange(k) < sizes[:, None]).float().to(device)  # [copies, k]
        with torch.no_grad():  # few code units, larger weights: every copy starts with equal scale
            self.decoder[0].weight *= (k / sizes)[:, None, None] ** 0.5
        self.to(device)

    def encode(self, x):
        """x [N, copies, pixels] -> [N, copies, k]"""
        return self.encoder(x) * self.used

    def decode(self, z):
        return self.output(self.decoder(z))

    def forward(self, x):
        return self.decode(self.encode(x))


class Flat:
    """An autoencoder with one hidden layer, for centred pictures, by L-BFGS on all of them."""

    def __init__(self, x, k, encoder, decoder, solver):
        self.x, self.k, self.encoder, self.hidden = x, k, encoder, decoder == "deep"
        self.done = False
        width = 64 if self.hidden else k
        shapes = [(x.shape[1], k), (k,), (k, width), (width,), (width, x.shape[1]), (x.shape[1],)]
        self.weights = [
            (torch.randn(shape) * 0.1).to(x).requires_grad_() for shape in shapes
        ]  # the two in the middle are for a decoder with a hidden layer
        if solver == "lbfgs":
            self.optimizer = torch.optim.LBFGS(
                self.weights, max_iter=10, history_size=20, line_search_fn="strong_wolfe"
            )
        else:
            self.optimizer = torch.optim.Adam(self.weights, lr=0.003)

    def code(self):
        z = self.x @ self.weights[0] + self.weights[1]  # [N, k]
        return z.sigmoid() if self.encoder == "sigmoid" else z

    def rebuilt(self):
        z = self.code()
        if self.hidden:
            z = torch.tanh(z @ self.weights[2] + self.weights[3])
        return z @ self.weights[4] + self.weights[5]

    def error(self):
        return (self.rebuilt() - self.x).square().sum(dim=1).mean()

    def improve(self):
        """About ten evaluations of the gradient; none once these hardly lower the loss."""
        if self.done:
            return
        before = self.error().item()

        def closure():
            self.optimizer.zero_grad()
            loss = self.error()
            # The layer that only a deep decoder uses has a gradient of 0 otherwise.
            (loss + 0 * sum(w.sum() for w in self.weights)).backward()
            return loss

        for _ in range(1 if isinstance(self.optimizer, torch.optim.LBFGS) else 10):
            self.optimizer.step(closure)
        self.done = 0 <= before - self.error().item() < 1e-7 * before

    def columns(self, axes):
        """The decoder's columns, unit vectors [k, pixels]; "rotated": the same pictures, with a
        code whose numbers are uncorrelated and columns that are orthogonal."""
        columns = self.weights[4].detach()[: self.k]
        if axes == "rotated":
            columns = torch.linalg.svd(self.rebuilt().detach(), full_matrices=False)[2][: self.k]
        return columns / columns.norm(dim=1, keepdim=True)


def blobs(places, width):
    """Pictures [N, 256] of a round blob at each of places [N, 2], in pixels from the middle."""
    line = torch.arange(16) - 7.5
    across = torch.exp(-((line - places[:, :1]) ** 2) / (2 * width**2))  # [N, 16]
    down = torch.exp(-((line + places[:, 1:]) ** 2) / (2 * width**2))
    return (down[:, :, None] * across[:, None, :]).flatten(1)


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


class Bottleneck(Scene):
    covers = {
        "Autoencoders (introduction)": ("rebuilt", "test error", "falls_with_size"),
        "Autoencoder (undercomplete)": (
            "rebuilt",
            "code map",
            "between",
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
        "few labels",
        "between",
        "test error",
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
    steps = Int(1000, min=10, max=5000, log=True, help="training steps, of 64 pictures")

    def run(self, stage):
        device = stage.device
        x, self.y, x_test, self.y_test = (part.to(device) for part in digits())
        x, x_test = self.x, self.x_test = x.flatten(1), x_test.flatten(1)  # [1400, 64], [397, 64]
        self.places = 9 * torch.rand(1400, 2) - 4.5
        self.test_places = 9 * torch.rand(400, 2) - 4.5
        self.blobs = blobs(self.places, self.blob_width).to(device)  # [1400, 256]
        self.test_blobs = blobs(self.test_places, self.blob_width).to(device)
        self.pca, self.blob_pca = PCA(x), PCA(self.blobs)

        bend = BENDS[self.activation]
        # Six sizes, and two of `feature_code` numbers: a plain and a denoising autoencoder
        sizes = (*SIZES, self.feature_code, self.feature_code)
        output = nn.Identity if self.activation == "none" else nn.Sigmoid
        self.nets = Autoencoders(64, sizes, bend, output, device)
        self.blob_net = Autoencoders(256, (2,), bend, nn.Identity, device)
        stage.watch(self.nets)
        adam = torch.optim.Adam([*self.nets.parameters(), *self.blob_net.parameters()], fused=True)

        centred = x - self.pca.mean
        if device != "mps":
            centred = centred.double()
        solver = self.linear_solver
        self.linear = {k: Flat(centred, k, "linear", "linear", solver) for k in LINEAR}
        decoder = self.shallow_decoder
        self.shallow = {k: Flat(centred, k, "sigmoid", decoder, "lbfgs") for k in SHALLOW}
        self.train_pca = {k: self.pca.error(x, k).item() for k in {*LINEAR, *SHALLOW}}
        stage.axes(
            "test error",
            y="squared error per picture",
            log="y",
            lines={"mean picture": squared(self.pca.mean, x_test)},
        )
        stage.axes("error by size", x="numbers in the code", y="squared error", log="xy")
        stage.axes("few labels", x="labels", y="right", log="x")
        self.right = {}
        self.label_curves(stage)

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
            self.report(stage)
            features = self.features()
        for job in stage.loop(len(features) * len(LABELS), "few labels"):
            name, n = list(features)[job % len(features)], LABELS[job // len(features)]
            with stage.probe(), torch.enable_grad():
                torch.manual_seed(100 * stage.seed + n)  # all kinds get the same labelled digits
                right = from_labels(*features[name], self.y, self.y_test, n)
            self.right.setdefault(name, {})[n] = right
            self.label_curves(stage)
        few = {name: (right[20] + right[50]) / 2 for name, right in self.right.items()}
        stage.measure(
            denoising_gain=few["denoising"] - few["pixels"],
            over_plain=few["denoising"] - few["plain code"],
            pixels_lead=self.right["pixels"][1400] - self.right["plain code"][1400],
        )

    def errors(self, stage):
        """Test errors of all sizes, and those of PCA, the linear and the shallow autoencoders."""
        n = len(SIZES)
        x = self.x_test
        error = squared(self.nets(side_by_side(x, n + 2)), x[:, None])[:n].tolist()
        stage.curve("test error", {f"k={k}": e for k, e in zip(SIZES, error, strict=True)})
        pca = [self.pca.error(x, k).item() for k in SIZES]
        stage.plot("error by size", SIZES, {"autoencoder": error, "PCA": pca})
        rows = []
        loss, angle, match = [], [], []
        for k, flat in self.linear.items():
            columns = flat.columns(self.axes)
            axes = self.pca.axes.to(columns)
            angle.append(largest_angle(columns, axes[:k]))
            match.append((columns @ axes.T).abs().max(dim=1).values.mean().item())
            loss.append(flat.error().item() / self.train_pca[k])
            rows.append([f"linear {k}", f"{loss[-1]:.4f}", f"{angle[-1]:.2f}°", f"{match[-1]:.2f}"])
        shallow = [flat.error().item() / self.train_pca[k] for k, flat in self.shallow.items()]
        rows += [
            [f"sigmoid {k}", f"{s:.4f}", "", ""] for k, s in zip(SHALLOW, shallow, strict=True)
        ]
        stage.table("linear and PCA", ["code", "loss / PCA's", "angle", "column = PC"], rows)
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
        # Rows: pictures, PCA, autoencoder
        k, x = int(self.code), self.x_test[:8]
        copy = SIZES.index(k)
        rebuilt = self.nets(side_by_side(x, len(SIZES) + 2))[:, copy]
        rows = torch.cat([x, self.pca.rebuild(x, k), rebuilt]).reshape(-1, 8, 8)
        captions = ["true"] + [""] * 7 + ["PCA"] + [""] * 7 + ["net"] + [""] * 7
        stage.image("rebuilt", rows, captions=captions, columns=8)

        # The codes of two numbers, and what lies between two of them
        nets, x, copy, side = self.nets, self.x_test, 1, 8
        labels = self.y_test
        if self.shown == "blobs":
            nets, x, copy, side = self.blob_net, self.test_blobs, 0, 16
            labels = (self.test_places[:, 0] > 0) + 2 * (self.test_places[:, 1] > 0)
        codes = nets.encode(side_by_side(x, len(nets.used)))  # [N, copies, k]
        z = codes[:, copy, :2]
        cursor = z.mean(dim=0) + z.std(dim=0) * torch.tensor([self.cursor_x, self.cursor_y]).to(z)
        low, high = z.quantile(0.01, dim=0), z.quantile(0.99, dim=0)
        low, high = torch.minimum(low, cursor), torch.maximum(high, cursor)
        margin = 0.1 * (high - low) + 1e-6
        stage.plane(
            "code map",
            x=(low - margin)[0:1].tolist() + (high + margin)[0:1].tolist(),
            y=(low - margin)[1:2].tolist() + (high + margin)[1:2].tolist(),
            points={name: z[labels == i] for i, name in enumerate(PLACES)}
            if self.shown == "blobs"
            else z,
            labels=None if self.shown == "blobs" else labels,
            paths={"cursor": cursor[None]},
            x_label="z₁",
            y_label="z₂",
        )
        a, b = self.pair(labels)
        middle = codes[[a, b]].mean(dim=0, keepdim=True)  # [1, copies, k]
        pointed = torch.zeros_like(middle)
        pointed[0, copy, :2] = cursor
        halved, pointed = nets.decode(middle)[0, copy], nets.decode(pointed)[0, copy]
        pictures = torch.stack([x[a], (x[a] + x[b]) / 2, halved, x[b], pointed])
        stage.image(
            "between",
            pictures.reshape(-1, side, side),
            captions=["one", "pixels halved", "codes halved", "other", "cursor"],
            columns=5,
        )

    def pair(self, labels):
        """Two pictures to go between: an 0 and a 7; or blobs in opposite corners."""
        if self.shown == "digits":
            return (labels == 0).nonzero()[0, 0].item(), (labels == 7).nonzero()[0, 0].item()
        corner = torch.tensor([[-3.0, -3.0], [3.0, 3.0]])
        return torch.cdist(corner, self.test_places).argmin(dim=1).tolist()

    def report(self, stage):
        x, net, pca = self.test_blobs, self.blob_net, self.blob_pca
        energy = squared(x, pca.mean)
        lost = squared(net(x[:, None])[:, 0], x) / energy
        lost_pca = pca.error(x, 2) / energy
        codes, test_codes = net.encode(self.blobs[:, None])[:, 0], net.encode(x[:, None])[:, 0]
        unexplained = 1 - r2(codes, self.places, test_codes, self.test_places)
        unexplained_pca = 1 - r2(
            pca.encode(self.blobs, 2), self.places, pca.encode(x, 2), self.test_places
        )

        i, j = torch.randint(len(x), (2, 300))
        apart = (self.test_places[i] - self.test_places[j]).norm(dim=1) > 4
        i, j = i[apart], j[apart]
        by_code = net.decode((test_codes[i] + test_codes[j])[:, None] / 2)[:, 0]
        by_pixels = (x[i] + x[j]) / 2
        away = [torch.cdist(m, self.blobs).min(dim=1).values for m in (by_code, by_pixels)]
        codes, test_codes = (
            self.nets.encode(side_by_side(x, len(self.nets.used))) for x in (self.x, self.x_test)
        )
        by_neighbour = [
            neighbours(z, self.y, z_test, self.y_test, 1)
            for z, z_test in ((self.x, self.x_test), (codes[:, -2], test_codes[:, -2]))
        ]
        stage.log(
            "nearest neighbour: right by pixels {:.3f}, by plain code {:.3f}".format(*by_neighbour)
        )
        stage.measure(
            blob_lost=lost,
            blob_lost_pca=lost_pca,
            place_ratio=unexplained / unexplained_pca,
            halfway=away[0].square().mean() / away[1].square().mean(),
            two_by_code=neighbours(codes[:, 1, :2], self.y, test_codes[:, 1, :2], self.y_test, 5),
            two_by_pca=neighbours(
                self.pca.encode(self.x, 2), self.y, self.pca.encode(self.x_test, 2), self.y_test, 5
            ),
        )

    def features(self):
        """What stands for the pixels: pairs of [1400, k] and [397, k]."""
        k = self.feature_code
        pairs = [self.x, self.x_test]
        codes = [self.nets.encode(side_by_side(x, len(self.nets.used))) for x in pairs]
        return {
            "pixels": pairs,
            "plain code": [z[:, -2, :k].clone() for z in codes],
            "denoising": [z[:, -1, :k].clone() for z in codes],
            "PCA": [self.pca.encode(x, k) for x in pairs],
        }

    def label_curves(self, stage):
        nothing = float("nan")
        names = self.right or {"pixels": {}}
        curves = {n: [self.right.get(n, {}).get(m, nothing) for m in LABELS] for n in names}
        stage.plot("few labels", LABELS, curves)

    @claim(
        "twice as many numbers in the code leave at most 0.9 of the error, at every size up to 32",
        breaks={"axes": "rotated", "blob_width": 6, "feature_code": 2, "steps": 10},
    )
    def falls_with_size(self, measured):
        return measured.size_ratio < 0.9

    @claim(
        "a code of two numbers leaves less than 10 % of the blobs' energy",
        breaks={"activation": "none", "feature_code": 32, "steps": 500},
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
        breaks={"activation": "none", "feature_code": 32, "steps": 500},
    )
    def place_is_read_off(self, measured):
        return measured.place_ratio < 0.5

    @claim(
        "halfway between two codes is nearer to a real blob than halfway between their pixels: "
        "under half of the squared distance",
        breaks={"activation": "none", "feature_code": 32, "steps": 500},
    )
    def halfway(self, measured):
        return measured.halfway < 0.5

    @claim(
        "with 20 and 50 labels, the denoising code is right over 0.005 more often than pixels",
        breaks={"axes": "rotated", "blob_width": 6, "feature_code": 2, "steps": 10},
    )
    def denoising_helps(self, measured):
        return measured.denoising_gain > 0.005

    @claim(
        "and over 0.01 more often than the plain code",
        breaks={"linear_solver": "adam", "noise": 0, "shallow_decoder": "deep", "steps": 250},
    )
    def denoising_over_plain(self, measured):
        return measured.over_plain > 0.01

    @claim(
        "with all 1,400 labels the pixels are right over 0.01 more often than the plain code",
        breaks={"activation": "none", "feature_code": 32, "steps": 500},
    )
    def pixels_win(self, measured):
        return measured.pixels_lead > 0.01

    @claim(
        "neighbours among codes of two numbers are right over 0.08 more often than in PCA-2",
        breaks={"activation": "none", "feature_code": 32, "steps": 500},
    )
    def tells_digits_apart(self, measured):
        return measured.two_by_code - measured.two_by_pca > 0.08

    @claim(
        "converged, a linear autoencoder has PCA's loss, within 1 %",
        breaks={"linear_solver": "adam", "noise": 0, "shallow_decoder": "deep", "steps": 250},
    )
    def linear_is_pca(self, measured):
        return measured.linear_loss < 1.01

    @claim(
        "and spans the principal components' plane, within 1°",
        breaks={"linear_solver": "adam", "noise": 0, "shallow_decoder": "deep", "steps": 250},
    )
    def same_plane(self, measured):
        return measured.angle < 1

    @claim(
        "but its axes are others: a column matches its nearest component by less than 0.95",
        breaks={"axes": "rotated", "blob_width": 6, "feature_code": 2, "steps": 10},
    )
    def other_axes(self, measured):
        return measured.match < 0.95

    @claim(
        "a sigmoid encoder with a linear decoder is never better than PCA (loss at least 0.999)",
        breaks={"linear_solver": "adam", "noise": 0, "shallow_decoder": "deep", "steps": 250},
    )
    def shallow_is_no_better(self, measured):
        return measured.shallow_loss > 0.999

    @claim(
        "with two numbers the deep autoencoder leaves less than 0.8 of PCA's error",
        breaks={"activation": "none", "feature_code": 32, "steps": 500},
    )
    def deep_beats_pca(self, measured):
        return measured.deep_two < 0.8

    @claim(
        "with 32 numbers PCA wins: the deep autoencoder leaves over 1.3 times its error",
        breaks={"activation": "none", "feature_code": 32, "steps": 500},
    )
    def pca_wins(self, measured):
        return measured.deep_many > 1.3


def largest_angle(a, b):
    """Between the planes that the rows of a and of b [k, pixels] span: degrees."""
    a, b = (torch.linalg.qr(rows.T)[0] for rows in (a, b))
    return torch.linalg.svdvals(a.T @ b).min().clamp(max=1).acos().item() * 180 / torch.pi


def nearest(x, x_test, k):
    return torch.cdist(x_test, x).topk(k, largest=False).indices  # [tests, k]


def neighbours(x, y, x_test, y_test, k):
    """The share of right answers when the k nearest neighbours vote."""
    return (y[nearest(x, x_test, k)].mode(dim=1).values == y_test).float().mean().item()


def r2(x, target, x_test, target_test):
    """How much of the target's variance the mean of the five nearest neighbours explains."""
    near = nearest(x, x_test, 5).cpu()
    left = squared(target[near].mean(dim=1), target_test)
    return 1 - left / squared(target_test.mean(dim=0), target_test)


def from_labels(x, x_test, y, y_test, n):
    """Logistic regression from n labelled digits, of each class as many: the share of right
    answers, over several draws of them."""
    mean, scale = x.mean(dim=0), x.std(dim=0).mean()
    x, x_test = (x - mean) / scale, (x_test - mean) / scale
    if n < len(x):
        chosen = [torch.cat([pick(y, digit, n // 10) for digit in range(10)]) for _ in range(DRAWS)]
        chosen = torch.stack(chosen)  # [draws, n]
    else:
        chosen = torch.arange(len(x))[None]
    inputs, hot = x[chosen], torch.eye(10, device=x.device)[y[chosen]]
    weight = torch.zeros(len(chosen), x.shape[1], 10, device=x.device, requires_grad=True)
    bias = torch.zeros(len(chosen), 1, 10, device=x.device, requires_grad=True)
    lbfgs = torch.optim.LBFGS([weight, bias], max_iter=30, line_search_fn="strong_wolfe")

    def closure():
        lbfgs.zero_grad()
        log_p = (inputs @ weight + bias).log_softmax(dim=2)
        loss = -(hot * log_p).sum(dim=2).mean(dim=1).sum() + 0.05 * weight.square().sum() / n
        loss.backward()
        return loss

    lbfgs.step(closure)
    return ((x_test @ weight + bias).argmax(dim=2) == y_test).float().mean().item()


def pick(y, digit, count):
    places = (y == digit).nonzero()[:, 0]
    return places[torch.randperm(len(places))[:count].to(places.device)]
