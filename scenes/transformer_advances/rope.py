"""
# How can a rotation tell how far apart two words are?

Attention compares a query with a key, and neither knows where its word stands. One can add a vector
for the place to each word; but then the net has to work out distances from two places, and a place
that it never saw in training means nothing to it.

**RoPE** (Su et al., 2021) turns instead of adding. Look at two numbers of the query as a clock's
hand, and turn it by an angle that grows with its word's place m. Do the same with the key at its
place n. A product of two hands depends on the angle between them alone. So if both words move on,
both hands turn alike, and nothing changes:

    q = R(mθ) W_Q x
    k = R(nθ) W_K y
    q·k = (W_Q x) · R((n−m)θ) W_K y

x and y are the two words, θ is the angle for one place, and R(a) turns a pair (u, v) by a:

    R(a) = cos a  −sin a
           sin a   cos a

A vector of D numbers has D/2 such hands, each with a θ of its own, from one radian a place down to
nearly none. The fast ones tell neighbours apart, the slow ones far places. Turning keeps lengths.

Two nets learn to name the symbol that stood three places before. Both can, where they have learned.
Then the same texts stand a thousand places later. And see the second panel: what the rotating net
has learned is a score that is highest three places back, wherever that is.

Rotate queries and keys only. Values are handed on, not compared: turned, they would say where they
come from.

## Tomorrow

Turn q and k, never v, and keep turned keys in the cache. Test a position scheme by shifting the
same text, before you trust it with longer ones.
"""

import math

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from dlplay import Choice, Float, Int, Scene, Try

V, T, D = 10, 24, 48  # symbols, tokens, width
FAR = (0, 3, 10, 30, 100, 300, 1000)  # places by which new texts are moved
NETS = ("turned", "added")


