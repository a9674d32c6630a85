"""
# What can a hidden cause explain that one bell curve can't?

300 numbers lie in three heaps. One bell curve over them says that the gaps between are likely. Yet
you need no new kind of curve. Suppose that each number has a hidden cause k, one of K, and that the
numbers of one cause lie in a bell curve:

    p(x) = Σₖ πₖ N(x; μₖ, σₖ²)

πₖ says how often cause k comes up, μₖ and σₖ where its numbers lie. Nobody tells you which number
had which cause, so you sum over all that it could have had. That is a **latent variable model**:
simple pieces, each chosen by something unseen, make a distribution of any shape.

It also answers backwards. Of a number x you can ask whose it is:

    p(k|x) = πₖ N(x; μₖ, σₖ²) / p(x)

Learning takes turns (the EM algorithm; Dempster, Laird and Rubin, 1977). First ask of each number
whose it probably is. Then give each cause the mean, the spread and the share of what is probably
its own. No round makes the data less likely. But where it ends depends on where it began, so
several starts are made and the likeliest is kept.

The causes are whole numbers here, the x are not. If x has few values too, say colours of eyes by
country, p(x) is a row of a table summed up.

More pieces always fit the data that you have better. So they say nothing about how many causes
there are: new data do.

## Tomorrow

Choose the number of pieces by the likelihood of data that were held out. Start several times. If
two starts differ by more than the pieces you compare, start more often.
"""

import math

import torch

from dlplay import Float, Int, Scene, Try

MEANS, SPREADS, SHARES = (-2.0, 1.0, 4.0), (0.5, 1.0, 0.3), (0.3, 0.5, 0.2)  # of the true causes
COMPARED = (1, 2, 3, 5, 10, 20, 40)
REPLICAS = 5  # data sets; the first is the one that you see


