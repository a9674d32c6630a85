"""
# Does attention tell which word mattered?

A Bi-LSTM leaves one state at each word. To name the class of a whole text you need *one* vector.
The plain **mean** of all states would do. **Attention** is a mean with weights of its own for each
text:

    score(t) = w · tanh(h(t))
    α = softmax(scores)
    r = Σ α(t) · h(t)

h(t) is the sum of the forward and the backward state at word t, w a learned vector, α(t) the weight
of word t. The weights are never negative and sum to 1. This is the Att-BLSTM (Zhou et al., 2016).

Here one key word among 29 fillers decides the class. Six nets learn from the same texts: one takes
the mean, five attend and differ only in their first random weights. All six get nearly every text
right. So it isn't attention that finds the key, it is the net below: any mean over all states will
do.

Now look where the five put their weight. They agree on the answer and on little else. Some point at
the key, others next to it, or spread. The reason is below the attention: a state is no word. The
LSTM carries the key's news on to its neighbours, so many states know the answer, and the net may
collect it from any of them. The weights say where it was *collected*, not which word *decided*.

The control is at hand: set `states=words` and let attention stand on the words themselves, with no
LSTM between. Nothing is carried on, and all five point at the key.

## Tomorrow

Before you explain an answer by attention, train again with another seed: does the same word light
up? Remove the word and ask the net anew: that is evidence. And try the plain mean first.
"""

import math

import torch
from torch import nn
from torch.nn.functional import cross_entropy, one_hot

from dlplay import Choice, Float, Int, Scene, Try

KEYS = ("red", "green", "blue", "black")  # which of them is in the text is its class
WORDS = 24  # the keys are the first four of them, the others are fillers


class AttentionPooling(Scene):
    covers = ("Bi-LSTM with Attention (Att-BLSTM)", "How Bi-LSTM with Attention Works?")
    panels = {
        "weights": "one text, a column a word; each row: a net's weights, as shares of its largest",
        "points at the key": "share of texts whose largest weight is on the key; number of the net",
        "loss": "mean of the last ten batches; lower is better",
    }
    claims = {
        "any_pool_works": "the mean, and each of the five attending nets, are right in over 0.95",
        "no_explanation": "the share of texts whose key has the largest weight differs by over 0.1",
        "not_needed": "hide the key's own state from the five: the median one is right in over 0.4",
    }
    tries = (
        Try(
            "states=words",
            "No LSTM: attention stands on the words themselves. Where is the largest weight now?",
            ("on the key, in all five nets", "as scattered as before", "on the last word"),
            right=1,
            breaks=("no_explanation", "not_needed"),
            keeps="any_pool_works",
            why="Only the key's own vector knows of the key. With an LSTM in between each state "
            "knows of its neighbours too.",
        ),
        Try(
            "states=forward",
            "A one-way LSTM below the attention. Where can the largest weight not stand?",
            ("after the key", "before the key", "on the key"),
            right=2,
            keeps="any_pool_works",
            why="States before the key have not heard of it: nothing is to be collected there.",
        ),
    )
    quick = {"steps": 5, "length": 12}

    states = Choice("both ways", ("both ways", "forward", "words"), help="what is pooled")
    length = Int(30, min=5, max=60, help="words of a text")
    seeds = Int(5, min=2, max=8, help="nets with attention")
    shown = Int(1, min=1, max=20, live=True, help="which new text is shown")
    learning_rate = Float(0.01, min=1e-4, max=0.1, log=True, live=True, help="of Adam")
    steps = Int(150, min=5, max=1000, log=True, help="steps of 32 texts, for each net")

    def run(self, stage):
        x_new, y_new, at_new = (t.to(stage.device) for t in texts(200, self.length))
        nets = Readers(1 + self.seeds, self.states).to(stage.device)
        optimizer = torch.optim.Adam(nets.parameters(), lr=self.learning_rate)
        named = [f"net {n}" for n in range(1, self.seeds + 1)]
        losses = []

        def right(logits):
            return (logits.argmax(dim=2) == y_new).float().mean(dim=1)  # [copies]

        def points(α):
            """For each attending net, the share of texts whose largest weight is on the key."""
            return (α[1:].argmax(dim=2) == at_new).float().mean(dim=1)

        stage.axes("loss", y="cross-entropy", lines={"guessing": math.log(4)})

        @stage.look(20, nets)
        def look():
            logits, α = nets(x_new)
            hits, shares = points(α), right(logits)[1:]
            stage.headline(
                f"right: {shares.min():.0%} to {shares.max():.0%} of texts; largest weight on the "
                f"key: {hits.min():.0%} to {hits.max():.0%}"
            )
            one = self.shown - 1
            key = one_hot(at_new[one], self.length).to(α)
            rows = torch.cat([key[None], α[1:, one]])  # [1 + seeds, length]
            rows = rows / rows.amax(dim=1, keepdim=True)
            stage.heatmap("weights", rows, rows=("the key", *named), x="word", low=0)
            stage.bars("points at the key", named, hits, lines={"by chance": 1 / self.length})

        for _ in stage.loop(self.steps):
            optimizer.param_groups[0]["lr"] = self.learning_rate
            x, y, _ = (t.to(stage.device) for t in texts(32, self.length))
            logits, _ = nets(x)
            loss = torch.stack([cross_entropy(each, y) for each in logits])  # [copies]
            optimizer.zero_grad()
            loss.sum().backward()
            optimizer.step()
            losses.append(loss.detach())
            mean, *attending = torch.stack(losses[-10:]).mean(dim=0)
            middle = torch.stack(attending).median()
            stage.curve("loss", {"mean": mean, "attention (median of 5)": middle})

        with stage.probe(nets):
            logits, α = nets(x_new)
            hits = points(α)
            hidden = one_hot(at_new, self.length) == 1
            without = right(nets(x_new, hidden)[0])[1:]
            stage.claim("any_pool_works", right(logits).min(), above=0.95)
            stage.claim("no_explanation", hits.max() - hits.min(), above=0.1)
            stage.claim("not_needed", without.median(), above=0.4)


