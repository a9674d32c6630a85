"""
# Why paint in a small latent space?

A photo has a million numbers, most of them texture. A net that walks from noise to a photo must
find the noise in all of them, at each step. Stable Diffusion splits the work.

First an **autoencoder** learns to pack a picture into a small code, and to unpack it. Here 16×16
pixels in three colours become 4×4 places with 6 numbers each, 8 times fewer (Stable Diffusion: 48
times). Then a **painter** learns to clean noisy codes z. It never sees a pixel. What it has painted
is unpacked at the end. The codes are scaled to variance 1: the noise levels are made for it.

Where nearly all is noise, finding it teaches little about the code. So the net is asked for a
mixture, from which noise ε and code follow:

    u = √ᾱ ε − √(1 − ᾱ) z

A second painter learns in pixels: the same net, but twice as wide, the same pictures, levels,
words, number of steps. Its places hold the 48 numbers of 4×4 pixels. After as many steps the first
paints clean signs; the second's are full of specks.

How do words get in? By **cross-attention**. Each place asks, the words answer:

    a = softmax(q · kⱼ / √d)
    h ← h + Σⱼ aⱼ vⱼ

q is a query made of the place's d numbers h; kⱼ and vⱼ are key and value of word j. So each place
takes from each word as much as it needs. In one training picture of ten no word is told, so the
push γ, from the guess without words past the guess with them, works as before.

“Blue triangle” and “yellow bar” were never shown, yet most are painted right: the painter learns
words, not sentences. But nothing comes out sharper than the autoencoder's copies.

## Tomorrow

Before you train a painter, look at what the autoencoder gives back, and measure it with the judge
that will judge the painter. That is your ceiling.
"""

import itertools
import math

import torch
from torch import nn
from torch.nn.functional import pixel_shuffle, pixel_unshuffle

from dlplay import Float, Int, Scene, Text, Try
from dlplay.data import Signs
from dlplay.nn.denoiser import LEVELS, noise_like, schedule, strides, waves
from dlplay.nn.packer import Packer, rise_and_fall


