"""
# How does an image become a sentence?

A Transformer reads a row of vectors. A sentence is one, with a vector for each word. An image is a
grid of pixels. With each pixel as a word a photo of 224×224 would have 50,176 of them, and as
attention compares all pairs, 2.5 billion weights in each head.

So cut the image into squares, the **patches**. A photo in patches of 16×16 has 196, and 38,809
weights with one more token. Each patch xᵢ, its pixels in a row, becomes a vector by one and the
same matrix E:

    hᵢ = E xᵢ + pᵢ

The other tokens follow a **class token** h₀, a learned vector that belongs to no patch. It gathers
what it needs by attention, and from its last state the class is read. That is the vision
Transformer, **ViT** (2020).

Without pᵢ the patches are a bag, for attention has no order: shuffle them, and the answer stays.
Even so a bag says much: how many curves, how many straight strokes.

The **position** pᵢ is a learned vector for each place i, a row of a table. Nothing tells the net
that place 7 lies beside place 8. The rows begin as chance numbers, and only the loss shapes them.
Where digits stand anywhere, a stroke of one place turns up in the next one too. Neighbours get
similar rows, and the table becomes a map of the image. Where all digits stand in the middle, each
place has a job of its own. Then the table tells places apart as well, but is hardly a map.

It isn't true that a ViT assumes nothing about images: pixels of a patch stay together, and E is
shared by all places.

## Tomorrow

Draw how alike the learned positions are. A map says that training showed things at many places;
noise says that it had too few images, or all alike. Check, too, what shuffled patches cost: if
nothing, positions don't arrive.
"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy, normalize, unfold

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.data import digits, scattered
from dlplay.nn.attention import attention_maps
from dlplay.nn.transformer import Block

SIDE, D, HEADS = 10, 32, 4  # of the images, in pixels; width of a token
NETS = ("with positions", "without")


class Patches(Scene):
    covers = ("Vision Transformer",)
    panels = {
        "sentence": "a new digit, its patches, how much the class token takes from each",
        "places": "how alike positions are, −1 to 1: a map a place, and their mean around a place",
        "read": "share of 397 new digits read; higher is better",
        "answer": "how sure each net is what the digit shown is, with its patches as shown",
    }
    claims = {
        "bag": "without positions 0.3 to 0.6 of the digits are read; guessing: 0.1",
        "told": "with positions over 0.12 more are read",
        "shuffled": "with positions, of digits with shuffled patches at most 0.3 are read",
        "map": "cosines of the positions of neighbours are over 0.27 above those of other places",
    }
    tries = (
        Try(
            "roam=0",
            "All digits stand in the middle now, and more are read. What becomes of the map?",
            ("it is sharper", "it is as before", "little is left"),
            right=3,
            breaks="map",
            keeps="shuffled",
            why="The lower left of a seven is always in the same patch. So no place has to treat "
            "anything as its neighbour does; each learns a job of its own.",
        ),
        Try(
            "positions=fixed",
            "The table stays as it was drawn by chance, only larger. What is lost?",
            ("nearly nothing but the map", "all that positions gave", "nothing, and a map emerges"),
            right=1,
            breaks="map",
            keeps="shuffled",
            why="To tell places apart any different vectors do. That neighbours are alike is what "
            "learning adds.",
        ),
        Try(
            "patch=5",
            "Four patches of 5×5 in place of 25 of 2×2. What does the net WITHOUT positions read?",
            ("fewer", "as many", "more"),
            right=3,
            breaks=("bag", "told"),
            why="What is inside of a patch keeps its order, for E has a weight for each pixel. A "
            "quarter of a digit says more than a bag of strokes.",
        ),
        Try(
            "order=shuffled",
            "The patches of the digit shown are shuffled. Which net's answer moves?",
            ("both", "the one with positions", "the one without"),
            right=2,
            keeps=("shuffled", "map"),
            why="Without positions nothing but the set of patches enters, and it is the same set.",
        ),
    )
    quick = {"steps": 5}

    patch = Choice("2", ("2", "5"), help="side of a patch, in pixels")
    roam = Int(2, min=0, max=2, help="over how many pixels a digit's place varies, each way")
    positions = Choice("learned", ("learned", "fixed"), help="fixed: drawn by chance, and larger")
    shown = Int(3, min=0, max=396, live=True, help="the new digit that is shown")
    order = Choice("as it is", ("as it is", "shuffled"), live=True, help="of the patches shown")
    learning_rate = Float(0.003, min=1e-4, max=0.1, log=True, live=True, help="of AdamW")
    steps = Int(400, min=5, max=3000, log=True, help="steps of 64 digits, for each net")

    def run(self, stage):
        x, y, x_test, y_test = digits()
        # Each training digit at nine places of its own (if it roams): [12600, 1, 10, 10]
        x = torch.cat([scattered(x, SIDE, self.roam) for _ in range(9)]).to(stage.device)
        y, y_test = y.repeat(9).to(stage.device), y_test.to(stage.device)
        P, n = int(self.patch), SIDE // int(self.patch)  # n × n patches
        patches = cut(scattered(x_test, SIDE, self.roam), P)  # [397, n², P²]
        by_chance = torch.rand(patches.shape[:2], device="cpu").argsort(dim=1)
        mixed = patches[torch.arange(len(patches))[:, None], by_chance].to(stage.device)
        patches = patches.to(stage.device)

        told, bag = VisionTransformer(P, n * n, self.positions), VisionTransformer(P, n * n, "none")
        nets = nn.ModuleList([told, bag]).to(stage.device)
        learned = [p for p in nets.parameters() if p.requires_grad]
        adam = torch.optim.AdamW(learned, fused=True)

        def read(net, patches):
            """The share of these digits that a net reads."""
            return (net(patches).argmax(dim=1) == y_test).float().mean()

        @stage.look(20, nets)
        def look():
            with_them, without = read(told, patches), read(bag, patches)
            shares = dict(zip(NETS, (with_them, without), strict=True))
            stage.curve("read", {**shares, "with, shuffled": read(told, mixed)})
            near, far = nearness(told)
            stage.headline(
                f"read: {with_them:.0%} with positions, {without:.0%} without; alike: "
                f"near {near:.2f}, others {far:.2f}"
            )
            one = (mixed if self.order == "shuffled" else patches)[self.shown, None]
            maps, _ = attention_maps(told, one)  # [heads, 1 + n², 1 + n²]
            looks = maps[:, 0, 1:].mean(dim=0).reshape(n, n)
            shown = {
                "digit": larger(joined(one[0], P, 0), 2),
                "as patches": joined(one[0], P, 1),
                "class token looks at": larger(looks, 3),
            }
            stage.matrices("sentence", shown, grey=("digit", "as patches"))
            s = alike(told)  # [places, places]
            maps = {"of each place": joined(s, n, 1), "around a place": by_offset(s)}
            stage.matrices("places", maps, scales=dict.fromkeys(maps, (-1, 1)))
            sure = [net(one)[0].softmax(dim=0) for net in nets]
            stage.bars("answer", [str(k) for k in range(10)], dict(zip(NETS, sure, strict=True)))

        stage.axes("read", y="share", lines={"guessing": 0.1})
        for _ in stage.loop(self.steps):
            adam.param_groups[0]["lr"] = self.learning_rate
            batch = torch.randint(len(x), (64,), device="cpu").to(stage.device)
            cuts = cut(x[batch], P)
            loss = sum(cross_entropy(net(cuts), y[batch]) for net in nets)
            adam.zero_grad()
            loss.backward()
            adam.step()

        with stage.probe(nets):
            with_them, without = read(told, patches), read(bag, patches)
            stage.claim("bag", without, within=(0.3, 0.6))
            stage.claim("told", with_them - without, above=0.12)
            stage.claim("shuffled", read(told, mixed), at_most=0.3)
            near, far = nearness(told)
            stage.claim("map", near - far, above=0.27)
            stage.measure(read=with_them, neighbours=near, others=far)


class VisionTransformer(nn.Module):
    """Patches [N, places, P²] -> scores of ten classes [N, 10]."""

    def __init__(self, P, places, positions):
        super().__init__()
        self.E = nn.Linear(P * P, D)
        self.first = nn.Parameter(0.02 * torch.randn(D))  # the class token h₀
        self.p = None
        if positions != "none":
            size = 0.02 if positions == "learned" else 0.5
            table = size * torch.randn(places, D)
            self.p = nn.Parameter(table, requires_grad=positions == "learned")
        self.block = Block(D, HEADS, causal=False, hidden=2 * D)
        self.answer = nn.Sequential(nn.LayerNorm(D), nn.Linear(D, 10))

    def forward(self, patches):
        h = self.E(patches)  # [N, places, D]
        if self.p is not None:
            h = h + self.p
        h = torch.cat([self.first.expand(len(h), 1, D), h], dim=1)
        return self.answer(self.block(h)[:, 0])


def cut(x, P):
    """Images [N, 1, SIDE, SIDE] in patches, row by row: [N, places, P²]."""
    return unfold(x, P, stride=P).mT


def alike(net):
    """Of each place, how alike its position is to each other one: cosines [places, places]."""
    p = normalize(net.p - net.p.mean(dim=0), dim=1)
    return p @ p.T


def nearness(net):
    """The mean likeness of places side by side, and of all others."""
    s = alike(net)
    n = round(len(s) ** 0.5)
    row, column = (
        torch.arange(n * n, device=s.device) // n,
        torch.arange(n * n, device=s.device) % n,
    )
    apart = (row[:, None] - row).abs() + (column[:, None] - column).abs()
    return s[apart == 1].mean().item(), s[apart > 1].mean().item()


def by_offset(s):
    """Likeness [n², n²] as a mean over places, by where the other one lies, up to n // 2 away."""
    n = round(len(s) ** 0.5)
    s, far = s.reshape(n, n, n, n), range(-(n // 2), n // 2 + 1)
    means = [s.diagonal(down, 0, 2).diagonal(right, 0, 1).mean() for down in far for right in far]
    return torch.stack(means).reshape(len(far), len(far))


def larger(x, times):
    """Each pixel as a square of so many."""
    return x.repeat_interleave(times, dim=0).repeat_interleave(times, dim=1)


def joined(tiles, side, gap):
    """Square tiles [n², side²] as one image, with `gap` empty pixels between them."""
    n = round(len(tiles) ** 0.5)
    grid = tiles.new_full((n, n, side + gap, side + gap), torch.nan)
    grid[:, :, :side, :side] = tiles.reshape(n, n, side, side)
    whole = grid.transpose(1, 2).reshape(n * (side + gap), -1)
    return whole[: len(whole) - gap, : len(whole) - gap]
