r"""
# Which cells share a mean?

All normalizations do the same: subtract a mean, divide by √(variance + ε), multiply by γ, add β.
They differ in *which cells share one mean*. Take images [N, C, H, W]: N instances, C channels,
H × W pixels; here 4 × 8 × 6 × 6.

| norm | one mean over | means |
|---|---|---|
| **BN** BatchNorm | N, H, W: one channel, everywhere | C = 8 |
| **LN** LayerNorm | C, H, W: all of one instance | N = 4 |
| **IN** InstanceNorm | H, W: one channel of one instance | N·C = 32 |
| **GN** GroupNorm | H, W and the C/G channels of a group | N·G = 16 |
| **LN(C)** LayerNorm over channels | C alone: one pixel of one instance | N·H·W = 144 |

**cube** shows it: columns are the channels, rows four pixels of the first instance, four of the
second, and so on. The grey cells share the mean of the white one.

**LayerNorm** (Ba, Kiros and Hinton, 2016; made for recurrent nets, standard in Transformers) uses
one instance's own D features. So it does not care about the batch, works at N = 1, is the same in
training and at inference, and needs no buffers (BN keeps 2C + 1 numbers). Multiply all of z by
a > 0 and add b: nothing changes. Other factors for each feature: that *is* a change. In sequences
[N, T, D] it is over D, for every token apart: a token alone gives what it gives in a crowd.

**LayerNorm in CNNs** may mean three things. `nn.LayerNorm([C, H, W])` has the same means as
GroupNorm with one group, but γ and β for *every element* (2·C·H·W = 576 numbers, and not "across
all channels"), where GroupNorm has them for each channel (2·C = 16). And ConvNeXt's is over C
alone, for every pixel: equal to neither.

**InstanceNorm** (Ulyanov et al., 2016) removes each channel's contrast a·x + b. It comes from style
transfer: means and spreads of channels carry much of an image's style. Give one image the means
and spreads of another (AdaIN, Huang and Belongie, 2017) and it takes on its colours and contrasts:
**textures**. Where that is information, it is lost; and on a 1×1 map nothing is left but zeros.
In PyTorch it has no γ and β unless asked for.

**GroupNorm** (Wu and He, 2018), for small batches in vision, lies between. Two things are often
told wrong. The ends are swapped: **G = 1 is LN, G = C is IN**, see *by groups*. "The group size is
almost always 32": 32 is the *number of groups* G; with 64 channels each has 2. And C must be
divisible by G.

## Watch

- **cube**: the white cell wanders, and with it the company that each norm gives it.
- **what moves it**: how far one instance's output moves (its largest element) when the *mates*
  change, when it is itself multiplied and shifted (*az + b*), or each channel by its own numbers
  (*contrast*), or when train mode becomes eval *mode*. The most so far: ≈ 0 is an invariance.
- **sizes**: means as counted from the slopes of the outputs, numbers as PyTorch's layers have them.

## Try

- `groups=1`, `groups=8` while it runs: in **cube**, GN becomes LN, then IN.
- `convention=size`: `groups` taken for channels per group, the popular mistake. The ends swap.
- `layer_mean=everything`: the mean without its dimensions, `z.mean()`, and LN knows the batch.
  `layer_mean=channels`: ConvNeXt's.
- `gain=-1`: LN is invariant to positive factors only.
- `contrast=0.001`: a channel so faint that ε matters. `contrast=1`: no one has anything to feel.
- `mates=1`: the other instances stay as they are, and BN has nothing to notice.
- `instance_norm=full`: InstanceNorm with γ, β and running averages: it, too, has two lives then.
- `side=2`: maps of 2×2 leave IN something.
"""

import torch
from torch import nn

from dlplay import Choice, Float, Int, Scene, claim
from dlplay.nn.normalization import standardize

N, C, SIDE = 4, 8, 6
PIXELS = (0, 7, 21, 35)  # those that the cube shows
GROUPS = (1, 2, 4, 8)
NORMS = ("BN", "LN", "GN", "IN", "LN(C)")