class Latent(Scene):
    covers = ("Stable Diffusion",)
    panels = {
        "signs": "first each picture and its copy; then signs painted in codes, and in pixels",
        "right": "share of signs whose 3 words a judge reads off them; high is good",
        "who asks whom": "one painted in codes, and how much its places take from each word",
    }
    claims = {
        "copies": "unpacked codes of new pictures are read right, all 3 words, in over 0.9",
        "asked": "painted in codes, with the push, all three words are right in over 0.8",
        "pixels": "one flat sign explains over 0.1 more of them than of those painted in pixels",
        "words": "all three words are right in over 0.6 more than with no word told",
        "never": "of colours and shapes never shown together over 0.3 are right; chance is 0.03",
        "ceiling": "copies are explained better than paintings by one flat sign, by 0.04 or more",
    }
    tries = (
        Try(
            "push=0",
            "The words are still told, but γ is 0. How often are all three right, in codes?",
            ("as often: they are told", "in about half", "hardly ever"),
            right=3,
            breaks=("asked", "words", "never"),
            keeps="copies",
            why="γ is the whole way from the guess without words. At 0 that guess is what is left; "
            "1 is the plain guess with them.",
        ),
        Try(
            "numbers=1",
            "The code has 1 number in each place, not 6. What of copies and paintings?",
            ("copies worse, paintings better", "copies as before, paintings worse", "both worse"),
            right=3,
            breaks=("copies", "asked"),
            why="Sixteen numbers are soon learned, so the painter comes closer to its ceiling, the "
            "copies. But the ceiling has come down.",
        ),
        Try(
            "passes=2",
            "Two strides down the levels in place of 10. What is wrong most often?",
            ("the colour", "the shape", "the place"),
            right=2,
            breaks="asked",
            keeps="copies",
            why="Colour and place are settled by the first stride. The shape is found in several "
            "small ones, and is what suffers.",
        ),
    )
    quick = {"steps": 10}

    prompt = Text("red cross left", max_length=60, live=True, help="colour, shape, left or right")
    push = Float(3.0, min=0, max=8, live=True, help="γ, the push towards the words")
    passes = Int(10, min=2, max=100, log=True, live=True, help="strides down the noise levels")
    numbers = Int(6, min=1, max=12, help="numbers in each of the code's 16 places")
    steps = Int(260, min=5, max=5000, log=True, help="of both painters; 1.5 as many to pack")

    def run(self, stage):
        signs = Signs()
        every = signs.names()  # [32, 3]
        colour, shape, _ = every.T
        hidden = ((colour == 2) & (shape == 2)) | ((colour == 3) & (shape == 0))
        shown = every[~hidden]  # without blue triangles and yellow bars
        names = shown[torch.randint(len(shown), (4000,), device="cpu")]
        x, words = signs.paint(names).to(stage.device), signs.words(names).to(stage.device)
        new_names = every.repeat(6, 1)  # [192, 3]
        new, hidden = signs.paint(new_names).to(stage.device), hidden.repeat(6)
        every_word = signs.words(new_names).to(stage.device)

        packer = Packer(self.numbers, width=64).to(stage.device)
        painters = nn.ModuleDict(
            {"codes": Painter(self.numbers, 32, 128), "pixels": Painter(48, 64, 128)}
        ).to(stage.device)
        nets = nn.ModuleList([packer, painters])
        alpha_bar = schedule("cosine")[1].to(stage.device)

        def painted(kind, words, push):
            """From noise to pictures [N, 3, 16, 16], as words [N, 3] ask."""
            net, dice = painters[kind], torch.Generator().manual_seed(stage.seed)
            z = noise_like(torch.zeros(len(words), 16, net.numbers).to(words.device), dice)
            for t, lower in itertools.pairwise(strides(self.passes)):
                a, b, level = alpha_bar[t], alpha_bar[lower], torch.full_like(words[:, 0], t)
                free = net(z, level, torch.full_like(words, signs.no_word))
                u = free + push * (net(z, level, words) - free)
                clean = (a.sqrt() * z - (1 - a).sqrt() * u).clamp(*ends[kind])
                noise = (z - a.sqrt() * clean) / (1 - a).sqrt()
                z = b.sqrt() * clean + (1 - b).sqrt() * noise  # no fresh noise: DDIM
            if kind == "codes":
                return packer.unpack(z)
            return pixel_shuffle(z.mT.unflatten(2, (4, 4)), 4) * x.std() + x.mean()

        def read(images):
            """Where all 3 words are as asked [N], and the share that a flat sign explains."""
            names, explained = signs.read(images)
            return (names.cpu() == new_names[: len(images)]).all(dim=1), explained.mean().cpu()

        @stage.look(40, nets)
        def look():
            if not painting:
                pairs = torch.cat([new[::56], packer(new[::56])])
                stage.image("signs", pairs, columns=4, captions=["picture"] * 4 + ["copy"] * 4)
                stage.curve("right", copies=share(read(packer(new))), x=stage.tick)
                stage.headline(f"first the autoencoder: {off:.2f} of the pixels' variance is lost")
                return
            asked = signs.asked(self.prompt)
            said = asked.repeat(4, 1).to(x.device)
            pixels, codes = painted("pixels", said, self.push), painted("codes", said, self.push)
            maps = [as_picture(painters["codes"].weights[0, :, k]) for k in range(3)]
            captions = ["codes"] * 4 + ["pixels"] * 4
            stage.image("signs", torch.cat([codes, pixels]), columns=4, captions=captions)
            captions = ["painted", *signs.spelt(asked)]
            stage.image("who asks whom", torch.stack([codes[0], *maps]), captions=captions)

        @stage.look(120, nets)
        def look_at_all():
            if painting:
                some = every_word[:96]
                hits = {kind: share(read(painted(kind, some, self.push))) for kind in painters}
                stage.curve("right", hits, x=stage.tick)
                stage.headline(
                    f"all 3 words right: {hits['codes']:.0%} in codes of {16 * self.numbers} "
                    f"numbers, {hits['pixels']:.0%} in 768 pixels"
                )

        painting, off, ends = False, 1.0, {}
        pack = 3 * self.steps // 2
        stage.axes("right", x="step", y="share", lines={"chance": 1 / 32})
        for step in stage.loop(pack):
            off = packer.learn(x, step, pack, batch=32) / x.var()
        packer.settle(x)
        codes = packer.pack(x).detach()  # [4000, 16, numbers]
        patches = pixel_unshuffle((x - x.mean()) / x.std(), 4).flatten(2).mT  # [4000, 16, 48]
        ends = {"codes": (codes.min(), codes.max()), "pixels": (patches.min(), patches.max())}

        painting = True
        adam = torch.optim.AdamW(painters.parameters(), lr=0.006, fused=True)
        for step in stage.loop(self.steps):
            picked = torch.randint(len(x), (64,), device="cpu").to(stage.device)
            t = torch.randint(1, LEVELS + 1, (64,), device="cpu").to(stage.device)
            mute = torch.rand(64, 1, device="cpu").to(stage.device) < 0.1
            told = torch.where(mute, signs.no_word, words[picked])
            a, loss = alpha_bar[t][:, None, None], 0
            for net, z in zip(painters.values(), (codes[picked], patches[picked]), strict=True):
                noise = noise_like(z)
                noisy = a.sqrt() * z + (1 - a).sqrt() * noise
                u = a.sqrt() * noise - (1 - a).sqrt() * z
                loss = loss + (net(noisy, t, told) - u).square().mean()
            rise_and_fall(adam, 0.006, step, self.steps)
            adam.zero_grad()
            loss.backward()
            adam.step()

        with stage.probe(nets):
            copies, clear = read(packer(new))
            hits, flat = read(painted("codes", every_word, self.push))
            specks = read(painted("pixels", every_word, self.push))[1]
            unasked = read(painted("codes", every_word, 0))
            stage.claim("copies", copies.float().mean(), above=0.9)
            stage.claim("asked", hits.float().mean(), above=0.8)
            stage.claim("pixels", flat - specks, above=0.1)
            stage.claim("words", hits.float().mean() - share(unasked), above=0.6)
            stage.claim("never", hits[hidden].float().mean(), above=0.3)
            stage.claim("ceiling", clear - flat, above=0.04)


