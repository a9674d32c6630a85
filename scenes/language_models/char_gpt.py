r"""
# A GPT in a minute

A GPT is a stack of Transformer blocks that reads a text and, after every *token*, states how
probable each possible next token is. In most of them a token is a piece of a word, some 50,000
kinds. In this one it is a character: it reads nine plays by Shakespeare, of 78 kinds of them. It
begins knowing nothing and trains while you watch.

Each character becomes a vector. A block lets every position take something from the positions that
it may see (attention), and then thinks about the result alone (two layers with GELU). At the top, a
matrix turns each vector into 78 numbers, the logits, and softmax makes probabilities of them. The
loss is the mean surprise over the T positions of a window,

$$ L = -\frac{1}{T} \sum_{t=1}^{T} \ln p(x_{t+1} | x_1 \ldots x_t) $$

in nats per character. Nobody labels anything: the text is its own answer sheet.

**The mask.** A position may look at itself and back, never ahead. That one rule lets a single pass
over T characters give T honest predictions, exactly those that T separate passes over its
beginnings would give. Without it, a position copies what it is to predict from its neighbour: the
loss falls towards zero, on unseen text too, and the model cannot write a word. A loss that looks
too good is the classic sign of such a leak.

**What the loss is worth.** An untrained model should say 1/78 for everything, a loss of
ln 78 = 4.36. The lines in the panel are what counting alone can do: how often each character occurs
(1-gram), follows another (2-gram), follows two (3-gram), each smoothed by the one below. The
model passes pairs after some 100 steps and triples after some 800. It does *not* pass counts of
five in a row, which take a third of a second to make and reach 1.49. It is often told that
networks simply beat n-grams. At this size, in this time, they do not. What turns the tables is
more text and more training: counts of six or seven in a row, so smoothed, are already worse here
than those of five, since most such pieces never occurred before, while a network can go on
gaining from a longer context.

**Picking a character.** The model gives probabilities; something else must choose.

- *Greedy* takes the most probable. Each choice is the best one, and the text runs in circles.
- *Sampling* follows the probabilities. It includes their tail: many characters, each improbable,
  together probable enough to spoil a word now and then.
- *Temperature* τ divides the logits before softmax. Below 1 it sharpens, above 1 it flattens, and
  it never changes the order. τ = 0 would divide by zero; what is meant is greedy.
- *Top-k* keeps the k most probable, whether the model is sure or not.
- *Top-p* keeps the fewest that together reach p: one after "PORTI", some twenty at the
  start of a line. That it follows the model's doubt is the point of it.

The text comes out in the shape of a play, with names in capitals, stage directions, short lines.
Most words are real and no sentence means anything. Read it as what a minute buys.

**Your own text.** `corpus=my.txt` has it read yours (its last tenth is held out). Everything is
measured anew; the claims are those of the plays, and claim nothing of your text.

An attention map shows from where a position takes, not why, nor whether it mattered. To know,
change the character and see what moves.

## Watch

- **loss**: which line is crossed, and when. Training and validation stay together: in a minute
  it cannot learn by heart.
- **generated text**: blue characters were probable, orange ones a surprise. First letters in
  their right frequencies, then short words, then the form of a play. The model changes while it
  writes.
- **next character**: the first bar is the model's probability, the second what temperature, k and
  p make of it.
- **attention**: nothing above the diagonal, ever. Look for a head that takes mostly the character
  before, or the one before that: a second diagonal.
- **greedy text**: the circle that it falls into, and how training changes it.

## Try

- `temperature`, `top_k`, `top_p`, `prompt` work at once. `temperature=0` makes both texts the same
  circle; `temperature=1.5` makes up most of its words. `\n` in the prompt starts a new line.
- `mask=none steps=200`: validation falls below 0.1, under every line, and the text is worthless.
- `init=0.3`: it begins more than 3 nats above ln 78, sure of itself and wrong.
- `steps=50`: a model of pairs, no better. `steps=100`: not yet at triples.
- `top_p=1`: all 78 are kept everywhere; nothing follows the model's doubt any more.
- `positions=none`: it still learns, though slower (2.38 after 500 steps instead of 1.99). The mask
  alone tells a position how much stands before it.
"""

