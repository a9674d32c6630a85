"""
# How does a vector become a word?

At the end of a Transformer stands a vector z of D numbers for each place. But you want a word, or
better: how probable each word is to come next. The **classification head** makes that of it, and it
is the simplest part of all: a direction in space for each of the V words of the vocabulary.

The score of word i, its *logit*, is the dot product of its direction wᵢ with z. Softmax turns the
scores into numbers above 0 that sum to 1:

    pᵢ = exp(wᵢ·z) / Σⱼ exp(wⱼ·z)

The rows wᵢ are the head's matrix [V, D]. Often it is the same matrix that turns words into vectors
at the entrance.

Here D is 2, so you see it all: each word owns the part of the plane where it is the most probable,
and the layers below have to bring z there. We leave them out: each beginning of a text has a z of
its own, which is learned like the directions. Where z lies near a border, both words are probable;
the farther out, the surer.

The texts are "thanks for all the support" (or fish, or help) and "so long and thanks for all the
fish". The cross-entropy is least when p is the share of each word among the texts that begin so,
and that is what comes out: 0.84 for support. It is no certainty about the world. It is how often
that was written.

To write, append the most probable word (**greedy**) and ask again. By how much it led is forgotten
then.

## Tomorrow

Read the probabilities of a language model as frequencies of its training text. Want variety? Draw
from p instead of taking its top. And mind D: a word whose direction lies among the others' is never
on top, whatever the layers below do.
"""

import torch
from torch.nn.functional import pad

from dlplay import Float, Int, Scene, Text, Try
from dlplay.nn import grid

THANKS, LONG = "thanks for all the", "so long and thanks for all the"
END = "(end)"
WORDS = [*f"{THANKS} support fish help so long and".split(), END]
V, STARTS = len(WORDS), 16


