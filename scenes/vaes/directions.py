"""
# Can one add glasses to a face?

An encoder turns each face into a code z of ten numbers, a decoder f turns codes back into faces.
Take the codes of all faces with glasses, and of all without. Their means differ by an arrow:

    Δ = mean z with − mean z without

All else about the faces (place, size, shade, mouth, hair) is on both sides alike, so it drops out
of the difference. Now take a face that the net never saw, without glasses, and decode

    f(z + a Δ)

with a = 1. If codes are laid out well, the same step means the same thing everywhere: a face with
glasses, and nothing else changed. Watch the three strips: in the middle of each the copy of a face,
to the right more of one feature, to the left less.

Whether it worked, an independent classifier says, trained on the drawn faces. For 500 new faces it
counts who got the feature, and whose *other* features stayed. A random arrow of the same length is
the control.

Is that what a VAE is for? Turn `shown` to the autoencoder, which was trained for copies alone. It
has its glasses arrow as well. What it can't do is make new faces from random codes: these lie far
from any face. And what is fainter than the noise v, which the VAE is told to expect in each pixel,
is not worth telling. It drops out of the code, and with it goes its arrow.

VAEs that draw photos well came later: with steps of many scales, a flow for the prior, or codes
made of words, as on the next page.

## Tomorrow

Before you trust a direction, measure what else it changed, by a classifier that was not trained on
the model's pictures, and hold it against random directions of the same length.
"""

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.data.faces import FEATURES, faces
from dlplay.nn.layers import mlp

STRIP = (-1.0, 0.0, 0.5, 1.0, 1.5)
MODELS = ("VAE", "autoencoder")


