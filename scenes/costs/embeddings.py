r"""
# Pull, push, angle, order

An *embedding* puts each example at a point, so that near means alike. No point has a right place:
losses speak only of pairs and triplets. Here nets 64-64-k embed digits, by class, all on the same
examples: k = 2, for names with a + k = 8 (`dimensions`), for ranking 1. m is the `margin`.

**Hinge embedding**, `nn.HingeEmbeddingLoss`, takes a distance d (it computes none) and y = ±1:

$$ \text{alike: } d \qquad \text{different: } \max(0, m - d) $$

The slope for d is 1, or −1 until the pair is m apart, then exactly 0. **Triplet**,
`nn.TripletMarginLoss`, takes an anchor a, a positive p of its class, a negative n of another:

$$ \max(0, d(a, p) - d(a, n) + m) $$

Slopes 1 and −1 for the two distances, both 0 once n is m further away than p. **Cosine**,
`nn.CosineEmbeddingLoss`, looks at the angle alone:

$$ \cos = \frac{a \cdot b}{|a| |b|} $$

$$ \text{alike: } 1 - \cos \qquad \text{different: } \max(0, \cos - m) $$

The slope of cos for a, (b̂ − cos â) / |a|, only turns a; it has no limit at a = 0. **Ranking**,
`nn.MarginRankingLoss`, compares two scores, y = 1 if the first belongs higher; slopes −y and y:

$$ \max(0, -y (x_1 - x_2) + m) $$

Margins, unless given: 1, 1, 0, 0. A distance has a kink at d = 0, and no slope: PyTorch adds 1e-6
to every coordinate, so that two equal points have a direction to part in.

## What is true, and what is only told

- *Pull alone* is solved by one point for all. The push is what makes an embedding.
- *"The triplet loss sends d(a, p) to 0, and d(a, n) as far as it goes."* Neither: it stops when the
  gap is m. Classes stay clouds, whose size m sets, for m is the only length in it. PyTorch does not
  square d; FaceNet does.
- *Ranking with margin 0*, the default, is solved by equal scores. The order is nearly right, but
  the scores lie within a few hundredths. And scores are not labels: right order, wrong numbers.
- *"1 − cos is the normalised distance."* It is half its *square*, |â − b̂|² / 2; the distance
  itself differs by up to ½. *"cos = 1 means the same"*: a and 2a have it; the same direction.
- *"Magnitude only disturbs, in high dimensions above all."* It may be what counts; the cosine
  throws it away. What dimension does: cosines of random vectors have standard deviation 1 / √d.
- *How low a margin?* At most 2k directions have all their cosines ≤ 0: 4 in the plane, too few for
  ten digits, 16 in eight dimensions. With m = −½ at most 3, in any number of dimensions. So take
  some dimensions and 0 ≤ m ≤ ½.

## Watch

- **map**: unseen digits, by the net of `shown`, and one triplet: lines from a to p and to n. Of
  cosine nets directions, of k = 8 the two main axes; for ranking the digit above its score.
- **distances** of 2,000 unseen anchors from their positive and their negative.
- **neighbours**: how many unseen digits the 5 nearest of 700 known ones name rightly.
- **spread**: standard deviation of the ranking scores, with margins 0, m / 10 and m.
- **push and pull**: the losses over the distance; the triplet's over d(a, n), with d(a, p) = ½.

## Try

- `shown=pull`: all into one point; then `push=1` while it runs. `margin=0`: everything collapses.
- `margin=3`: all maps grow. `dimensions=2`: + is no better.
- `shown=cosine+`, `cosine_margin=-1`: all digits opposite each other? `cosine_margin=1`: no push.
- `mistake=regress labels`: exact numbers for the scores. `mistake=wrong sign`: y of ranking turned
  round, p and n of triplets exchanged, and all is upside down.
- `mistake=dot product`: forgets |a| |b|.
- `mistake=positive vectors`: numbers between 0 and 1, such as pixels: no longer nearly orthogonal.
"""

