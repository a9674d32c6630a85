"""
# How do pictures find their captions?

You have pictures with captions, and no list of classes. A caption says what is on its picture, in
one of many ways: "the ring is red", "a photo of a small red ring". How can a net learn from that?
To write the caption, word by word, it would have to guess which way was chosen. To *find* it among
others it only needs what the picture shows.

So take two nets. One makes a vector of a picture, the other a vector of a sentence, both with 32
numbers. How well they fit is the cosine of their angle, sᵢⱼ for picture i with caption j: 1 where
both point the same way, 0 at right angles. Take N pairs at a time. Each picture has one right
caption, and the other N − 1 captions of the batch are wrong answers, for free:

    pᵢⱼ = exp(sᵢⱼ/τ) / Σₖ exp(sᵢₖ/τ)
    L = − mean of ln pᵢᵢ

L is the loss of naming each picture's own caption. The same is done from captions to pictures, and
the mean of both is trained. That is **CLIP** (2021), a **contrastive** loss.

Its **temperature** τ is learned too. It has to be small. A cosine never leaves −1 to 1, so with
τ = 1 no caption can get more than e² times the weight of another: with N = 64 the loss stays above
ln(1 + 63 e⁻²) = 2.25, however good the nets are.

What is learned depends on the wrong answers. Among few captions the colour alone decides. Only
where another red thing stands among them must the net look at the shape. Sometimes two captions of
a batch say the same; one of them counts as wrong all the same.

## Tomorrow

Contrastive training wants many wrong answers at once, and some that are nearly right. Learn the
temperature. If the matrix of cosines has blocks in place of a diagonal, the net has found an easier
feature that was enough.
"""

import math

import torch
from torch import nn
from torch.nn.functional import cross_entropy, one_hot

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
from dlplay.nn.vision import SentenceNet, VisionTransformer, cosines, picture_net

N, PAIRS, SHARED = 64, 36, 32  # pairs of a batch; of a colour and a shape; numbers of a vector
NAMES = [f"{colour} {shape}" for colour in COLOURS for shape in DRAWN]


