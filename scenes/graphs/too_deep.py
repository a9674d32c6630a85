"""
# Why not thirty layers?

A net for pictures gets better with depth. A graph network has a reason not to: each layer makes
neighbours alike. A little of that is its whole point. Much of it is the end.

Take 400 people in four groups, with ties mostly inside a group. Each has a vector of 16 noisy
numbers, which hardly tell its group. A round of averaging, without anything learnt, is

    h ← Â h
    Â = D̃^(−½) (A + I) D̃^(−½)

A + I are the ties and each person himself, D̃ how many that makes; the rows of h are the vectors.
In the first rounds noise cancels, and a group comes together faster than groups do: they part. But
each round also mixes the groups. After 16 all vectors point the same way, and what still differs is
their length, the root of D̃ᵥ.

Dividing by the number of neighbours instead (*mean*) takes that last difference away, too. Then
groups remain the largest of the differences, and the differences shrink to less than a
ten-thousandth of the vectors.

Put weights and ReLU between: two layers (a **GCN**) read the groups from 40 known people. Eight
cannot even learn the 40 by heart, although eight layers *without* ties can: they get nearly the
same vector from everybody. So it isn't depth as such. (Much deeper, nets without ties are hard to
train as well: then both reasons add up.)

Two cures keep what a layer got. A **residual** connection, h + layer(h), adds it to the result; a
**restart** mixes a share r of the start into each round.

## Tomorrow

Begin with two or three layers. If answers lie farther away, add residual connections before layers.
When accuracy falls with depth, look at the cosine between nodes: near 1, they were smoothed away.
"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy, normalize

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.data import block_model

ROUNDS = 16
NETS = ("2 layers", "deep", "deep, residual", "deep, no ties")
SHOWN = {"start": 0, "2 rounds": 2, "4 rounds": 4, "16 rounds": 16}


class TooDeep(Scene):
    covers = ("Modern Graph Neural Networks",)
    panels = {
        "alike": "cosine of each two of 24 people, six of each group: bright is alike",
        "by round": "how far apart the groups are, over their width; over the vectors' length",
        "right": "share of the 360 people who were not told that each trained net gets right",
    }
    claims = {
        "sharpen": "three rounds part the groups (between over within) 8 times as well as none",
        "blur": "after 16 rounds that is less than a tenth of what it was after three",
        "same": "after 16 rounds groups differ by less than 0.03 of the vectors' length",
        "deep": "a plain GCN of 8 layers is right for less than half",
        "not_deep": "one of 2 layers, and one of 8 with residual, are right for over 0.75",
        "by_heart": "8 layers without ties learn over 0.9 of the 40 known people by heart",
    }
    tries = (
        Try(
            "restart=0.2",
            "A fifth of the start is mixed into each round, in the nets too. What do eight plain "
            "layers get right now?",
            ("a quarter, as before", "about half", "as much as two layers"),
            right=3,
            breaks=("deep", "same"),
            keeps=("not_deep", "by_heart"),
            why="However many rounds, a fifth of each vector is that of the person himself. They "
            "can't become the same.",
        ),
        Try(
            "mixing=1",
            "Ties fall as often between groups as within. Do three rounds still part the groups?",
            ("yes, as well", "yes, but less", "no, they are less apart than before"),
            right=3,
            breaks=("sharpen", "not_deep"),
            keeps=("same", "by_heart"),
            why="Everybody's neighbours are a sample of all people. Averaging still makes people "
            "alike, only not those of one group.",
        ),
        Try(
            "normalisation=mean",
            "Each round takes the plain mean of a person and the neighbours. Is deep cured?",
            ("no", "in part", "yes"),
            right=1,
            breaks="blur",
            keeps=("same", "deep", "sharpen"),
            why="Differences within a group now shrink faster than those between groups. But both "
            "shrink, next to what all have in common.",
        ),
        Try(
            "depth=4",
            "Deep means four layers. What is the plain one worth?",
            ("as much as two layers", "less than two, more than eight", "as little as eight"),
            right=2,
            breaks="deep",
            keeps=("not_deep", "by_heart"),
            why="Between four rounds and eight the groups' differences fall from a tenth of the "
            "vectors to a hundredth.",
        ),
    )
    quick = {"steps": 10}

    normalisation = Choice("symmetric", ("symmetric", "mean"), help="how neighbours are averaged")
    restart = Float(0, min=0, max=0.5, help="r, the share of the start kept in each round")
    mixing = Float(0.25, min=0, max=1, help="ties between groups, for one within")
    depth = Int(8, min=2, max=24, log=True, help="layers of the deep nets")
    learning_rate = Float(0.01, min=1e-4, max=0.1, log=True, live=True, help="of Adam")
    steps = Int(150, min=10, max=1000, log=True, help="steps on the 40 known people")

    def run(self, stage):
        A, group = block_model([100] * 4, 0.12, 0.12 * self.mixing)
        x = nn.functional.one_hot(group, 16) + torch.randn(400, 16)  # [400, 16]
        known = torch.cat([100 * k + torch.randperm(100)[:10] for k in range(4)]).to(stage.device)
        A, group, x = (part.to(stage.device) for part in (A, group, x))
        looped = A + torch.eye(400, device=A.device)
        d = looped.sum(dim=1)  # D̃
        even = self.normalisation == "mean"
        average = looped / (d[:, None] if even else (d[:, None] * d).sqrt())  # Â [400, 400]
        rounds = [x]  # what people hold after each round, nothing learnt
        for _ in range(ROUNDS):
            rounds.append((1 - self.restart) * average @ rounds[-1] + self.restart * x)
        measured = torch.tensor([spread(h, group) for h in rounds]).T  # [2, 17]

        depths = (2, self.depth, self.depth, self.depth)
        nets = nn.ModuleList(
            nn.ModuleList([*(nn.Linear(16, 16) for _ in range(d)), nn.Linear(16, 4)])
            for d in depths
        ).to(stage.device)
        optimizer = torch.optim.Adam(nets.parameters(), lr=self.learning_rate)

        def answers(name, layers):
            """Scores of the four groups for everybody: [400, 4]."""
            h = first = (
                layers[0](x).relu() if name == "deep, no ties" else (average @ layers[0](x)).relu()
            )
            for layer in layers[1:-1]:
                new = layer(h) if name == "deep, no ties" else average @ layer(h)
                new = (1 - self.restart) * new.relu() + self.restart * first
                h = h + new if name == "deep, residual" else new
            return layers[-1](h)

        def right():
            """Share right of the known people, and of all others: [4, 2]."""
            hits = torch.stack(
                [answers(n, net).argmax(dim=1) == group for n, net in zip(NETS, nets, strict=True)]
            )
            told = torch.zeros_like(group).index_fill(0, known, 1) == 1
            return torch.stack([hits[:, told].float().mean(1), hits[:, ~told].float().mean(1)], 1)

        @stage.look(5, nets)
        def look():
            others = right()[:, 1].tolist()
            named = zip(NETS, others, strict=True)
            stage.headline("right: " + ", ".join(f"{name} {share:.2f}" for name, share in named))
            stage.curve("right", dict(zip(NETS, others, strict=True)))

        some = [100 * k + i for k in range(4) for i in range(6)]
        cosines = {}
        for name, k in SHOWN.items():
            h = normalize(rounds[k][some], dim=1)
            cosines[name] = h @ h.T
        stage.matrices("alike", cosines, scales=dict.fromkeys(cosines, (0, 1)))
        stage.axes("by round", x="rounds", log="y")
        by_round = {"over width": measured[0], "over length": measured[1]}
        stage.plot("by round", range(ROUNDS + 1), by_round)
        stage.axes("right", y="share", lines={"guessing": 0.25})
        for _ in stage.loop(self.steps):
            optimizer.param_groups[0]["lr"] = self.learning_rate
            loss = sum(
                cross_entropy(answers(name, net)[known], group[known])
                for name, net in zip(NETS, nets, strict=True)
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe(nets):
            told, others = right().T.tolist()
            parted, differ = measured.tolist()
            stage.measure(after_three=differ[3], deep_known=told[1], no_ties=others[3])
            stage.claim("sharpen", parted[3] / parted[0], above=8)
            stage.claim("blur", parted[16] / parted[3], below=0.1)
            stage.claim("same", differ[16], below=0.03)
            stage.claim("deep", others[1], below=0.5)
            stage.claim("not_deep", min(others[0], others[2]), above=0.75)
            stage.claim("by_heart", told[3], above=0.9)


def spread(h, group):
    """Of vectors h [N, 16]: variance between the groups over that within; the root of the
    variance between them over the vectors' length."""
    means = torch.stack([h[group == k].mean(dim=0) for k in range(4)])
    between = (means - means.mean(dim=0)).square().sum(dim=1).mean()
    within = (h - means[group]).square().sum(dim=1).mean()
    length = h.square().sum(dim=1).mean()
    return float(between / within), float((between / length).sqrt())
