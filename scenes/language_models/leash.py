"""
# What goes wrong when a model is trained to please its judge?

A judge has learnt from people's comparisons which of two replies is better. Now the model that
writes replies, the **policy** π, is trained to be judged well: it writes a reply x, gets a score
r(x), and raises the probability of replies that scored above the mean of their batch.

At first it is what one hoped for. Rude words vanish, polite ones come, and what people think rises
with the score. Then it finds a place where the judge never was: *great great great great*. No such
reply was ever compared, the judge takes it for splendid, people don't. From there on the two curves
part like the blades of scissors.

So the policy is kept on a **leash**. The price of a reply is how much likelier it has become than
it was for π₀, the model before this training:

    R(x) = r(x) − β ln [π(x) / π₀(x)]

The mean of that logarithm over π's own replies is the divergence KL(π ‖ π₀), in nats: how far the
model has moved. β is how short the leash is. The two policies here differ in β alone.

How a step is taken is **PPO**. With A = R less its batch mean, and q the new probability of a word
over the one it had when the reply was written, each word adds

    min(q·A, clip(q, 1−ε, 1+ε)·A)

so that one batch can't move any word's probability by much more than the share ε.

The training of ChatGPT is often told without this leash. It is what keeps the text a text. It
has a price, too: see how many different replies remain.

## Tomorrow

Plot KL beside the reward, and ask people about the newest replies. Stop where their verdict turns,
not where the score stops rising. A score that rises for ever is a warning, not a success.
"""

import copy

import torch
from torch import nn
from torch.nn.functional import logsigmoid

from dlplay import Float, Int, Scene, Try
from dlplay.data import replies
from dlplay.data.replies import END, POLITE, REPLY_LONG, REPLY_WORDS, RUDE, worth
from dlplay.nn.transformer import Block

V, LONG, EPSILON = len(REPLY_WORDS), REPLY_LONG, 0.2
POLICIES = ("on the leash", "no leash")


