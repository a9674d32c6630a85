"""
# Which two of these people know each other?

You have a list of who knows whom, and it is not complete: a fifth of the ties is missing. Nobody's
age or job is given. What can the ties that you have tell of the others?

Three kinds of question are put to a graph. **Nodes**: which group is this person in? **Edges**: is
there a tie between these two? **The graph**: how tight a society is it? One network can serve all
three. An *encoder* gives each node v a vector h_v, made from its neighbours' and so on. Then

    node   read h_v
    edge   compare h_v with h_u
    graph  add up all h_v, read that

Here edges are asked. Two rounds over the known ties make 16 numbers a person, and a pair's score is
the product h_v · h_u. Training raises it for known ties and lowers it for other pairs. There are
120 people in 4 hidden groups; ties are frequent within a group and rare between two.

How good is the order of the scores? Draw a missing tie and a pair of strangers. The **AUC** is the
chance that the tie has the higher score: 0.5 is guessing. Two rivals need no learning: counting the
neighbours that two people share, and knowing the hidden groups.

The net finds the groups, and so comes close to the one who knows them. It finds no more: within a
group chance alone made the ties. So look at its best guesses. Nearly all lie within a group, and
few are ties. A good AUC is no promise for the top of the list, where true ties are rare.

## Tomorrow

Beside a link predictor, always show the score of "count common neighbours", and how many of its
first forty suggestions are right. The AUC alone hides both.
"""

import torch
from torch import nn
from torch.nn.functional import normalize, softplus

from dlplay import Float, Int, Scene, Try
from dlplay.data import block_model

NETWORKS, GROUPS, SIZE = 5, 4, 30  # as many networks of people, each with a net of its own
PEOPLE = GROUPS * SIZE


