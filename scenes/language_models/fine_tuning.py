"""
# What are pre-trained weights worth when labels are few?

"Today the fisher rowed near the old guitar." Does the last thing belong here? To answer you must
know which words go together. A few hundred labelled sentences don't say that: most pairs of words
aren't even among them. But any text says it, and text needs no labels.

So an encoder first guesses hidden words of unlabelled sentences. This is its **pre-training**. Then
comes the task, with n labelled sentences of which half make sense. On top of the mean h of
the words' vectors sits one new layer,

    p(makes sense) = σ(h·w + b)

with w and b to be learnt, and σ the logistic function. There are three ways:

- **scratch**: all weights begin by lot and learn from the n labels alone.
- **frozen**: the encoder stays as pre-training left it, only w and b learn. This is called feature
  extraction: the vectors are computed once and can be kept.
- **fine-tuned**: w, b and the whole encoder learn, with a small step size.

Is it enough to freeze? Look at what is asked. What a *word* means here stands in its own vector
after one block, and a linear layer on frozen vectors reads it. Whether a *sentence* makes sense,
nobody asked the encoder before: no number in it says so. Fine-tuning builds that out of what it
knows.

For a task on words BERT reads each word's vector, for one on sentences that of ⟨CLS⟩, a sign put
before the text. Frozen, that vector says little, and means of frozen vectors are poor for telling
how alike two sentences are.

## Tomorrow

Try frozen vectors first where each word is labelled, and fine-tune where whole sentences are. Don't
stop pre-training early: what it is worth can come late, and all at once. And always draw the curve
over the number of labels.
"""

import copy

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, one_hot

from dlplay import Choice, Float, Int, Scene, Text, Try
from dlplay.data import spelt, topic_sentences
from dlplay.data.toy_english import HOMONYMS, LONG, PLACE, TOPIC_WORDS, TOPICS
from dlplay.nn.transformer import Block

V, MASK, CLS = len(TOPIC_WORDS), len(TOPIC_WORDS), len(TOPIC_WORDS) + 1
WAYS = ("scratch", "frozen", "fine-tuned")
LABELS = (30, 100, 300, 1000)
GUESS = {"guessing": 0.5}


