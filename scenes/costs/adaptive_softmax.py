r"""
# A vocabulary in drawers

A language model that chooses among V words computes V scores for every word that it reads: with
V = 20,000 and 64 features that is 1.28 million products, nearly all for words that hardly ever
come. `nn.AdaptiveLogSoftmaxWithLoss` (Grave et al., *Efficient softmax approximation for GPUs*,
2017) sorts the vocabulary by frequency into **drawers**, also called clusters. The few frequent
words lie on the table; for each drawer lies one label beside them. A first softmax chooses among
those words and labels, a second one, only when it is needed, within the drawer:

$$ p(word) = p(drawer) \cdot p(word | drawer) $$

So log p is a sum of two log-softmaxes, and the cost is −log p as in cross-entropy. Its slope for
the scores is p − y in the first softmax, p − y again in the drawer where the word lies, and
exactly 0 in all others: those are not even computed. To save more, a drawer first *narrows* its
features: 64 become 64 / 4 = 16 in the first drawer, 64 / 16 = 4 in the second (`narrowing` is
PyTorch's `div_value`). So its scores are a matrix of rank 16 or 4.

The task here: 200 contexts, each followed by 20 words, all equally likely, which differ from
context to context and are drawn by **Zipf's law**: the r-th word is picked with chance ∝ 1 / r.
Nobody can do better than ln 20 = 2.996. Four models train side by side, each with 64 features a
context: **full** (softmax and cross-entropy), **adaptive**, **wide** (drawers that do not narrow),
**shuffled** (adaptive, with the words numbered at random).

## What is true, and what is only told

- It is a proper distribution: all V probabilities add up to 1. What it is not is an estimate of
  the full softmax, such as sampling some wrong words would be.
- *"It gives the same loss as cross-entropy."* No: it is another model. After the same steps its
  cost is clearly higher. Look where: nothing is lost on the table, nearly all in the last drawer,
  whose rank of 4 cannot tell 200 contexts apart.
- Two stages alone cost nothing: **wide** ends beside **full**. (It also has as many parameters:
  all that is saved there is saved by narrowing.)
- *"So much faster."* That depends on the words. Uniform ones are mostly in the last drawer: the
  gain is about half of that for Zipf's. It is counted here in products. A claim about seconds is
  left out, as they differ from machine to machine: for V = 20,000 one core was 5 times faster for
  Zipf's words and 2 times for uniform ones, much less than the products promise, because finding
  each drawer's words and starting small multiplications takes time as well.
- PyTorch checks that the cut-offs ascend (else a ValueError). It cannot check that word 0 is the
  most frequent. Number the words at random, and nothing complains: there is more to compute, and
  frequent words are buried in the narrowest drawer.
- It takes features and targets at once, and has no `reduction`: `output` is log p of the
  targets, `loss` the mean of −log p. All V probabilities are there too, by `log_prob`, at full
  price.

## Watch

- **mean cost**: over all contexts, in nats. **full** and **wide** meet; **adaptive** stays above.
- **cost by rank**: the same, from the most frequent words on the left to the rarest. Below 40
  (on the table) all agree but **shuffled**; beyond 400, where the last drawer begins, the
  adaptive curve jumps.
- **drawers**: how many of the words they hold, and how many of the targets.
- **products**: multiplications per target over the size of the vocabulary, as counted in the
  layers that PyTorch really runs: for Zipf's words, for uniform ones, for shuffled ones.
- **size**: parameters and products, for V = 20,000.

## Try

- `narrowing=1`: adaptive is wide, and the difference is gone. `narrowing=8`: 8 features, and 1.
- `skew=0`: words without Zipf's law. Sorting is pointless, and the gain no more than uniform.
- `first_drawer=0.5`: half of the words on the table; little is saved.
- `formula=forget the drawer`: p(word | drawer) alone. Both drawers then add up to 1 by themselves.
- `learning_rate=0.3`: too large a step for all of them, and the costs part even without narrowing.
- `steps=20`: too early to tell. The second softmax starts late, as rare words are seen rarely.
"""

import math

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from dlplay import Choice, Float, Int, Scene, claim

