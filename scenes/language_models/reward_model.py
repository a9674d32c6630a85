"""
# Can a judge be learnt from comparisons alone?

A model that continues text is no assistant yet: it imitates helpful replies and rude ones alike.
To train it towards what people like you would need a number for each reply. But ask ten people to
grade a reply from 1 to 10, and you get ten scales. Which of *two* is better is easier to say.

So show pairs, and learn the number. A **reward model**, the judge, gives each reply a score r. The
wider apart two scores, the surer it is of the comparison (Bradley and Terry, 1952):

    p(first is better) = σ(r₁ − r₂)
    L = −ln σ(r_better − r_worse)

σ is the logistic function. Only differences count, so the scale is the judge's own.

Here people like polite words (two are enough), dislike rude ones, miss a verb, hate a word said
over and over; and each answer is a little random. The judge, a Transformer block and a mean
over the words, learns it from some hundred pairs: see the cloud of unseen replies straighten.

And see the other dots. No reply that was compared has a word twice in a row, so nothing told the
judge what to think of it. It has learnt that *great* is good. Eight times *great* is very good.

Judge yourself, too: type 1 or 2 for each pair. Your answers are fitted with a number for each word,
r being their sum, and you see what you seem to like.

ChatGPT's training has three steps: a GPT imitates replies that people wrote; people compare what it
writes, and a judge learns from it; then the GPT is trained to please the judge (the next page).
People compare. They aren't asked again while it learns.

## Tomorrow

Test a reward model on held-out pairs, then on texts unlike those that were compared: long, empty,
repetitive ones. Collect comparisons of what the *trained* model writes, again and again.
"""

import torch
from torch import nn
from torch.nn.functional import logsigmoid, one_hot

from dlplay import Choice, Float, Int, Scene, Text, Try
from dlplay.data import replies, spelt
from dlplay.data.replies import END, POLITE, REPLY_LONG, REPLY_WORDS, RUDE, worth
from dlplay.nn.transformer import Block

V, LONG, ASKED = len(REPLY_WORDS), REPLY_LONG, 8