class FineTuning(Scene):
    covers = ("BERT — Finetuning", "BERT for Features Extraction")
    panels = {
        "right": "share of new sentences, by the number of labelled ones; higher is better",
        "frozen words": "share whose meaning is read from frozen vectors of this depth, 100 labels",
        "your sentence": "the probability, by each net, that it makes sense",
    }
    claims = {
        "few": "with 300 labels the fine-tuned net is right in over 0.18 more than scratch",
        "many": "with 1,000 labels it is right in over 0.3 more than scratch",
        "learnt": "with 1,000 labels the fine-tuned net is right in over 0.8",
        "frozen_sentences": "with 1,000 labels the frozen one is right in over 0.2 less than that",
        "frozen_words": "from frozen vectors and 100 labels, over 0.93 of word meanings are read",
    }
    tries = (
        Try(
            "pretraining=150",
            "A quarter of the pre-training. How much of the gain over scratch is left?",
            ("nearly all of it", "about a quarter", "next to nothing"),
            right=3,
            breaks=("few", "many", "learnt"),
            why="It first learns how often words occur and where they stand, and which go together "
            "only later, within some hundred steps. The task needs that alone.",
        ),
        Try(
            "read=first",
            "The new layer reads ⟨CLS⟩, which pre-training never asked anything. What becomes of "
            "the fine-tuned net with 1,000 labels?",
            ("as right as before", "as bad as from scratch", "halfway between"),
            right=1,
            keeps=("many", "learnt", "frozen_sentences"),
            why="Fine-tuning teaches that place to collect what the words' vectors hold. Only a "
            "frozen net depends on what its places were made for.",
        ),
        Try(
            "hidden=0.15",
            "BERT's own share of hidden words, for the same number of steps. What happens?",
            ("it fails", "much the same", "far better: more words to look at"),
            right=2,
            keeps=("many", "learnt"),
            why="Fewer words are asked for, but more is left to guess each from. Over this many "
            "steps either is enough to learn what goes together.",
        ),
    )
    quick = {"steps": 3, "pretraining": 5}

    pretraining = Int(600, min=5, max=5000, log=True, help="steps of 64 sentences without labels")
    hidden = Float(0.4, min=0.05, max=0.9, step=0.05, help="share of hidden words in these")
    read = Choice("mean", ("mean", "first"), help="what the new layer reads: all words, or ⟨CLS⟩")
    sentence = Text("today the fisher rowed near the old guitar", live=True, help="to be judged")
    steps = Int(150, min=3, max=2000, log=True, help="steps of 32 sentences with labels, each way")

    def run(self, stage):
        encoder = Encoder().to(stage.device)
        scratch = copy.deepcopy(encoder)
        made = topic_sentences(1000, fitting=0.5)
        x_new, y_new = made.ids.to(stage.device), made.fits.to(stage.device)
        # Words of two meanings in new sentences: 100 labelled ones, 1000 to be read
        told = [topic_sentences(n, clue="after", homonym="any") for n in (100, 1000)]
        told = [(made.ids.to(stage.device), made.topics.to(stage.device)) for made in told]
        senses = torch.tensor([[list(TOPICS).index(t) for t in ts] for ts in HOMONYMS.values()])
        senses, first = senses.to(stage.device), TOPIC_WORDS.index("bank")
        models, layers = [], []

        def meaning_read(net, depth):
            """From its vectors after block `depth`: the share of words whose meaning is read."""
            h, h_new = (net.states(x)[depth][:, 1 + PLACE["after"]] for x, _ in told)
            h, h_new = (torch.cat([v, torch.ones_like(v[:, :1])], dim=1) for v in (h, h_new))
            target = one_hot(told[0][1], 6).float()
            ridge = 0.01 * torch.eye(h.shape[1], device=h.device)
            scores = h_new @ torch.linalg.solve(h.T @ h + ridge, h.T @ target)  # [1000, 6]
            (x, topics), at = told[1], PLACE["after"]
            both = senses[x[:, at] - first]  # [1000, 2]
            said = both.gather(1, scores.gather(1, both).argmax(dim=1, keepdim=True))[:, 0]
            return (said == topics).float().mean().item()

        def answers(x):
            """Above 0 where a net takes the sentence for sensible: [3, N]."""
            found = []
            for model, layer in zip(models, layers, strict=True):
                h = model(x)
                found.append(layer(h.mean(dim=1) if self.read == "mean" else h[:, 0])[:, 0])
            return torch.stack(found)

        def right():
            hits = (answers(x_new) > 0) == (y_new == 1)
            return dict(zip(WAYS, hits.float().mean(dim=1).tolist(), strict=True))

        @stage.look(30, encoder)
        def look():
            depths = ["word vectors", "after block 1", "after block 2"]
            found = {
                name: [meaning_read(net, depth) for depth in range(3)]
                for name, net in (("pre-trained", encoder), ("untrained", scratch))
            }
            stage.bars("frozen words", depths, found, lines=GUESS)
            ids, strange = spelt(self.sentence, TOPIC_WORDS)
            if not models:
                stage.headline("pre-training: hidden words of sentences are guessed, no labels yet")
                return
            now = ", ".join(f"{name} {share:.0%}" for name, share in right().items())
            stage.headline(f"{n:,} labels, judged right: {now}")
            if strange or not ids:
                unread = f"They never read “{strange[0][:40]}”. " if strange else ""
                stage.text("your sentence", f"{unread}The nets know: {' '.join(TOPIC_WORDS)}")
                return
            x = torch.tensor([ids[:LONG]], device=stage.device)
            stage.bars("your sentence", WAYS, answers(x)[:, 0].sigmoid(), lines={"undecided": 0.5})

        stage.axes("right", x="labelled sentences", y="share", log="x", lines={**GUESS, "all": 1})
        optimizer = torch.optim.Adam(encoder.parameters(), lr=0.005)
        n = 0
        for step in stage.loop(self.pretraining, "pre-training"):
            warm, left = (step + 1) / 50, 2 - 2 * step / self.pretraining
            optimizer.param_groups[0]["lr"] = 0.005 * min(1, warm) * min(1, left)
            x, covered = topic_sentences(64).ids, torch.rand(64, LONG) < self.hidden
            shown = x.where(~covered, MASK).to(stage.device)
            asked = covered.to(stage.device)
            guesses = encoder.head(encoder(shown)[:, 1:][asked])
            loss = cross_entropy(guesses, x.to(stage.device)[asked])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        ends = {}
        for n in LABELS:
            made = topic_sentences(n, fitting=0.5)
            x, y = made.ids.to(stage.device), made.fits.float().to(stage.device)
            models[:] = [copy.deepcopy(model) for model in (scratch, encoder, encoder)]
            models[1].requires_grad_(False)
            layers[:] = [nn.Linear(32, 1).to(stage.device) for _ in WAYS]
            whole = nn.ModuleList([models[0], layers[0], models[2], layers[2]]).parameters()
            groups = [{"params": whole}, {"params": layers[1].parameters(), "lr": 0.02}]
            optimizer = torch.optim.Adam(groups, lr=0.002)
            for _ in stage.loop(self.steps, f"{n} labels"):
                batch = torch.randint(n, (32,)).to(stage.device)
                said = answers(x[batch])  # [3, 32]
                loss = binary_cross_entropy_with_logits(said, y[batch].expand(3, -1))
                optimizer.zero_grad()
                (3 * loss).backward()
                optimizer.step()
            with stage.probe():
                ends[n] = right()
            stage.curve("right", ends[n], x=n)

        with stage.probe():
            alone, frozen, tuned = ([ends[n][way] for n in LABELS] for way in WAYS)
            stage.claim("few", tuned[2] - alone[2], above=0.18)
            stage.claim("many", tuned[3] - alone[3], above=0.3)
            stage.claim("learnt", tuned[3], above=0.8)
            stage.claim("frozen_sentences", tuned[3] - frozen[3], above=0.2)
            stage.claim(
                "frozen_words", min(meaning_read(encoder, depth) for depth in (1, 2)), above=0.93
            )


class Encoder(nn.Module):
    """Words [N, n], with ⟨CLS⟩ before them, to vectors [N, 1 + n, D]."""

    def __init__(self, D=32):
        super().__init__()
        self.embed, self.place = nn.Embedding(V + 2, D), nn.Embedding(1 + LONG, D)
        self.blocks = nn.ModuleList(Block(D, 4, causal=False, hidden=2 * D) for _ in range(2))
        self.norm, self.head = nn.LayerNorm(D), nn.Linear(D, V)
        for table in (self.embed, self.place):
            nn.init.normal_(table.weight, std=0.1)

    def states(self, x):
        """The vectors before the first block and after each."""
        x = torch.cat([x.new_full((len(x), 1), CLS), x], dim=1)
        found = [self.embed(x) + self.place.weight[: x.shape[1]]]
        for block in self.blocks:
            found.append(block(found[-1]))
        return found

    def forward(self, x):
        return self.norm(self.states(x)[-1])
