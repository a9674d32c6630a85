"""
# What are the ties worth to somebody who knows the features?

Of 200 people in four groups you know 16 features each, poor ones, and you know who is tied to whom.
For ten of each group you know the group. Which groups are the others in?

A graph network takes a graph in and gives a graph out: the ties stay, the vectors change. Features
may lie on nodes, on edges and on the whole graph; a layer has a function for each, the same at all
places. The **simplest** such network uses no tie at all. Each node v is alone with its vector h_v:

    h_v ← ReLU(W h_v + b)

The next simplest mixes the neighbours' vectors first, and v's own with them. Over the neighbours u,

    h_v ← ReLU(W Σᵤ Âᵥᵤ hᵤ + b)

where Âᵥᵤ = 1/√(dᵥ dᵤ), and d counts a node's ties and itself. Both have two layers and equally
many weights. They differ in Â alone: put in its place a matrix with ones on its diagonal, and the
second is the first.

What does mixing do? Neighbours bring signal and noise. The noise of twenty people cancels. What
they have in common stays, and that helps if it is what *you* have in common with them. If each tie
leads to any group alike, all sums look alike, and your own features drown in them.

And if nearly all ties lead out of the group? Then what the neighbours have in common tells who you
are not. That is something to learn from, too.

## Tomorrow

Train the same network without the edges first, then with the ends of the edges shuffled. If the
graph does not beat both, leave the graph out.
"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from dlplay import Float, Int, Scene, Try
from dlplay.data import block_model

SAMPLES, SIZE = 5, 50  # samples of people; people in each of the 4 groups
SHARES = [0, 0.1, 0.25, 0.4, 0.55, 0.7, 0.85, 1]


class TiesWorth(Scene):
    covers = ("Building a Graph Neural Network", "The Simplest GNN")
    panels = {
        "worth": "people placed in their group, by how many ties stay in it; higher is better",
        "accuracy": "share of people placed right, with the ties of the mark; higher is better",
        "own": "each person's own features, in the plane that shows the groups best",
        "heard": "the same after one round of mixing, before any learning",
    }
    claims = {
        "alone": "without ties, the features alone place 0.25 to 0.57 of the people",
        "good": "with ties of which 0.7 stay within the group, over 0.93 are placed",
        "ahead": "that is over 0.4 more than alone, with as many weights",
        "shuffled": "with the same ties between other people it is 0.3 less to 0.1 more than alone",
        "outward": "ties that all leave the group place over 0.12 more than ties at random do",
    }
    tries = (
        Try(
            "within=0.25",
            "A quarter of each person's ties stay in the group, and there are four groups. Where "
            "is the network with ties now?",
            ("still ahead", "level with the one that has none", "behind it"),
            right=3,
            breaks=("good", "ahead"),
            keeps=("alone", "outward"),
            why="Neighbours are a sample of everybody. Their sum is nearly the same for all, and "
            "one's own features are only one part in twenty of it.",
        ),
        Try(
            "within=0",
            "No tie stays within a group any more. How many does the network place with these "
            "ties?",
            ("fewer than with ties at random", "as many", "more"),
            right=3,
            breaks=("good", "ahead"),
            keeps="outward",
            why="The sum over the neighbours holds the other three groups and lacks one's own. "
            "A weight can be negative: it learns who is missing.",
        ),
        Try(
            "noise=0.2",
            "The features become clear. What are the ties worth now?",
            ("as much as before", "a little less", "nothing"),
            right=3,
            breaks=("ahead", "alone", "shuffled"),
            keeps="good",
            why="Mixing cancels noise. Where there is none, nothing is left to cancel, and the "
            "shuffled ties only do harm.",
        ),
        Try(
            "ties=3",
            "Three ties a person in place of twenty, as many of them within the group. And now?",
            ("no better than alone", "better than alone, but no longer good", "as good as before"),
            right=2,
            breaks="good",
            keeps="alone",
            why="The noise of four people cancels half as well as that of twenty, and by chance "
            "many have no neighbour of their own group.",
        ),
    )
    quick = {"steps": 10}

    within = Float(0.7, min=0, max=1, help="share of a person's ties that stay in the group")
    ties = Int(20, min=1, max=40, log=True, help="ties of a person, on average")
    noise = Float(1, min=0, max=3, live=True, help="of the features; groups lie about 1.4 apart")
    told = Int(10, min=1, max=40, log=True, help="people of each group whose group is told")
    learning_rate = Float(0.02, min=1e-4, max=0.2, log=True, live=True, help="of Adam")
    steps = Int(150, min=10, max=2000, log=True, help="steps, each over all who are told")

    def run(self, stage):
        people = 4 * SIZE
        graphs = []
        for share in [*SHARES, self.within] * SAMPLES:
            inside = self.ties * share / (SIZE - 1)
            outside = self.ties * (1 - share) / (people - SIZE)
            A, group = block_model([SIZE] * 4, min(inside, 1), outside)
            graphs.append(A)
        shuffled = []
        for A in graphs[len(SHARES) :: len(SHARES) + 1]:
            order = torch.randperm(people)
            shuffled.append(A[order][:, order])
        # [samples, 10, N, N]: along SHARES, at the mark, and there with the ends shuffled
        A = torch.stack(graphs).reshape(SAMPLES, -1, people, people)
        A = torch.cat([A, torch.stack(shuffled)[:, None]], dim=1).flatten(0, 1).to(stage.device)
        looped = A + torch.eye(people, device=stage.device)
        root = looped.sum(dim=2).rsqrt()
        Â = root[:, :, None] * looped * root[:, None, :]  # [samples · 10, N, N]

        centres = 0.25 * torch.randn(SAMPLES, 4, 16)
        errors = torch.randn(SAMPLES, people, 16).to(stage.device)
        group, signal = group.to(stage.device), centres[:, group].to(stage.device)
        place = torch.arange(people, device=stage.device) % SIZE
        told, others = place < self.told, place >= self.told
        simplest, mixing = Net(SAMPLES).to(stage.device), Net(len(A)).to(stage.device)
        parameters = [*simplest.parameters(), *mixing.parameters()]
        optimizer = torch.optim.Adam(parameters, lr=self.learning_rate, weight_decay=5e-4)

        def answers(noise):
            """Of the simplest [samples, N, 4], and with ties [samples · 10, N, 4]."""
            x = signal + noise * errors  # [samples, N, 16]
            return simplest(x), mixing(x.repeat_interleave(len(A) // SAMPLES, dim=0), Â)

        def placed(noise):
            """The share of people placed: alone [samples], with ties [samples, 10]."""
            hits = [(y.argmax(dim=2) == group)[:, others] for y in answers(noise)]
            alone, tied = (hit.float().mean(dim=1) for hit in hits)
            return alone, tied.reshape(SAMPLES, -1)

        @stage.look(5, simplest, mixing)
        def look():
            alone, tied = placed(self.noise)
            alone, tied = alone.median(), tied.median(dim=0).values
            stage.axes(
                "worth",
                x="share of ties that stay in the group",
                y="share placed",
                lines={"guessing": 0.25},
                verticals={"mark": self.within},
            )
            level = alone.repeat(len(SHARES))
            stage.plot("worth", SHARES, {"with ties": tied[:-2], "alone": level})
            three = {"with ties": tied[-2], "alone": alone, "ties shuffled": tied[-1]}
            stage.curve("accuracy", three)
            at = f"{self.within:.0%} of the ties in the group"
            stage.headline(f"{at}: {tied[-2]:.0%} placed with them, {alone:.0%} without")

            x = (signal + self.noise * errors)[0].cpu()
            heard = Â[len(SHARES)].cpu() @ x
            both = centres[0] - centres[0].mean(dim=0)
            plane = torch.linalg.svd(both, full_matrices=False).Vh[:2].T  # [16, 2]
            own, heard = x @ plane, heard @ plane  # [N, 2]
            x_span, y_span = spans(own)
            stage.plane("own", x=x_span, y=y_span, points=own, labels=group)
            x_span, y_span = spans(heard)
            stage.plane("heard", x=x_span, y=y_span, points=heard, labels=group)

        stage.axes("accuracy", y="share placed", lines={"guessing": 0.25})
        for _ in stage.loop(self.steps):
            optimizer.param_groups[0]["lr"] = self.learning_rate
            loss = sum(
                len(y) * cross_entropy(y[:, told].flatten(0, 1), group[told].repeat(len(y)))
                for y in answers(self.noise)
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe(simplest, mixing):
            alone, tied = placed(self.noise)
            gain = (tied - alone[:, None]).median(dim=0).values
            outward = tied[:, SHARES.index(0)] - tied[:, SHARES.index(0.25)]
            stage.claim("alone", alone.median(), within=(0.25, 0.57))
            stage.claim("good", tied[:, -2].median(), above=0.93)
            stage.claim("ahead", gain[-2], above=0.4)
            stage.claim("shuffled", gain[-1], within=(-0.3, 0.1))
            stage.claim("outward", outward.median(), above=0.12)


class Net(nn.Module):
    """`copies` networks of two layers, 16-16-4, each on people and a graph of its own."""

    def __init__(self, copies):
        super().__init__()
        self.W1, self.W2 = (
            nn.Parameter((2 * torch.rand(copies, 16, out) - 1) / 4) for out in (16, 4)
        )
        self.b1, self.b2 = (nn.Parameter(torch.zeros(copies, 1, out)) for out in (16, 4))

    def forward(self, h, Â=None):  # [copies, N, 16] -> [copies, N, 4]
        h = (mixed(h @ self.W1, Â) + self.b1).relu()
        return mixed(h @ self.W2, Â) + self.b2


def mixed(h, Â):
    """Each node's sum over its neighbours, itself among them; without ties, itself."""
    return h if Â is None else Â @ h


def spans(points):
    """From the least to the largest, of x and of y."""
    ends = points.min(dim=0).values.tolist(), points.max(dim=0).values.tolist()
    return zip(*ends, strict=True)