class Matching(Scene):
    covers = ("CLIP",)
    panels = {
        "cosines": "36 new pictures (rows), 36 captions (columns), in the same order; 1 fits best",
        "found": "new pictures that fit the caption best, and their cosines",
        "named": "share of new pictures whose best of 36 captions has this right",
        "loss": "of finding the caption in the batch, and the picture; lower is better",
    }
    claims = {
        "guess": "the first loss is 0 to 0.45 above ln 64 = 4.16: guessing among 64",
        "named": "over 0.75 of new pictures get the right one of 36 captions",
        "own": "the mean cosine of a new picture with its own caption is over 0.7",
        "others": "with the 35 others it is below 0.2 on average",
        "sharpened": "the learned temperature falls from 0.07 to below 0.058",
    }
    tries = (
        Try(
            "temperature=1",
            "The temperature is fixed at 1. A cosine lies in −1 to 1. How low can the loss of "
            "finding one caption of 64 go?",
            ("to 0, only later", "to about 1", "not below 2.25"),
            right=3,
            breaks=("named", "sharpened"),
            keeps="guess",
            why="At best the right caption has cosine 1, all others −1. It then gets e² times the "
            "weight of each of 63 others, which is a share of a tenth.",
        ),
        Try(
            "rivals=2",
            "The same 64 pairs in each step, but each picture is compared with its own caption "
            "and one other. What is learned?",
            ("the same: the pictures are the same", "the colour, hardly the shape", "nothing"),
            right=2,
            breaks=("guess", "named"),
            why="Two random captions have different colours in five of six cases. Then the colour "
            "is all that it takes, so the shape is rarely asked for.",
        ),
        Try(
            "picture_net=vit",
            "A vision Transformer of 4×4 patches makes the vectors of the pictures, in place of "
            "the convolutional net. After as many steps, how many are named right?",
            ("more", "about as many", "fewer"),
            right=3,
            breaks="named",
            keeps="guess",
            why="A shape may stand anywhere and be cut anywhere by the patches. The convolutional "
            "net has that built in; this one must see it.",
        ),
    )
    quick = {"steps": 5}

    rivals = Int(
        64, min=2, max=64, log=True, help="captions among which each picture finds its own"
    )
    temperature = Choice("learned", ("learned", "1"), help="τ; learned from 0.07 on, or fixed")
    picture_net = Choice("cnn", ("cnn", "vit"), help="what makes vectors of pictures")
    caption = Text("the ring is red", live=True, help="for which pictures are found")
    learning_rate = Float(0.003, min=1e-4, max=0.1, log=True, live=True, help="of AdamW")
    steps = Int(300, min=5, max=3000, log=True, help="steps of 64 pictures")

    def run(self, stage):
        data = captioned(torch.randint(PAIRS, (4000,), device="cpu"))
        x = data.images.to(stage.device)  # [4000, 3, 16, 16]
        words = caption_tokens(data.captions).to(stage.device)  # [4000, 10]
        new = captioned(torch.arange(PAIRS, device="cpu").repeat(10))
        x_new, kinds = new.images.to(stage.device), new.kinds.to(stage.device)  # [360, ...]
        asked = [sentence(TEMPLATES[-1], *name.split()) for name in NAMES]
        asked = caption_tokens(asked).to(stage.device)  # "a photo of a red circle": [36, 10]

        if self.picture_net == "vit":
            pictures = VisionTransformer(16, 4, SHARED, channels=3, hidden=64)
        else:
            pictures = picture_net(SHARED)
        sentences = SentenceNet(len(CAPTION_WORDS), CAPTION_LENGTH, SHARED)
        nets = nn.ModuleList([pictures, sentences]).to(stage.device)
        start = 0.07 if self.temperature == "learned" else 1.0
        log_τ = torch.tensor(math.log(start)).to(stage.device).requires_grad_()
        learned = [log_τ] if self.temperature == "learned" else []
        adam = torch.optim.AdamW([*nets.parameters(), *learned], fused=True)
        right = torch.arange(N, device=stage.device)  # caption i belongs to picture i
        group = right // self.rivals
        strange = group[:, None] != group  # captions with which a picture is not compared

        def found():
            """Cosines of new pictures with the 36 captions [360, 36], and whether colour, shape,
            both of the best one are right: [360] each."""
            s = cosines(pictures(x_new), sentences(asked))
            best = s.argmax(dim=1)
            colour, shape = best // 6 == kinds // 6, best % 6 == kinds % 6
            return s, {"colour": colour, "shape": shape, "both": colour & shape}

        @stage.look(10, nets)
        def look():
            s, hits = found()
            shares = {name: hit.float().mean().item() for name, hit in hits.items()}
            stage.heatmap(
                "cosines", s[:PAIRS], rows=NAMES, columns=NAMES, low=-1, high=1, diverging=True
            )
            stage.curve("named", shares)
            τ = log_τ.exp().item()
            stage.headline(
                f"named right: colour {shares['colour']:.0%}, shape {shares['shape']:.0%}, both "
                f"{shares['both']:.0%}; temperature {τ:.3f}"
            )
            typed = caption_tokens([self.caption]).to(stage.device)
            fit, at = cosines(sentences(typed), pictures(x_new))[0].topk(3)
            stage.image("found", x_new[at], captions=[f"{c:.2f}" for c in fit.tolist()], columns=3)

        stage.axes("named", y="share", lines={"guessing both": 1 / PAIRS})
        stage.axes("loss", y="loss", lines={"guessing": math.log(N), "best at τ = 1": 2.25})
        for step in stage.loop(self.steps):
            adam.param_groups[0]["lr"] = self.learning_rate
            batch = torch.randint(len(x), (N,), device="cpu").to(stage.device)
            s = cosines(pictures(x[batch]), sentences(words[batch]))  # [64, 64]
            logits = (s / log_τ.exp().clamp(min=0.01)).masked_fill(strange, -math.inf)
            to_caption, to_picture = cross_entropy(logits, right), cross_entropy(logits.T, right)
            loss = (to_caption + to_picture) / 2
            adam.zero_grad()
            loss.backward()
            adam.step()
            stage.curve("loss", loss=loss)
            if step == 0:
                first = loss.detach()

        with stage.probe(nets):
            s, hits = found()
            mine = one_hot(kinds, PAIRS) == 1
            own, others = s[mine].double().mean(), s[~mine].double().mean()
            stage.claim("guess", first - math.log(N), within=(0, 0.45))
            stage.claim("named", hits["both"].float().mean(), above=0.75)
            stage.claim("own", own, above=0.7)
            stage.claim("others", others, below=0.2)
            stage.claim("sharpened", log_τ.exp(), below=0.058)
            stage.measure(**{name: hit.float().mean() for name, hit in hits.items()}, loss=loss)