class Mixtures(Scene):
    covers = ("Latent Variables Models",)
    panels = {
        "density": "the pieces, their sum, and the data as a histogram",
        "how many pieces": "nats a number; new data say how many are worth it; higher is better",
        "whose is it": "the causes that x may have had, and how probable each of them is",
    }
    claims = {
        "explains": "your pieces, 3 at first, give new data over 0.2 nats more than one bell curve",
        "near": "they end within 0.08 nats of the true density, as a median over 5 data sets",
        "overfits": "40 pieces give new data over 0.01 nats less than 3, as a median",
        "flatters": "to the data that they were fitted to, 40 give over 0.005 nats more than 3",
    }
    tries = (
        Try(
            "pieces=2",
            "Two causes for three heaps. What becomes of the third heap?",
            ("it is left out", "it shares a wide piece with another", "both move between heaps"),
            right=2,
            breaks=("explains", "near"),
            keeps=("overfits", "flatters"),
            why="A heap that no piece covers would cost each of its numbers many nats. A wide "
            "piece costs all that it covers a little.",
        ),
        Try(
            "points=3000",
            "Ten times the data. What do new data lose now with 40 pieces?",
            ("hardly anything", "as much as before", "more: they fit more chance"),
            right=1,
            breaks=("overfits", "flatters"),
            keeps=("explains", "near"),
            why="Each piece has 75 numbers to learn three parameters from, not 7. What chance put "
            "there averages out.",
        ),
        Try(
            "starts=1",
            "Each mixture is fitted from one start. Does that do?",
            ("yes: it never gets less likely", "not always: some starts end badly", "never"),
            right=2,
            keeps="flatters",
            why="Each round climbs, but to the nearest top. Two pieces on one heap, with one over "
            "two heaps, is such a top.",
        ),
    )
    quick = {"steps": 10}
    pace = 10

    pieces = Int(3, min=1, max=40, log=True, help="K, causes of the mixture that you see")
    points = Int(300, min=60, max=3000, log=True, help="numbers in a data set")
    starts = Int(5, min=1, max=20, log=True, help="starts of each mixture; the likeliest is kept")
    x = Float(-0.5, min=-5, max=6, live=True, help="the number whose cause is asked")
    steps = Int(100, min=5, max=1000, log=True, help="rounds of EM")

    def run(self, stage):
        data, new = drawn(self.points).to(stage.device), drawn(5000).to(stage.device)  # [R, N]
        fits = {K: self.begun(data, K) for K in sorted({*COMPARED, self.pieces})}
        truth = [torch.tensor(each, device=stage.device) for each in (SHARES, MEANS, SPREADS)]
        xs = torch.linspace(-5, 6, 220, device=stage.device)
        bins = torch.histc(data[0], 44, -5, 6) / self.points / 0.25

        def best(K):
            """Shares, means, spreads [R, K] of the likeliest start of each data set."""
            likely = log_p(data, *fits[K]).logsumexp(-1).mean(-1)  # [starts, R]
            top = likely.argmax(dim=0)
            return [each[top, torch.arange(REPLICAS, device=data.device)] for each in fits[K]]

        def nats(numbers, K):
            """Mean log density of each data set's numbers [R]."""
            return log_p(numbers, *best(K)).logsumexp(-1).mean(-1)

        @stage.look(2)
        def look():
            shown = [each[:1] for each in best(self.pieces)]
            each = log_p(xs[None], *shown)[0].exp()  # [220, K]
            stage.axes("density", x="x", y="density", verticals={"asked": self.x})
            stage.plot("density", xs, {
                "data": bins.repeat_interleave(5), "pieces": each.amax(1), "sum": each.sum(1)
            })  # fmt: skip
            counts = sorted(fits)
            sides = {"the data": data, "new data": new}
            stage.plot("how many pieces", counts, {
                name: [nats(numbers, K).median() for K in counts] for name, numbers in sides.items()
            })  # fmt: skip
            asked = log_p(torch.full((1, 1), self.x, device=data.device), *shown)[0, 0].softmax(0)
            order = asked.argsort(descending=True)[:6]
            stage.bars(
                "whose is it",
                [f"at {shown[1][0, k]:.1f}" for k in order],
                asked[order].round(decimals=3),
            )
            gain = (nats(new, self.pieces) - nats(new, 1)).median()
            stage.headline(f"new data gain {gain:.2f} nats over one bell curve")

        true = log_p(new, *(each[None] for each in truth)).logsumexp(-1).mean(-1)
        stage.axes("how many pieces", x="pieces", y="nats", log="x",
                   lines={"true density": true.median().item()})  # fmt: skip
        for _ in stage.loop(self.steps):
            for K, fit in fits.items():
                whose = log_p(data, *fit).softmax(-1)  # [starts, R, N, K]: p(k|x)
                own = whose.sum(2) + 1e-6  # [starts, R, K]: how many numbers each cause has
                mean = (whose * data[..., None]).sum(2) / own
                off = (data[..., None] - mean[..., None, :]) ** 2
                spread = ((whose * off).sum(2) / own).sqrt().clamp(min=0.05)
                fits[K] = own / self.points, mean, spread

        with stage.probe():
            mine, one, three, forty = (nats(new, K) for K in (self.pieces, 1, 3, 40))
            fitted = nats(data, 40) - nats(data, 3)
            stage.claim("explains", (mine - one).median(), above=0.2)
            stage.claim("near", (true - mine).median(), below=0.08)
            stage.claim("overfits", (three - forty).median(), above=0.01)
            stage.claim("flatters", fitted.median(), above=0.005)

    def begun(self, data, K):
        """Shares, means, spreads [starts, R, K] to begin with: pieces at random numbers."""
        shape = self.starts, REPLICAS, K
        order = torch.rand(self.starts, *data.shape).argsort(-1)[..., :K].to(data.device)
        mean = data.expand(self.starts, -1, -1).gather(2, order)
        return torch.full(shape, 1 / K).to(mean), mean, torch.full(shape, 2.0).to(mean)


def drawn(count):
    """Numbers from the true mixture: [R, count]."""
    cause = torch.multinomial(torch.tensor(SHARES), REPLICAS * count, replacement=True)
    numbers = torch.tensor(MEANS)[cause] + torch.tensor(SPREADS)[cause] * torch.randn(len(cause))
    return numbers.reshape(REPLICAS, count)


def log_p(x, share, mean, spread):
    """ln πₖ N(x; μₖ, σₖ²) of numbers [R, N] under each piece [..., R, K]: [..., R, N, K]."""
    share, mean, spread = (each[..., None, :] for each in (share, mean, spread))
    z = (x[..., None] - mean) / spread
    return share.log() - z**2 / 2 - spread.log() - math.log(2 * math.pi) / 2
