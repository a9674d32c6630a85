"""
# What keeps an embedding from shrinking to a point?

You have many pictures and no labels. Still you know something: a picture that is moved a little,
turned, lit otherwise, on another background, shows the same thing. So make two **views** of each,
and train an encoder to give both nearly the same vector z, its **embedding**. What survives should
be what the views share: the thing.

That is an energy of a pair, the distance of two embeddings, low for views of one picture. But
pulling alone is done soonest by giving *all* pictures the same z. The loss is perfect, the
embedding a point: it has **collapsed**.

So something has to push. In SimCLR each batch of N pictures gives 2N views, and a view must find
its partner among all others:

    sᵢⱼ = cos(zᵢ, zⱼ) / τ
    loss = log Σⱼ exp(sᵢⱼ) − sᵢₚ

p is the partner, j runs over all but i, and the temperature τ says how much the nearest others
count. The second term pulls, the first pushes. This is a softmax whose classes are the other
views.

No label is used. A **negative** is any *other picture*, and about one in ten of those shows the
same digit. With a small τ the push falls on the nearest, and these are often of its own kind.

Here digits lie on a random background that changes from view to view. Raw pixels are mostly
background: the eleven nearest pictures seldom show the same digit. Labels are only for this
judge, and for the colours. The **spread** is the standard deviation of embeddings of length 1,
times √32, as they have 32 numbers: near 1 on the whole sphere, 0 in a point.

## Tomorrow

Plot the spread of the embedding beside the loss. A loss near its best in a hundred steps is the
alarm, not the success. And judge on data where raw pixels fail: on easy ones even a collapsed net
looks good.
"""

import copy
import math

import torch
from torch import nn
from torch.nn.functional import normalize

from dlplay import Float, Int, Scene, Try
from dlplay.data import digits, view
from dlplay.nn.embeddings import encoder, main_axes, spread, told


