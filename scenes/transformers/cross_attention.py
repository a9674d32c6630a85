"""
# Where does the decoder look in the source?

A Transformer that translates has two halves. The **encoder** reads the whole source at once, each
place looking at all others, and leaves a vector for each symbol. It does so once. The **decoder**
writes one symbol at a time. To each it brings what is written so far, and asks the source anew.

Asking is attention between two texts. The queries come from the text that is written, keys and
values from the one that was read:

    A = softmax(Q Kᵀ / √d)
    Q = Y W_Q,  K = X W_K,  V = X W_V

Y are the decoder's T vectors, X the encoder's S, W_Q, W_K, W_V are learned, d is the width of a
head. A has T rows and S columns, one row for each symbol to be written, and need not be square.
A V is added to Y: each row takes a weighted mean of the values that it looks at.

One block of a decoder is then: look back at what is written (masked), look into the source
(**cross-attention**), think about each place alone. The first design had six such blocks, and six
of an encoder.

Here dates in five forms, such as `march 12, 1998`, become `1998-03-12`. Nobody says which symbols
belong together. Yet the year's rows go to wherever the year stands, and `03` is made from letters.
Is the map the reason? Hide the year from cross-attention alone, and see what is lost.

Don't read single cells too strictly: the encoder's own attention moves knowledge to neighbours, so
a row may look one column beside.

## Tomorrow

A translation drops or repeats something? Look at the rows of cross-attention there. Then hide what
they look at and see whether the output moves: only that tells you that it was used.
"""

import re

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from dlplay import Choice, Int, Scene, Text, Toggle, Try
from dlplay.data import dates
from dlplay.data.language import DATE_FORMS, DATE_SYMBOLS
from dlplay.nn.attention import SelfAttention, sinusoids
from dlplay.nn.transformer import Block, FeedForward

PAD, START, T = 0, 1, 10  # T characters of year-month-day
D, H = 32, 2


class CrossAttention(Scene):
    covers = (
        "Encoder–Decoder Transformer",
        "Decoder (masked self-attention, cross-attention)",
    )
    panels = {
        "looks at": "row: a character it writes; column: your date; bright: where it looks for it",
        "written": "the date it writes; blue: the net is sure of a character, brown: it is not",
        "exactly right": "share of 300 new dates, by the form in which they are given",
    }
    claims = {
        "right": "at least 0.9 of 300 new dates are written exactly right",
        "looks_at_year": "for the year's digits 0.7 or more of the weight is on the year",
        "looks_elsewhere": "for the digits of month and day at most 0.15 of it is on the year",
        "used": "hiding the year makes over 0.8 more years wrong than hiding 4 other characters",
        "others_kept": "with the year hidden over half of all months and days are still right",
    }
    tries = (
        Try(
            "cross=off",
            "The decoder can't look into the source. What does it write?",
            ("the right date now and then", "always the same date", "nothing like a date"),
            right=2,
            breaks=("right", "looks_at_year", "used"),
            why="It still learns what dates look like, and where the dashes stand. But nothing "
            "tells it which date was asked for, so it writes one that is likely.",
        ),
        Try(
            "hidden=year",
            "The year is hidden from cross-attention alone; the encoder reads the whole date. "
            "What becomes of month and day?",
            ("they go wrong too", "most stay right", "they come out in another order"),
            right=2,
            breaks="right",
            keeps=("looks_elsewhere", "others_kept"),
            why="Each row asks anew. The rows of month and day never looked at the year.",
        ),
        Try(
            "date='31 jan 1999'",
            "No day after the 28th was ever in training. Which day does it write?",
            ("31, it copies digits", "28, the last that it knows", "13, the digits turned round"),
            right=3,
            keeps="right",
            why="Where a day begins it has only seen 0, 1 and 2. Of the digits that it finds 1 "
            "fits there, and what is left comes next.",
        ),
        Try(
            "date='1998 mar 12'",
            "It knows every part of this date, only the order is new. What does it write?",
            ("1998-03-12", "the year right, the rest wrong", "not even the year right"),
            right=3,
            keeps="right",
            why="It learnt where a year stands beside what a year looks like. Nothing in training "
            "told the one from the other.",
        ),
    )
    quick = {"steps": 5}

    date = Text("12 mar 1998", live=True, max_length=18, help="yours: as people write dates")
    hidden = Choice("nothing", ("nothing", "year"), live=True, help="from cross-attention alone")
    head = Choice("mean", ("mean", "1", "2"), live=True, help="whose weights are shown")
    cross = Toggle(True, help="whether the decoder looks into the source")
    steps = Int(400, min=5, max=3000, log=True, help="steps of 64 dates")

    def run(self, stage):
        net = Translator(self.cross).to(stage.device)
        optimizer = torch.optim.AdamW(net.parameters())
        cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.01, total_steps=self.steps)
        known = dates(5000, device=stage.device)
        x_new, y_new, begins, forms = dates(300, new=True, device=stage.device)
        place = torch.arange(x_new.shape[1], device=stage.device)
        in_year = (place >= begins[:, None]) & (place < begins[:, None] + 4)  # [300, S]
        four = torch.rand(x_new.shape).to(stage.device).masked_fill(in_year | (x_new == PAD), -1)
        others = torch.zeros_like(in_year).scatter(1, four.topk(4).indices, True)

        def right(hidden=None, part=slice(None)):
            """Of which new dates this part is right, with places hidden or without: [300]."""
            seen = x_new != PAD if hidden is None else (x_new != PAD) & ~hidden
            written, _, _ = net.alone(x_new, seen)
            return (written == y_new)[:, part].all(dim=1).float()

        @stage.look(25, net)
        def look():
            whole = right(in_year if self.hidden == "year" else None)
            by_form = [whole[forms == form].mean() for form in range(len(DATE_FORMS))]
            stage.bars("exactly right", DATE_FORMS, by_form)
            text = "".join(c for c in self.date.lower() if c in DATE_SYMBOLS[2:])
            if not text.strip():
                stage.text("looks at", "There is no date in your text: try 12 mar 1998.")
                stage.text("written", "(nothing to translate)")
                return
            x = torch.tensor([[DATE_SYMBOLS.index(c) for c in text]], device=stage.device)
            seen = torch.ones_like(x, dtype=torch.bool)
            year = re.search(r"\d{4}", text) if self.hidden == "year" else None
            if year and len(text) > 4:
                seen[:, year.start() : year.end()] = False
            written, A, logits = net.alone(x, seen)
            said = [
                DATE_SYMBOLS[symbol] if symbol > START else "_" for symbol in written[0].tolist()
            ]
            stage.headline(
                f"{text} → {''.join(said)}; of 300 new dates {whole.mean():.0%} are right"
            )
            weights = A[0].mean(dim=0) if self.head == "mean" else A[0, int(self.head) - 1]
            stage.heatmap(
                "looks at", weights, rows=said, columns=list(text), x="your date", y="it writes",
                low=0, high=1,
            )  # fmt: skip
            stage.tokens("written", said, logits[0].softmax(dim=1).amax(dim=1))

        for _ in stage.loop(self.steps):
            batch = torch.randint(len(known.ids), (64,), device="cpu").to(stage.device)
            x, y = known.ids[batch], known.answers[batch]
            given = torch.cat([torch.full_like(y[:, :1], START), y[:, :-1]], dim=1)
            logits, _ = net.write(given, net.read(x), x != PAD)
            loss = cross_entropy(logits.flatten(0, 1), y.flatten())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            cycle.step()

        with stage.probe(net):
            hidden = in_year if self.hidden == "year" else None
            stage.claim("right", right(hidden).mean(), at_least=0.9)
            _, A, _ = net.alone(x_new)
            on_year = (A.mean(dim=1) * in_year[:, None]).sum(dim=2)  # [300, T]
            stage.claim("looks_at_year", on_year[:, :4].mean(), at_least=0.7)
            stage.claim("looks_elsewhere", on_year[:, [5, 6, 8, 9]].mean(), at_most=0.15)
            year, rest = slice(4), slice(5, None)
            lost = right(others, year).mean() - right(in_year, year).mean()
            stage.claim("used", lost, above=0.8)
            stage.claim("others_kept", right(in_year, rest).mean(), above=0.5)


