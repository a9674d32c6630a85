"""
# What does a library give that weights can't?

Facts can be learned into weights. That is a **closed book**: the question goes in, the answer comes
out. Or they stay outside, as text, and the net looks them up: an **open book**. That is
*retrieval-augmented generation*, RAG.

Here is a made-up world: 200 names, each with a river, a king, a metal, a flower, a dish. Both get
questions such as "river of kamosi". The closed net has learned 750 answers by heart.
The open one has a library of passages, one a fact, and works in two parts:

- The **retriever** turns questions and passages into vectors: how often each piece of two or three
  letters occurs, rare ones counting more. It takes the k passages with the largest cosine.
- The **reader** attends to these k and says what it has read. It was trained on passages whose
  contents were drawn anew at each step. So it could learn no fact, only to read.

Now ask four kinds of questions. Known ones, both can answer. **New** names the closed net has never
met; it answers all the same, and gives its answers ten times the probability of a guess or more. If
a fact **changes**, it goes on telling the old one; the library needs one new line, no training.

But two things can go wrong in the open book, so measure two. Is the source among the passages?
Does the reader pick it? **Misspelt** by one letter, a name is found more often with more passages,
and read more rarely: each wrong passage is one more to be taken in by.

And delete the source: the reader still answers, from a wrong passage. A floor for the
cosine can forbid that, at a price.

## Tomorrow

Count apart: source found, answer right given the source. Show the source with the answer. Ask
questions whose source you have taken out, and see whether it says "I don't know". Update the
library, not the weights, when facts change.
"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy, normalize

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.data import library

KINDS = ("known", "new", "changed", "misspelt", "no source")
FACTS, LEARNED, CHANGED = 1000, 750, 200  # the first 750 are learned, of these 200 change
VALUES, READ = 40, 3  # possible answers; passages that the reader gets in training
COUNTS = (1, 2, 3, 5, 7, 10)  # of passages, in the last panel


class OpenBook(Scene):
    covers = ("Retrieval-Augmented Generation",)
    panels = {
        "right": "share of questions answered with what is true now; higher is better",
        "sure": "the probability that they give to their answers, right or wrong; mean",
        "one question": "the passages found, their cosine, the reader's attention; the answers",
        "misspelt names": "source found, and the open book right, over the passages taken",
    }
    claims = {
        "closed_knows": "the closed net has over 0.95 of its learned facts right",
        "closed_invents": "over 0.7 of its answers about names that it never met are wrong and "
        "given over 0.25 each; a guess has 0.025",
        "open_reads": "of known, new, changed facts the open book has over 0.95 right each",
        "lost_in_reading": "misspelt names, ten passages: the source is found over 0.1 more "
        "often than the answer is right",
        "open_invents": "with the source deleted, its answers have a mean probability over 0.4",
    }
    tries = (
        Try(
            "passages=10",
            "Ten passages in place of three. How many answers to misspelt names are right?",
            ("more: nearly all sources are found", "as many", "fewer"),
            right=3,
            keeps=("lost_in_reading", "closed_invents"),
            why="The source is found more often, but the reader has to pick it among more that "
            "resemble it. More to read is also more to be misled by.",
        ),
        Try(
            "vectors=words",
            "The retriever compares whole words, not pieces. How often does it find the source of "
            "a misspelt name?",
            ("as often: the other words are right", "half as often", "hardly ever"),
            right=3,
            breaks="lost_in_reading",
            keeps=("open_reads", "closed_invents"),
            why="A misspelt name is a word that no passage has. What is left is river or king, "
            "and 200 passages have that.",
        ),
        Try(
            "floor=0.95",
            "It answers only if the best cosine is at least 0.95. What happens to the other "
            "questions?",
            ("no source, misspelt: hardly an answer", "only no source: hardly one", "nothing"),
            right=1,
            breaks="open_invents",
            keeps=("open_reads", "closed_invents"),
            why="The floor can't tell a misspelt name from one that is not there: both resemble "
            "a passage and match none. Fewer inventions are paid for with fewer answers.",
        ),
        Try(
            "shown=changed",
            "The library has a new line for this fact. What does the closed net say?",
            ("the new value", "the old value, as surely as before", "the old value, less surely"),
            right=2,
            keeps=("open_reads", "closed_knows"),
            why="Nothing reached its weights. It can't know that the world has moved on.",
        ),
    )
    quick = {"steps": 8}
    pace = 100

    shown = Choice("new", KINDS, live=True, help="what the question shown is about")
    number = Int(1, min=1, max=200, live=True, help="which question of this kind is shown")
    passages = Int(3, min=1, max=10, live=True, help="k, passages that the reader gets")
    vectors = Choice("pieces", ("pieces", "words"), live=True, help="what the retriever counts")
    floor = Float(0, min=0, max=1, live=True, help="the least cosine at which it answers")
    steps = Int(400, min=4, max=5000, log=True, help="steps of 128 questions")

    def run(self, stage):
        headings, asked, (misspelt, *others), answers = library(answers=VALUES)
        old = torch.randint(VALUES, (FACTS,), device="cpu").to(stage.device)
        moved = torch.randint(1, VALUES, (FACTS,), device="cpu").to(stage.device)
        number = torch.arange(FACTS, device=stage.device)
        now = torch.where(number < CHANGED, (old + moved) % VALUES, old)
        practice = [text for each in others for text in each[:LEARNED]]
        texts = headings, asked, misspelt, practice
        by_pieces = [part.to(stage.device) for part in counted(texts, pieces)]  # each [.., P]
        by_words = [part.to(stage.device) for part in counted(texts, str.split)]
        heads, x, _, x_practice = by_pieces
        closed = nn.Sequential(nn.Linear(x.shape[1], 128), nn.ReLU(), nn.Linear(128, VALUES))
        reader = Reader(x.shape[1])
        nets = nn.ModuleList([closed, reader]).to(stage.device)
        rates = (closed, 0.01), (reader, 0.003)
        optimizer = torch.optim.Adam([{"params": n.parameters(), "lr": r} for n, r in rates])
        x_both = torch.cat([x[:LEARNED], x_practice])  # what the reader is asked in training
        near_both = (x_both @ heads.T).topk(READ, dim=1).indices

        def kind_of(kind):
            """Facts asked about [N], the questions in both vectors."""
            facts = {"new": number[LEARNED:], "changed": number[:CHANGED]}
            facts, which = facts.get(kind, number[CHANGED:LEARNED]), 1 + (kind == "misspelt")
            return facts, by_pieces[which][facts], by_words[which][facts]

        def opened(kind, k):
            """Passages found and cosines [N, k], attention, chances of answers [N, VALUES]."""
            facts, q, words = kind_of(kind)
            chosen = q @ heads.T if self.vectors == "pieces" else words @ by_words[0].T
            if kind == "no source":
                chosen[torch.arange(len(facts), device=stage.device), facts] = -1
            cosine, found = chosen.topk(k, dim=1)
            logits, attention = reader(q, heads, found, now[found])
            chance = logits.softmax(dim=1) * (cosine[:, :1] >= self.floor)  # 0: no answer
            return found, cosine, attention, chance

        def judged(kind, k):
            """Shares right [2] of closed and open, how sure they are; of sources found."""
            facts, q, _ = kind_of(kind)
            found, _, _, chance = opened(kind, k)
            best, says = torch.stack([closed(q).softmax(dim=1), chance]).max(dim=2)  # [2, N]
            right = ((says == now[facts]) & (best > 0)).float().mean(dim=1)
            return right, best.mean(dim=1), (found == facts[:, None]).any(dim=1).float().mean()

        stage.axes("misspelt names", x="passages", y="share")

        @stage.look(20, nets)
        def look():
            shares = [judged(kind, self.passages) for kind in KINDS]
            right, sure, _ = (torch.stack(each) for each in zip(*shares, strict=True))  # [5, 2]
            stage.bars("right", KINDS, {"closed": right[:, 0], "open": right[:, 1]})
            stage.bars("sure", KINDS, {"closed": sure[:, 0], "open": sure[:, 1]})
            over = [judged("misspelt", k) for k in COUNTS]
            found = torch.stack([each[2] for each in over])
            read = torch.stack([each[0][1] for each in over])
            stage.plot("misspelt names", COUNTS, {"source found": found, "open": read})
            new, gone = f"closed {right[1, 0]:.0%}, open {right[1, 1]:.0%}", f"{right[4, 1]:.0%}"
            stage.headline(f"right, new: {new}; no source: open {gone}, yet {sure[4, 1]:.0%} sure")
            facts, q, _ = kind_of(self.shown)
            at = (self.number - 1) * 37 % len(facts)
            fact = int(facts[at])
            found, cosine, α, chance = (each[at] for each in opened(self.shown, self.passages))
            question = (misspelt if self.shown == "misspelt" else asked)[fact]
            rows = [("asked", question, "", "")]
            for i, c, w in zip(found.tolist(), cosine.tolist(), α.tolist(), strict=True):
                line = f"{headings[i]}: {answers[int(now[i])]}"
                rows.append(("found", line, f"{c:.2f}", f"{w:.2f}"))
            for name, p in (("open", chance), ("closed", closed(q[at]).softmax(dim=0))):
                best, says = p.max(dim=0)
                told = answers[int(says)] if best > 0 else "I don't know"
                rows.append((name, told, "", f"{best:.2f}"))
            rows.append(("true", answers[int(now[fact])], "", ""))
            stage.table("one question", ("", "text", "cosine", "weight"), rows)

        for _ in stage.loop(self.steps):
            i = torch.randint(LEARNED, (128,), device="cpu").to(stage.device)
            loss = cross_entropy(closed(x[i]), old[i])
            j = torch.randint(len(x_both), (128,), device="cpu").to(stage.device)
            drawn = torch.randint(VALUES, (FACTS,), device="cpu").to(stage.device)  # new contents
            logits, _ = reader(x_both[j], heads, near_both[j], drawn[near_both[j]])
            loss = loss + cross_entropy(logits, drawn[j % LEARNED])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe(nets):
            known, new, changed, _, gone = (judged(kind, self.passages) for kind in KINDS)
            many = judged("misspelt", 10)
            stage.claim("closed_knows", known[0][0], above=0.95)
            best, says = closed(x[LEARNED:]).softmax(dim=1).max(dim=1)
            invented = (says != now[LEARNED:]) & (best > 10 / VALUES)
            stage.claim("closed_invents", invented.float().mean(), above=0.7)
            opens = min(each[0][1] for each in (known, new, changed))
            stage.claim("open_reads", opens, above=0.95)
            stage.claim("lost_in_reading", many[2] - many[0][1], above=0.1)
            stage.claim("open_invents", gone[1][1], above=0.4)


class Reader(nn.Module):
    """Attends to passages, each a heading and a content, and says what it has read."""

    def __init__(self, P, D=48):
        super().__init__()
        self.match = nn.Linear(P, D, bias=False)  # makes queries and keys
        nn.init.normal_(self.match.weight)
        self.content, self.answer = nn.Embedding(VALUES, D), nn.Linear(D, VALUES)

    def forward(self, q, heads, found, contents):
        """q [N, P], heads [FACTS, P], found and contents [N, k] -> [N, VALUES], [N, k]."""
        query, keys = self.match(q), self.match(heads)[found]  # [N, D], [N, k, D]
        α = ((keys @ query[:, :, None])[..., 0] / query.shape[1] ** 0.5).softmax(dim=1)
        return self.answer((α[:, None] @ self.content(contents))[:, 0]), α


def pieces(text):
    """All pieces of two and three letters of the words, their ends included."""
    words = [f" {word} " for word in text.split()]
    return [w[i : i + n] for w in words for n in (2, 3) for i in range(len(w) - n + 1)]


def counted(texts, split):
    """How often each part occurs in a text, rare ones counting more: rows of length 1."""
    parts = [[split(text) for text in some] for some in texts]
    place = {p: i for i, p in enumerate(sorted({p for text in parts[0] for p in text}))}
    counts = []
    for some in parts:
        at = [(row, place[p]) for row, text in enumerate(some) for p in text if p in place]
        rows, columns = torch.tensor(at, device="cpu").T
        zeros = torch.zeros(len(some), len(place), device="cpu")
        counts.append(zeros.index_put_((rows, columns), torch.ones(len(at), device="cpu"), True))
    weight = (FACTS / (counts[0] > 0).sum(dim=0)).log()  # 0 for what is in each heading
    return [normalize(each * weight, dim=1) for each in counts]