class Directions(Scene):
    covers = ("Final Considerations and Applications of VAEs",)
    panels = {
        "one face": "a row for each feature: its arrow added a times, from −1 to 1.5",
        "500 new faces": "share who got the feature, and whose others stayed; high is good",
        "random codes": "decoded: above by the VAE, below by the autoencoder",
    }
    claims = {
        "added": "of new faces without a feature over 0.9 get it, for each of the three",
        "kept": "of their other features over 0.95 stay",
        "random": "20 random arrows of that length add a feature to less than 0.35 of faces",
        "codes": "the autoencoder's random faces are over 1.5 times as far from any face",
        "copies": "the copies' squared error is below 0.2 of the mean face's",
    }
    tries = (
        Try(
            "shown=autoencoder",
            "The autoencoder knows no prior, no noise. Has it a glasses arrow?",
            ("no: its codes lie anyhow", "yes", "one that changes all else too"),
            right=2,
            keeps=("added", "kept", "codes"),
            why="A smooth net lays similar faces side by side, whatever the loss says of codes. "
            "The prior is needed to draw new ones.",
        ),
        Try(
            "v=0.3",
            "The VAE is told to expect much noise in each pixel. Which feature is lost first?",
            ("all alike: faces get blurred", "hair, the brightest", "the mouth, the smallest"),
            right=3,
            breaks=("added", "kept"),
            why="Telling costs nats, and saves squared error divided by 2v. Hair covers many "
            "pixels, so it pays still. A mouth covers few.",
        ),
        Try(
            "a=0.3",
            "A third of the arrow is added. How many faces get the feature?",
            ("a third", "nearly none", "nearly all"),
            right=2,
            breaks="added",
            keeps=("kept", "copies"),
            why="The picture changes smoothly, the name for it doesn't: a third of a pair of "
            "glasses is no pair of glasses.",
        ),
    )
    quick = {"steps": 30}

    a = Float(1.0, min=-1, max=2, live=True, help="how much of the arrow is added")
    face = Int(1, min=1, max=30, live=True, help="the new face that is shown")
    shown = Choice("VAE", MODELS, live=True, help="whose codes and arrows")
    v = Float(0.008, min=0.001, max=2, log=True, help="variance of a pixel's noise")
    learning_rate = Float(0.002, min=1e-5, max=0.1, log=True, live=True, help="of Adam")
    steps = Int(700, min=20, max=10000, log=True, help="training steps of 128 faces")

    def run(self, stage):
        x, has = faces(3000, device=stage.device)
        new, new_has = faces(500, device=stage.device)
        x, new = x.flatten(1), new.flatten(1)  # [N, 144]
        judge = judging(x, has)
        d = 10
        encoders = nn.ModuleList([mlp(144, 128, 2 * d), mlp(144, 128, d)]).to(stage.device)
        decoders = nn.ModuleList([mlp(d, 128, 144), mlp(d, 128, 144)]).to(stage.device)
        nets = nn.ModuleList([encoders, decoders])
        adam = torch.optim.Adam(nets.parameters(), lr=self.learning_rate)
        bare = new[new_has.sum(dim=1) == 0]  # without any of the features, some 60
        bare = bare[bare.mean(dim=1).argsort(descending=True)]  # the lightest first
        random = torch.randn(200, d).to(stage.device)
        arrows_at_random = torch.randn(20, d).to(stage.device)

        def model():
            """Encoder (its means) and decoder of the model that is shown."""
            k = MODELS.index(self.shown)
            return (lambda x: encoders[k](x)[:, :d]), decoders[k]

        def arrows():
            """Δ of each feature [3, d]."""
            z = model()[0](x)
            return torch.stack([z[h == 1].mean(dim=0) - z[h == 0].mean(dim=0) for h in has.T])

        def changed():
            """Of new faces without a feature: got it, others kept, got it by random arrows [3]."""
            encode, decode = model()
            found = []
            for k, arrow in enumerate(arrows()):
                without = new_has[:, k] == 0
                z, others = encode(new[without]), [j for j in range(3) if j != k]
                after = judge(decode(z + self.a * arrow)) > 0
                kept = after[:, others] == (new_has[without][:, others] == 1)
                steps = nn.functional.normalize(arrows_at_random, dim=1) * arrow.norm()
                chance = judge(decode(z + steps[:, None])) > 0  # [20, N, 3]
                found.append([each.float().mean() for each in (after[:, k], kept, chance[..., k])])
            return torch.tensor(found).T

        @stage.look(50, nets)
        def look():
            encode, decode = model()
            z, strip = encode(bare[self.face - 1, None]), torch.tensor(STRIP)[:, None].to(x)
            rows = torch.cat([decode(z + strip * arrow) for arrow in arrows()])
            names = [f"{f} {a:+g}" if a else "copy" for f in FEATURES for a in STRIP]
            stage.image("one face", rows.reshape(-1, 12, 12), columns=len(STRIP), captions=names)
            got, kept, chance = changed()
            stage.bars("500 new faces", FEATURES,
                       {"got it": got, "others kept": kept, "random arrow": chance})  # fmt: skip
            drawn = torch.cat([decode(random[:4]) for decode in decoders])
            stage.image("random codes", drawn.reshape(-1, 12, 12), columns=4)
            named = ", ".join(f"{f} {g:.0%}" for f, g in zip(FEATURES, got, strict=True))
            stage.headline(f"got it: {named}; others kept {kept.mean():.0%}")

        for _ in stage.loop(self.steps):
            batch = x[torch.randint(len(x), (128,), device="cpu").to(stage.device)]
            mean, log_variance = encoders[0](batch).chunk(2, dim=1)
            z = mean + (log_variance / 2).exp() * torch.randn(mean.shape).to(stage.device)
            kl = (mean**2 + log_variance.exp() - 1 - log_variance).sum(dim=1) / 2
            copies = decoders[0](z), decoders[1](encoders[1](batch))
            errors = [(copy - batch).square().sum(dim=1) / (2 * self.v) for copy in copies]
            loss = (errors[0] + kl + errors[1]).mean()
            adam.param_groups[0]["lr"] = self.learning_rate
            adam.zero_grad()
            loss.backward()
            adam.step()

        with stage.probe(nets):
            got, kept, chance = changed()
            encode, decode = model()
            error = (decode(encode(new)) - new).square().sum(dim=1).mean()
            mean_face = (x.mean(dim=0) - new).square().sum(dim=1).mean()
            far = [torch.cdist(f(random), x).amin(dim=1).mean() for f in decoders]
            stage.claim("added", got.min(), above=0.9)
            stage.claim("kept", kept.min(), above=0.95)
            stage.claim("random", chance.mean(), below=0.35)
            stage.claim("codes", far[1] / far[0], above=1.5)
            stage.claim("copies", error / mean_face, below=0.2)


def judging(x, has):
    """A classifier of the three features: faces [N, 144] -> [N, 3], above 0 for yes."""
    judge = mlp(144, 128, 3).to(x.device)
    adam = torch.optim.Adam(judge.parameters(), lr=0.003)
    for _ in range(300):
        at = torch.randint(len(x), (128,), device="cpu").to(x.device)
        noise = 0.1 * torch.randn(128, 144).to(x.device)
        loss = binary_cross_entropy_with_logits(judge(x[at] + noise), has[at])
        adam.zero_grad()
        loss.backward()
        adam.step()
    return judge
