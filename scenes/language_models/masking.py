"""
# Why does BERT leave some of its chosen words visible?

BERT learns by guessing words of a sentence that it can't trust. Of its words 15 % are **chosen**,
and the loss asks for these alone:

    L = − mean over chosen i: ln p(wᵢ)

wᵢ is the word that stood at place i, p the probability that the net gives it from all that it is
shown. But what does it see at a chosen place?

- 80 % are hidden behind the sign ⟨MASK⟩,
- 10 % are replaced by a word drawn by lot,
- 10 % are left as they were. They count in the loss as well.

In use there is no ⟨MASK⟩: you want vectors of words that are there. Was a word hidden whenever it
was asked for, nothing in the loss ever needed the visible one. Such a net knows what *kind* of word
belongs in its place and forgets which one it is. If, on the other hand, the chosen words are always
left, the net copies what it is shown, with a loss of 0, and learns nothing.

The mixture makes it weigh: the word shown is probably right, but look at the others. It keeps the
word, and doubts it where it does not fit.

Three nets learn from sentences of eight words, all of one of six topics. See a sentence with one
word from elsewhere: how much does each net believe that the word it is shown is the one that stood
there?

BERT's pre-training has a second task, **next sentence prediction**: from ⟨CLS⟩ it has to tell
whether a sentence followed another in the text, or was drawn by lot. RoBERTa (2019) left it out and
lost nothing.

## Tomorrow

Corrupt in training what will be corrupt in use. For typing errors, swap letters; to fill gaps, hide
whole pieces. A loss near 0 on such a task means that the answer can be seen.
"""

import math

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from dlplay import Float, Int, Scene, Text, Try
from dlplay.data.toy_english import TOPICS
from dlplay.nn.transformer import Block

LONG = 8  # words of a sentence
# Six topics of eight words
WORDS = " ".join(f"{' '.join(who.split()[:4])} {near}" for who, _, near in TOPICS.values()).split()
V, MASK = len(WORDS), len(WORDS)
NETS = ("always hidden", "mixed", "never hidden")


