"""
# Sum, mean or largest: what does each forget?

A node has neighbours, in no order, one or ten or thirty. What they say must become one vector, of
the same length for each node. Sum, mean and maximum all do that, and none asks for an order. Each
forgets something: the sum, whether it is of many small numbers or of few large ones; the mean, how
many there were; the maximum, all but the largest.

Most layers of graph networks have the same form: a **message** from each neighbour, their
**aggregate**, an **update**:

    mᵥ = AGG of f(hᵤ),  u in N(v)
    hᵥ ← g(hᵥ, mᵥ)

hᵥ is the vector of node v, N(v) are its neighbours, f and g small networks that all nodes share.
Layers differ in AGG, and in what f is told.

Here each neighbour holds a number. The node must say how many neighbours it has, the mean of their
numbers, and the largest. For each aggregator one layer learns that from nodes with 1 to 5
neighbours, and is then asked about nodes with 15 to 30.

Among nodes as in training nearly all look well, for g can guess a mean from a sum, or a largest
from a mean. Only counting from a mean fails: one neighbour with 0.5 or four with 0.5 are the same
to it.

With more neighbours the guesses break. What lasts is what an aggregator states exactly. If f says 1
to each, the sum is the count; if it says the number, the mean is the mean, the maximum the largest.
The rest were rules for small crowds.

All three side by side are no insurance: g takes whichever way was easiest in training.

## Tomorrow

Choose the aggregator by the question: how many, sum; what share, mean; is there one, maximum. Test
on nodes with more neighbours than any in training.
"""

import torch
from torch import nn

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.nn.batched import BatchedLinear

MOST, MORE = 30, 15  # neighbours in the test, and from how many on it is called more
ARMS = ("sum", "mean", "maximum", "all three")
QUESTIONS = ("count", "mean", "largest")
USES = torch.tensor([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]])  # of sum, mean, maximum
COPIES = 5  # nets of each kind, which begin differently; all that is shown is the median