class NextWord(Scene):
    covers = ("Classification Head",)
    panels = {
        "two numbers": "where each word is the most probable, and the way of z as the text grows",
        "next word": "the five most probable words after the text, and their share in training",
        "surprise": "nats a text, of the best of 16 starts; lower is better, down to the line",
    }
    claims = {
        "frequencies": "after “thanks for all the”, support and fish are within 0.06 of their due",
        "context": "after “so long and thanks for all the”, fish has over 0.95",
        "floor": "a text surprises by less than 0.06 nats more than the least that is possible",
        "on_top": "8 to 10 of the 11 words are the most probable for some z",
    }
    tries = (
        Try(
            "width=1",
            "z is one number, not two. How many of the 11 words can be the most probable?",
            ("all: a line has room enough", "six", "two"),
            right=3,
            breaks=("on_top", "frequencies", "context", "floor"),
            why="Scores are then wᵢ·z: for z above 0 the greatest w wins, below 0 the least. "
            "What lies between is never on top.",
        ),
        Try(
            "width=8",
            "z is eight numbers. How many words can be the most probable?",
            ("all", "ten, as before: help is too rare", "eight"),
            right=1,
            breaks="on_top",
            keeps=("frequencies", "floor"),
            why="In many dimensions no direction lies among the others, so each wins where z "
            "points along it. With 50,000 words and some hundred numbers not all may.",
        ),
        Try(
            "share=0.51",
            "Support ends 51 of 100 texts that begin with thanks, fish 40. How often does greedy "
            "writing end with fish?",
            ("in 40 of 100, as in training", "in half", "never"),
            right=3,
            keeps=("context", "floor", "frequencies"),
            why="The top is the top, by however little. Only drawing from p gives the others "
            "their share.",
        ),
        Try(
            "stretch=3",
            "z becomes three times as long; its direction stays. And the probabilities?",
            ("stay: the direction counts", "become surer of the top", "become more alike"),
            right=2,
            keeps=("frequencies", "context"),
            why="All scores are three times as great, and so is each lead. Softmax sees nothing "
            "but leads.",
        ),
    )
    quick = {"steps": 5}
    pace = 30

    text = Text("thanks for all the", live=True, help="the text so far")
    width = Int(2, min=1, max=16, help="D, numbers of the vector that the head sees")
    share = Float(0.84, min=0.3, max=0.95, help="of texts “thanks for all the”: ending in support")
    stretch = Float(1, min=0, max=5, live=True, help="by how much z is pulled out in the pictures")
    steps = Int(400, min=5, max=3000, log=True, help="steps of 64 texts")

    def run(self, stage):
        D, left = self.width, 1 - self.share
        ends = {"support": self.share, "fish": left * 13 / 16, "help": left * 3 / 16}
        texts = {f"{THANKS} {word}": 0.6 * p for word, p in ends.items()} | {f"{LONG} fish": 0.4}
        chance = torch.tensor(list(texts.values()), device="cpu")  # [4]
        least = -(chance * chance.log()).sum()  # the entropy of the texts
        begins, asked = {}, []  # the number of each beginning; text, beginning, next word
        for number, words in enumerate(f"{text} {END}".split() for text in texts):
            for n, word in enumerate(words):
                begin = begins.setdefault(" ".join(words[:n]), len(begins))
                asked.append((number, begin, WORDS.index(word)))
        number, begin, word = torch.tensor(asked, device="cpu").to(stage.device).T

        # Of each start: a vector for each beginning, a direction for each word
        z = torch.randn(STARTS, len(begins), D, device="cpu").to(stage.device).requires_grad_()
        w = torch.randn(STARTS, V, D, device="cpu").to(stage.device).requires_grad_()
        adam = torch.optim.Adam([z, w])

        def log_p(z):
            return (z @ w.transpose(1, 2)).log_softmax(dim=2)  # [STARTS, beginnings, V]

        def surprise(weights):
            """−log p of the texts, weighted [4]: [STARTS]."""
            return -(log_p(z)[:, begin, word] * weights.to(stage.device)[number]).sum(dim=1)

        def best():
            return surprise(chance).argmin().item()

        @stage.look(10)
        def look():
            text = " ".join(self.text.lower().split())
            if text not in begins:
                known = "\n".join(texts)
                stage.text("two numbers", f"No text begins with “{text}”. They are:\n{known}")
                stage.text("next word", f"No text begins with “{text}”.")
                return
            k, n = best(), len(text.split())
            way = [begins[" ".join(text.split()[:i])] for i in range(n + 1)]
            drawn = z[k, way] * self.stretch  # [1 + n, D]
            p = (drawn[-1] @ w[k].T).softmax(dim=0)
            top = p.argmax().item()
            stage.headline(f"after “{text}”: {WORDS[top]} {p[top]:.2f}")
            shares = torch.zeros(V).to(stage.device)
            here = begin == way[-1]
            shares.index_add_(0, word[here], chance.to(stage.device)[number[here]])
            shares = shares / shares.sum()
            first = torch.maximum(p, shares).argsort(descending=True)[:5].tolist()
            bars = {"the head": p[first], "share in training": shares[first]}
            stage.bars("next word", [WORDS[i] for i in first], bars)
            stage.plane("two numbers", **view(w[k], drawn))

        stage.axes("surprise", y="nats", log="y", lines={"least possible": least})
        for step in stage.loop(self.steps):
            adam.param_groups[0]["lr"] = 0.1 * min(1, 2 - 2 * step / self.steps)
            drawn = torch.multinomial(chance, 64, replacement=True)
            loss = surprise(drawn.bincount(minlength=4) / 64)
            adam.zero_grad()
            loss.sum().backward()
            adam.step()
            stage.curve("surprise", {"the head": loss.min()})

        with stage.probe():
            k = best()
            p = log_p(z)[k].exp()  # [beginnings, V]
            after = p[begins[THANKS]]
            off = [(after[WORDS.index(n)] - ends[n]).abs() for n in ("support", "fish")]
            many = torch.randn(5000, D, device="cpu").to(stage.device)
            stage.claim("frequencies", torch.stack(off).max(), at_most=0.06)
            stage.claim("context", p[begins[LONG], WORDS.index("fish")], above=0.95)
            stage.claim("floor", surprise(chance)[k] - least, below=0.06)
            stage.claim("on_top", len((many @ w[k].T).argmax(dim=1).unique()), within=(8, 10))


def view(w, z):
    """The first two numbers: who is the most probable where, the words' directions, the way."""
    w, z = w.detach().cpu(), z.detach().cpu()
    w_flat, z_flat = (pad(t, (0, 2))[:, :2] for t in (w, z))
    reach = 1.2 * max(1.0, z_flat.abs().max().item())
    span, D = (-reach, reach), w.shape[1]
    drawn = {"x": span, "y": span, "paths": {"the text": z_flat}}
    if D <= 2:
        drawn["field"] = (grid(span, span, 90)[..., :D] @ w.T).argmax(dim=-1)
        drawn["kind"] = "classes"
    ends = 0.9 * reach * w_flat / w_flat.norm(dim=1, keepdim=True).clamp(min=1e-9)
    return drawn | {"points": {word: end[None] for word, end in zip(WORDS, ends, strict=True)}}