class Masking(Scene):
    covers = ("BERT — Pre-Training (MLM, NSP)",)
    panels = {
        "what they know": "of new sentences: mean probability for what stood there; 1 is best",
        "belief in the word shown": "0 to 1; a row a net; one word of the sentence does not fit",
        "best guess": "for each place of the sentence, with its probability; ? is hidden",
    }
    claims = {
        "topic": "mixed, at a hidden word: the topic's words get over 0.95 of the probability",
        "keeps_word": "mixed, at a visible word: that word gets over 0.4 (one of its topic: 0.125)",
        "doubts": "mixed, at a wrong word: the words of the others' topic get over 0.9",
        "forgets": "always hidden: a visible word gets 0.08 to 0.17, as if it were not seen",
        "copies": "never hidden: the loss on chosen words is below 0.02",
        "copying_is_blind": "at a hidden word the mixed net gives its topic over 1.8 times as much",
    }
    tries = (
        Try(
            "random=0",
            "No word is replaced by lot: 80 % are hidden, 20 % left. A wrong word is shown. How "
            "far does the mixed net still believe the others' topic?",
            ("as before", "about half as much", "more: it was never shown wrong words"),
            right=2,
            breaks="doubts",
            keeps=("topic", "keeps_word"),
            why="In its training a word that was shown was always right. It learnt to trust it, "
            "and only what the other words say holds it back.",
        ),
        Try(
            "hidden=1",
            "All chosen words of the mixed net are hidden. What does it know of a visible word?",
            ("its topic only", "the word and its topic", "neither"),
            right=1,
            breaks="keeps_word",
            keeps="topic",
            why="At a visible place nothing was ever asked, so at each place it gives what fits: "
            "any of the topic's eight words, an eighth each.",
        ),
        Try(
            "hidden=0",
            "The mixed net never sees ⟨MASK⟩ in training: 10 % of the chosen words are replaced, "
            "90 % left. What does it say at a hidden place?",
            ("one of six topics, by lot", "the right topic", "nothing but ⟨MASK⟩"),
            right=2,
            keeps=("doubts", "keeps_word", "copying_is_blind"),
            why="To it ⟨MASK⟩ is one more word that does not fit. It has learnt to overrule those "
            "by the rest of the sentence. What prevents copying is being wrong now and then.",
        ),
    )
    quick = {"steps": 10}

    hidden = Float(0.8, min=0, max=1, step=0.1, help="of the mixed net's chosen words, the hidden")
    random = Float(0.1, min=0, max=1, step=0.1, help="of these, the share replaced by lot")
    rate = Float(0.15, min=0.05, max=0.6, step=0.05, help="share of words that are chosen")
    sentence = Text(
        "fisher boat duck shore vault sailor mill bridge", live=True, help="up to 8 words; ? hides"
    )
    steps = Int(400, min=10, max=4000, log=True, help="steps of 64 sentences, for each net")

    def run(self, stage):
        nets = nn.ModuleList([Encoder() for _ in NETS]).to(stage.device)
        optimizer = torch.optim.Adam(nets.parameters(), lr=0.01)
        mixtures = ((1, 0), (self.hidden, self.random), (0, 0))  # hidden, replaced

        def sentences(N):
            """N sentences [N, 8], and their topics [N], on the CPU."""
            topics = torch.randint(6, (N,))
            return 8 * topics[:, None] + torch.randint(8, (N, LONG)), topics

        new, topics = sentences(1000)
        wrong = new.clone()
        wrong[:, 3] = (new[:, 3] + 8 * torch.randint(1, 6, (1000,))) % V
        covered = new.clone()
        covered[:, 3] = MASK
        new, wrong, covered, topics = (t.to(stage.device) for t in (new, wrong, covered, topics))

        def known(net):
            """Mean probability of: the topic at a hidden word; a visible word; the topic of the
            others at a wrong word."""
            hidden, seen, doubted = (net(x)[:, 3].softmax(1) for x in (covered, new, wrong))
            by_topic = [
                p.reshape(-1, 6, 8).sum(2).gather(1, topics[:, None]) for p in (hidden, doubted)
            ]
            own = seen.gather(1, new[:, 3:4])
            return [p.mean().item() for p in (by_topic[0], own, by_topic[1])]

        @stage.look(20, nets)
        def look():
            values = dict(zip(NETS, map(known, nets), strict=True))
            questions = ["hidden: topic", "visible: word", "wrong: topic"]
            stage.bars("what they know", questions, values)
            mixed, always = values["mixed"], values["always hidden"]
            stage.headline(
                f"mixed: a right word kept {mixed[1]:.0%}, a wrong one doubted {mixed[2]:.0%}; "
                f"always hidden: kept {always[1]:.0%}"
            )
            places, strange = ids(self.sentence)
            if strange:
                stage.text("belief in the word shown", strange)
                stage.text("best guess", strange)
                return
            x = torch.tensor(places)
            p = torch.stack([net(x[None].to(stage.device))[0].softmax(1) for net in nets]).cpu()
            shown = [WORDS[place] if place < V else "?" for place in places]
            belief = p.gather(2, x.clamp(max=V - 1).expand(3, -1)[..., None])[..., 0]
            belief[:, x == MASK] = math.nan
            stage.heatmap(
                "belief in the word shown", belief, rows=NETS, columns=shown, low=0, high=1
            )
            best, which = p.max(dim=2)  # [3, n] each
            rows = [
                (shown[k], *(f"{WORDS[which[n, k]]} {best[n, k]:.2f}" for n in range(3)))
                for k in range(len(places))
            ]
            stage.table("best guess", ("shown", *NETS), rows)

        losses = torch.zeros(3)
        for step in stage.loop(self.steps):
            optimizer.param_groups[0]["lr"] = 0.01 * min(1, (step + 1) / 50)
            x, _ = sentences(64)
            chosen, lot = torch.rand(64, LONG) < self.rate, torch.rand(64, LONG)
            other = torch.randint(V, (64, LONG))
            by_net = []
            for net, (hidden, replaced) in zip(nets, mixtures, strict=True):
                covered_by = chosen & (lot < hidden)
                swapped = chosen & (lot >= hidden) & (lot < hidden + replaced)
                seen = x.where(~covered_by, MASK).where(~swapped, other).to(stage.device)
                asked = chosen.to(stage.device)
                by_net.append(cross_entropy(net(seen)[asked], x.to(stage.device)[asked]))
            losses = torch.stack(by_net)
            optimizer.zero_grad()
            losses.sum().backward()
            optimizer.step()

        with stage.probe(nets):
            always, mixed, never = map(known, nets)
            stage.claim("topic", mixed[0], above=0.95)
            stage.claim("keeps_word", mixed[1], above=0.4)
            stage.claim("doubts", mixed[2], above=0.9)
            stage.claim("forgets", always[1], within=(0.08, 0.17))
            stage.claim("copies", losses[2], below=0.02)
            stage.claim("copying_is_blind", mixed[0] / never[0], above=1.8)


class Encoder(nn.Module):
    """A block that looks in both directions, and the word of each place: [N, n] -> [N, n, V]."""

    def __init__(self, D=32):
        super().__init__()
        self.embed, self.place = nn.Embedding(V + 1, D), nn.Embedding(LONG, D)
        self.block = Block(D, 4, causal=False, hidden=2 * D)
        self.head = nn.Sequential(nn.LayerNorm(D), nn.Linear(D, V))
        nn.init.normal_(self.place.weight, std=0.1)

    def forward(self, x):
        return self.head(self.block(self.embed(x) + self.place.weight[: x.shape[1]]))


def ids(sentence):
    """The places of its words in the list, MASK for a question mark; and what can't be read."""
    words = sentence.lower().split()[:LONG]
    places = [MASK if word == "?" else WORDS.index(word) if word in WORDS else -1 for word in words]
    if -1 in places:
        strange = words[places.index(-1)][:40]
        return places, f"The nets never read “{strange}”.\nThey know: {' '.join(WORDS)}"
    return places, "" if places else "Type up to eight words."