class Painter(nn.Module):
    """Says u of noisy codes [N, 16, numbers] at levels t [N], told words [N, 3]."""

    def __init__(self, numbers, d, hidden):
        super().__init__()
        self.numbers = numbers
        self.enter, self.leave = nn.Linear(numbers, d), nn.Linear(d, numbers)
        self.words, self.place = nn.Embedding(11, d), nn.Parameter(0.1 * torch.randn(16, d))
        self.norm = nn.LayerNorm(d)
        self.level = nn.Sequential(nn.Linear(64, 64), nn.SiLU(), nn.Linear(64, 16 * d))
        self.query = nn.ModuleList(nn.Linear(d, d, bias=False) for _ in range(2))
        self.key_value = nn.ModuleList(nn.Linear(d, 2 * d, bias=False) for _ in range(2))
        self.mix = nn.ModuleList(  # all places with one another
            nn.Sequential(nn.Linear(16 * d, hidden), nn.SiLU(), nn.Linear(hidden, 16 * d))
            for _ in range(2)
        )

    def forward(self, z, t, words):
        level = self.level(waves(t)).unflatten(1, (16, -1))  # [N, 16, d]
        h, said = self.enter(z) + self.place + level, self.words(words)  # said: [N, 3, d]
        for query, key_value, mix in zip(self.query, self.key_value, self.mix, strict=True):
            k, v = key_value(said).chunk(2, dim=2)
            q = query(self.norm(h))
            a = (q @ k.mT / math.sqrt(h.shape[2])).softmax(dim=2)  # [N, 16, 3]
            h = h + a @ v
            h = h + mix(self.norm(h + level).flatten(1)).unflatten(1, (16, -1))
        self.weights = a.detach()
        return self.leave(self.norm(h))


def as_picture(weights):
    """A number for each place [16], grey: [3, 16, 16]."""
    return weights.view(4, 4).repeat_interleave(4, 0).repeat_interleave(4, 1).expand(3, -1, -1)


def share(read):
    return read[0].float().mean()