class Leash(Scene):
    covers = ("ChatGPT (InstructGPT, RLHF)",)
    panels = {
        "judge and people": "mean over the replies of a batch, in spreads of the first ones",
        "replies": "three of each policy, drawn with the same lots",
        "distance": "KL from the model before this training, in nats",
    }
    claims = {
        "pleases": "on the leash, what people think of replies rises by over 1.2 on average",
        "no_rudeness": "on the leash, under 0.05 of the replies have a rude word",
        "scored_better": "without it, the judge scores the replies higher",
        "liked_less": "without it, people think less of them than with it, by over 1",
        "far": "without it, the policy has moved over 5 times as far as with it",
    }
    tries = (
        Try(
            "beta=1",
            "Five times the price: a short leash. What do people think of the replies?",
            ("what they thought at the start", "more than then, less than at 0.2", "most of all"),
            right=2,
            breaks=("pleases", "no_rudeness"),
            keeps=("liked_less", "far"),
            why="The best policy is π₀ times exp(r/β), made to sum to 1: the larger β, the less "
            "the score can lift a reply over another. Rude ones stay possible.",
        ),
        Try(
            "pairs=3000",
            "The judge learns from six times as many comparisons. Does the policy without a leash "
            "please people now?",
            ("no", "yes", "at first not, in the end yes"),
            right=1,
            keeps=("scored_better", "liked_less", "far"),
            why="All pairs are of replies as the first model writes them. More of the same say "
            "nothing about replies that it never writes, and there the policy goes.",
        ),
        Try(
            "beta=0",
            "The leash of the first policy is taken off as well. Where does it end?",
            ("at polite sentences, all the same", "at rude ones", "where the other one ends"),
            right=3,
            breaks=("pleases", "far"),
            why="Nothing else kept it with sentences. The score alone leads out of the language "
            "that the judge was trained on.",
        ),
    )
    quick = {"steps": 3, "pairs": 50}

    beta = Float(0.2, min=0, max=2, step=0.1, live=True, help="β, the price of moving a nat away")
    pairs = Int(500, min=30, max=3000, log=True, help="compared replies the judge learns from")
    shown = Int(1, min=1, max=32, live=True, help="the first of the replies that are shown")
    steps = Int(60, min=3, max=1000, log=True, help="batches of 128 replies, for each policy")

    def run(self, stage):
        judge, before = Judge().to(stage.device), Policy().to(stage.device)
        adam = torch.optim.Adam(judge.parameters(), lr=0.003)
        a, b = replies(self.pairs), replies(self.pairs)
        first = torch.rand(self.pairs) < ((a.worth - b.worth) / 0.5).sigmoid()
        better = a.ids.where(first[:, None], b.ids).to(stage.device)
        worse = b.ids.where(first[:, None], a.ids).to(stage.device)
        for _ in stage.loop(100 if self.steps > 3 else 3, "the judge learns"):
            batch = torch.randint(self.pairs, (64,)).to(stage.device)
            loss = -logsigmoid(judge(better[batch]) - judge(worse[batch])).mean()
            adam.zero_grad()
            loss.backward()
            adam.step()
        adam = torch.optim.Adam(before.parameters(), lr=0.005)
        for _ in stage.loop(250 if self.steps > 3 else 3, "imitation"):
            loss = -before.log_p(replies(64).ids.to(stage.device)).sum(dim=1).mean()
            adam.zero_grad()
            loss.backward()
            adam.step()

        policies = nn.ModuleList([copy.deepcopy(before) for _ in POLICIES])
        optimizer = torch.optim.Adam(policies.parameters(), lr=0.002)
        lots = torch.rand(1000, LONG)
        with stage.probe():
            start = before.written(lots)
            at = {"score": judge(start), "people": worth(start)}  # of 1000 replies as they were
            low = {name: (values.mean(), values.std()) for name, values in at.items()}

        @stage.look(5, policies)
        def look():
            mine, rows = lots[self.shown - 1 : self.shown + 2], []
            for name, model in zip(("before", *POLICIES), (before, *policies), strict=True):
                rows += [(name, said(x)) for x in model.written(mine)]
            stage.table("replies", ("policy", "writes"), rows)
            values = [worth(policy.written(lots[:256])).mean() for policy in policies]
            told = ", ".join(f"{v:.1f} {n}" for v, n in zip(values, POLICIES, strict=True))
            stage.headline(f"people's mean verdict: {low['people'][0]:.1f} before, {told}")

        stage.axes("judge and people", y="spreads above the first", lines={"before": 0})
        stage.axes("distance", y="nats")
        for _ in stage.loop(self.steps):
            batches = []
            for policy, name, beta in zip(policies, POLICIES, (self.beta, 0.0), strict=True):
                with torch.no_grad():
                    x = policy.written(torch.rand(128, LONG))
                    log_p = policy.log_p(x)
                    moved = (log_p - before.log_p(x)).sum(dim=1)  # ln π(x) / π₀(x): [128]
                    score, people = judge(x), worth(x)
                    mean, spread = low["score"]
                    reward = (score - mean) / spread - beta * moved
                batches.append((policy, x, log_p, reward - reward.mean()))
                rises = {f"judge, {name}": (score.mean() - mean) / spread}
                mean, spread = low["people"]
                rises[f"people, {name}"] = (people.mean() - mean) / spread
                stage.curve("judge and people", rises)
                stage.curve("distance", {name: moved.mean()})
            for _ in range(2):
                loss = 0
                for policy, x, log_p, ahead in batches:
                    q = (policy.log_p(x) - log_p).exp()  # [128, 8]
                    clipped = q.clamp(1 - EPSILON, 1 + EPSILON)
                    gain = torch.minimum(q * ahead[:, None], clipped * ahead[:, None])
                    loss = loss - (gain * counted(x)).sum(dim=1).mean()
                optimizer.zero_grad()
                loss.backward()
                for policy in policies:
                    nn.utils.clip_grad_norm_(policy.parameters(), 1.0)
                optimizer.step()

        with stage.probe(policies):
            ends = [policy.written(lots) for policy in policies]
            liked = [worth(x).mean() for x in ends]
            scores = [judge(x).mean() / low["score"][1] for x in ends]
            far = [
                (policy.log_p(x) - before.log_p(x)).sum(dim=1).mean()
                for policy, x in zip(policies, ends, strict=True)
            ]
            rude = ((ends[0] >= len(POLITE)) & (ends[0] < len(POLITE) + len(RUDE))).any(dim=1)
            different = [len(set(map(tuple, x.tolist()))) / len(x) for x in (start, *ends)]
            stage.claim("pleases", liked[0] - low["people"][0], above=1.2)
            stage.claim("no_rudeness", rude.float().mean(), below=0.05)
            stage.claim("scored_better", scores[1] - scores[0], above=0)
            stage.claim("liked_less", liked[0] - liked[1], above=1)
            stage.claim("far", far[1] / far[0], above=5)
            stage.measure(different_before=different[0], on_the_leash=different[1])
            stage.measure(different_without=different[2])