import torch
from torch import nn
from torch.nn import functional as fn

from dlplay import Choice, Float, Int, Scene, claim
from dlplay.data import digits
from dlplay.nn.batched import BatchedLinear, side_by_side

BATCH, KNOWN = 128, 700
TINY = 1e-9  # the least margin of triplets: PyTorch refuses 0
ARMS = {  # name: (loss, wide)
    "pull": ("hinge", False),
    "hinge": ("hinge", False),
    "hinge+": ("hinge", True),
    "triplet": ("triplet", False),
    "triplet/5": ("triplet", False),
    "triplet+": ("triplet", True),
    "cosine": ("cosine", False),
    "cosine+": ("cosine", True),
    "cosine+ 0": ("cosine", True),
    "cosine+ -0.5": ("cosine", True),
    "rank 0": ("rank", False),
    "rank m/10": ("rank", False),
    "rank m": ("rank", False),
}
LISTED = ("pull", "triplet", "cosine", "cosine+")  # in neighbours


class Triplets:
    """Draws anchors, positives of the same class and negatives of another one."""

    def __init__(self, y):
        self.y, self.sorted = y, y.argsort()
        self.count = y.bincount(minlength=10)
        self.start = self.count.cumsum(0) - self.count

    def member(self, label):
        """A random example of each of these classes."""
        share = torch.rand(len(label), device=label.device)
        return self.sorted[self.start[label] + (share * self.count[label]).long()]

    def draw(self, n):
        a = torch.randint(len(self.y), (n,), device=self.y.device)
        other = (self.y[a] + torch.randint(1, 10, (n,), device=self.y.device)) % 10
        return a, self.member(self.y[a]), self.member(other)