def textures(size):
    """Two images of stripes and of blobs, [3, size, size] each, values about 0 to 1."""
    y, x = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    wave = 2 * torch.pi / 8  # of eight pixels
    stripes = torch.stack([torch.sin(wave * (x + y) + phase) for phase in (0, 0.5, 2)])
    blobs = torch.stack([torch.cos(wave * x) * torch.cos(wave * y)] * 3)
    stripes = torch.tensor([0.6, 0.4, 0.15])[:, None, None] + (
        torch.tensor([0.35, 0.3, 0.14])[:, None, None] * stripes
    )
    blobs = torch.tensor([0.15, 0.45, 0.65])[:, None, None] + (
        torch.tensor([0.1, 0.25, 0.3])[:, None, None] * blobs
    )
    return stripes, blobs


class NormZoo(Scene):
    covers = {
        "Layer Normalization": (
            "cube",
            "what moves it",
            "layer_alone",
            "layer_invariant",
            "layer_features",
            "token",
        ),
        "Key Differences from BatchNorm": (
            "cube",
            "what moves it",
            "sizes",
            "batch_moves",
            "others_stay",
            "layer_modes",
            "buffers",
        ),
        "LayerNorm in CNNs": (
            "cube",
            "by groups",
            "sizes",
            "one_group",
            "over_channels",
            "parameters_ratio",
        ),
        "Instance Normalization": (
            "textures",
            "what moves it",
            "contrast_gone",
            "contrast_felt",
            "style",
            "one_pixel",
            "no_affine",
        ),
        "Group Normalization": (
            "cube",
            "by groups",
            "sizes",
            "one_group",
            "all_groups",
            "not_swapped",
            "group_size",
            "sets",
        ),
    }
    panels = ("cube", "what moves it", "by groups", "textures", "sizes")
    quick = {"steps": 5}

    groups = Int(4, min=1, max=8, live=True, help="groups of GroupNorm; 8 channels, so 1, 2, 4, 8")
    convention = Choice(
        "number", ("number", "size"), help="groups is their number, or (wrong) their size"
    )
    gain = Float(3.0, min=-5, max=5, step=0.5, live=True, help="a of a·z + b, for LN's invariance")
    contrast = Float(
        3.0, min=0.001, max=100, log=True, live=True, help="of the channels, for IN's invariance"
    )
    mates = Float(5.0, min=0, max=20, step=0.5, live=True, help="factor of the other instances")
    layer_mean = Choice(
        "instance", ("instance", "channels", "everything"), help="what LN's mean is over"
    )
    instance_norm = Choice(
        "default", ("default", "full"), help="PyTorch's, or with γ, β and running averages"
    )
    side = Int(1, min=1, max=6, help="side of the small maps on which IN is tried")
    steps = Int(400, min=2, max=2000, help="random tensors that are tried")

    def run(self, stage):
        device = stage.device
        content, style = (t.to(device) for t in textures(16))
        stage.axes("by groups", x="groups G", y="largest difference", log="xy")
        self.moved, self.apart = {}, {}
        full = self.instance_norm == "full"
        layers = {  # as PyTorch makes them
            "BN": nn.BatchNorm2d(C),
            "LN": nn.LayerNorm([C, SIDE, SIDE]),
            "GN": nn.GroupNorm(self.number(4), C),
            "IN": nn.InstanceNorm2d(C, affine=full, track_running_stats=full),
        }
        layers = {name: layer.to(device) for name, layer in layers.items()}
        stage.watch(layers["BN"])
        self.draw_sizes(stage, layers)
        self.draw_textures(stage, content, style)
        far = 0.0

        for step in stage.loop(self.steps):
            z = torch.randn(N, C, SIDE, SIDE, device=device) * 2 + 1
            if stage.changed("contrast"):
                self.draw_textures(stage, content, style)
            if stage.changed("groups", "gain", "contrast", "mates"):
                self.moved = {}
            self.perturb(z, layers)
            self.compare(z)
            far = max(far, self.small_map(device))

            if stage.every(4):
                with stage.probe(), torch.enable_grad():
                    self.draw_cube(stage, step)
                names = ("mates", "az + b", "contrast", "mode")
                rows = [
                    [norm, *(short(self.moved[norm, name]) for name in names)] for norm in NORMS
                ]
                stage.table("what moves it", ["norm", *names], rows)
                self.report(stage, far)
                stage.plot("by groups", GROUPS, {
                    to: [max(self.apart[g, to], 1e-7) for g in GROUPS] for to in ("LN", "IN")
                })  # fmt: skip

    def report(self, stage, far):
        moved, apart = self.moved, self.apart
        stage.measure(
            layer_alone=self.apart["alone"],
            layer_invariant=moved["LN", "az + b"],
            layer_features=moved["LN", "contrast"],
            token=apart["token"],
            batch_moves=moved["BN", "mates"],
            others_stay=max(moved[norm, "mates"] for norm in NORMS[1:]),
            layer_modes=max(moved[norm, "mode"] for norm in ("LN", "GN", "IN")),
            one_group=apart[1, "LN"],
            all_groups=apart[8, "IN"],
            swapped=min(apart[1, "IN"], apart[8, "LN"]),
            over_channels=min(apart["over C", "LN"], apart["over C", "IN"]),
            contrast_gone=moved["IN", "contrast"],
            contrast_felt=min(moved[n, "contrast"] for n in ("BN", "LN", "GN")),
            one_pixel=far,
        )

    def number(self, groups):
        """The number of groups that `groups` stands for, under the chosen convention."""
        return groups if self.convention == "number" else C // groups

    def norm(self, name, z, groups=None):
        """One of NORMS without γ and β, in train mode: [N, C, H, W] -> the same shape."""
        if name == "GN":
            groups = self.number(groups or max(g for g in GROUPS if g <= self.groups))
            n, c, h, w = z.shape
            return standardize(z.reshape(n, groups, c // groups, h, w), (2, 3, 4)).reshape(z.shape)
        layer = {"instance": (1, 2, 3), "channels": (1,), "everything": (0, 1, 2, 3)}
        dims = {"BN": (0, 2, 3), "LN": layer[self.layer_mean], "IN": (2, 3), "LN(C)": (1,)}
        return standardize(z, dims[name])

    def perturb(self, z, layers):
        """How far instance 0's output moves: the largest so far."""
        u, v = torch.rand(2, C, 1, 1, device=z.device) * 2 - 1
        a, b = self.contrast**u, v * (self.contrast - 1)  # [C, 1, 1] each
        own, others = z[:1], z[1:]
        changed = {
            "mates": torch.cat([own, others * self.mates]),
            "az + b": torch.cat([self.gain * own + 2, others]),
            "contrast": torch.cat([a * own + b, others]),
        }
        for name in NORMS:
            before = self.norm(name, z)
            for what, other in changed.items():
                self.keep((name, what), self.norm(name, other)[0] - before[0])
            layer = layers.get(name)
            if layer is None:  # no statistics are kept: both modes are the same function
                self.keep((name, "mode"), before - self.norm(name, z))
                continue
            with torch.no_grad():
                train, inference = layer(z), layer.eval()(z)
                layer.train()
            self.keep((name, "mode"), train - inference)

    def keep(self, key, difference):
        self.moved[key] = max(self.moved.get(key, 0.0), difference.abs().max().item())

    def compare(self, z):
        """Distances between norms, and of LN alone from LN in a crowd."""
        layer, instance = self.norm("LN", z), self.norm("IN", z)
        for groups in GROUPS:
            out = self.norm("GN", z, groups)
            self.apart[groups, "LN"] = (out - layer).abs().max().item()
            self.apart[groups, "IN"] = (out - instance).abs().max().item()
        over = self.norm("LN(C)", z)
        self.apart["over C", "LN"] = (over - layer).abs().max().item()
        self.apart["over C", "IN"] = (over - instance).abs().max().item()
        together, alone = self.norm("LN", z)[:1], self.norm("LN", z[:1])
        self.apart["alone"] = (together - alone).abs().max().item()
        tokens = torch.randn(2, 10, 16, device=z.device)  # [N, T, D]
        dims = (0, 1, 2) if self.layer_mean == "everything" else (2,)
        together, alone = standardize(tokens, dims)[:1, 3:4], standardize(tokens[:1, 3:4], dims)
        self.apart["token"] = (together - alone).abs().max().item()

    def small_map(self, device):
        """The largest output of InstanceNorm on maps of side × side."""
        z = torch.randn(N, C, self.side, self.side, device=device)
        return self.norm("IN", z).abs().max().item()

    def draw_cube(self, stage, step):
        """A picture for each norm, rows (instance, pixel), columns channels: white the marked
        cell, grey those that share its mean."""
        n, c, p = step // 32 % N, step // 4 % C, PIXELS[step // 8 % len(PIXELS)]
        pictures = []
        for name in NORMS:
            # A cell shares the mean if the marked cell's output has a slope at it
            z = torch.randn(N, C, SIDE, SIDE, requires_grad=True)
            slope = torch.autograd.grad(self.norm(name, z)[n, c].flatten()[p], z)[0]
            slope = slope.flatten(2)[:, :, list(PIXELS)]  # [N, C, 4]
            picture = 0.15 + 0.35 * (slope.abs() > 1e-9)
            picture[n, c, PIXELS.index(p)] = 1.0
            pictures.append(picture.transpose(1, 2).reshape(-1, C))  # [N · 4, C]
        stage.image("cube", torch.stack(pictures), captions=NORMS, columns=len(NORMS))

    def draw_textures(self, stage, content, style):
        """Content and style, both after IN; and the content in the style's statistics."""
        loud = ((content - 0.5) * self.contrast + 0.5)[None]
        std, mean = torch.std_mean(style[None], (2, 3), correction=0, keepdim=True)
        normal = self.norm("IN", loud)
        swapped = normal * std + mean
        new_std, new_mean = torch.std_mean(swapped, (2, 3), correction=0, keepdim=True)
        seen = torch.stack([loud[0], style, 0.5 + normal[0] / 4, swapped[0]])
        stage.image("textures", seen.clamp(0, 1), columns=4,
                    captions=("content", "style", "normed", "swapped"))  # fmt: skip
        stage.measure(
            style=torch.maximum((new_std - std).abs().max(), (new_mean - mean).abs().max())
        )

    def draw_sizes(self, stage, layers):
        """Parameters, buffers and means, counted."""
        z = torch.randn(N, C, SIDE, SIDE, requires_grad=True)
        rows, means = [], {}
        if self.layer_mean == "channels":
            layers = {**layers, "LN": nn.LayerNorm(C)}
        for name, layer in layers.items():
            means[name] = self.count(name, z)
            numbers = sum(p.numel() for p in layer.parameters())
            buffers = sum(b.numel() for b in layer.buffers())
            rows.append([name, means[name], numbers, buffers])
        rows.append(["LN(C)", self.count("LN(C)", z), 2 * C, 0])
        stage.table("sizes", ["norm", "means", "γ and β", "buffers"], rows)
        found = {row[0]: row for row in rows}
        expected = {"BN": C, "LN": N, "IN": N * C, "GN": N * 4}
        stage.measure(
            sets_wrong=sum(abs(means[name] - n) for name, n in expected.items()),
            instance_numbers=found["IN"][2],
            numbers_ratio=found["LN"][2] / found["GN"][2],
            buffers=found["BN"][3] - sum(found[name][3] for name in ("LN", "GN", "IN")),
            group_size=self.together(),
        )  # fmt: skip

    def count(self, name, z):
        """How many means a norm takes: cells are grouped by whom their output depends on."""
        out, seen, sets = self.norm(name, z, 4), torch.zeros(z.numel(), dtype=torch.bool), 0
        for cell in range(z.numel()):
            if not seen[cell]:
                slope = torch.autograd.grad(out.flatten()[cell], z, retain_graph=True)[0]
                seen |= slope.flatten().abs() > 0
                seen[cell] = True
                sets += 1
        return sets

    def together(self):
        """Channels that share a mean in GroupNorm(32, 64): those on which the first one depends."""
        z = torch.randn(1, 64, 2, 2, requires_grad=True)
        groups = 32 if self.convention == "number" else 64 // 32
        out = nn.functional.group_norm(z, groups)
        slope = torch.autograd.grad(out[0, 0, 0, 0], z)[0]  # [1, 64, 2, 2]
        return (slope.abs().sum((0, 2, 3)) > 0).sum()

    @claim(
        "BN moves with another instance: by more than 1",
        breaks={"mates": 1, "steps": 20},
    )
    def batch_moves(self, measured):
        return measured.batch_moves > 1

    @claim(
        "LN, GN and IN do not: by less than 0.00001",
        breaks={"layer_mean": "everything", "steps": 20},
    )
    def others_stay(self, measured):
        return measured.others_stay < 1e-5

    @claim(
        "LN gives an instance alone (N = 1) what it gives it in a batch, within 0.00001",
        breaks={"layer_mean": "everything", "steps": 20},
    )
    def layer_alone(self, measured):
        return measured.layer_alone < 1e-5

    @claim(
        "and a token of a sequence what it gives it alone, within 0.00001",
        breaks={"layer_mean": "everything", "steps": 20},
    )
    def token(self, measured):
        return measured.token < 1e-5

    @claim(
        "LN is invariant to a·z + b with one a > 0 and b for all of an instance, within 0.001",
        breaks={"gain": -1, "steps": 20},
    )
    def layer_invariant(self, measured):
        return measured.layer_invariant < 1e-3

    @claim(
        "and not to factors and shifts of each channel: it moves by over 0.5",
        breaks={"contrast": 1, "steps": 20},
    )
    def layer_features(self, measured):
        return measured.layer_features > 0.5

    @claim(
        "LN, GN and IN are the same in train and eval mode, within 0.00001",
        breaks={"instance_norm": "full", "steps": 20},
    )
    def layer_modes(self, measured):
        return measured.layer_modes < 1e-5

    @claim(
        "BN keeps 2C + 1 = 17 numbers in buffers, the other three none",
        breaks={"instance_norm": "full", "steps": 20},
    )
    def buffers(self, measured):
        return measured.buffers == 17

    @claim(
        "GN with one group is LN, within 0.00001",
        breaks={"convention": "size", "steps": 20},
    )
    def one_group(self, measured):
        return measured.one_group < 1e-5

    @claim(
        "GN with as many groups as channels is IN, within 0.00001",
        breaks={"convention": "size", "steps": 20},
    )
    def all_groups(self, measured):
        return measured.all_groups < 1e-5

    @claim(
        "and not the other way round: those pairs differ by more than 0.1",
        breaks={"convention": "size", "steps": 20},
    )
    def not_swapped(self, measured):
        return measured.swapped > 0.1

    @claim(
        "GroupNorm(32, 64): 32 groups, in each of which 2 channels share a mean",
        breaks={"convention": "size", "steps": 20},
    )
    def group_size(self, measured):
        return measured.group_size == 2

    @claim(
        "LN over C alone is neither LN nor IN: it differs by more than 0.1 from both",
        breaks={"layer_mean": "channels", "steps": 20},
    )
    def over_channels(self, measured):
        return measured.over_channels > 0.1

    @claim(
        "PyTorch's LayerNorm([C, H, W]) has H·W = 36 times the γ and β of GroupNorm",
        breaks={"layer_mean": "channels", "steps": 20},
    )
    def parameters_ratio(self, measured):
        return measured.numbers_ratio == 36

    @claim(
        "counted: BN takes 8 means, LN 4, IN 32, GN with 4 groups 16 (0 differences)",
        breaks={"layer_mean": "everything", "steps": 20},
    )
    def sets(self, measured):
        return measured.sets_wrong == 0

    @claim(
        "IN removes the contrast of each channel: it moves by less than 0.001",
        breaks={"contrast": 0.001, "steps": 20},
    )
    def contrast_gone(self, measured):
        return measured.contrast_gone < 1e-3

    @claim("BN, LN and GN (4 groups) feel it: all by over 0.5", breaks={"groups": 8, "steps": 20})
    def contrast_felt(self, measured):
        return measured.contrast_felt > 0.5

    @claim(
        "with swapped statistics an image has the style's means and spreads, within 0.0001",
        breaks={"contrast": 0.001, "steps": 20},
    )
    def style(self, measured):
        return measured.style < 1e-4

    @claim("on maps of one pixel IN leaves nothing but 0", breaks={"side": 2, "steps": 20})
    def one_pixel(self, measured):
        return measured.one_pixel == 0

    @claim(
        "PyTorch's InstanceNorm2d has no γ and β unless asked for: 0 numbers",
        breaks={"instance_norm": "full", "steps": 20},
    )
    def no_affine(self, measured):
        return measured.instance_numbers == 0


def short(distance):
    return "≈ 0" if distance < 1e-3 else f"{distance:.2f}"
