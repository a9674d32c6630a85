"""
# Can attention tell who bit whom?

"The dog bit the man" and "the man bit the dog" have the same words. Only their order says who needs
a doctor. A recurrent net hears the order, because it reads in it. Attention doesn't read in any
order: each word compares itself with all others at once, and takes a weighted mean of them.

A mean has no order. Put the words in another one, and each word still meets the same others, gives
them the same weights, and gets the same output. The outputs just move along with their words:

    f(P X) = P f(X)

X [N, D] holds the N words, a row each; P exchanges rows; f is the layer, or any number of them.
That is called **equivariant**. Take the mean of all outputs, as one does to judge the whole
sentence, and nothing is left of the order: that number is **invariant**. Both words are often
confused.

So the order must be put in. Here two nets of one block learn to say who bites. One gets the words
alone. The other gets, added to each word, a vector that stands for its place: the **learned
position**, a row of weights for each place. Exchange dog and man in the sentence, and see whose
answer moves.

A place can be told in other ways, too: by waves that are added (next page), by turning queries and
keys (**rotary**), or by what one may see. Let each word see only those before it, and the first one
sees nothing but itself. That alone gives the order away.

## Tomorrow

Shuffle the inputs of a trained model. If its score stays, it doesn't use the order: positions are
missing, or the task doesn't need them. Do it also where you believe that order can't matter, as in
sets.
"""

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from dlplay import Choice, Float, Int, Scene, Text, Try
from dlplay.nn.attention import Rotary, sinusoids
from dlplay.nn.transformer import Block

LEXICON = "dog man bit the a old poor big small today here again"  # who bites, then fillers
WORDS = LEXICON.split()
LONGEST, D = 10, 32  # words of a sentence, width
NETS = ("no positions", "positions")


class Order(Scene):
    covers = ("Positional Encoding (sinusoidal, learned)",)
    panels = {
        "did the dog bite?": "how sure each net is that the dog bit; 1 is yes, 0 is no: the man",
        "right": "share of new sentences where the right one is found; higher is better",
        "outputs": "what each word's output says for the dog, without and with positions",
    }
    claims = {
        "a_coin": "without positions the net is right in 0.42 to 0.58 of new sentences",
        "told": "with positions it is right in over 0.95",
        "turns": "dog and man exchanged: with positions over 0.9 of the answers turn round",
        "moves_along": "by the book: without positions no output moves when words are reversed",
    }
    tries = (
        Try(
            "sees=earlier",
            "Each word sees itself and those before it. Nothing is added. How often is the net "
            "without positions right?",
            ("half of the time: nothing tells it the places", "three in four", "nearly always"),
            right=3,
            breaks=("a_coin", "moves_along"),
            keeps=("told", "turns"),
            why="The first word sees one word, the last sees all: how much a word sees says where "
            "it stands. If the dog has seen the man, it comes later.",
        ),
        Try(
            "read=first",
            "The answer is read from the output of the first word, not from the mean of all. How "
            "often is the net without positions right?",
            ("half of the time: its outputs just move along", "more often", "nearly always"),
            right=2,
            breaks="a_coin",
            keeps=("moves_along", "told"),
            why="To pick the first output is to tell it one place. Where dog or man happens to "
            "stand there, the net knows who bit; else it guesses.",
        ),
        Try(
            "positions=rotary",
            "Nothing is added to the words; queries and keys are turned by their places. Is "
            "the order known?",
            ("yes, as well", "no: the words are still the same", "only of neighbours"),
            right=1,
            keeps=("told", "turns", "a_coin"),
            why="Scores then depend on how far apart two words stand, and on which side.",
        ),
    )
    quick = {"steps": 10}

    positions = Choice("learned", ("learned", "sinusoidal", "rotary"), help="of the second net")
    sees = Choice("all", ("all", "earlier"), help="words that a word looks at, beside itself")
    read = Choice("mean", ("mean", "first"), help="the outputs from which the answer is read")
    sentence = Text("the dog bit the man", live=True, help="with dog and man")
    learning_rate = Float(0.003, min=1e-4, max=0.1, log=True, live=True, help="of Adam")
    steps = Int(250, min=5, max=3000, log=True, help="steps of 64 sentences, for each net")

    def run(self, stage):
        kinds, causal = ("none", self.positions), self.sees == "earlier"
        nets = nn.ModuleList([Judge(kind, causal) for kind in kinds]).to(stage.device)
        adam = torch.optim.Adam(nets.parameters())
        tests = [tuple(t.to(stage.device) for t in sentences(250, n)) for n in range(3, 11)]

        def answers(x):
            """Above 0 where the dog did it: [2, sentences], of words x [sentences, N]."""
            said = torch.stack([net(x) for net in nets])  # [2, sentences, N]
            return said[..., 0] if self.read == "first" else said.mean(dim=2)

        def right():
            """Of each net, the share of all test sentences [2]."""
            hits = [(answers(x) > 0) == (y == 1) for x, y in tests]
            return torch.cat(hits, dim=1).float().mean(dim=1)

        @stage.look(10, nets)
        def look():
            blind, told = right().tolist()
            stage.curve("right", dict(zip(NETS, (blind, told), strict=True)))
            stage.headline(f"who bit whom: right in {blind:.0%} without positions, {told:.0%} with")
            x, wrong = ids(self.sentence)
            if wrong:
                stage.text("did the dog bite?", wrong)
                stage.text("outputs", wrong)
                return
            both = torch.stack([x, exchanged(x)]).to(stage.device)
            sure = answers(both).sigmoid()  # [2 nets, 2 sentences]
            labels = [" ".join(WORDS[n] for n in row) for row in both.tolist()]
            ends = {"undecided": 0.5}
            stage.bars("did the dog bite?", labels, dict(zip(NETS, sure, strict=True)), lines=ends)
            here = [net(both[:1])[0] for net in nets]  # [N] each
            back = [net(both[:1].flip(1))[0].flip(0) for net in nets]  # from the end; same words
            columns = ("word", "without", "reversed", "with", "reversed")
            numbers = torch.stack([here[0], back[0], here[1], back[1]], dim=1).tolist()
            said = [[f"{v:.2f}" for v in row] for row in numbers]
            rows = [(WORDS[n], *row) for n, row in zip(x.tolist(), said, strict=True)]
            stage.table("outputs", columns, rows)

        stage.axes("right", y="share", lines={"guessing": 0.5})
        for _ in stage.loop(self.steps):
            adam.param_groups[0]["lr"] = self.learning_rate
            N = int(torch.randint(3, LONGEST + 1, (), device="cpu"))
            x, y = (t.to(stage.device) for t in sentences(64, N))
            loss = sum(binary_cross_entropy_with_logits(said, y) for said in answers(x))
            adam.zero_grad()
            loss.backward()
            adam.step()

        with stage.probe(nets):
            blind, told = right()
            x = tests[-1][0]  # [250, 10]
            turned = (answers(x)[1] > 0) != (answers(exchanged(x))[1] > 0)
            moved = (nets[0](x.flip(1)).flip(1) - nets[0](x)).abs() > 1e-4
            stage.claim("a_coin", blind, within=(0.42, 0.58))
            stage.claim("told", told, above=0.95)
            stage.claim("turns", turned.float().mean(), above=0.9)
            stage.claim("moves_along", moved.float().mean(), equal=0)