class Embeddings(Scene):
    covers = {
        "nn.HingeEmbeddingLoss()": (
            "map",
            "distances",
            "neighbours",
            "push and pull",
            "plane_reads",
            "wide_reads",
            "hinge_separates",
            "pull_collapses",
            "pull_reads_nothing",
            "beyond_margin",
            "defaults",
        ),
        "nn.TripletMarginLoss()": (
            "map",
            "distances",
            "neighbours",
            "push and pull",
            "plane_reads",
            "wide_reads",
            "satisfied",
            "not_to_zero",
            "margin_is_the_ruler",
            "beyond_margin",
            "defaults",
        ),
        "nn.MarginRankingLoss()": (
            "spread",
            "by the book",
            "no_margin_no_spread",
            "order_without_margin",
            "margin_orders",
            "order_is_right",
            "rank_correlation",
            "scores_are_no_labels",
            "defaults",
        ),
        "nn.CosineEmbeddingLoss()": (
            "neighbours",
            "by the book",
            "cosine_wide_reads",
            "circle_too_small",
            "negative_margin",
            "scale_free",
            "half_square",
            "not_the_distance",
            "orthogonal",
            "defaults",
        ),
    }
    panels = ("map", "neighbours", "distances", "spread", "push and pull", "by the book")
    quick = {"steps": 10}

    shown = Choice(
        "triplet",
        (
            "pull",
            "hinge",
            "hinge+",
            "triplet",
            "triplet/5",
            "triplet+",
            "cosine",
            "cosine+",
            "cosine+ 0",
            "cosine+ -0.5",
            "rank 0",
            "rank m/10",
            "rank m",
        ),
        live=True,
        help="the net on the map",
    )
    margin = Float(1, min=0, max=3, step=0.1, live=True, help="m of hinge, triplet and ranking")
    cosine_margin = Float(0.5, min=-1, max=1, step=0.1, live=True, help="m of cosine+")
    push = Float(0, min=0, max=1, live=True, help="weight of the push in the net named pull")
    dimensions = Int(8, min=2, max=8, help="k of the wide nets")
    mistake = Choice(
        "none",
        (
            "none",
            "squared distance",
            "dot product",
            "positive vectors",
            "regress labels",
            "wrong sign",
        ),
        live=True,
        help="a popular slip, for the claims to fail",
    )
    learning_rate = Float(0.005, min=1e-5, max=0.1, log=True, live=True, help="Adam's step size")
    steps = Int(400, min=10, max=5000, help="training steps")

    def run(self, stage):
        x, y, new_x, new_y = (part.to(stage.device) for part in digits())
        x, new_x = x.flatten(1), new_x.flatten(1)  # [1400, 64], [397, 64]
        known, unseen = Triplets(y), Triplets(new_y)
        self.net = nn.Sequential(  # all nets have 8 outputs, of which they use the first k
            BatchedLinear(len(ARMS), 64, 64), nn.ReLU(), BatchedLinear(len(ARMS), 64, 8, gain=1)
        ).to(stage.device)
        self.used = torch.zeros(len(ARMS), 8, device=stage.device)
        for k, (loss, wide) in enumerate(ARMS.values()):
            self.used[k, : self.dimensions if wide else 1 if loss == "rank" else 2] = 1
        adam = torch.optim.Adam(self.net.parameters(), fused=True)
        stage.watch(self.net)
        stage.axes("neighbours", y="share of digits read", lines={"guessing": 0.1})
        stage.axes("spread", y="std of scores", log="y")
        stage.axes("push and pull", x="distance", y="loss")
        with stage.probe(self.net):
            one = torch.cat([part[:1] for part in unseen.draw(1)])  # the triplet on the map
            cosines = random_cosines(self.mistake, stage.device)

        for _ in stage.loop(self.steps):
            a, p, n = known.draw(BATCH)
            points = self.embed(x[torch.cat([a, p, n])]).split(BATCH)  # 3 × [128, arms, 8]
            sign = (y[a] - y[n]).sign().float()  # 1 where the anchor's digit is the greater
            loss = 0
            for k, name in enumerate(ARMS):
                loss = loss + self.loss(name, *(z[:, k] for z in points), sign, y[a], y[n])
            adam.param_groups[0]["lr"] = self.learning_rate
            adam.zero_grad()
            loss.backward()
            adam.step()

            if stage.changed("mistake"):
                with stage.probe():
                    cosines = random_cosines(self.mistake, stage.device)
            if stage.every(20) or stage.changed("shown", "margin", "mistake"):
                with stage.probe(self.net):
                    reference = self.places(x[:KNOWN])  # [arms, 700, 8]
                    where = self.places(new_x)  # [arms, 397, 8]
                    read = neighbours(where, reference, new_y, y[:KNOWN])
                    facts = self.facts(where, new_y, unseen)
                    self.draw_map(stage, where, new_y, one)
                    self.draw_distances(stage, where, unseen)
                    self.draw_losses(stage)
                    book = self.book(stage.device)
                stage.curve("neighbours", {name: read[name] for name in LISTED})
                stage.curve("spread", {name: facts[name, "std"] for name in list(ARMS)[-3:]})
                self.report(stage, read, facts, book, cosines)

    def embed(self, x):
        """x [N, 64] -> points [N, arms, 8], the unused coordinates 0."""
        return self.net(side_by_side(x, len(ARMS))) * self.used

    def places(self, x):
        """Points [arms, N, 8]; those of the cosine nets on the unit sphere."""
        z = self.embed(x).transpose(0, 1)
        round_ = torch.tensor([loss == "cosine" for loss, _ in ARMS.values()], device=z.device)
        return torch.where(round_[:, None, None], fn.normalize(z, dim=2), z)

    def loss(self, name, a, p, n, sign, label_a, label_n):
        """The loss of one net on its points a, p, n [128, 8]."""
        ones = torch.ones_like(sign)
        if ARMS[name][0] == "hinge":
            pull = fn.hinge_embedding_loss(fn.pairwise_distance(a, p), ones)
            push = fn.hinge_embedding_loss(fn.pairwise_distance(a, n), -ones, self.margin)
            return (pull + (self.push if name == "pull" else 1) * push) / 2
        if ARMS[name][0] == "triplet":
            margin = self.margin / 5 if name == "triplet/5" else self.margin
            p, n = (n, p) if self.mistake == "wrong sign" else (p, n)
            return fn.triplet_margin_loss(a, p, n, margin=max(margin, TINY))
        if ARMS[name][0] == "cosine":
            margins = {"cosine+": self.cosine_margin, "cosine+ -0.5": -0.5}
            pull = fn.cosine_embedding_loss(a, p, ones)
            return (pull + fn.cosine_embedding_loss(a, n, -ones, margins.get(name, 0.0))) / 2
        if self.mistake == "regress labels":
            return fn.mse_loss(a[:, 0], label_a.float()) + fn.mse_loss(n[:, 0], label_n.float())
        sign = -sign if self.mistake == "wrong sign" else sign
        margins = {"rank 0": 0.0, "rank m/10": self.margin / 10, "rank m": self.margin}
        return fn.margin_ranking_loss(a[:, 0], n[:, 0], sign, margins[name])

    def facts(self, where, y, unseen):
        """Numbers about the nets on unseen digits, by net and name."""
        found = {}
        same = y[:, None] == y
        self_pairs = torch.eye(len(y), dtype=torch.bool, device=y.device)
        a, p, n = unseen.draw(2000)
        order = (y[:, None] - y).sign()
        for k, name in enumerate(ARMS):
            d = torch.cdist(where[k], where[k])  # [397, 397]
            found[name, "alike"] = d[same & ~self_pairs].mean().item()
            found[name, "different"] = d[~same].mean().item()
            gap = torch.linalg.norm(where[k, a] - where[k, n], dim=1)
            gap = gap - torch.linalg.norm(where[k, a] - where[k, p], dim=1)
            found[name, "satisfied"] = (gap >= self.margin).float().mean().item()
            score = where[k, :, 0]
            found[name, "std"] = score.std().item()
            right = ((score[:, None] - score).sign() == order)[~same]
            found[name, "order"] = right.float().mean().item()
            found[name, "spearman"] = spearman(score, y.float()).item()
            found[name, "error"] = (score - y).abs().mean().item()
        return found

    def draw_map(self, stage, where, y, one):
        k = list(ARMS).index(self.shown)
        loss, wide = ARMS[self.shown]
        z = where[k]  # [397, 8]
        labels = ("z₁", "z₂")
        if loss == "rank":
            xy, labels = torch.stack([z[:, 0], y.float()], dim=1), ("score", "digit")
        elif wide:
            axes = torch.linalg.svd(z - z.mean(0), full_matrices=False).Vh[:2]  # [2, 8]
            xy, labels = (z - z.mean(0)) @ axes.T, ("main axis", "second axis")
        else:
            xy = z[:, :2]
        middle = (xy.amin(0) + xy.amax(0)) / 2
        reach = (1.05 * (xy - middle).abs().amax(0)).clamp(min=1.05)  # a collapse is to be seen
        (x0, y0), (x1, y1) = (middle - reach).tolist(), (middle + reach).tolist()
        a, p, n = xy[one]
        stage.plane(
            "map",
            x=(x0, x1),
            y=(y0, y1),
            points={str(digit): xy[y == digit] for digit in range(10)},
            paths={"a-p": torch.stack([a, p]), "a-n": torch.stack([a, n])},
            x_label=labels[0],
            y_label=labels[1],
        )

    def draw_distances(self, stage, where, unseen):
        a, p, n = where[list(ARMS).index(self.shown)][torch.stack(unseen.draw(2000))]
        to_p, to_n = (a - p).norm(dim=1), (a - n).norm(dim=1)
        stage.histogram(
            "distances",
            {"to positive": to_p, "to negative": to_n},
            low=0,
            high=max(2.0, to_n.max().item(), to_p.max().item()),
            x="distance",
        )

    def draw_losses(self, stage):
        d = torch.linspace(0, 4, 81)
        curves = {
            "alike": d,
            "different": (self.margin - d).clamp(min=0),
            "triplet": (0.5 - d + self.margin).clamp(min=0),
        }
        stage.plot("push and pull", d, curves)

    def book(self, device):
        """Identities, each with PyTorch's function on one side."""
        a, b, c = torch.randn(3, 500, 8, generator=torch.Generator().manual_seed(0)).to(device)
        unit_a, unit_b = fn.normalize(a, dim=1), fn.normalize(b, dim=1)
        cosine = self.similarity(a, b)
        distance = (unit_a - unit_b).norm(dim=1)
        ones = torch.ones(500, device=device)
        d, e = (a - b).norm(dim=1), (a - c).norm(dim=1)
        if self.mistake == "squared distance":
            d, e = d**2, e**2
        wrong = [  # without a margin given: 1, 1, 0, 0
            nn.HingeEmbeddingLoss()(d, -ones) - (1 - d).clamp(min=0).mean(),
            nn.TripletMarginLoss()(a, b, c) - (d - e + 1).clamp(min=0).mean(),
            nn.MarginRankingLoss()(d, e, ones) - (e - d).clamp(min=0).mean(),
            nn.CosineEmbeddingLoss()(a, b, -ones) - fn.cosine_similarity(a, b).clamp(min=0).mean(),
        ]
        return {
            "defaults": torch.stack(wrong).abs().max().item(),
            "beyond": beyond(self.margin, device),
            "scale": max(
                (self.similarity(3 * a, 0.1 * b) - cosine).abs().max().item(),
                (self.similarity(a, 2 * a) - 1).abs().max().item(),
            ),
            "half": (1 - cosine - distance**2 / 2).abs().max().item(),
            "plain": (1 - cosine - distance).abs().max().item(),
        }

    def similarity(self, a, b):
        if self.mistake == "dot product":
            return (a * b).sum(1)
        return fn.cosine_similarity(a, b)

    def report(self, stage, read, facts, book, cosines):
        stage.table(
            "by the book",
            ["quantity", "here", "theory"],
            [
                ["order, rank 0", facts["rank 0", "order"], "less"],
                ["order, rank m", facts["rank m", "order"], "more"],
                ["|score − digit|", facts["rank m", "error"], "any"],
                ["gap ≥ m, triplet", facts["triplet", "satisfied"], "1"],
                ["beyond the margin", book["beyond"], "0"],
                ["cos: 3a, b/10; a, 2a", book["scale"], "0"],
                ["1−cos − |â−b̂|²/2", book["half"], "0"],
                ["1−cos − |â−b̂|", book["plain"], "to 0.5"],
                ["std of cos, 512-D", cosines[512], f"{512**-0.5:.3f}"],
            ],
        )
        off = [abs(s * d**0.5 - 1) for d, s in cosines.items()]
        stage.measure(
            pull_right=read["pull"],
            pull_distance=facts["pull", "different"],
            plane_right=min(read["hinge"], read["triplet"]),
            wide_right=min(read["hinge+"], read["triplet+"]),
            hinge_ratio=facts["hinge", "different"] / max(facts["hinge", "alike"], 1e-9),
            triplet_satisfied=facts["triplet", "satisfied"],
            triplet_alike=facts["triplet", "alike"],
            ruler=facts["triplet", "alike"] / max(facts["triplet/5", "alike"], 1e-9),
            no_margin_std=facts["rank 0", "std"],
            no_margin_order=facts["rank 0", "order"],
            order_gain=facts["rank m", "order"] - facts["rank 0", "order"],
            least_order=min(facts["rank m", "order"], facts["rank m/10", "order"]),
            spearman=facts["rank m", "spearman"],
            score_error=facts["rank m", "error"],
            cosine_wide_right=min(read["cosine+"], read["cosine+ 0"]),
            width_gain=read["cosine+"] - read["cosine"],
            negative_cost=read["cosine+"] - read["cosine+ -0.5"],
            beyond=book["beyond"],
            defaults_error=book["defaults"],
            scale_error=book["scale"],
            half_square_error=book["half"],
            distance_error=book["plain"],
            cosine_spread_error=max(off),
        )

    @claim(
        "pull alone puts all in one place: the mean distance of different digits falls below 0.05",
        breaks={"push": 1, "steps": 100},
    )
    def pull_collapses(self, measured):
        return measured.pull_distance < 0.05

    @claim("and its neighbours read less than 0.6 of the digits", breaks={"push": 1, "steps": 100})
    def pull_reads_nothing(self, measured):
        return measured.pull_right < 0.6

    @claim(
        "with a push, neighbours read more than 0.85 in two dimensions: hinge and triplet both",
        breaks={"margin": 0, "steps": 100},
    )
    def plane_reads(self, measured):
        return measured.plane_right > 0.85

    @claim("and more than 0.92 in eight", breaks={"margin": 0, "steps": 100})
    def wide_reads(self, measured):
        return measured.wide_right > 0.92

    @claim(
        "different digits are more than 3 times as far apart as alike ones",
        breaks={"margin": 0, "steps": 100},
    )
    def hinge_separates(self, measured):
        return measured.hinge_ratio > 3

    @claim(
        "the negative is at least m further away than the positive in over 80 % of unseen triplets",
        breaks={"mistake": "wrong sign", "steps": 50},
    )
    def satisfied(self, measured):
        return measured.triplet_satisfied > 0.8

    @claim(
        "but alike digits are not sent to distance 0: they stay more than 0.5 apart",
        breaks={"margin": 0, "steps": 100},
    )
    def not_to_zero(self, measured):
        return measured.triplet_alike > 0.5

    @claim(
        "the margin is the ruler: with m / 5 they are less than half as far apart",
        breaks={"margin": 0, "steps": 100},
    )
    def margin_is_the_ruler(self, measured):
        return measured.ruler > 2

    @claim(
        "a pair 1.5 apart, a triplet with distances 0.5 and 2: loss and gradient are 0, exactly",
        breaks={"margin": 3, "steps": 10},
    )
    def beyond_margin(self, measured):
        return measured.beyond == 0

    @claim(
        "unless told, the margins are 1, 1, 0, 0, and distances are not squared: to within 1e-5",
        breaks={"mistake": "squared distance", "steps": 10},
    )
    def defaults(self, measured):
        return measured.defaults_error < 1e-5

    @claim(
        "ranking without a margin: the scores' standard deviation falls below 0.15",
        breaks={"mistake": "regress labels", "steps": 100},
    )
    def no_margin_no_spread(self, measured):
        return measured.no_margin_std < 0.15

    @claim(
        "the order of unseen pairs is right even so in more than 0.75 of them",
        breaks={"mistake": "wrong sign", "steps": 50},
    )
    def order_without_margin(self, measured):
        return measured.no_margin_order > 0.75

    @claim(
        "with a margin in over 0.88, be it m or m / 10",
        breaks={"mistake": "wrong sign", "steps": 50},
    )
    def order_is_right(self, measured):
        return measured.least_order > 0.88

    @claim(
        "which is more than without one, by over 0.01",
        breaks={"mistake": "regress labels", "steps": 100},
    )
    def margin_orders(self, measured):
        return measured.order_gain > 0.01

    @claim(
        "by rank, score and digit are correlated (Spearman) by over 0.85",
        breaks={"mistake": "wrong sign", "steps": 50},
    )
    def rank_correlation(self, measured):
        return measured.spearman > 0.85

    @claim(
        "and scores are no labels: they are off by more than 2.5 on average",
        breaks={"mistake": "regress labels", "steps": 100},
    )
    def scores_are_no_labels(self, measured):
        return measured.score_error > 2.5

    @claim(
        "angles in eight dimensions read more than 0.85, with a margin of ½ and with 0",
        breaks={"dimensions": 2, "steps": 100},
    )
    def cosine_wide_reads(self, measured):
        return measured.cosine_wide_right > 0.85

    @claim(
        "on a circle they read less, by more than 0.1: there is no room for ten right angles",
        breaks={"dimensions": 2, "steps": 100},
    )
    def circle_too_small(self, measured):
        return measured.width_gain > 0.1

    @claim(
        "a margin of −½ asks for what cannot be: it reads less than with ½, by over 0.02",
        breaks={"cosine_margin": -1, "steps": 100},
    )
    def negative_margin(self, measured):
        return measured.negative_cost > 0.02

    @claim(
        "length does not count: cos(3a, b/10) is cos(a, b), cos(a, 2a) is 1, to within 1e-5",
        breaks={"mistake": "dot product", "steps": 10},
    )
    def scale_free(self, measured):
        return measured.scale_error < 1e-5

    @claim(
        "1 − cos is half the squared distance of the unit vectors, to within 1e-5",
        breaks={"mistake": "dot product", "steps": 10},
    )
    def half_square(self, measured):
        return measured.half_square_error < 1e-5

    @claim(
        "not the distance: from that it differs by up to ½",
        breaks={"mistake": "dot product", "steps": 10},
    )
    def not_the_distance(self, measured):
        return measured.distance_error.between(0.48, 0.51)

    @claim(
        "cosines of random vectors have standard deviation 1/√d, d from 2 to 4096 (within 15 %)",
        breaks={"mistake": "positive vectors", "steps": 10},
    )
    def orthogonal(self, measured):
        return measured.cosine_spread_error < 0.15