class Translator(nn.Module):
    """Reads with one block, writes with one block that looks back, into the source, and thinks."""

    def __init__(self, cross=True):
        super().__init__()
        self.vectors = nn.Embedding(len(DATE_SYMBOLS), D)
        self.register_buffer("positions", sinusoids(32, D))
        self.reader = Block(D, H, causal=False, hidden=2 * D)
        self.norms = nn.ModuleList(nn.LayerNorm(D) for _ in range(5))
        self.look_back, self.think = SelfAttention(D, H), FeedForward(D, 2 * D)
        self.Q, self.K, self.V, self.mix = (nn.Linear(D, D) for _ in range(4))
        self.name = nn.Linear(D, len(DATE_SYMBOLS))
        self.cross = cross

    def read(self, x):
        """Symbols [N, S]: a vector for each, [N, S, D]."""
        vectors = self.vectors(x) + self.positions[: x.shape[1]]
        return self.norms[0](self.reader(vectors, (x != PAD)[:, None, None]))

    def write(self, y, source, seen):
        """Symbols written [N, T], the source [N, S, D] and which of it is seen [N, S]:
        logits of what comes after each [N, T, V], and where each looks [N, H, T, S]."""
        Y = self.vectors(y) + self.positions[: y.shape[1]]
        Y = Y + self.look_back(self.norms[1](Y))
        q = by_head(self.Q(self.norms[2](Y)))  # [N, H, T, d], from what is written
        k, v = by_head(self.K(source)), by_head(self.V(source))  # [N, H, S, d], from what was read
        scores = q @ k.mT / q.shape[-1] ** 0.5
        A = scores.masked_fill(~seen[:, None, None], -torch.inf).softmax(dim=-1)
        if self.cross:
            Y = Y + self.mix((A @ v).transpose(1, 2).flatten(2))
        Y = Y + self.think(self.norms[3](Y))
        return self.name(self.norms[4](Y)), A

    def alone(self, x, seen=None):
        """Reads once, then writes T symbols, each from what it wrote: [N, T], and the last A."""
        seen = x != PAD if seen is None else seen
        source, written = self.read(x), torch.full_like(x[:, :1], START)
        for _ in range(T):
            logits, A = self.write(written, source, seen)
            written = torch.cat([written, logits[:, -1:].argmax(dim=2)], dim=1)
        return written[:, 1:], A, logits


def by_head(x):  # [N, T, D] -> [N, H, T, D / H]
    return x.unflatten(2, (H, D // H)).transpose(1, 2)