class Readers(nn.Module):
    """`copies` nets side by side; the first takes the mean, the others attend."""

    def __init__(self, copies, states, H=24):
        super().__init__()

        def drawn(*shape):
            return nn.Parameter((2 * torch.rand(copies, *shape) - 1) / math.sqrt(H))

        self.states, self.vectors = states, drawn(WORDS, H)
        # Of the LSTMs, forward and backward: what words, states and biases add to the gates
        self.word, self.state = drawn(2, WORDS, 4 * H), drawn(2, H, 4 * H)
        self.bias = drawn(2, 1, 4 * H)
        self.attend, self.answer = drawn(H), drawn(H, len(KEYS))

    def lstm(self, x):  # [N, L] -> [copies, 2, N, L, H], the second from the end to the beginning
        words = one_hot(torch.stack([x, x.flip(1)]), WORDS).float()  # [2, N, L, WORDS]
        z = words @ self.word[:, :, None] + self.bias[:, :, None]
        z = z.flatten(0, 1).unbind(2)  # L of [2 · copies, N, 4H]
        W, states = self.state.flatten(0, 1), []
        h = c = z[0].new_zeros(*z[0].shape[:2], W.shape[1])
        for step in z:
            i, f, o, g = torch.baddbmm(step, h, W).chunk(4, dim=2)
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            h = o.sigmoid() * c.tanh()
            states.append(h)
        return torch.stack(states, dim=2).unflatten(0, (-1, 2))

    def forward(self, x, hidden=None):
        """Logits [copies, N, classes] and weights [copies, N, L]; `hidden` states weigh nothing."""
        if self.states == "words":
            h = self.vectors[:, x]  # [copies, N, L, H]
        else:
            ahead, back = self.lstm(x).unbind(1)
            h = ahead + back.flip(2) if self.states == "both ways" else ahead
        score = torch.einsum("knlh,kh->knl", h.tanh(), self.attend)
        score = torch.cat([torch.zeros_like(score[:1]), score[1:]])  # equal scores: the mean
        if hidden is not None:
            score = score.masked_fill(hidden, -math.inf)
        α = score.softmax(dim=2)
        r = torch.einsum("knl,knlh->knh", α, h)
        return r.tanh() @ self.answer, α


def texts(N, length):
    """Texts [N, length] with one key word, which of the keys it is [N], and where it is [N]."""
    x, y = torch.randint(len(KEYS), WORDS, (N, length)), torch.randint(len(KEYS), (N,))
    at = torch.randint(length, (N,))
    x[torch.arange(N), at] = y
    return x, y, at