class Judge(nn.Module):
    """A score for each reply [N, 8] -> [N], as on the page before."""

    def __init__(self, D=32):
        super().__init__()
        self.embed, self.place = nn.Embedding(V + 1, D), nn.Embedding(LONG, D)
        self.block, self.score = Block(D, 4, causal=False, hidden=2 * D), nn.Linear(D, 1)
        nn.init.normal_(self.embed.weight, std=0.3)
        nn.init.normal_(self.place.weight, std=0.1)

    def forward(self, x):
        return self.score(self.block(self.embed(x) + self.place.weight).mean(dim=1))[:, 0]


class Policy(nn.Module):
    """A small GPT that writes replies of eight words, or of fewer and END."""

    def __init__(self, D=32):
        super().__init__()
        self.embed, self.place = nn.Embedding(V + 2, D), nn.Embedding(LONG, D)
        self.block = Block(D, 4, hidden=2 * D)
        self.head = nn.Sequential(nn.LayerNorm(D), nn.Linear(D, V + 1))
        nn.init.normal_(self.embed.weight, std=0.3)
        nn.init.normal_(self.place.weight, std=0.1)

    def forward(self, x):  # words so far [N, n] -> ln p of the first n + 1: [N, n + 1, V + 1]
        begun = torch.cat([x.new_full((len(x), 1), V + 1), x], dim=1)
        h = self.embed(begun) + self.place.weight[: begun.shape[1]]
        return self.head(self.block(h)).log_softmax(dim=2)

    def log_p(self, x):
        """ln p of each word of replies [N, 8], 0 after the first END: [N, 8]."""
        return self(x[:, :-1]).gather(2, x[..., None])[..., 0] * counted(x)

    def written(self, lots):
        """A reply for each row of lots [N, 8] between 0 and 1."""
        x = torch.zeros(len(lots), 0, dtype=torch.long, device=self.place.weight.device)
        for lot in lots.to(x.device).T:
            p = self(x)[:, -1].exp().cumsum(dim=1)  # [N, V + 1]
            word = (p < lot[:, None] * p[:, -1:]).sum(dim=1, keepdim=True)
            ended = (x == END).any(dim=1, keepdim=True)
            x = torch.cat([x, word.where(~ended, END)], dim=1)
        return x


def counted(x):
    """1 for each word of replies [N, 8] and for the first END, then 0."""
    return torch.cat([torch.ones_like(x[:, :1]), (x[:, :-1] != END).long()], dim=1)


def said(ids):
    """A reply [8] in words."""
    return " ".join(REPLY_WORDS[place] for place in ids.tolist() if place < V)