import math
from collections import Counter

import torch
from torch import nn
from torch.nn.functional import cross_entropy, one_hot

from dlplay import Choice, File, Float, Int, Scene, Text, claim
from dlplay.data import text as text_of
from dlplay.nn.attention import Rotary, attention_maps
from dlplay.nn.transformer import Block, decay_groups, initialize

PASSAGE = 20_000  # held-out characters on which the model and the counts are compared, at most
LEAST = 15_000  # characters of a text of one's own
KINDS = 255  # of characters, at most; rarer ones become one more
HEADS = 4  # attention maps in a layer
BATCH = 16  # windows
LENGTH = 400  # a text that is written ends here, and the next one begins
SHOWN = 24  # characters on the axes of the attention maps


class GPT(nn.Module):
    def __init__(self, symbols, width, layers, heads, context, positions, causal):
        super().__init__()
        self.embed = nn.Embedding(symbols, width)
        self.place = nn.Embedding(context, width) if positions == "learned" else None
        rotary = Rotary(width // heads, context) if positions == "rope" else None
        self.blocks = nn.Sequential(
            *(Block(width, heads, causal=causal, rotary=rotary) for _ in range(layers))
        )
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, symbols, bias=False)

    def forward(self, ids):  # ids [B, T] -> logits [B, T, symbols]
        x = self.embed(ids)
        if self.place is not None:
            x = x + self.place.weight[: ids.shape[1]]
        return self.head(self.norm(self.blocks(x)))