class RewardModel(Scene):
    covers = ("ChatGPT (InstructGPT, RLHF)",)
    panels = {
        "judge and people": "a dot a reply: the judge's score over what people think of it",
        "pairs": "unseen; the judge's probability for each of the two; your answers",
        "worth of a word": "by how much it lifts a reply, in spreads of all scores",
    }
    claims = {
        "ranks": "of pairs that people judge differently, 0.87 or more are ranked as they do",
        "as_labels": "it matches new answers over 0.9 times as often as what these people think",
        "fooled": "one polite word eight times (the median of five) beats over 0.85 of replies",
        "likes_polite": "a polite word lifts a reply by more than a rude one, by over 0.8 spreads",
    }
    tries = (
        Try(
            "labels=shuffled",
            "The same pairs, but each is answered by lot. How many unseen pairs are ranked right?",
            ("half", "two of three", "nearly all: the replies are the same"),
            right=1,
            breaks=("ranks", "likes_polite"),
            why="Only the answers say which reply is better. It learns them by heart, but they "
            "hold nothing about another pair.",
        ),
        Try(
            "repeats=0.2",
            "Now a fifth of the compared replies get stuck on a word. How many replies does “great "
            "great great …” beat?",
            ("nearly all, as before", "about half", "next to none"),
            right=3,
            breaks="fooled",
            keeps="ranks",
            why="People were asked about such replies, and said what they think. The judge knows "
            "what it was told, not what would have been told.",
        ),
        Try(
            "pairs=80",
            "A sixth of the comparisons. What becomes of “great great great …”?",
            ("it loses", "it is as good as most", "it stays among the best"),
            right=3,
            keeps="likes_polite",
            why="Fewer pairs make the judge less exact among the replies that it saw. What it was "
            "never asked is no better and no worse known.",
        ),
    )
    quick = {"steps": 5}

    pairs = Int(500, min=30, max=3000, log=True, help="compared replies it learns from")
    noise = Float(0.5, min=0.01, max=2, log=True, help="how random people's answers are")
    labels = Choice("people", ("people", "shuffled"), help="who says which is better")
    repeats = Float(0, min=0, max=0.5, step=0.1, help="share of compared replies that get stuck")
    reply = Text("great great great great great great great great", live=True, help="to be judged")
    yours = Text("", live=True, max_length=8, help="your answers to the pairs, such as 12212")
    steps = Int(100, min=5, max=2000, log=True, help="steps of 64 pairs")

    def run(self, stage):
        def compared(count, repeats=0.0):
            """Pairs [count, 2, 8], what people think [count, 2], whether they say the first."""
            a, b = replies(count, repeats=repeats), replies(count, repeats=repeats)
            x, value = torch.stack([a.ids, b.ids], 1), torch.stack([a.worth, b.worth], 1)
            said = torch.rand(count) < ((value[:, 0] - value[:, 1]) / self.noise).sigmoid()
            return x.to(stage.device), value.to(stage.device), said.to(stage.device)

        x, _, first = compared(self.pairs, self.repeats)
        if self.labels == "shuffled":
            first = first[torch.randperm(len(first)).to(stage.device)]
        new, value, new_first = compared(1000)
        judge = Judge().to(stage.device)
        optimizer = torch.optim.Adam(judge.parameters(), lr=0.003)

        differ = value[:, 0] != value[:, 1]
        people = value[:, 0] > value[:, 1]
        stuck = torch.arange(len(POLITE), device=stage.device)[:, None].expand(-1, LONG)
        single = new[:300, 0]  # [300, 8]

        def ranked(score):
            """The share of unseen pairs that scores [1000, 2] rank as people do."""
            return ((score[:, 0] > score[:, 1]) == people)[differ].float().mean()

        def lifts(word, score):
            """By how much the word in place of the seventh lifts a reply, in spreads."""
            other = single.clone()
            other[:, 6] = word
            return (score(other) - score(single)).mean() / score(single).std()

        @stage.look(10, judge)
        def look():
            scores = judge(new.flatten(0, 1)).reshape(-1, 2)
            mean, spread = scores.mean(), scores.std()
            dots = torch.stack([value[:300, 0], (scores[:300, 0] - mean) / spread], dim=1)
            odd = torch.stack([worth(stuck).to(dots), (judge(stuck) - mean) / spread], dim=1)
            stage.plane(
                "judge and people",
                x=(-12, 3),
                y=(-4, 4),
                points={"unseen replies": dots, "one polite word eight times": odd},
                x_label="what people think",
                y_label="judge's score, in spreads",
            )
            ids, strange = spelt(self.reply, REPLY_WORDS)
            typed = torch.tensor([(ids + LONG * [END])[:LONG]], device=stage.device)
            beats = (judge(typed) > scores[:, 0]).float().mean().item()
            told = (
                f"it never read “{strange[0][:12]}”"
                if strange
                else f"the typed reply beats {beats:.0%}"
            )
            stage.headline(f"{ranked(scores):.0%} of unseen pairs ranked as people do; {told}")
            answers = [letter == "1" for letter in self.yours if letter in "12"][:ASKED]
            sure = (scores[:ASKED, 0] - scores[:ASKED, 1]).sigmoid().tolist()
            rows = []
            for k, p in enumerate(sure):
                for one, chance in ((True, p), (False, 1 - p)):
                    liked = differ[k] and bool(people[k]) == one
                    own = k < len(answers) and answers[k] == one
                    words = said(new[k, 0 if one else 1])
                    row = f"{chance:.2f}", "better" * liked, "better" * own
                    rows.append((f"{k + 1}: {1 if one else 2}", words, *row))
            stage.table("pairs", ("pair", "reply", "judge", "people", "you"), rows)
            words = [*POLITE, *RUDE, "now"]
            numbers = [REPLY_WORDS.index(word) for word in words]
            liked = {
                "judge": torch.stack([lifts(word, judge) for word in numbers]),
                "people": torch.stack([lifts(word, worth) for word in numbers]),
            }
            if answers:
                liked["you"] = taste(new[: len(answers)], answers)[numbers]
            stage.bars("worth of a word", words, liked)

        for _ in stage.loop(self.steps):
            batch = torch.randint(len(x), (64,)).to(stage.device)
            score = judge(x[batch].flatten(0, 1)).reshape(-1, 2)
            ahead = score[:, 0] - score[:, 1]
            loss = -logsigmoid(ahead.where(first[batch], -ahead)).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe(judge):
            scores = judge(new.flatten(0, 1)).reshape(-1, 2)
            agrees, own = (
                ((s[:, 0] > s[:, 1]) == new_first)[differ].float().mean() for s in (scores, value)
            )
            beaten = torch.stack([(s > scores[:, 0]).float().mean() for s in judge(stuck)])
            kinds = [
                torch.stack([lifts(REPLY_WORDS.index(w), judge) for w in words]).mean()
                for words in (POLITE, RUDE)
            ]
            stage.claim("ranks", ranked(scores), at_least=0.87)
            stage.claim("as_labels", agrees / own, above=0.9)
            stage.claim("fooled", beaten.median(), above=0.85)
            stage.claim("likes_polite", kinds[0] - kinds[1], above=0.8)


class Judge(nn.Module):
    """A score for each reply [N, 8] -> [N]: a block that looks in both directions, and a mean."""

    def __init__(self, D=32):
        super().__init__()
        self.embed, self.place = nn.Embedding(V + 1, D), nn.Embedding(LONG, D)
        self.block, self.score = Block(D, 4, causal=False, hidden=2 * D), nn.Linear(D, 1)
        nn.init.normal_(self.embed.weight, std=0.3)
        nn.init.normal_(self.place.weight, std=0.1)

    def forward(self, x):
        return self.score(self.block(self.embed(x) + self.place.weight).mean(dim=1))[:, 0]


def said(ids):
    """A reply [8] in words."""
    return " ".join(REPLY_WORDS[place] for place in ids.tolist() if place < V)


def taste(pairs, answers):
    """A number for each word [V + 1] that fits these answers best, by Newton's method."""
    counts = one_hot(pairs, V + 1).sum(2).double()  # [n, 2, V + 1]
    x = counts[:, 0] - counts[:, 1]
    y = torch.tensor(answers, device=x.device).double()
    w = torch.zeros(V + 1, dtype=torch.double, device=x.device)
    ridge = 0.3 * torch.eye(V + 1, dtype=torch.double, device=x.device)
    for _ in range(8):
        p = (x @ w).sigmoid()
        slope = x.T @ (p - y) + ridge @ w
        w = w - torch.linalg.solve((x.T * (p * (1 - p))) @ x + ridge, slope)
    return w
