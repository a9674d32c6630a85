"""
# Can it name what no caption ever named?

A classifier has a row of weights for each class that it was trained on, and none for a new class. A
net that matches pictures with sentences has no such rows. Its classes are sentences, and you may
write new ones at any time:

    class = argmaxₖ cos(f(x), g(tₖ))

f makes a vector of the picture x, and g one of the sentence tₖ for class k, such as "a photo of a
red circle". That is **zero-shot** classification: it needs no example of the class. Such a sentence
is a **prompt**.

How far does it go? Here the nets see six colours and six shapes, but some pairs never: on the
diagonal of the board, no picture and no caption has that colour with that shape. They know red
things and circles, but no red circle. Afterwards they see one, and choose among all 36 prompts.

About half are named right, where guessing finds one in 36. The net has kept apart what it saw vary
apart. But pairs that were shown do better. The colour is mostly right; the shape is taken for
another that did come in this colour.

That has a limit. Leave out so many pairs that each colour comes in one shape only, and nothing
tells colour from shape any more. "Never seen" means a new mixture of what captions named often.
In large nets, too, the share named right rises with how often captions name a thing.

A sentence can be worded in many ways. Here one does as well as the mean of six, for all six
were in the captions; bare words, "red circle" alone, name fewer. CLIP gained 3.5 points on
ImageNet by averaging 80 wordings.

## Tomorrow

Before you collect labels, write a sentence a class, in several wordings, and average their vectors.
Test on mixtures that training didn't hold, apart from the others. Where those are rare in captions,
expect mistakes.
"""

import math

import torch
from torch import nn
from torch.nn.functional import cross_entropy, normalize

from dlplay import Choice, Float, Int, Scene, Text, Try
from dlplay.data.captions import (
    CAPTION_LENGTH,
    CAPTION_WORDS,
    COLOURS,
    DRAWN,
    TEMPLATES,
    caption_tokens,
    captioned,
    sentence,
)
from dlplay.nn.vision import SentenceNet, cosines, picture_net

N, PAIRS, SHARED = 64, 36, 32  # captions of a batch; pairs of colour, shape; numbers of a vector
NAMES = [f"{colour} {shape}" for colour in COLOURS for shape in DRAWN]