CONTEXTS, FOLLOWERS, FEATURES, BATCH = 200, 20, 64, 256
LARGE = 20_000  # the vocabulary at which parameters and products are compared


def drawers(words, first, second, narrowing):
    """An adaptive softmax over so many words; first and second are the shares before each cut."""
    table = max(1, round(words * first))
    cut = min(max(table + 1, round(words * second)), words - 1)
    return nn.AdaptiveLogSoftmaxWithLoss(FEATURES, words, [table, cut], div_value=narrowing)


def by_hand(layer, h, formula):
    """log p of every word, from h [N, 64]: [N, V]."""
    table = layer.cutoffs[0]
    head = layer.head(h).log_softmax(1)  # [N, words on the table, then one label per drawer]
    parts = [head[:, :table]]
    for k, drawer in enumerate(layer.tail):
        inside = drawer(h).log_softmax(1)  # log p(word | drawer)
        label = head[:, table + k, None]  # log p(drawer)
        parts.append(inside + label if formula == "two stages" else inside)
    return torch.cat(parts, dim=1)


def zipf(words, skew):
    """p(r) ∝ r^−skew for the ranks r = 1 ... words."""
    p = torch.arange(1, words + 1).double() ** -skew
    return (p / p.sum()).float()


def products(layer, targets):
    """Multiplications per target in the linear layers that run for these targets."""
    counted = []

    def count(linear, inputs, _):
        counted.append(len(inputs[0]) * linear.in_features * linear.out_features)

    hooks = [m.register_forward_hook(count) for m in layer.modules() if isinstance(m, nn.Linear)]
    layer(torch.randn(len(targets), FEATURES, device=targets.device), targets)
    for hook in hooks:
        hook.remove()
    return sum(counted) / len(targets)


