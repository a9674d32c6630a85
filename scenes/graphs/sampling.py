"""
# A million neighbours: are ten of them enough?

In a layer of messages each node takes the mean of all its neighbours. A popular node may have a
million. And for the answer of ONE node, two layers need the neighbours' neighbours too: with 100
each, 100 + 100 · 100 messages.

**GraphSAGE** hears k neighbours, drawn at random, anew for each node, each layer and each time:

    m_v = mean of h_u over k drawn u
    h_v ← ReLU(W [h_v ‖ m_v] + b)

‖ puts two vectors one after the other: W has weights of its own for the node and for what it hears.
With k = 10 one answer takes 10 + 10 · 10 messages, however popular anybody is. W does not know how
many people there are, so the net works on a network that it never saw.

What does the drawing cost? A mean of k is right on average, and wrong by chance. If the values of
v's d neighbours have the variance σ², that of the drawn mean is

    σ² (1/k − 1/d)

The error, its root, shrinks like 1/√k: fast at first, then hardly. That holds for k of a hundred as
for k of a million. So there is a k from which more neighbours bring little, and it depends on what
they say, hardly on how many they are.

A mean can be sampled; not everything can. The largest of k drawn values is too small on average:
the one that is the largest of all is seldom among them.

## Tomorrow

Sample 10 to 25 neighbours a layer. Raise k when the net is trained, and see whether the score on
new nodes still rises. Don't sample for a maximum.
"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy, normalize

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.data import block_model, grown

COUNTS = (1, 2, 5, 10, 25, 1000)  # neighbours that are heard; nobody has a thousand
DRAWS = 5  # of the neighbours, for each count
HUB_DRAWS = 2000
UNSEEN = 800  # people


class Sampling(Scene):
    covers = ("GraphSAGE",)
    panels = {
        "right": "share of unseen people put into their group, by neighbours heard; 5 draws each",
        "hub": "one with hundreds of neighbours: what it makes of k, 2,000 draws; narrow is good",
        "error": "variance of what the hub estimates, by neighbours heard; lower is better",
    }
    claims = {
        "all": "hearing all, the net is right for at least 0.9 of the people of an unseen network",
        "one": "hearing one neighbour, for at least 0.25 less",
        "ten": "hearing ten, for 0.01 to 0.12 less",
        "variance": "the variance of the hub's mean of k is 0.85 to 1.15 times σ² (1/k − 1/d)",
        "unbiased": "on average the hub's estimate from k is within 0.05 of that from all",
    }
    tries = (
        Try(
            "learned_k=1",
            "In training, too, one neighbour is heard. How good is that net when it hears ALL?",
            ("as good as before", "worse", "better"),
            right=2,
            breaks=("all", "one"),
            keeps="variance",
            why="One neighbour is mostly noise, so it learned to trust its own features. It is "
            "better than before at hearing one, and gains next to nothing from more.",
        ),
        Try(
            "ties=20",
            "A fifth of the ties each. How good is the net that hears ten?",
            ("much worse", "nearly as good", "much better"),
            right=2,
            keeps=("one", "ten"),
            why="The error of a mean of k depends on k and on what the neighbours say. How many "
            "there are enters by 1/d alone.",
        ),
        Try(
            "aggregator=max",
            "The hub takes the LARGEST of k drawn values. What is it on average?",
            ("the largest of all", "too large", "too small"),
            right=3,
            breaks=("unbiased", "variance"),
            keeps=("all", "ten"),
            why="The largest of all is one among hundreds, and k draws seldom meet it. A mean "
            "needs nobody in particular.",
        ),
    )
    quick = {"steps": 10}

    k = Int(10, min=1, max=100, log=True, live=True, help="neighbours that the hub hears")
    aggregator = Choice("mean", ("mean", "max"), live=True, help="what the hub makes of them")
    learned_k = Int(10, min=1, max=100, log=True, help="neighbours heard in training")
    ties = Int(100, min=20, max=120, log=True, help="ties of a person, on average")
    people = Int(400, min=400, max=800, help="people of the network for training")
    learning_rate = Float(0.01, min=1e-4, max=0.1, log=True, live=True, help="of Adam")
    steps = Int(150, min=10, max=1000, log=True, help="steps over the whole network")

    def run(self, stage):
        centres = 1.3 * torch.eye(4, 16)  # what the people of each group have in common

        def world(size):
            """Neighbours [N, most], which of them there are, features [N, 16], groups [N]."""
            between = self.ties / (size / 4 * 11)  # within a group, eight times as likely
            A, y = block_model([size // 4] * 4, 8 * between, between)
            near = A.argsort(dim=1, descending=True)[:, : int(A.sum(dim=1).max())]
            x = centres[y] + torch.randn(len(y), 16)
            return [each.to(stage.device) for each in (near, A.gather(1, near), x, y)]

        near, there, x, y = world(self.people)
        near_new, there_new, x_new, y_new = world(UNSEEN)
        told = torch.arange(self.people, device=stage.device) % 2 == 0
        net = Sage(16, 32, 4).to(stage.device)
        optimizer = torch.optim.Adam(net.parameters(), lr=self.learning_rate, weight_decay=5e-3)

        friendships = grown(5000, 5)  # [E, 2]
        hub = int(friendships.flatten().bincount().argmax())
        d = int((friendships == hub).sum())
        values = torch.randn(d)  # what each of the hub's neighbours says
        orders = values[torch.rand(HUB_DRAWS, d).argsort(dim=1)]  # in HUB_DRAWS orders

        def estimates(k):
            """What the hub makes of k drawn values: of each draw one number, [HUB_DRAWS]."""
            drawn = orders[:, :k]
            return drawn.mean(dim=1) if self.aggregator == "mean" else drawn.amax(dim=1)

        def predicted(k):
            return values.var() * (1 / min(k, d) - 1 / d)

        def right(k, draws=DRAWS):
            """The share of unseen people put into their group, for each draw: [draws]."""
            answers = [net(x_new, near_new, there_new, k).argmax(dim=1) for _ in range(draws)]
            return (torch.stack(answers) == y_new).float().mean(dim=1)

        average = there_new.sum(dim=1).mean().item()
        heard_of = [min(k, average) for k in COUNTS]
        costs = [f"{k + k * k:,.0f} messages" for k in heard_of]  # of one answer, for two layers
        called = [f"{k}: {cost}" for k, cost in zip([*COUNTS[:-1], "all"], costs, strict=True)]

        @stage.look(30, net)
        def look():
            found = [right(k, DRAWS if k < 1000 else 1) for k in COUNTS]
            stage.spread("right", called, found, unit="share")
            one, ten, whole = (found[place].mean() for place in (0, 3, 5))
            stage.headline(f"heard 1: {one:.0%} right, 10: {ten:.0%}, all: {whole:.0%}")

        @stage.look(50)
        def look_at_hub():
            found, truth = estimates(self.k), estimates(d)[0]
            of_all = truth.expand(HUB_DRAWS // 5)
            stage.histogram("hub", {"from k": found, "from all": of_all}, bins=40)
            counts = torch.logspace(0, 2, 15).round().int().unique().tolist()
            curves = {
                "drawn": [estimates(k).var() for k in counts],
                "σ² (1/k − 1/d)": [predicted(k) for k in counts],
            }
            stage.axes("error", x="k", y="variance", log="xy", verticals={"k": self.k})
            stage.plot("error", counts, curves)

        for _ in stage.loop(self.steps):
            optimizer.param_groups[0]["lr"] = self.learning_rate
            loss = cross_entropy(net(x, near, there, self.learned_k)[told], y[told])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe(net):
            whole = right(1000, 1).mean()
            stage.claim("all", whole, at_least=0.9)
            stage.claim("one", whole - right(1).mean(), at_least=0.25)
            stage.claim("ten", whole - right(10).mean(), within=(0.01, 0.12))
            found, truth = estimates(self.k), estimates(d)[0]
            stage.claim("variance", found.var() / predicted(self.k), within=(0.85, 1.15))
            stage.claim("unbiased", found.mean() - truth, within=(-0.05, 0.05))


class Sage(nn.Module):
    """Two layers W [h_v ‖ mean of k drawn h_u] + b."""

    def __init__(self, inputs, hidden, outputs):
        super().__init__()
        self.first = nn.Linear(2 * inputs, hidden)
        self.second = nn.Linear(2 * hidden, outputs)

    def forward(self, h, near, there, k):  # [N, inputs] -> [N, outputs]
        h = normalize(self.first(heard(h, near, there, k)).relu(), dim=1)
        return self.second(heard(h, near, there, k))


def heard(h, near, there, k):
    """Each node's own vector, then the mean over k drawn neighbours: [N, 2 · features]."""
    dice = torch.rand(near.shape, device="cpu").to(h.device) - 2 * (1 - there)
    drawn = dice.topk(min(k, near.shape[1]), dim=1).indices  # [N, k], those there first
    u, real = near.gather(1, drawn), there.gather(1, drawn)
    mean = (h[u] * real[..., None]).sum(dim=1) / real.sum(dim=1).clamp(min=1)[:, None]
    return torch.cat([h, mean], dim=1)