class ZeroShot(Scene):
    covers = ("CLIP",)
    panels = {
        "board": "share of new pictures named right; the diagonal was never shown in training",
        "never shown": "pictures of pairs that training left out, and what they are named",
        "named": "share of new pictures named right, of all 36; higher is better",
        "found": "the three new pictures that fit the typed prompt best, with their cosines",
    }
    claims = {
        "named_unseen": "over 0.25 of pictures of pairs never shown are named right of 36",
        "behind": "that is over 0.1 less than of the pairs that were shown",
        "colour": "over 0.7 of those never shown get the right colour",
        "shown": "of pairs that were shown over 0.75 are named right",
    }
    tries = (
        Try(
            "left_out=5",
            "Of each colour five of six shapes are left out: red comes as a bar only, and so on. "
            "How many of the unseen pairs are named right?",
            ("as many as before", "about half as many", "few: most get another name"),
            right=3,
            breaks=("named_unseen", "shown"),
            why="Red and bar always come together, so nothing says which word means which. A red "
            "circle fits “red bar” in colour and “green circle” in shape.",
        ),
        Try(
            "wording=bare",
            "Each class is asked for with the bare words “red circle”. No caption had this form. "
            "How many are named right?",
            ("as many: the words are the same", "somewhat fewer", "next to none"),
            right=2,
            keeps=("named_unseen", "shown"),
            why="The net that reads sentences met the words in other places, and with others "
            "around them. What it makes of them here, training never asked for.",
        ),
        Try(
            "wording='six, averaged'",
            "Each class gets six sentences, and the mean of their vectors. Does that help?",
            ("a little, or nothing", "far more are named right", "fewer are named right"),
            right=1,
            keeps=("named_unseen", "colour"),
            why="A mean takes out what a wording adds by itself. All six wordings were in the "
            "captions, so each is understood, and there is little to take out.",
        ),
    )
    quick = {"steps": 5}

    left_out = Int(1, min=0, max=5, help="shapes of each colour that are never shown with it")
    wording = Choice(
        "one", ("one", "six, averaged", "bare"), live=True, help="sentences for each class"
    )
    template = Int(6, min=1, max=6, live=True, help="the one wording, of six")
    prompt = Text("a photo of a red circle", live=True, help="for which pictures are found")
    learning_rate = Float(
        0.003, min=1e-4, max=0.1, log=True, live=True, help="of AdamW, at first; falls to 0"
    )
    steps = Int(500, min=5, max=3000, log=True, help="steps of 64 pictures")

    def run(self, stage):
        every = torch.arange(PAIRS, device="cpu")
        unseen = (every % 6 - every // 6) % 6 < self.left_out  # [36]: from the diagonal on
        shown = every[~unseen]
        data = captioned(shown[torch.randint(len(shown), (4000,), device="cpu")])
        x = data.images.to(stage.device)  # [4000, 3, 16, 16]
        words = caption_tokens(data.captions).to(stage.device)  # [4000, 10]
        new = captioned(every.repeat(20))
        x_new, kinds = new.images.to(stage.device), new.kinds.to(stage.device)  # [720, ...]
        unseen = unseen.to(stage.device)
        prompts = [[sentence(t, *name.split()) for name in NAMES] for t in TEMPLATES]
        prompts = [caption_tokens(each).to(stage.device) for each in prompts]  # six times [36, 10]
        bare = caption_tokens(NAMES).to(stage.device)  # "red circle": [36, 10]

        pictures, sentences = (
            picture_net(SHARED),
            SentenceNet(len(CAPTION_WORDS), CAPTION_LENGTH, SHARED),
        )
        nets = nn.ModuleList([pictures, sentences]).to(stage.device)
        log_τ = torch.tensor(math.log(0.07)).to(stage.device).requires_grad_()
        adam = torch.optim.AdamW([*nets.parameters(), log_τ], fused=True)
        right = torch.arange(N, device=stage.device)

        def named(wordings):
            """The class of each new picture [720], with prompts in these wordings."""
            each = [normalize(sentences(wording), dim=1) for wording in wordings]  # [36, 32] each
            return cosines(pictures(x_new), sum(each)).argmax(dim=1)

        def shares(best):
            """Named right: of pairs never shown, of those shown, the unseen ones' colour."""
            hit, new = (best == kinds).float(), unseen[kinds]
            colour = (best // 6 == kinds // 6).float()
            return hit[new].mean(), hit[~new].mean(), colour[new].mean()

        @stage.look(15, nets)
        def look():
            one = [prompts[self.template - 1]]
            best = named({"one": one, "six, averaged": prompts, "bare": [bare]}[self.wording])
            hits = (best == kinds).float().reshape(20, PAIRS).mean(dim=0)
            stage.heatmap("board", hits.reshape(6, 6), rows=COLOURS, columns=DRAWN, low=0, high=1)
            news, olds, colour = (share.item() for share in shares(best))
            if self.left_out:
                stage.curve("named", {"never shown": news, "shown": olds})
            else:
                stage.curve("named", {"shown": olds})
            stage.headline(
                f"named right: {olds:.0%} of pairs shown, {news:.0%} of pairs never shown "
                f"(colour {colour:.0%})"
            )
            some = (unseen if self.left_out else ~unseen).nonzero()[:6, 0]
            called = [NAMES[n] for n in best[some].tolist()]
            stage.image("never shown", x_new[some], captions=called, columns=3)
            typed = caption_tokens([self.prompt]).to(stage.device)
            fit, at = cosines(sentences(typed), pictures(x_new))[0].topk(3)
            stage.image("found", x_new[at], captions=[f"{c:.2f}" for c in fit.tolist()], columns=3)

        stage.axes("named", y="share", lines={"guessing": 1 / PAIRS})
        for step in stage.loop(self.steps):
            adam.param_groups[0]["lr"] = self.learning_rate * (1 - step / self.steps)
            batch = torch.randint(len(x), (N,), device="cpu").to(stage.device)
            s = cosines(pictures(x[batch]), sentences(words[batch])) / log_τ.exp()  # [64, 64]
            loss = (cross_entropy(s, right) + cross_entropy(s.T, right)) / 2
            adam.zero_grad()
            loss.backward()
            adam.step()

        with stage.probe(nets):
            news, olds, colour = shares(named(prompts[-1:]))
            wordings = {"one": prompts[-1:], "averaged": prompts, "bare": [bare]}
            overall = {k: (named(some) == kinds).float().mean() for k, some in wordings.items()}
            if self.left_out:
                stage.claim("named_unseen", news, above=0.25)
                stage.claim("behind", olds - news, above=0.1)
                stage.claim("colour", colour, above=0.7)
            stage.claim("shown", olds, above=0.75)
            stage.measure(**overall)
