"""
# How can a model copy what it has seen once?

A string of letters, made by dice: `hzlmxh`. Which letter comes next? If anything, z: h was followed
by z before. No training can have put that into the weights, since the string is new. It has to be
found in the text itself, while reading. This is the simplest case of *in-context learning*.

One attention layer cannot do it. Having read h, it finds the other h by its likeness; but what is
wanted is the letter **after** that one, and z looks like any letter.

Two layers can. In the first, each letter takes in the one before it, so that z now also says "after
h". In the second, the h just read asks for whoever says "after h", and finds z. The pair is called
an **induction head** (Olsson et al., 2022).

The nets here are attention alone, one head a layer. A position's query q is compared with the key k
of each position up to it, and what is learned for their distance, b, is added:

    score = q · k / √d + b

d is the length of q and k. In training ten different letters come first, then pieces of them. In
the picture your string is read; the stripe is layer 2 looking at what came next last time.

Watch the loss. For some sixty steps it stays near that of guessing, ln 26 = 3.26, and then drops
within a few dozen. Each layer is of little use without the other, so at first there is hardly a
gradient; once both are there a little, each makes the other worth more.

A map shows where a layer looks, not that it matters. So cut: hide from layer 1 the letter before,
and the copying is gone; hide another, and it stays.

## Tomorrow

Repeat a random string in a prompt to see whether a model copies: it should get nearly all of the
second half. Don't call a plateau the end; look whether something is being built. To claim what a
head does, cut it, and cut another as a control.
"""

import math

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from dlplay import Int, Scene, Text, Try

V = 26  # letters
FIRST, REST = 10, 20  # different letters by dice, and then pieces of them


