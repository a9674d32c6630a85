"""
# Why paint in a small latent space?

A photo has a million numbers, and most of them are texture. A net that walks from noise to a photo
must read all of them at each step. Stable Diffusion splits the work.

First an **autoencoder** learns to pack a picture into a small code, and to unpack it. The code
keeps its places: here 16×16 pixels in three colours become 4×4 places with 6 numbers each, 8 times
fewer (Stable Diffusion: 48 times). Then the **painter** learns to find noise, as on the pages
before, but in codes z. It never sees a pixel. What it has painted is unpacked at the end.

The codes are first scaled to variance 1, since the noise levels are made for that.

How do words get in? By **cross-attention**. Each place of the code asks, the words answer:

    a = softmax(q · kⱼ / √d)
    h ← h + Σⱼ aⱼ vⱼ

q is a query made of the place's d numbers h; kⱼ and vⱼ are key and value of word j. So each place
takes from each word as much as it needs: where the sign is, mostly its colour; around it, mostly
where it should be. Below are the weights a, one map a word.

In one training picture of ten no word is told. So the push γ, from the guess without words past the
guess with them, works as before.

The painter learns words, not sentences: “blue triangle” and “yellow bar” it was never shown, yet it
paints many of them. And a word changed under the same noise changes what it names. Nothing comes
out sharper than the autoencoder's copies: no painter can mend those.

## Tomorrow

Before you train a painter, look at what the autoencoder gives back, and measure it with the judge
that will judge the painter. That is your ceiling.
"""

import copy
import itertools
import math

import torch
from torch import nn

from dlplay import Choice, Float, Int, Scene, Text, Try
from dlplay.data import Signs
from dlplay.nn.denoiser import LEVELS, follow, noise_like, schedule, strides, waves
from dlplay.nn.packer import Packer, rise_and_fall

SWAPS = ("colour", "shape", "place")