class Rope(Scene):
    covers = ("RoPE", "RoPE — The Rotation Matrix", "RoPE — Mathematical Proof of Relativity")
    panels = {
        "clock": "query and key, turned by their places: their angle is the distance",
        "score by distance": "of the average query and key, in the net that turns",
        "right, moved": "share right in texts that stand so much later",
    }
    claims = {
        "stands": "by the book: both places moved on by 2,000, a score changes by less than 1e-9",
        "far": "texts moved by 1,000 places: the net that turns is right in over 0.95",
        "lost": "there the net to which positions are added is right in less than 0.35",
        "control": "unmoved, that net is right in over 0.95, too",
        "direction": "the score three places back exceeds that three places ahead by over 4",
    }
    tries = (
        Try(
            "added=sines",
            "Sines and cosines are added, not rows of a learned table. They go on for ever. Right "
            "at texts moved by 1,000?",
            ("as often as with turning", "more often than with the table, by far not always",
             "as rarely as with the table"),
            right=2,
            breaks="lost",
            keeps=("far", "control"),
            why="Moving on turns their pairs too. But what is added is multiplied with the words "
            "as well, and those products depend on the place.",
        ),
        Try(
            "turned='values too'",
            "What is handed on is turned as well. Which texts suffer?",
            ("those that are moved far", "none: all is turned alike", "all: nothing is learned"),
            right=1,
            breaks="far",
            keeps=("control", "direction"),
            why="Scores compare two hands and lose the place; a mean of values keeps it. Near the "
            "places of training the net has learned to turn back, far away it has not.",
        ),
        Try(
            "turned='keys alone'",
            "Keys are turned, queries are not. What does the net learn?",
            ("as much: one turn is enough", "hardly anything", "to look at fixed places"),
            right=2,
            breaks=("far", "direction"),
            keeps="control",
            why="Now the angle tells where the key stands, not how far it is from who asks. Three "
            "places back is somewhere else for each word.",
        ),
    )  # fmt: skip
    quick = {"steps": 8}

    place = Int(12, min=0, max=2000, live=True, help="m, where the query stands")
    back = Int(3, min=-12, max=12, live=True, help="m − n, how far before it the key stands")
    clock = Int(3, min=1, max=12, live=True, help="which pair of numbers is shown; 1: the fastest")
    turned = Choice("both", ("both", "keys alone", "values too"), help="what the first net turns")
    added = Choice("table", ("table", "sines"), help="what is added in the second net")
    learning_rate = Float(0.01, min=1e-4, max=0.1, log=True, live=True, help="of Adam")
    steps = Int(200, min=5, max=3000, log=True, help="steps of 64 texts, for each net")

    def run(self, stage):
        speed = 10_000.0 ** (-torch.arange(0, D, 2, dtype=torch.float64) / D)  # θ [D/2]

        def angles(places):
            return torch.as_tensor(places, dtype=torch.float64)[..., None] * speed  # [..., D/2]

        def turn(x, places):
            """Each pair of numbers of x [..., T, D] turned by its angle at these places [T]."""
            a = angles(places).to(x)
            u, v = x[..., 0::2], x[..., 1::2]
            return torch.stack([u * a.cos() - v * a.sin(), u * a.sin() + v * a.cos()], -1).flatten(
                -2
            )

        nets = nn.ModuleDict({name: Attention() for name in NETS}).to(stage.device)
        table = torch.randn(T + FAR[-1], D)  # rows beyond T stay as they were drawn
        learned = self.added == "table"
        if not learned:
            a = angles(range(len(table)))
            table = torch.stack([a.sin(), a.cos()], dim=2).flatten(1).float()
        table = nn.Parameter(table.to(stage.device), requires_grad=learned)
        adam = torch.optim.Adam([*nets.parameters(), table], lr=self.learning_rate)

        def scores(name, x, start=0):
            """A net's scores for the symbol asked at each place, of texts x [N, T] from `start`."""
            net, places = nets[name], torch.arange(start, start + T, device="cpu")
            h = net.words(x)  # [N, T, D]
            if name == "added":
                h = h + table[start : start + T]
            q, k, v = net.query(h), net.key(h), net.value(h)
            if name == "turned":
                q = q if self.turned == "keys alone" else turn(q, places)
                k = turn(k, places)
                v = turn(v, places) if self.turned == "values too" else v
            weights = (q @ k.mT / math.sqrt(D)).softmax(dim=2)  # all see all, before and after
            return net.answer(weights @ v)  # [N, T, V]

        def texts(N):
            """Symbols [N, T], and at each place that three before it (none for the first three)."""
            x = torch.randint(V, (N, T), device="cpu").to(stage.device)
            return x, x[:, :-3]

        x_new, y_new = texts(100)

        def right(name, moved=0):
            found = scores(name, x_new, moved)[:, 3:].argmax(dim=2)
            return (found == y_new).float().mean().item()

        def average(distance, place=0):
            """The score of the net's mean query and mean key at places m and n = m − distance."""
            net = nets["turned"]
            h = net.words.weight.mean(dim=0)
            q, k = (f(h).detach().cpu().double() for f in (net.query, net.key))
            if self.turned != "keys alone":
                q = turn(q[None], [place])[0]
            return float(q @ turn(k[None], [place - distance])[0]) / math.sqrt(D)

        distances = range(-12, 13)
        going = {"on": 0}

        @stage.look(5, nets)
        def look():
            m = self.place + going["on"]  # while it learns both words move on
            theta = speed[self.clock - 1].item()
            ends = {"query": m * theta, "key": (m - self.back) * theta}
            hands = {name: [(0.0, 0.0), (math.sin(a), math.cos(a))] for name, a in ends.items()}
            round_ = torch.linspace(0, 2 * math.pi, 73, device="cpu")
            hands["one turn"] = torch.stack([round_.sin(), round_.cos()], dim=1)
            stage.plane("clock", x=(-1.5, 1.5), y=(-1.1, 1.1), paths=hands)
            marks = {"chosen": self.back, "asked for": 3}
            stage.axes("score by distance", x="places before", y="score",
                       verticals=marks)  # fmt: skip
            series = {"score": [average(each, m) for each in distances]}
            stage.plot("score by distance", distances, series)
            far = {name: [right(name, moved) for moved in FAR] for name in NETS}
            stage.axes("right, moved", x="places + 1", y="share", log="x",
                       lines={"guessing": 1 / V})  # fmt: skip
            stage.plot("right, moved", [moved + 1 for moved in FAR], far)
            stage.headline(
                f"words at {m} and {m - self.back}: score {average(self.back, m):.2f}; moved by "
                f"1,000 right: turned {far['turned'][-1]:.0%}, added {far['added'][-1]:.0%}"
            )

        for step in stage.loop(self.steps):
            adam.param_groups[0]["lr"] = self.learning_rate
            x, y = texts(64)
            said = [scores(name, x)[:, 3:].flatten(0, 1) for name in NETS]
            loss = sum(cross_entropy(each, y.flatten()) for each in said)
            adam.zero_grad()
            loss.backward()
            adam.step()
            going["on"] = step + 1 if step + 1 < self.steps else 0

        with stage.probe(nets):
            moved = max(abs(average(each, 2000) - average(each)) for each in distances)
            stage.claim("stands", moved, below=1e-9)
            stage.claim("far", right("turned", 1000), above=0.95)
            stage.claim("lost", right("added", 1000), below=0.35)
            stage.claim("control", right("added"), above=0.95)
            stage.claim("direction", average(3) - average(-3), above=4)


class Attention(nn.Module):
    """One layer that looks, without anything else: its maps."""

    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(V, D)
        self.query, self.key, self.value = (nn.Linear(D, D, bias=False) for _ in range(3))
        self.answer = nn.Linear(D, V)