class Induction(Scene):
    covers = ("GPT-3",)
    panels = {
        "layer 2": "a row for each letter read: where layer 2 looks for what comes next",
        "loss": "on letters that an earlier piece foretells; lower is better",
        "your string": "each letter by the probability that it had before it was read",
        "layer 1": "the same for layer 1: mostly the letter before",
    }
    claims = {
        "copies": "of what an earlier piece foretells in 100 new strings, over 0.95 is right",
        "two_layers": "that is over 0.6 more than a net with one layer gets after as many steps",
        "finds": "there, over 0.7 of layer 2's weight is on the letter that came next last time",
        "sudden": "over half of the whole fall of the loss happens within 40 steps",
        "by_the_letter_before": "if layer 1 may not see the letter before, over 0.7 less is right "
        "than if it may not see the one two before",
    }
    tries = (
        Try(
            "layers=1",
            "One layer in place of two, and the same steps. How much of the copy is right?",
            ("nearly all", "half", "less than a quarter"),
            right=3,
            breaks=("copies", "finds", "two_layers"),
            why="It can look for a letter by what that is, not by what stood before it. What is "
            "left is a guess among the ten letters that there are.",
        ),
        Try(
            "cut=1",
            "The trained net's layer 1 may no longer look one letter back. What is left?",
            ("all: layer 2 does the copying", "some of it", "nothing: as bad as one layer"),
            right=3,
            breaks="copies",
            why="No letter says any more what stood before it, so layer 2 asks in vain.",
        ),
        Try(
            "string=lumberjackrab",
            "After a came c, after b came e; b never stood after a. What comes after the last b?",
            ("c, as after a", "e, as after b", "any letter: the order is new"),
            right=2,
            keeps=("copies", "finds"),
            why="Layer 1 marks a letter with one letter before it, so layer 2 asks for what came "
            "after b, whatever stood in front.",
        ),
        Try(
            "piece=1",
            "In training each piece that returns is one letter long. Will it copy your string?",
            ("yes, there are more pieces", "half of it", "no"),
            right=3,
            breaks=("copies", "finds", "sudden"),
            why="Where nothing follows in the order that it had before, looking there earns "
            "nothing. What a model learns to do in a prompt is decided by its training texts.",
        ),
    )
    quick = {"steps": 8}
    pace = 30

    string = Text("lumberjacklumberjack", live=True, max_length=60, help="letters to be read")
    cut = Int(0, min=0, max=9, live=True, help="distance that layer 1 may not see; 0: sees all")
    layers = Int(2, min=1, max=3, help="of the model; the other net has one")
    piece = Int(6, min=1, max=12, help="mean length of the pieces that return in training")
    steps = Int(300, min=8, max=4000, log=True, help="steps of 32 strings, for each net")

    def run(self, stage):
        def strings(count, piece):
            """Letters [count, 30]; where each was taken from, -1: nowhere; is it foretold?"""
            first = torch.rand(count, V, device="cpu").argsort(dim=1)[:, :FIRST]
            new = torch.rand(count, REST, device="cpu") < 1 / piece  # a piece begins
            new[:, 0] = True
            place = torch.arange(REST, device="cpu").expand(count, REST)
            begun = torch.where(new, place, 0).cummax(dim=1).values
            start = torch.randint(FIRST, (count, REST), device="cpu").gather(1, begun)
            source = (start + place - begun) % FIRST
            foretold = ~new & (source > 0)
            head = torch.full((count, FIRST), -1, device="cpu")
            parts = (
                torch.cat([first, first.gather(1, source)], dim=1),
                torch.cat([head, source], dim=1),
                torch.cat([head > 0, foretold], dim=1),
            )
            return [part.to(stage.device) for part in parts]

        nets = nn.ModuleList(Attending(layers) for layers in (self.layers, 1)).to(stage.device)
        optimizer = torch.optim.Adam(nets.parameters(), lr=0.003)
        tests, sources, foretold = strings(100, 6)
        told, wanted = foretold[:, 1:], tests[:, 1:]

        def judged(net, cut=0):
            """Of what is foretold: the loss, the share right, the last layer's weight on it."""
            logits, maps = net(tests[:, :-1], cut)
            said, y = logits[told], wanted[told]
            last = maps[-1].gather(2, sources[:, 1:, None].clamp(min=0))[..., 0]
            return (
                cross_entropy(said, y),
                (said.argmax(dim=1) == y).float().mean(),
                last[told].mean(),
            )

        guessing = {"guessing: ln 26": math.log(V)}
        stage.axes("loss", x="step", y="nats per letter", lines=guessing)

        @stage.look(10, nets)
        def look():
            letters = [c for c in self.string.lower() if "a" <= c <= "z"][: FIRST + REST]
            if len(letters) < 2:
                say = "Type at least two letters, a to z."
                stage.text("your string", say)
                stage.text("layer 1", say)
                stage.text("layer 2", say)
                stage.headline(say)
                return
            x = torch.tensor([[ord(c) - ord("a") for c in letters]], device=stage.device)
            logits, maps = nets[0](x, self.cut)
            axes = {"rows": letters, "columns": letters, "x": "takes from", "y": "after reading"}
            stage.heatmap("layer 2", maps[-1][0], low=0, high=1, **axes)
            stage.heatmap("layer 1", maps[0][0], low=0, high=1, **axes)
            chance = logits[0].softmax(dim=1)[:-1].gather(1, x[0, 1:, None])[:, 0]
            stage.tokens("your string", letters, [1 / V, *chance.tolist()])
            right, alone = judged(nets[0], self.cut)[1], judged(nets[1])[1]
            best = logits[0, -1].softmax(dim=0).topk(2)
            after = (f"{chr(97 + int(i))} {p:.0%}" for p, i in zip(*best, strict=True))
            stage.headline(
                f"right: model {right:.0%}, one layer {alone:.0%}; "
                f"next in your string: {' or '.join(after)}"
            )

        falls = []
        for step in stage.loop(self.steps):
            x, _, _ = strings(32, self.piece)
            loss = sum(
                cross_entropy(net(x[:, :-1])[0].flatten(0, 1), x[:, 1:].flatten()) for net in nets
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if step % 4 == 3:
                with stage.probe(nets):
                    model, alone = (judged(net)[0] for net in nets)
                    falls.append(model)
                    stage.curve("loss", {"the model": model, "one layer": alone})

        with stage.probe(nets):
            _, right, found = judged(nets[0], self.cut)
            fall = torch.stack(falls)
            steepest = (fall - fall.roll(-10))[:-10].max() if len(fall) > 10 else fall[0] - fall[-1]
            stage.claim("copies", right, above=0.95)
            stage.claim("two_layers", right - judged(nets[1])[1], above=0.6)
            stage.claim("finds", found, above=0.7)
            stage.claim("sudden", steepest / (math.log(V) - fall[-1]), above=0.5)
            without, control = (judged(nets[0], distance)[1] for distance in (1, 2))
            stage.claim("by_the_letter_before", control - without, above=0.7)


class Attending(nn.Module):
    """Layers of attention alone, one head each: letters [N, T] -> logits [N, T, V], maps."""

    def __init__(self, layers, D=48, T=FIRST + REST):
        super().__init__()
        self.letters, self.answer = nn.Embedding(V, D), nn.Linear(D, V, bias=False)
        self.norms = nn.ModuleList(nn.LayerNorm(D) for _ in range(layers + 1))
        self.qkv = nn.ModuleList(nn.Linear(D, 3 * D, bias=False) for _ in range(layers))
        self.mix = nn.ModuleList(nn.Linear(D, D, bias=False) for _ in range(layers))
        for weight in self.parameters():
            if weight.dim() == 2:
                nn.init.normal_(weight, std=0.02)
        self.near = nn.Parameter(torch.zeros(layers, T))  # for each distance
        place = torch.arange(T)
        self.register_buffer("distance", place[:, None] - place)

    def forward(self, x, cut=0):
        """`cut`: the distance that the first layer may not see."""
        h, maps, distance = self.letters(x), [], self.distance[: x.shape[1], : x.shape[1]]
        for layer, (qkv, mix) in enumerate(zip(self.qkv, self.mix, strict=True)):
            q, k, v = qkv(self.norms[layer](h)).chunk(3, dim=2)
            b = 3 * self.near[layer][distance.clamp(min=0)]  # · 3: it learns that much faster
            unseen = distance < 0
            if cut and layer == 0:
                unseen = unseen | (distance == cut)
            score = q @ k.transpose(1, 2) / q.shape[2] ** 0.5 + b
            α = score.masked_fill(unseen, -math.inf).softmax(dim=2)
            h = h + mix(α @ v)
            maps.append(α)
        return self.answer(self.norms[-1](h)), maps