class CharGPT(Scene):
    covers = {
        "GPT (GPT-1)": ("loss", "attention", "begins_uniform", "learns", "causal", "parallel"),
        "GPT-2": (
            "generated text",
            "loss",
            "beats_pairs",
            "beats_triples",
            "loses_to_fives",
            "uses_context",
        ),
        "Classification Head": ("next character", "begins_uniform"),
        "Strategies for Next Token Sampling (overview)": (
            "generated text",
            "next character",
            "greedy_loops",
        ),
        "Greedy search": ("greedy text", "greedy_loops"),
        "Pure (ancestral) sampling": ("generated text", "greedy_loops"),
        "Top-K sampling": ("next character",),
        "Top-p (nucleus) sampling": ("next character", "nucleus_breathes"),
        "Temperature scaling": ("next character", "generated text"),
    }
    panels = ("loss", "generated text", "next character", "attention", "greedy text")
    quick = {"steps": 12, "width": "32", "layers": 1, "context": 32}

    temperature = Float(0.8, min=0, max=3, step=0.1, live=True, help="0 takes the most probable")
    top_k = Int(78, min=1, max=78, live=True, help="keep this many characters; 78: all")
    top_p = Float(0.95, min=0.05, max=1, step=0.05, live=True, help="keep this much probability")
    prompt = Text("PORTIA.", max_length=60, live=True, help="what the text begins with")
    learning_rate = Float(
        0.01, min=1e-5, max=1, log=True, live=True, help="at the top of its schedule"
    )
    steps = Int(1500, min=10, max=50_000, log=True, help="batches to train on")
    width = Choice("80", ("16", "32", "48", "64", "80", "96", "128", "192"), help="of each layer")
    layers = Int(2, min=1, max=6, help="blocks of attention and feed-forward")
    context = Int(64, min=8, max=256, step=8, help="characters that it can see")
    positions = Choice("rope", ("rope", "learned", "none"), help="how it knows the order")
    mask = Choice("causal", ("causal", "none"), help="none: it sees what it is to predict")
    init = Float(0.02, min=0.001, max=1, log=True, help="standard deviation of first weights")
    corpus = File("shakespeare", kind="text", help="what it reads; your own: a tenth is held out")

    def run(self, stage):
        text = text_of(self.corpus, least=LEAST)
        symbols = sorted(c for c, _ in Counter(text).most_common(KINDS))
        number = {symbol: i for i, symbol in enumerate(symbols)}
        if len(set(text)) > KINDS:
            symbols.append("\N{REPLACEMENT CHARACTER}")
            print(f"characters beyond the {KINDS} most frequent are read as {symbols[-1]}")
        data = torch.tensor([number.get(c, KINDS) for c in text])
        train, held_out = data[: len(data) * 9 // 10], data[len(data) * 9 // 10 :]
        V, T = len(symbols), self.context
        passage = min(PASSAGE, len(held_out) - T)

        # What counting alone can do: the chance of each character of the passage, given the
        # n - 1 before it. Each order leans on the one below (Witten and Bell, 1991).
        names = ("1-gram", "2-gram", "3-gram", "4-gram", "5-gram")
        baselines = {"uniform": math.log(V)}
        chance = torch.full((passage,), 1 / V, dtype=torch.float64)
        for n in stage.loop(5, "counting"):
            chance = ngram(train, held_out[T - n : T + passage], chance, n + 1, V)
            baselines[names[n]] = -chance.log().mean().item()
            stage.axes("loss", x="step", y="nats per character", lines=baselines)

        train, held_out = train.to(stage.device), held_out.to(stage.device)
        model = GPT(
            V, int(self.width), self.layers, HEADS, T, self.positions,
            causal=self.mask == "causal",
        ).to(stage.device)  # fmt: skip
        initialize(model, self.init)
        stage.watch(model)
        optimizer = torch.optim.AdamW(
            decay_groups(model, 0.1), lr=self.learning_rate, betas=(0.9, 0.99), fused=True
        )
        # Windows that end in every 16th place of the passage; in training, 64 of them will do.
        span = min(16, T)
        ends = torch.arange(T + span, T + passage + 1, span, device=stage.device)
        windows = held_out[ends[:, None] + torch.arange(-T - 1, 0, device=stage.device)]
        few = windows[:: len(windows) // 64]
        with stage.probe(model):
            untrained = losses(model, few).mean()
        writer = Writer(stage, self, model, symbols)

        for step in stage.loop(self.steps, "training"):
            warm_up = min(1, (step + 1) / 50)
            cosine = 0.1 + 0.9 * (1 + math.cos(math.pi * step / self.steps)) / 2
            for group in optimizer.param_groups:
                group["lr"] = self.learning_rate * warm_up * cosine

            starts = torch.randint(len(train) - T, (BATCH,)).to(stage.device)
            window = train[starts[:, None] + torch.arange(T + 1, device=stage.device)]
            logits = model(window[:, :-1])  # [batch, T, V]: a prediction after each character
            loss = cross_entropy(logits.flatten(0, 1), window[:, 1:].flatten())
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()

            stage.curve("loss", train=loss)
            if stage.every(50):
                with stage.probe(model):
                    stage.curve("loss", validation=losses(model, few).mean())
            if stage.every(10) or stage.changed("prompt"):
                with stage.probe(model):
                    writer.write(8)

        total = torch.zeros(T, device=stage.device)
        for part in stage.loop(10, "measuring"):
            with stage.probe(model):
                total += losses(model, windows[part::10]).sum(0)
        by_position = total / len(windows)  # [T]: the loss with 1, 2, ... T characters in sight
        with stage.probe(model):
            stage.measure(
                untrained=untrained,
                uniform=baselines["uniform"],
                bigram=baselines["2-gram"],
                trigram=baselines["3-gram"],
                fivegram=baselines["5-gram"],
                validation=by_position.mean(),
                short_context=by_position[: T // 16 + 1].mean(),
                long_context=by_position[-span:].mean(),
                leak=leak(model, windows[0, :-1], V),
                parallel_gap=parallel_gap(model, windows[0]),
                nucleus_spread=nucleus_spread(model, few[:, :-1], self.temperature, self.top_p),
            )
        writer.begin()
        for _ in stage.loop(LENGTH // 4, "writing"):
            with stage.probe(model):
                writer.write(4)
        stage.measure(distinct=distinct(writer.texts[0]), distinct_greedy=distinct(writer.texts[1]))

    @claim(
        "an untrained model knows nothing: its loss is within 0.1 of the logarithm of the number "
        "of kinds of characters (78)",
        breaks={"init": 0.3, "steps": 10},
    )
    def begins_uniform(self, measured):
        return abs(measured.untrained - measured.uniform) < 0.1

    @claim(
        "after all its steps the loss on an unseen passage is below 1.85 nats per character",
        breaks={"steps": 50},
    )
    def learns(self, measured):
        return measured.validation < 1.85

    @claim(
        "it beats counts of pairs by more than 0.4 nats per character",
        breaks={"steps": 50},
    )
    def beats_pairs(self, measured):
        return measured.bigram - measured.validation > 0.4

    @claim(
        "it beats counts of triples by more than 0.1 nats per character",
        breaks={"steps": 100},
    )
    def beats_triples(self, measured):
        return measured.trigram - measured.validation > 0.1

    @claim(
        "smoothed counts of five characters in a row still beat it, even at its longest context",
        breaks={"mask": "none", "steps": 200},
    )
    def loses_to_fives(self, measured):
        return measured.long_context > measured.fivegram

    @claim(
        "what stands further back helps: the last characters of a window cost 0.2 nats less "
        "than the first",
        breaks={"steps": 30},
    )
    def uses_context(self, measured):
        return measured.short_context - measured.long_context > 0.2

    @claim(
        "changing a character changes no prediction before it",
        breaks={"mask": "none", "steps": 50},
    )
    def causal(self, measured):
        return measured.leak < 1e-4

    @claim(
        "one pass over T characters gives the mean loss of T separate passes over its beginnings",
        breaks={"mask": "none", "steps": 50},
    )
    def parallel(self, measured):
        return measured.parallel_gap < 1e-4

    @claim(
        "top-p keeps five times as many characters in one place as in another",
        breaks={"top_p": 1.0, "steps": 50},
    )
    def nucleus_breathes(self, measured):
        return measured.nucleus_spread >= 5

    @claim(
        "greedy text runs in circles: at least 0.3 fewer of its 8-character pieces are new than "
        "in sampled text",
        breaks={"temperature": 0.0, "steps": 50},
    )
    def greedy_loops(self, measured):
        return measured.distinct - measured.distinct_greedy > 0.3


def ngram(train, passage, lower, n, V):
    """The chance of each character of a passage by counts of n in a row.

    passage: n - 1 characters more than lower [N], the chances by n - 1 in a row.
    """
    seen, count = pieces(train, n, V).unique(return_counts=True)
    # The same for the contexts: how often each was seen, and before how many kinds.
    context, kinds = (seen // V).unique_consecutive(return_counts=True)
    total = torch.zeros_like(kinds).index_add_(
        0, torch.arange(len(kinds)).repeat_interleave(kinds), count
    )
    asked = pieces(passage, n, V)
    c = look_up(seen, count, asked)
    N, K = look_up(context, total, asked // V), look_up(context, kinds, asked // V)
    return torch.where(N > 0, (c + K * lower) / (N + K).clamp(min=1), lower)


def pieces(ids, n, V):
    """Every n characters in a row, as one whole number in base V."""
    code = torch.zeros(len(ids) - n + 1, dtype=torch.long)
    for i in range(n):
        code = code * V + ids[i : len(ids) - n + 1 + i]
    return code


def look_up(keys, values, asked):
    at = torch.searchsorted(keys, asked).clamp(max=len(keys) - 1)
    return torch.where(keys[at] == asked, values[at], 0).double()


def losses(model, windows):
    """windows [N, T + 1] -> the loss of each prediction [N, T]."""
    logits = torch.cat([model(part[:, :-1]) for part in windows.split(32)])
    return cross_entropy(logits.transpose(1, 2), windows[:, 1:], reduction="none")


def leak(model, ids, V):
    """How much the logits of the first half move when the second half is another text."""
    half = len(ids) // 2
    other = ids.clone()
    other[half:] = (other[half:] + 1) % V
    return (model(ids[None]) - model(other[None]))[0, :half].abs().max()


def parallel_gap(model, window):
    """One pass over all characters against one pass for each beginning of the text."""
    at_once = losses(model, window[None]).mean()
    alone = [losses(model, window[None, : t + 1])[0, -1] for t in range(1, len(window))]
    return (at_once - torch.stack(alone).mean()).abs()


def cut(logits, temperature, top_k=78, top_p=1.0):
    """logits [..., V] -> probabilities: sharpened, and without their tail."""
    if temperature == 0:
        return one_hot(logits.argmax(-1), logits.shape[-1]).float()
    p, order = (logits / temperature).softmax(-1).sort(descending=True)
    keep = torch.arange(p.shape[-1], device=p.device) < (top_k if top_k < 78 else p.shape[-1])
    if top_p < 1:
        keep = keep & (p.cumsum(-1) - p < top_p)  # the fewest that hold top_p together
    p = torch.zeros_like(p).scatter(-1, order, p * keep)
    return p / p.sum(-1, keepdim=True)


def nucleus_spread(model, ids, temperature, top_p):
    """The largest set that top-p keeps, over the smallest, after each of the contexts."""
    kept = (cut(model(ids).flatten(0, 1), temperature, top_p=top_p) > 0).sum(-1).float()
    return kept.quantile(0.99) / kept.min()


def distinct(text):
    """The share of a text's 8-character pieces that did not occur in it before."""
    all_pieces = [tuple(text[i : i + 8]) for i in range(len(text) - 7)]
    return len(set(all_pieces)) / len(all_pieces)


class Writer:
    """Writes two texts side by side, a few characters at a look: sampled, and greedy."""

    def __init__(self, stage, scene, model, symbols):
        self.stage, self.scene, self.model, self.symbols = stage, scene, model, symbols
        self.dice = torch.Generator().manual_seed(stage.seed)
        self.begin()

    def begin(self):
        """A new text, from the prompt on. A character that the plays lack is left out."""
        prompt = self.scene.prompt.replace("\\n", "\n")
        ids = [self.symbols.index(c) for c in prompt if c in self.symbols]
        ids = ids or [self.symbols.index("\n") if "\n" in self.symbols else 0]
        self.given = len(ids)
        self.texts = [list(ids), list(ids)]
        self.chances = [[1.0] * len(ids), [1.0] * len(ids)]  # of each character, by the model

    def write(self, count):
        scene = self.scene
        if self.stage.changed("prompt") or len(self.texts[0]) >= self.given + LENGTH:
            self.begin()
        for _ in range(count):
            recent = [text[-scene.context :] for text in self.texts]
            logits = self.model(torch.tensor(recent, device=self.stage.device))[:, -1].cpu()
            p = logits.softmax(-1)
            kept = cut(logits[0], scene.temperature, scene.top_k, scene.top_p)
            picks = (torch.multinomial(kept, 1, generator=self.dice).item(), p[1].argmax().item())
            for text, chances, pick, chance in zip(self.texts, self.chances, picks, p, strict=True):
                text.append(pick)
                chances.append(chance[pick].item())
        self.show(p[0], kept)

    def show(self, p, kept):
        stage = self.stage
        for panel, text, chances in zip(
            ("generated text", "greedy text"), self.texts, self.chances, strict=True
        ):
            letters = [self.symbols[i] for i in text]
            stage.tokens(panel, letters, chances, prompt=self.given)
        top = p.argsort(descending=True)[:10]
        stage.bars(
            "next character",
            [visible(self.symbols[i]) for i in top],
            {"model": p[top], "after the cut": kept[top]},
        )
        recent = self.texts[0][-min(SHOWN, self.scene.context) :]
        maps, names = attention_maps(self.model, torch.tensor([recent], device=stage.device))
        letters = [visible(self.symbols[i]) for i in recent]
        stage.heatmap(
            "attention", maps, names=names, rows=letters, columns=letters,
            x="attended to", y="from", low=0, high=1,
        )  # fmt: skip


def visible(symbol):
    return {" ": "␣", "\n": "↵"}.get(symbol, symbol)