class AdaptiveSoftmax(Scene):
    covers = {
        "nn.AdaptiveLogSoftmaxWithLoss()": (
            "mean cost",
            "cost by rank",
            "drawers",
            "products",
            "size",
            "sums",
            "formula_fits",
            "near_floor",
            "not_the_same",
            "two_stages_free",
            "rare_pay",
            "smaller",
            "cheaper",
            "skew_pays",
            "order_matters",
            "order_saves",
        ),
    }
    panels = ("mean cost", "cost by rank", "drawers", "products", "size")
    quick = {"steps": 20, "vocabulary": 500}

    vocabulary = Int(2000, min=200, max=20_000, log=True, help="V, words to choose from")
    first_drawer = Float(0.02, min=0.005, max=0.5, help="share of words before the first drawer")
    second_drawer = Float(0.2, min=0.05, max=0.9, help="share of words before the second drawer")
    narrowing = Float(4, min=1, max=8, step=1, help="each drawer's features are so many times less")
    skew = Float(1, min=0, max=1.5, step=0.1, help="1 is Zipf's law, 0 makes all words alike")
    formula = Choice(
        "two stages",
        ("two stages", "forget the drawer"),
        live=True,
        help="how the claims compute log p by hand",
    )
    learning_rate = Float(
        0.03, min=1e-4, max=0.3, log=True, live=True, help="Adam's first step size; it falls to 0"
    )
    steps = Int(400, min=20, max=5000, help="training steps")

    def run(self, stage):
        device, words = stage.device, self.vocabulary
        p = zipf(words, self.skew)
        follow = torch.multinomial(p.expand(CONTEXTS, -1), FOLLOWERS).to(device)  # [200, 20]
        number = torch.randperm(words).to(device)  # what the shuffled model calls each word
        every = torch.arange(CONTEXTS, device=device)

        layers = {
            "full": nn.Linear(FEATURES, words),
            "adaptive": drawers(words, self.first_drawer, self.second_drawer, self.narrowing),
            "wide": drawers(words, self.first_drawer, self.second_drawer, 1),
            "shuffled": drawers(words, self.first_drawer, self.second_drawer, self.narrowing),
        }
        models = {
            name: nn.ModuleList([nn.Embedding(CONTEXTS, FEATURES), layer]).to(device)
            for name, layer in layers.items()
        }
        weights = [w for model in models.values() for w in model.parameters()]
        adam = torch.optim.Adam(weights, fused=True)
        stage.watch(models["adaptive"])
        floor = {"ln 20": math.log(FOLLOWERS)}
        stage.axes("mean cost", y="nats per word", log="y", lines=floor)
        stage.axes("cost by rank", x="rank", y="nats", log="x", lines=floor)
        self.weigh(stage)

        for step in stage.loop(self.steps):
            c = torch.randint(CONTEXTS, (BATCH,), device=device)
            target = follow[c, torch.randint(FOLLOWERS, (BATCH,), device=device)]  # [256]
            loss = 0
            for name, (embed, layer) in models.items():
                if name == "full":
                    loss = loss + cross_entropy(layer(embed(c)), target)
                else:
                    loss = loss + layer(embed(c), called(name, target, number)).loss
            adam.param_groups[0]["lr"] = self.learning_rate * (1 - step / self.steps)
            adam.zero_grad()
            loss.backward()
            adam.step()

            if stage.every(20) or stage.changed("formula"):
                costs = {}  # of each true follower: [200, 20]
                with stage.probe(*models.values()):
                    for name, (embed, layer) in models.items():
                        h = embed(every)
                        log_p = layer(h).log_softmax(1) if name == "full" else layer.log_prob(h)
                        costs[name] = -log_p.gather(1, called(name, follow, number))
                    embed, layer = models["adaptive"]
                    hand = by_hand(layer, embed(every), self.formula)  # [200, V]
                    output = layer(embed(every), follow[:, 0]).output  # log p of first followers
                stage.curve("mean cost", {name: cost.mean() for name, cost in costs.items()})
                self.draw_ranks(stage, follow, costs)
                self.report(stage, follow, costs, layer.cutoffs)
                gap = hand.gather(1, follow) + costs["adaptive"]
                stage.measure(
                    sum_error=(hand.exp().sum(1) - 1).abs().max(),
                    hand_error=max(gap.abs().max(), (output + costs["adaptive"][:, 0]).abs().max()),
                )

    def draw_ranks(self, stage, follow, costs):
        """Mean cost of the words of ranks 1, 2, 3-4, 5-8, ... that follow some context."""
        ranks = follow.flatten() + 1
        octave = ranks.float().log2().ceil().long()
        found = [k for k in range(int(octave.max()) + 1) if (octave == k).any()]
        middle = [ranks[octave == k].float().log().mean().exp().item() for k in found]
        curves = {
            name: torch.stack([cost.flatten()[octave == k].mean() for k in found])
            for name, cost in costs.items()
        }
        stage.plot("cost by rank", middle, curves)

    def report(self, stage, follow, costs, cutoffs):
        mean = {name: cost.mean().item() for name, cost in costs.items()}
        more = costs["adaptive"] - costs["full"]  # [200, 20]
        table, last = follow < cutoffs[0], follow >= cutoffs[1]
        stage.measure(
            full_cost=mean["full"],
            adaptive_excess=mean["adaptive"] - mean["full"],
            wide_gap=abs(mean["wide"] - mean["full"]),
            rare_excess=more[last].mean() - more[table].mean(),
            shuffled_excess=mean["shuffled"] - mean["adaptive"],
        )

    def weigh(self, stage):
        """Parameters and products, over sizes of the vocabulary, without any training."""
        device, shares = stage.device, (self.first_drawer, self.second_drawer)
        sizes = [500, 1000, 2000, 5000, 10_000, LARGE]
        curves = {"full": [], "adaptive": [], "uniform": [], "shuffled": []}
        with stage.probe():
            for words in sizes:
                layer = drawers(words, *shares, self.narrowing).to(device)
                drawn = torch.multinomial(zipf(words, self.skew), 500, replacement=True).to(device)
                number = torch.randperm(words, device=device)
                even = torch.randint(words, (500,), device=device)
                curves["full"].append(float(FEATURES * words))
                curves["adaptive"].append(products(layer, drawn))
                curves["uniform"].append(products(layer, even))
                curves["shuffled"].append(products(layer, number[drawn]))
                if words == LARGE:
                    large, taken = layer, drawn
            wide = count(drawers(LARGE, *shares, 1))
        stage.axes("products", x="words V", y="products a target", log="xy")
        stage.plot("products", sizes, curves)

        full, adaptive = (FEATURES + 1) * LARGE, count(large)
        full_products, zipf_products, even_products, mixed = (
            curve[sizes.index(LARGE)] for curve in curves.values()
        )
        stage.table(
            "size",
            [f"V = {LARGE:,}", "parameters", "products"],
            [
                ["full", f"{full:,}", f"{full_products:,.0f}"],
                ["wide", f"{wide:,}", ""],
                ["adaptive", f"{adaptive:,}", f"{zipf_products:,.0f}"],
                ["  uniform", "", f"{even_products:,.0f}"],
                ["  shuffled", "", f"{mixed:,.0f}"],
            ],
        )
        table, cut = large.cutoffs[:2]
        place = torch.bucketize(taken, torch.tensor([table, cut], device=device), right=True)
        held = torch.tensor([table, cut - table, LARGE - cut])
        stage.bars(
            "drawers",
            ["on the table", "drawer 1", "drawer 2"],
            {
                "% of words": 100 * held / LARGE,
                "% of targets": 100 * place.bincount(minlength=3) / len(taken),
            },
        )
        stage.measure(
            fewer_parameters=full / adaptive,
            gain=full_products / zipf_products,
            skew_gain=even_products / zipf_products,
            order_gain=mixed / zipf_products,
        )

    @claim(
        "its probabilities of all words add up to 1, to within 1e-4",
        breaks={"formula": "forget the drawer", "steps": 20},
    )
    def sums(self, measured):
        return measured.sum_error < 1e-4

    @claim(
        "log p is log p(drawer) + log p(word | drawer): by hand, by log_prob and by output the "
        "same, to within 1e-4",
        breaks={"formula": "forget the drawer", "steps": 20},
    )
    def formula_fits(self, measured):
        return measured.hand_error < 1e-4

    @claim(
        "the full softmax comes near the best possible cost, ln 20 = 2.996: below 3.4",
        breaks={"learning_rate": 0.3, "vocabulary": 500, "steps": 100},
    )
    def near_floor(self, measured):
        return measured.full_cost < 3.4

    @claim(
        "the adaptive softmax is another model: after the same steps it costs over 0.15 nats more",
        breaks={"narrowing": 1, "vocabulary": 1000},
    )
    def not_the_same(self, measured):
        return measured.adaptive_excess > 0.15

    @claim(
        "two stages alone cost nothing: without narrowing the two differ by less than 0.1 nats",
        breaks={"learning_rate": 0.3, "vocabulary": 500, "steps": 100},
    )
    def two_stages_free(self, measured):
        return measured.wide_gap < 0.1

    @claim(
        "rare words pay: in the last drawer it loses over 0.5 nats more than on the table",
        breaks={"narrowing": 1, "vocabulary": 1000},
    )
    def rare_pay(self, measured):
        return measured.rare_excess > 0.5

    @claim(
        "with 20,000 words it has less than a fifth of the parameters",
        breaks={"narrowing": 1, "vocabulary": 1000},
    )
    def smaller(self, measured):
        return measured.fewer_parameters > 5

    @claim(
        "and takes less than a tenth of the products for words by Zipf's law",
        breaks={"first_drawer": 0.5, "steps": 20},
    )
    def cheaper(self, measured):
        return measured.gain > 10

    @claim(
        "the gain is Zipf's: uniform words take more than 1.3 times the products",
        breaks={"skew": 0, "vocabulary": 500, "steps": 100},
    )
    def skew_pays(self, measured):
        return measured.skew_gain > 1.3

    @claim(
        "words must be sorted: numbered at random, they take more than 1.3 times the products",
        breaks={"skew": 0, "vocabulary": 500, "steps": 100},
    )
    def order_saves(self, measured):
        return measured.order_gain > 1.3

    @claim(
        "and end with a cost that is over 0.4 nats higher",
        breaks={"skew": 0, "vocabulary": 500, "steps": 100},
    )
    def order_matters(self, measured):
        return measured.shuffled_excess > 0.4


def called(name, words, number):
    """The words' numbers in the model of that name."""
    return number[words] if name == "shuffled" else words


def count(layer):
    return sum(w.numel() for w in layer.parameters())
