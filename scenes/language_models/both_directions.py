"""
# What can a reader from left to right not know?

"Near the old bank": of a river, or of money? Whoever reads from left to right can't say yet. "…
the fisher rowed" says it, but by then the reader's vector for *bank* is made, and it stays.

A GPT has to read so. It learns by predicting the next word, and would simply copy that word if it
could see it. Its attention has a **mask**: word i takes from words 1 … i alone. With score sᵢⱼ of
word i for word j, the weights are

    aᵢⱼ = softmaxⱼ(sᵢⱼ)   over j ≤ i

**BERT** is the same stack of blocks without the mask: j runs over all N words. Then it can't be
trained on the next word. So some words are hidden behind a sign, ⟨MASK⟩, and it is to say which
they were, from both sides. It is an *encoder*: it gives each word a vector that knows the sentence.

What a word's vector holds is asked with a **linear probe**: a linear map from the frozen vector to
the topic, fitted to 100 sentences by least squares. The nets never hear of topics. (Take few: from
a thousand a probe digs the topic out of untrained blocks, too, in nine of ten cases.)

Both nets here read sentences about six topics. Each of the six words with two meanings belongs to
two. See where the clue stands: *before* such a word, both nets know what it means. *After* it,
reading from left to right leaves a coin to throw. More layers or training can't help, as
no path leads back.

The real BERT also puts ⟨CLS⟩ before the text, whose vector stands for the whole, and ⟨SEP⟩ between
two sentences, and adds to each word's vector one for its place and one for its sentence.

## Tomorrow

To tag, search or classify, take an encoder that reads in both directions. To write, take a causal
model. Must a causal one tag? Read its vectors after the clue: at the end, or on a second reading.
"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy, one_hot

from dlplay import Choice, Int, Scene, Text, Try
from dlplay.data import spelt, topic_sentences
from dlplay.data.toy_english import HOMONYMS, LONG, PLACE, TOPIC_WORDS, TOPICS
from dlplay.nn.transformer import Block

V, MASK = len(TOPIC_WORDS), len(TOPIC_WORDS)
NETS = ("both directions", "left to right")
CLUES = ("before", "after")


class BothDirections(Scene):
    covers = ("BERT",)
    panels = {
        "what the word means": "dots are sentences; across: read both ways, up: left to right",
        "word by word": "how your sentence's word is read as the others come; 0.5: undecided",
        "right": "share of new sentences, by where the clue stands; higher is better",
    }
    claims = {
        "both_know": "clue after the word: reading in both directions, over 0.95 are read right",
        "left_guesses": "clue after the word: from left to right, 0.42 to 0.58 are read right",
        "past_is_known": "clue before the word: each of the two nets reads over 0.93 right",
        "learns": "reading both ways, a hidden word costs under 1.6 nats (a word by lot: 4.6)",
    }
    tries = (
        Try(
            "layers=3",
            "Both nets get a third block. How many does the left-to-right net read, clue after?",
            ("half of them", "three of four", "nearly all"),
            right=1,
            keeps=("left_guesses", "both_know"),
            why="However high the stack, each layer takes only from words that stand further left, "
            "and these have heard nothing of the clue either.",
        ),
        Try(
            "read_at=end",
            "The probe reads the vector of the last word in place of the ambiguous one. How often "
            "is the left-to-right net right now, clue after?",
            ("half of the time", "three of four", "nearly always"),
            right=3,
            breaks="left_guesses",
            keeps="both_know",
            why="The last word sees the whole sentence, clue included. The net knows the sense in "
            "the end; it can't write it into the vector of a word that is already past.",
        ),
        Try(
            "layer=0",
            "The probe reads the word's vector before the first block. How many are right?",
            ("nearly all in both nets", "half in both nets", "half in one, nearly all in one"),
            right=2,
            breaks=("both_know", "past_is_known"),
            keeps="left_guesses",
            why="Before any attention a word has the same vector in each sentence: one for both "
            "of its meanings, as in word2vec.",
        ),
    )
    quick = {"steps": 10}

    clue = Choice(
        "after", ("before", "after"), live=True, help="where the clue of the dots' sentences stands"
    )
    sentence = Text("today near the old bank the fisher rowed", live=True, help="with such a word")
    layer = Int(2, min=0, max=3, live=True, help="after which block the vectors are read")
    read_at = Choice("word", ("word", "end"), live=True, help="of which word they are read")
    layers = Int(2, min=1, max=3, help="L, blocks of each net")
    steps = Int(400, min=10, max=5000, log=True, help="steps of 64 sentences, for each net")

    def run(self, stage):
        nets = nn.ModuleList([Reader(causal, self.layers) for causal in (False, True)])
        nets = nets.to(stage.device)
        optimizer = torch.optim.Adam(nets.parameters(), lr=0.005)
        text = topic_sentences(64 * self.steps).ids.reshape(self.steps, 64, LONG)

        # Sentences with the six words, the first 100 to fit probes: {clue: ids, topics}
        asked = {clue: topic_sentences(1300, clue=clue, homonym="any")[:2] for clue in CLUES}
        asked = {clue: [part.to(stage.device) for part in parts] for clue, parts in asked.items()}
        first = TOPIC_WORDS.index("bank")  # the six words stand in a row from here
        senses = torch.tensor([[list(TOPICS).index(t) for t in ts] for ts in HOMONYMS.values()])
        senses = senses.to(stage.device)  # [6, 2]

        def vectors(net, x, at, layer):
            """Of sentences [N, n], the vector at place `at` after that block [N, D]."""
            return net.states(x)[min(layer, self.layers)][:, -1 if self.read_at == "end" else at]

        def probe(net, clue, layer):
            """A linear map [D + 1, 6] from vectors to topics, by least squares."""
            x, topics = (part[:100] for part in asked[clue])
            h = with_one(vectors(net, x, PLACE[clue], layer))
            ridge = 0.01 * torch.eye(h.shape[1], device=h.device)
            return torch.linalg.solve(h.T @ h + ridge, h.T @ one_hot(topics, 6).float())

        def readings(net, x, at, layer, fitted):
            """How much the vectors are for the second sense of the word at `at`, 0 to 1: [N]."""
            scores = with_one(vectors(net, x, at, layer)) @ fitted  # [N, 6]
            one, two = scores.gather(1, senses[x[:, at] - first]).T
            return (0.5 + (two - one) / 2).clamp(0, 1)

        def right(net, clue, layer):
            """The share of new sentences in which the sense is read right."""
            (x, topics), at = (part[100:] for part in asked[clue]), PLACE[clue]
            said = readings(net, x, at, layer, probe(net, clue, layer)) > 0.5
            second = senses[x[:, at] - first, 1] == topics
            return (said == second).float().mean().item()

        @stage.look(25, nets)
        def look():
            shares = [[right(net, clue, self.layer) for clue in CLUES] for net in nets]
            alone = [right(nets[0], clue, 0) for clue in CLUES]
            named = dict(zip((*NETS, "word alone"), (*shares, alone), strict=True))
            where = [f"clue {clue}" for clue in CLUES]
            stage.bars("right", where, named, lines={"guessing": 0.5})
            stage.headline(
                f"clue after the word: {shares[0][1]:.0%} right in both directions, "
                f"{shares[1][1]:.0%} from left to right"
            )
            places, wrong = ids(self.sentence)
            at = 0 if wrong else next(k for k, place in enumerate(places) if 0 <= place - first < 6)
            number = first if wrong else places[at]
            word, (low, high) = TOPIC_WORDS[number], HOMONYMS[TOPIC_WORDS[number]]
            x, topics = (part[100:] for part in asked[self.clue])
            where = PLACE[self.clue]
            x, topics = (part[x[:, where] == number] for part in (x, topics))
            said = [
                readings(net, x, where, self.layer, probe(net, self.clue, self.layer))
                for net in nets
            ]
            dots = torch.stack(said, dim=1)
            pairs = zip((low, high), senses[number - first], strict=True)
            stage.plane(
                "what the word means",
                x=(-0.1, 1.1),
                y=(-0.1, 1.1),
                points={f"{word}: {name}": dots[topics == sense] for name, sense in pairs},
                x_label=f"both directions: 0 {low}, 1 {high}",
                y_label=f"left to right: 0 {low}, 1 {high}",
            )
            if wrong:
                stage.text("word by word", wrong)
                return
            # Row k: the first k words of the sentence, what is still to come behind the mask
            n, grown = len(places), {}
            x = torch.tensor(places).expand(n, n)
            x = x.where(torch.ones(n, n).tril() == 1, MASK)[at:].to(stage.device)
            clue = "before" if at > 5 else "after"
            for name, net in zip(NETS, nets, strict=True):
                said = readings(net, x, at, self.layer, probe(net, clue, self.layer))
                grown[name] = said
            named = [TOPIC_WORDS[place] for place in places[at:]]
            stage.bars("word by word", named, grown, unit=high, lines={"undecided": 0.5})

        for step in stage.loop(self.steps):
            optimizer.param_groups[0]["lr"] = 0.005 * min(1, (step + 1) / 50)
            x = text[step].to(stage.device)
            hidden = torch.rand(64, LONG).to(stage.device) < 0.4
            guessed = nets[0](x.where(~hidden, MASK))
            ahead = nets[1](x[:, :-1])
            hidden_loss = cross_entropy(guessed[hidden], x[hidden])
            loss = hidden_loss + cross_entropy(ahead.flatten(0, 1), x[:, 1:].flatten())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe(nets):
            both, left = ([right(net, clue, self.layer) for clue in CLUES] for net in nets)
            stage.claim("both_know", both[1], above=0.95)
            stage.claim("left_guesses", left[1], within=(0.42, 0.58))
            stage.claim("learns", hidden_loss, below=1.6)
            stage.claim("past_is_known", min(both[0], left[0]), above=0.93)


class Reader(nn.Module):
    """Vectors of words and places, blocks, and which word stands (or comes next) at each place."""

    def __init__(self, causal, layers, D=32):
        super().__init__()
        self.embed, self.place = nn.Embedding(V + 1, D), nn.Embedding(LONG, D)
        self.blocks = nn.ModuleList(Block(D, 4, causal=causal, hidden=2 * D) for _ in range(layers))
        self.head = nn.Sequential(nn.LayerNorm(D), nn.Linear(D, V))
        for table in (self.embed, self.place):
            nn.init.normal_(table.weight, std=0.1)

    def states(self, x):  # [N, n] -> the words' vectors, and those after each block [N, n, D]
        found = [self.embed(x)]
        h = found[0] + self.place.weight[: x.shape[1]]
        for block in self.blocks:
            h = block(h)
            found.append(h)
        return found

    def forward(self, x):  # [N, n] -> [N, n, V]
        return self.head(self.states(x)[-1])


def with_one(h):
    """Vectors [N, D] with a number 1 put at the end of each."""
    return torch.cat([h, torch.ones_like(h[:, :1])], dim=1)


def ids(sentence):
    """The places of its words in the list; and, where it can't be read, why."""
    places, strange = spelt(sentence, TOPIC_WORDS)
    places, some = places[:LONG], ", ".join(HOMONYMS)
    if strange:
        known = " ".join(TOPIC_WORDS)
        return places, f"The nets never read “{strange[0][:40]}”.\nThey know: {known}"
    named = [TOPIC_WORDS[place] for place in places]
    if not any(word in HOMONYMS for word in named):
        return places, f"Use one of these among the first {LONG} words: {some}."
    return places, ""