class Aggregators(Scene):
    covers = ("The Shared Workings behind GNNs",)
    panels = {
        "more": "share explained at nodes with 15 to 30 neighbours; 1 is right, 0 is guessing",
        "as in training": "the same at nodes with as many neighbours as in training",
        "error": "of the question that is chosen, by the number of neighbours; lower is better",
    }
    claims = {
        "sum_counts": "with 15 to 30 neighbours the sum explains over 0.3 of how many there are",
        "own": "there the mean explains over 0.8 of their mean, the maximum of the largest",
        "forgotten": "there sum, maximum explain less than 0.2 of their mean, the mean of how many",
        "hidden": "with as many as in training each explains over 0.85 of mean and largest",
    }
    tries = (
        Try(
            "neighbours=20 steps=400",
            "In training nodes have up to 20 neighbours. What becomes of the sum, at the mean?",
            ("still worse than guessing", "it explains a good part", "as good as the mean"),
            right=2,
            breaks="forgotten",
            keeps=("own", "sum_counts"),
            why="A rule for sums of up to 20 holds a while beyond. The mean still cannot count: "
            "what was forgotten no training brings back.",
        ),
        Try(
            "message=none",
            "No f: the neighbours' numbers are aggregated as they are. Does the sum still count?",
            ("yes, in training and beyond", "only as many as in training", "no, nowhere"),
            right=3,
            breaks=("sum_counts", "hidden"),
            keeps=("own", "forgotten"),
            why="A sum of numbers around 0 says nothing of how many. To count, f must send a 1 "
            "whatever the number is.",
        ),
        Try(
            "question=count",
            "The errors at counting. Whose line stays lowest to the right of the mark?",
            ("the sum's", "the mean's", "the maximum's"),
            right=1,
            keeps=("sum_counts", "forgotten"),
            why="f can send 1, and then the sum is the count, for 5 neighbours as for 30.",
        ),
    )
    quick = {"steps": 20}

    neighbours = Int(5, min=2, max=30, help="the most neighbours that a training node has")
    question = Choice("mean", QUESTIONS, live=True, help="whose errors are shown")
    message = Choice("learnt", ("learnt", "none"), help="f: a small network, or the number itself")
    channels = Int(16, min=2, max=64, log=True, help="numbers in a message")
    learning_rate = Float(0.01, min=1e-4, max=0.1, log=True, live=True, help="of Adam")
    steps = Int(800, min=20, max=4000, log=True, help="steps of 64 nodes")

    def run(self, stage):
        C, nets = self.channels, 4 * COPIES
        uses = USES.repeat_interleave(COPIES, dim=0).to(stage.device)  # [nets, 3]
        f = nn.Sequential(
            BatchedLinear(nets, 1, C), nn.ReLU(), BatchedLinear(nets, C, C), nn.ReLU()
        )
        g = nn.Sequential(BatchedLinear(nets, 3 * C, 32), nn.ReLU(), BatchedLinear(nets, 32, 3))
        f, g = f.to(stage.device), g.to(stage.device)
        optimizer = torch.optim.Adam([*f.parameters(), *g.parameters()], lr=self.learning_rate)

        def answers(x, there):
            """Of nodes with neighbours' numbers x [B, M], where there are any: [B, nets, 3]."""
            m = x.reshape(-1, 1, 1).expand(-1, nets, 1)
            m = f(m) if self.message == "learnt" else m.expand(-1, -1, C)
            m = m.reshape(*x.shape, nets, C)  # messages
            there = there[..., None, None]
            total = (m * there).sum(dim=1)  # [B, nets, C]
            mean = total / there.sum(dim=1)
            largest = m.masked_fill(~there, -torch.inf).amax(dim=1)
            aggregates = torch.stack([total, mean, largest], dim=2) * uses[:, :, None]
            return g(aggregates.flatten(2))

        _, _, y = nodes(torch.randint(1, self.neighbours + 1, (5000,)))
        centre, spread = y.mean(dim=0).to(stage.device), y.std(dim=0).to(stage.device)
        counts = torch.arange(1, MOST + 1).repeat_interleave(30)
        x_test, there_test, y_test = (part.to(stage.device) for part in nodes(counts))
        y_test = (y_test - centre) / spread
        more, same = (counts >= MORE).to(stage.device), (counts <= self.neighbours).to(stage.device)

        def explained(errors, some):
            """Of each question's variance at these nodes: [4, 3], a row an aggregator."""
            shares = 1 - errors[some].mean(dim=0) / y_test[some].var(dim=0, correction=0)
            return shares.reshape(4, COPIES, 3).median(dim=1).values

        def tested():
            return (answers(x_test, there_test) - y_test[:, None]).square()  # [B, nets, 3]

        @stage.look(80, f, g)
        def look():
            errors = tested()
            far, near = explained(errors, more), explained(errors, same)
            best = far.diagonal().clamp(min=-9.99).tolist()
            stage.headline(
                f"15 to 30 neighbours: sum counts {best[0]:.2f}, mean averages {best[1]:.2f}, "
                f"max {best[2]:.2f}"
            )
            scale = {"rows": ARMS, "columns": QUESTIONS, "low": 0, "high": 1}
            stage.heatmap("more", far.clamp(min=0), **scale)
            stage.heatmap("as in training", near.clamp(min=0), **scale)
            at = QUESTIONS.index(self.question)
            by_count = errors[..., at].reshape(MOST, 30, 4, COPIES).mean(dim=1).sqrt()
            lines = by_count.median(dim=2).values.T  # [4, MOST]
            stage.plot("error", range(1, MOST + 1), dict(zip(ARMS, lines, strict=True)))

        stage.axes(
            "error", x="neighbours", y="error", log="y", verticals={"training": self.neighbours}
        )
        for _ in stage.loop(self.steps):
            optimizer.param_groups[0]["lr"] = self.learning_rate
            many = torch.randint(1, self.neighbours + 1, (64,), device="cpu")
            x, there, y = (part.to(stage.device) for part in nodes(many))
            errors = (answers(x, there) - ((y - centre) / spread)[:, None]).square()
            loss = errors.mean(dim=(0, 2)).sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe(f, g):
            errors = tested()
            far, near = explained(errors, more), explained(errors, same)
            stage.measure(mean_counts_few=near[1, 0], all_three_average=far[3, 1])
            stage.claim("sum_counts", far[0, 0], above=0.3)
            stage.claim("own", torch.minimum(far[1, 1], far[2, 2]), above=0.8)
            forgotten = torch.stack([far[1, 0], far[0, 1], far[2, 1]])
            stage.claim("forgotten", forgotten.max(), below=0.2)
            stage.claim("hidden", near[:, 1:].min(), above=0.85)


def nodes(counts):
    """Nodes with so many neighbours [B], each with a number: x [B, M], whether there is one
    [B, M], and the answers [B, 3]."""
    there = torch.arange(int(counts.max())) < counts[:, None]
    x = torch.randn(there.shape) * there
    largest = x.masked_fill(~there, -torch.inf).amax(dim=1)
    return x, there, torch.stack([counts.float(), x.sum(dim=1) / counts, largest], dim=1)