class PushPull(Scene):
    covers = ("Contrastive Joint Embedding",)
    panels = {
        "embedding": "of new views, on its two main axes; a sign is a digit 0 to 9",
        "pull alone": "the twin that is never pushed, on the same scale",
        "spread": "1 is the whole sphere, 0 a point",
        "views": "two of each picture",
    }
    claims = {
        "spread": "with push, the embedding's spread is above 0.85",
        "tells": "its 11 nearest neighbours tell the digit of over 0.7 of new views",
        "pixels": "that is over 0.3 more than the nearest in raw pixels tell",
        "point": "pulled alone, the spread of the same encoder falls below 0.2",
        "pull_tells": "its neighbours tell over 0.35 fewer than with push",
    }
    tries = (
        Try(
            "push=0",
            "The first term is left out: only pull. What do the neighbours tell?",
            ("more: all views agree", "as much as pixels", "next to nothing"),
            right=3,
            breaks=("spread", "tells", "pull_tells"),
            keeps="point",
            why="The views agree perfectly, since all are in one point. What is left to tell them "
            "apart is chance.",
        ),
        Try(
            "strength=0",
            "Both views are the same plain picture, the digit in a frame. On cluttered new ones?",
            ("as good: it is still pushed", "no better than pixels", "better: no disturbance"),
            right=2,
            breaks=("tells", "pixels", "pull_tells"),
            why="The push still spreads the pictures. But nothing has told the net that the "
            "background does not matter: the views are where that knowledge comes from.",
        ),
        Try(
            "tau=0.05",
            "A sharper softmax: nearly only the nearest others are pushed. Better?",
            ("better: these teach most", "no change", "far worse"),
            right=3,
            breaks=("spread", "tells"),
            keeps="point",
            why="Many of the nearest show the same digit, so it fights its own kind. A larger τ "
            "spreads the push over all.",
        ),
        Try(
            "batch=16",
            "Sixteen pictures in each step instead of 256. The embedding?",
            ("as good", "worse", "better: each step is noisier"),
            right=2,
            breaks=("spread", "tells"),
            keeps="point",
            why="Thirty others instead of 510 to be told from, which is easily done by chance "
            "features. (It also sees a sixteenth of the pictures.)",
        ),
    )
    quick = {"steps": 4, "batch": 32}

    push = Float(1, min=0, max=2, help="weight of the term that pushes")
    tau = Float(0.2, min=0.05, max=1, log=True, help="τ, the temperature")
    batch = Int(256, min=8, max=256, log=True, help="N, pictures in a step")
    strength = Float(1, min=0, max=1.5, help="how much two views differ, in training")
    first = Int(0, min=0, max=392, live=True, help="the first picture whose views are shown")
    learning_rate = Float(0.2, min=0.01, max=1, log=True, help="of SGD with momentum, falling")
    steps = Int(250, min=4, max=2000, log=True, help="steps, for each of two encoders")

    def run(self, stage):
        images, y, images_new, y_new = digits(device=stage.device)
        x, x_new = view(images), view(images_new)  # what the judge sees: [1400 and 397, 1, 10, 10]
        pairs = torch.stack([view(images_new, strength=self.strength) for _ in range(2)])
        net = encoder().to(stage.device)
        twin = copy.deepcopy(net)  # pulled alone
        nets = nn.ModuleList([net, twin])
        optimizer = torch.optim.SGD(nets.parameters(), lr=self.learning_rate, momentum=0.9)

        @stage.look(10, nets)
        def look():
            view_of = {"x": (-1, 1), "y": (-1, 1), "labels": y_new}
            stage.plane("embedding", points=main_axes(net(x_new)), **view_of)
            stage.plane("pull alone", points=main_axes(twin(x_new)), **view_of)
            stage.curve("spread", {"push": spread(net(x_new)), "pull alone": spread(twin(x_new))})
            a, b = (told(each(x), y, each(x_new), y_new) for each in (net, twin))
            stage.headline(f"neighbours tell {a:.0%} with push, {b:.0%} pulled alone")

        @stage.look(1000)
        def look_at_views():
            shown = pairs[:, self.first : self.first + 4].flatten(0, 1)  # [8, 1, 10, 10]
            stage.image("views", shown, columns=4, low=-1, high=1.5)

        stage.axes("spread", x="step", y="spread")
        partner = ((torch.arange(2 * self.batch) + self.batch) % (2 * self.batch)).to(stage.device)
        own = (torch.eye(2 * self.batch) == 1).to(stage.device)
        for step in stage.loop(self.steps):
            falling = 0.5 + 0.5 * math.cos(math.pi * step / self.steps)
            optimizer.param_groups[0]["lr"] = self.learning_rate * falling
            some = images[torch.randint(len(images), (self.batch,), device="cpu").to(stage.device)]
            both = view(torch.cat([some, some]), strength=self.strength)  # [2N, 1, 10, 10]
            z, z_twin = (normalize(each(both), dim=1) for each in nets)  # [2N, 32]
            s = z @ z.T / self.tau  # [2N, 2N]
            pull = s.gather(1, partner[:, None])[:, 0]
            push = s.masked_fill(own, -math.inf).logsumexp(dim=1)
            pull_twin = (z_twin * z_twin[partner]).sum(dim=1) / self.tau
            loss = (self.push * push - pull).mean() - pull_twin.mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe(nets):
            tells = told(net(x), y, net(x_new), y_new)
            tells_twin = told(twin(x), y, twin(x_new), y_new)
            stage.claim("spread", spread(net(x_new)), above=0.85)
            stage.claim("tells", tells, above=0.7)
            pixels = told(x.flatten(1), y, x_new.flatten(1), y_new)
            stage.claim("pixels", tells - pixels, above=0.3)
            stage.claim("point", spread(twin(x_new)), below=0.2)
            stage.claim("pull_tells", tells - tells_twin, above=0.35)