class Latent(Scene):
    covers = ("Stable Diffusion",)
    panels = {
        "painted": "above as you asked; below from the same noise, one word changed",
        "the walk": "above the code, 3 of its numbers as colours; below the guess, unpacked",
        "who asks whom": "a painted sign, and how much each place takes from each word",
        "read right": "share of words read off by a judge that learned nothing; high is good",
    }
    claims = {
        "copies": "unpacked codes of new pictures are read right, all 3 words, in over 0.9",
        "asked": "with the push all three words are painted right in over 0.65",
        "words": "that is over 0.5 more than with no word told",
        "never": "of colours and shapes never shown together over 0.12 are right; chance is 0.03",
        "swapped": "another colour word, same noise: new colour, same shape and place in over 0.6",
        "ceiling": "copies are explained better than paintings by one flat sign, by 0.05 or more",
    }
    tries = (
        Try(
            "push=1",
            "The words are told, but not pushed. How often are all three right?",
            ("as often as with the push", "in about half", "hardly ever"),
            right=2,
            breaks="asked",
            keeps="copies",
            why="The net has learned the words, but hedges between signs at the noisy levels. The "
            "push exaggerates what the words change.",
        ),
        Try(
            "numbers=1",
            "The code has 1 number in each place, not 6. What of copies and paintings?",
            ("copies worse, paintings better", "copies as before, paintings worse", "both worse"),
            right=3,
            breaks=("copies", "ceiling"),
            why="Sixteen numbers are soon learned, so the painter comes right up to its ceiling: "
            "its signs are as clear as the copies. But the ceiling has come down.",
        ),
        Try(
            "passes=3",
            "Three strides down the levels in place of 20. How often are all three words right?",
            ("hardly ever", "in about half", "as often"),
            right=2,
            breaks="asked",
            keeps="copies",
            why="Colour and place are settled by the first strides. The shape is found in many "
            "small ones, and is what suffers.",
        ),
    )
    quick = {"steps": 10}

    prompt = Text("red cross left", max_length=60, live=True, help="colour, shape, left or right")
    swap = Choice("colour", SWAPS, live=True, help="the word that is changed in the second row")
    push = Float(3.0, min=0, max=8, live=True, help="γ, the push towards the words")
    passes = Int(20, min=2, max=100, log=True, live=True, help="strides down the noise levels")
    numbers = Int(6, min=1, max=12, help="numbers in each of the code's 16 places")
    steps = Int(800, min=5, max=5000, log=True, help="the painter's; the autoencoder: 3/8 of it")

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

        packer = Packer(self.numbers).to(stage.device)
        painter = Painter(self.numbers).to(stage.device)
        average = copy.deepcopy(painter)
        nets = nn.ModuleList([packer, average])
        alpha_bar = schedule("cosine")[1].to(stage.device)

        def walk(words, push):
            """From noise to codes, as words [N, 3] ask: each level, code and clean guess."""
            dice = torch.Generator().manual_seed(stage.seed)
            z = noise_like(torch.zeros(len(words), 16, self.numbers).to(words.device), dice)
            for t, lower in itertools.pairwise(strides(self.passes)):
                a, b, level = alpha_bar[t], alpha_bar[lower], torch.full_like(words[:, 0], t)
                free = average(z, level, torch.full_like(words, signs.no_word))
                noise = free + push * (average(z, level, words) - free)
                clean = ((z - (1 - a).sqrt() * noise) / a.sqrt()).clamp(-3.5, 3.5)
                noise = (z - a.sqrt() * clean) / (1 - a).sqrt()
                z = b.sqrt() * clean + (1 - b).sqrt() * noise  # no fresh noise: DDIM
                yield lower, z, clean

        def painted(words, push):
            *_, (_, z, _) = walk(words, push)
            return packer.unpack(z)

        def read(images):
            """What is read [N, 3], which of it is as asked, and the share explained."""
            names, explained = signs.read(images)
            return names.cpu(), names.cpu() == new_names, explained.mean().cpu()

        @stage.look(25, nets)
        def look():
            if not painting:
                pairs = torch.stack([new[::37], packer(new[::37])]).flatten(0, 1)
                stage.image("painted", pairs, columns=6, captions=["picture"] * 6 + ["copy"] * 6)
                stage.headline(f"first the autoencoder: {off:.2f} of the pixels' variance is lost")
                return
            asked, slot = signs.asked(self.prompt), SWAPS.index(self.swap)
            other = signs.swapped(asked, slot)
            film = list(walk(asked.repeat(6, 1).to(x.device), self.push))
            maps = [as_picture(average.weights[0, :, k, None] * 4 - 2) for k in range(3)]
            turned = painted(other.repeat(6, 1).to(x.device), self.push)  # from the same noise
            images = torch.cat([packer.unpack(film[-1][1]), turned])
            captions = [signs.spelt(said)[slot] for said in (asked, other) for _ in range(6)]
            stage.image("painted", images, columns=6, captions=captions)
            film = [film[k * (len(film) - 1) // 4] for k in range(5)]
            codes = torch.stack([as_picture(z[0]) for _, z, _ in film])
            guesses = packer.unpack(torch.stack([clean[0] for *_, clean in film]))
            captions = [f"t {t}" for t, *_ in film] + ["guess"] * 5
            stage.image("the walk", torch.cat([codes, guesses]), columns=5, captions=captions)
            captions = ["painted", *signs.spelt(asked)]
            stage.image("who asks whom", torch.stack([images[0], *maps]), captions=captions)

        @stage.look(200, nets)
        def look_at_all():
            copies = read(packer(new))[1].float().mean(dim=0)
            hits = read(painted(every_word, self.push))[1]
            values = {"copies": copies, "painted": hits.float().mean(dim=0)}
            stage.bars("read right", SWAPS, values, lines={"chance of a colour": 0.25})
            if painting:
                met, never = (hits[which].all(dim=1).float().mean() for which in (~hidden, hidden))
                stage.headline(f"all 3 words right: {met:.0%}; of pairs never shown {never:.0%}")

        every_word, painting, off = signs.words(new_names).to(stage.device), False, 1.0
        pack = 3 * self.steps // 8 + 1
        for step in stage.loop(pack):
            off = packer.learn(x, step, pack) / x.var()
        packer.settle(x)
        with torch.no_grad():
            codes = packer.pack(x)  # [4000, 16, numbers]

        painting = True
        adam = torch.optim.AdamW(painter.parameters(), lr=0.006, fused=True)
        for step in stage.loop(self.steps):
            picked = torch.randint(len(x), (64,), device="cpu").to(stage.device)
            t = torch.randint(1, LEVELS + 1, (64,), device="cpu").to(stage.device)
            noise, a = noise_like(codes[:64]), alpha_bar[t][:, None, None]
            mute = torch.rand(64, 1, device="cpu").to(stage.device) < 0.1
            told = torch.where(mute, signs.no_word, words[picked])
            noisy = a.sqrt() * codes[picked] + (1 - a).sqrt() * noise
            loss = (painter(noisy, t, told) - noise).square().mean()
            rise_and_fall(adam, 0.006, step, self.steps)
            adam.zero_grad()
            loss.backward()
            adam.step()
            follow(average, painter, 0.05 if step < 150 else 0.01)

        with stage.probe(nets):
            _, copies, clear = read(packer(new))
            was, hits, flat = read(painted(every_word, self.push))
            _, unasked, _ = read(painted(every_word, 0))
            now, _, _ = read(painted(signs.swapped(every_word, 0), self.push))
            new_colour = now[:, 0] == (new_names[:, 0] + 1) % 4
            swapped = new_colour & (now[:, 1:] == was[:, 1:]).all(dim=1)
            stage.claim("copies", copies.all(dim=1).float().mean(), above=0.9)
            stage.claim("asked", hits.all(dim=1).float().mean(), above=0.65)
            stage.claim("words", (hits.all(1).float() - unasked.all(1).float()).mean(), above=0.5)
            stage.claim("never", hits[hidden].all(dim=1).float().mean(), above=0.12)
            stage.claim("swapped", swapped.float().mean(), above=0.6)
            stage.claim("ceiling", clear - flat, above=0.05)


class Painter(nn.Module):
    """Finds the noise in codes [N, 16, numbers] at levels t [N], told words [N, 3]."""

    def __init__(self, numbers, d=24, hidden=256):
        super().__init__()
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


def as_picture(code):
    """The first three numbers of each place [16, ...], or its one, as colours: [3, 16, 16]."""
    rgb = (code[:, :3] if code.shape[1] > 2 else code[:, :1].expand(-1, 3)) / 4 + 0.5
    return rgb.T.reshape(3, 4, 4).repeat_interleave(4, dim=1).repeat_interleave(4, dim=2)