class MissingTies(Scene):
    covers = ("Graph-level Tasks, Node-level Tasks & Edge-level Tasks",)
    panels = {
        "pairs": "score of each pair, bright: likely tied; missing ties ● above, guesses ▲ below",
        "AUC": "of the missing ties; median of five networks; higher is better",
        "scores": "the same scores; what lies right of most strangers is found",
    }
    claims = {
        "good": "missing ties score higher than strangers: a median AUC of 0.76 to 0.88",
        "ahead": "that is over 0.08 more than counting common neighbours has",
        "groups": "against knowing the groups it is between 0.08 less and 0.03 more",
        "few": "yet of the 40 best guesses fewer than 0.15 are missing ties",
        "nodes": "with five told of each group, the same vectors tell the group of over 0.8",
    }
    tries = (
        Try(
            "within=0.5",
            "Two and a half times as many ties within the groups. How far ahead of counting common "
            "neighbours is the net?",
            ("farther than before", "as far as before", "hardly at all"),
            right=3,
            breaks=("ahead", "good"),
            keeps=("groups", "nodes"),
            why="With so many ties, two of one group nearly always share some neighbours, and two "
            "of different groups hardly ever do. Counting finds the groups as well.",
        ),
        Try(
            "within=0.1",
            "Only a few ties each. Who suffers?",
            ("counting alone: the net sees two steps", "both", "neither"),
            right=2,
            breaks=("good", "groups"),
            why="With so few ties a person's two steps lead nearly as often out of the group as "
            "about in it. Groups that hardly show can't be learnt by anybody.",
        ),
        Try(
            "between=0.2",
            "Ties between groups become as frequent as within. What AUC does the net reach?",
            ("0.8: it still learns who is popular", "0.65", "0.5"),
            right=3,
            breaks=("good", "ahead", "nodes"),
            why="Each tie is a toss of the same coin. How the coins of the known ties fell says "
            "nothing of the others.",
        ),
        Try(
            "decay=0",
            "Nothing pulls the weights back to zero any more. The net fits the known ties better. "
            "And the missing ones?",
            ("better as well", "worse", "the same"),
            right=2,
            breaks=("good", "groups"),
            why="A missing tie is one of the pairs that training pushes apart. With a row of "
            "weights for each person, a free net learns by heart who is on the list.",
        ),
    )
    quick = {"steps": 20}

    within = Float(0.2, min=0.05, max=0.6, help="chance of a tie between two of one group")
    between = Float(0.01, min=0.001, max=0.2, log=True, help="chance of one between two groups")
    decay = Float(0.001, min=0, max=0.01, live=True, help="pull of the weights to zero, in Adam")
    drawn = Int(40, min=5, max=200, live=True, help="guesses that are drawn")
    shown = Int(1, min=1, max=5, live=True, help="the network that is shown")
    learning_rate = Float(0.01, min=1e-4, max=0.1, log=True, live=True, help="of Adam")
    steps = Int(200, min=20, max=2000, log=True, help="steps, each over all known ties")

    def run(self, stage):
        pairs = [block_model([SIZE] * GROUPS, self.within, self.between) for _ in range(NETWORKS)]
        group = pairs[0][1]
        A = torch.stack([a for a, _ in pairs])  # [networks, N, N], 0 or 1
        upper = torch.ones_like(A).triu(1) == 1  # each pair once
        missing = (A == 1) & upper & (torch.rand(A.shape) < 0.2)
        known = (A - missing.float()).triu(1)
        known = known + known.mT
        same = group[:, None] == group
        told = torch.arange(PEOPLE) % SIZE < 5
        A, upper, missing, known, same, group, told = (
            each.to(stage.device) for each in (A, upper, missing, known, same, group, told)
        )
        strangers = (A == 0) & upper
        ties, others = (known == 1) & upper, (known == 0) & upper
        looped = known + torch.eye(PEOPLE, device=stage.device)  # a neighbour of oneself, too
        root = looped.sum(dim=2).rsqrt()
        Â = root[:, :, None] * looped * root[:, None, :]

        W1, W2 = (
            nn.Parameter(torch.randn(NETWORKS, a, b).to(stage.device) * (2 / (a + b)) ** 0.5)
            for a, b in ((PEOPLE, 32), (32, 16))
        )
        optimizer = torch.optim.Adam([W1, W2], lr=self.learning_rate)

        def vectors():
            """h of each person: [networks, N, 16]. Each knows only its own name: Â I = Â."""
            return Â @ ((Â @ W1).relu() @ W2)

        def aucs(scores):
            """Of each network's scores [networks, N, N]: [networks]."""
            each = zip(scores, missing, strangers, strict=True)
            return torch.stack([auc(s[tie], s[none]) for s, tie, none in each])

        counted = aucs(known @ known)
        knowing = aucs(same.float().expand(NETWORKS, -1, -1))

        def best(scores, count):
            """The highest pairs not known to be tied, of each network: [networks, count]."""
            return scores.masked_fill(~others, -torch.inf).flatten(1).topk(count).indices

        @stage.look(10)
        def look():
            at = self.shown - 1
            scores = vectors() @ vectors().mT
            guesses = best(scores, self.drawn)[at]
            right = missing[at].flatten()[guesses]
            s = scores[at]
            low, high = (float(s[upper[at]].quantile(q)) for q in (0.01, 0.99))
            first, second = missing[at].nonzero().cpu().T
            points = {
                "missing tie": torch.stack([first, second], dim=1),  # above the diagonal
                "best guess": torch.stack([guesses % PEOPLE, guesses // PEOPLE], dim=1).cpu(),
            }
            stage.plane(
                "pairs",
                x=(0, PEOPLE),
                y=(0, PEOPLE),
                field=s.clamp(low, high),
                points=points,
                x_label="person, group by group",
                y_label="person",
            )
            kinds = {"missing tie": missing[at], "strangers": strangers[at]}
            heights = {
                name: torch.histc(s[kind].clamp(low, high).cpu(), 30, low, high) / kind.sum().cpu()
                for name, kind in kinds.items()
            }
            stage.axes("scores", x="score of a pair", y="share of its kind")
            stage.plot("scores", torch.linspace(low, high, 30), heights)
            found = f"AUC {aucs(scores)[at]:.2f} (counting {counted[at]:.2f})"
            hits = f"{int(right.sum())} of {self.drawn} best guesses are missing ties"
            stage.headline(f"{found}; {hits}")
            stage.curve("AUC", net=aucs(scores).median())

        lines = {"common neighbours": counted.median(), "knowing the groups": knowing.median()}
        stage.axes("AUC", y="AUC", lines={**lines, "guessing": 0.5})
        for _ in stage.loop(self.steps):
            optimizer.param_groups[0]["lr"] = self.learning_rate
            optimizer.param_groups[0]["weight_decay"] = self.decay
            h = vectors()
            scores = h @ h.mT  # [networks, N, N]
            loss = mean(softplus(-scores), ties) + mean(softplus(scores), others)
            optimizer.zero_grad()
            loss.sum().backward()
            optimizer.step()

        with stage.probe():
            h = vectors()
            net, guesses = aucs(h @ h.mT), best(h @ h.mT, 40)
            hits = missing.flatten(1).gather(1, guesses).float().mean(dim=1)
            centres = torch.stack(
                [normalize(h, dim=2)[:, told & (group == g)].mean(dim=1) for g in range(GROUPS)], 1
            )  # [networks, groups, 16]
            nearest = (normalize(h, dim=2) @ centres.mT).argmax(dim=2)  # [networks, N]
            stage.claim("good", net.median(), within=(0.76, 0.88))
            stage.claim("ahead", (net - counted).median(), above=0.08)
            stage.claim("groups", (net - knowing).median(), within=(-0.08, 0.03))
            stage.claim("few", hits.median(), below=0.15)
            hit = (nearest == group)[:, ~told].float().mean(dim=1)
            stage.claim("nodes", hit.median(), above=0.8)


def mean(values, kind):
    """Of each network, over the pairs of one kind [networks, N, N]: [networks]."""
    return (values * kind).sum(dim=(1, 2)) / kind.sum(dim=(1, 2))


def auc(ties, strangers):
    """The share of pairs (tie, strangers) in which the tie scores higher; half for equal."""
    ordered = strangers.sort().values
    below = torch.searchsorted(ordered, ties) + torch.searchsorted(ordered, ties, right=True)
    return below.float().mean() / (2 * len(strangers))