def neighbours(where, reference, y, known_y):
    """By net, the share of points whose 5 nearest known ones vote for the right digit."""
    nearest = torch.cdist(where, reference).topk(5, dim=2, largest=False).indices
    votes = fn.one_hot(known_y[nearest], 10).sum(2)  # [arms, 397, 10]
    right = (votes.argmax(2) == y).float().mean(1)
    return dict(zip(ARMS, right.tolist(), strict=True))


def spearman(score, y):
    """The correlation of ranks; equal values share theirs."""
    ranks = [
        (v[:, None] > v).float().sum(1) + (v[:, None] == v).float().sum(1) / 2 for v in (score, y)
    ]
    return torch.corrcoef(torch.stack(ranks))[0, 1]


def beyond(margin, device):
    """Loss and gradients of a different pair 1.5 apart, and of a triplet with 0.5 and 2."""
    with torch.enable_grad():
        d = torch.tensor([1.5], device=device, requires_grad=True)
        pair = nn.HingeEmbeddingLoss(margin)(d, torch.tensor([-1.0], device=device))
        corners = torch.tensor(
            [[0.0, 0.0], [0.5, 0.0], [0.0, 2.0]], device=device, requires_grad=True
        )
        a, p, n = corners.split(1)
        triplet = nn.TripletMarginLoss(max(margin, TINY))(a, p, n)
        slopes = torch.autograd.grad(pair + triplet, (d, corners))
    return (pair + triplet).item() + sum(slope.abs().sum().item() for slope in slopes)


def random_cosines(mistake, device):
    """Standard deviation of the cosine of 1,000 pairs of random vectors, by dimension."""
    draw = torch.rand if mistake == "positive vectors" else torch.randn
    return {
        d: fn.cosine_similarity(*draw(2, 1000, d, device=device), dim=1).std().item()
        for d in (2, 8, 64, 512, 4096)
    }