class Judge(nn.Module):
    """One Transformer block over words, told their places in some way; a number for each word."""

    def __init__(self, positions, causal):
        super().__init__()
        self.words = nn.Embedding(len(WORDS), D)
        self.places = None  # what is added: [LONGEST, D]
        if positions in ("learned", "sinusoidal"):
            learned = positions == "learned"
            table = torch.randn(LONGEST, D) if learned else sinusoids(LONGEST, D)
            self.places = nn.Parameter(table, requires_grad=learned)
        rotary = Rotary(D // 2, LONGEST) if positions == "rotary" else None
        self.block = Block(D, 2, causal=causal, rotary=rotary, hidden=2 * D)
        self.answer = nn.Sequential(nn.LayerNorm(D), nn.Linear(D, 1))

    def forward(self, x):  # [sentences, N] -> [sentences, N]
        h = self.words(x)
        if self.places is not None:
            h = h + self.places[: x.shape[1]]
        return self.answer(self.block(h))[..., 0]


def sentences(number, N):
    """Sentences of N words [number, N], each with dog and man, and whether the dog is first."""
    x = torch.randint(2, len(WORDS), (number, N), device="cpu")
    at = torch.rand(number, N, device="cpu").argsort(dim=1)[:, :2]  # of dog and of man
    x.scatter_(1, at, torch.tensor([[0, 1]], device="cpu").expand(number, 2))
    return x, (at[:, 0] < at[:, 1]).float()


def exchanged(x):
    """The same words with dog and man in each other's place."""
    return torch.where(x < 2, 1 - x, x)


def ids(sentence):
    """The numbers of its words [N]; and, where it can't be read, why."""
    words = sentence.replace(",", " ").replace(".", " ").lower().split()[:LONGEST]
    strange = [word for word in words if word not in WORDS]
    x = torch.tensor([WORDS.index(word) for word in words if word in WORDS], device="cpu")
    if strange:
        return x, f"The nets never read “{strange[0]}”.\nThey know: " + ", ".join(WORDS)
    whole = words.count("dog") == words.count("man") == 1
    return x, "" if whole else f"The first {LONGEST} words must have one dog and one man."
