r"""
# What does temperature do to a text?

A language model has a score z for each next token, and softmax makes probabilities p of the scores.
To write, you draw from these. One number decides how boldly, the **temperature** τ:

    q = softmax(z / τ)
    that is  q(x) ∝ p(x)^(1/τ)

Take two tokens, one twice as probable as the other. At τ = 0.5 it becomes four times as probable,
at τ = 2 only 1.4 times. Small τ gives to the likely, large τ to the unlikely. What is more probable
stays so: the order never changes. τ = 0 would divide by zero; what is meant is the most probable
token.

The picture is drawn over τ: forty texts are written at each temperature. At 0 all words are real,
and the text goes in a circle. At 0.5 it no longer does, and still nine words in ten are real. From
there on words break, more with each step, and the texts become less probable.

Where that curve crosses the line of what people write, texts are as surprising *to this model* as
people are. If the model knew people's probabilities, that would be at τ = 1. Here it is beyond:
the model, a table of counts of n characters in a row, trusts what it has seen by chance. It is
**overconfident**, the more so the larger n is, and a temperature above 1 makes up for it. Being as
surprising does not mean being as good: at that temperature a third of the words are broken.

Tokens are characters here; `book=my.txt` has it read your text, of which nothing is claimed.

## Tomorrow

Take τ below 1 where one answer is right, near 1 where you want many. With τ = 0 watch for circles.
To see whether a model is overconfident, compare how probable its own texts are to it, and people's.
"""

import torch
from numpy import interp
from torch.nn.functional import one_hot

from dlplay import File, Float, Int, Scene, Text, Try
from dlplay.data import text as text_of
from dlplay.nn.counting import Counts, begun, distinct, numbered, real_words, visible, words

TEXTS = 40  # at each temperature
SWEEP = [k / 4 for k in range(9)]  # 0 to 2


class Temperature(Scene):
    covers = ("Temperature scaling",)
    panels = {
        "by temperature": "words break as τ rises; at 0 little is new. Lines: what people wrote",
        "text": "at your τ; blue was probable to the model, orange a surprise",
        "next character": "what τ makes of the model's probabilities; the order stays",
    }
    claims = {
        "words_break": "from τ = 0.5 to 1, 1.5, 2 at each step over 0.06 fewer words are real",
        "overconfident": "texts are as probable as people's at a τ between 1.12 and 1.38",
        "spelling": "at the chosen τ 0.6 to 0.8 of the words are real",
        "varied": "at the chosen τ over 0.9 of the pieces of 8 characters are new",
    }
    tries = (
        Try(
            "temperature=0.5",
            "A cooler text. Does it go in circles, as at 0?",
            ("yes, nearly", "no, and more of its words are real", "no, but its words break"),
            right=2,
            breaks="spelling",
            keeps="varied",
            why="The likely become likelier, but where several are likely chance still chooses "
            "among them. That is enough to leave a circle.",
        ),
        Try(
            "temperature=0",
            "Always the most probable character. What comes out?",
            ("the best text", "a circle of real words", "broken words"),
            right=2,
            breaks=("spelling", "varied"),
            keeps="words_break",
            why="The same last characters always lead to the same next one. A text that comes by a "
            "place twice comes by for ever.",
        ),
        Try(
            "n=6",
            "The model counts six in a row, much of its book by heart. At which τ is its text as "
            "probable to it as people's?",
            ("lower, below 1.1", "as before", "higher, above 1.5"),
            right=3,
            breaks=("overconfident", "spelling"),
            keeps="varied",
            why="Most pieces of six were seen once or never. What followed once is nearly certain "
            "to it, and new text proves it wrong. Heat flattens what is too sure.",
        ),
        Try(
            "n=2",
            "The model counts pairs alone. At which τ is its text as probable to it as people's?",
            ("near 1", "as before", "higher, above 1.5"),
            right=1,
            breaks=("overconfident", "spelling"),
            keeps="varied",
            why="It knows little, but how often each pair occurs it knows well: it is poor and "
            "calibrated. Nothing has to be made up for.",
        ),
    )
    quick = {"steps": 12}
    pace = 30

    temperature = Float(1.0, min=0, max=3, step=0.1, live=True, help="τ, of the text that is shown")
    prompt = Text("PORTIA.", max_length=60, live=True, help="what the shown text begins with")
    n = Int(4, min=2, max=6, help="characters in a row that the model counts")
    book = File("shakespeare", kind="text", help="what it reads; your own: a tenth is held out")
    steps = Int(200, min=10, max=1000, log=True, help="characters of each text")

    def run(self, stage):
        read = text_of(self.book, least=15_000)
        symbols, ids = numbered(read)
        V, part = len(symbols), len(ids) * 9 // 10
        known = set(words(read[:part]))
        ids = ids.to(stage.device)
        model, held_out = Counts(ids[:part], V, self.n), ids[part:]
        people = model.along(held_out)[-1].log().mean().exp().item()
        spelt = real_words([read[part:]], known)

        def heated(p, tau):
            """Probabilities p [B, V] at temperatures [B, 1]."""
            greedy = one_hot(p.argmax(dim=1), V).to(p)
            return torch.where(tau == 0, greedy, (p.log() / tau.clamp(min=0.01)).softmax(dim=1))

        def more(texts, log_p, tau, dice):
            """Texts [B, T] with one character more, and its log-probability by the model."""
            p = model.chances(texts)
            drawn = torch.multinomial(heated(p, tau).cpu(), 1, generator=dice).to(stage.device)
            return torch.cat([texts, drawn], 1), torch.cat([log_p, p.gather(1, drawn).log()], 1)

        def studied(texts):
            """Of texts [TEXTS, T]: the share of real words, and of new pieces."""
            rows = texts.tolist()
            real = real_words(["".join(symbols[i] for i in row) for row in rows], known)
            return real, sum(map(distinct, rows)) / len(rows)

        first = self.n - 1  # characters that each text is given
        starts = torch.randint(len(held_out) - first, (TEXTS, 1))
        beginnings = held_out[(starts + torch.arange(first)).to(stage.device)]
        texts, log_p = (
            beginnings.repeat(len(SWEEP), 1),
            ids.new_zeros(len(SWEEP) * TEXTS, 0).float(),
        )
        taus = torch.tensor(SWEEP, device=stage.device).repeat_interleave(TEXTS)[:, None]
        dice = torch.Generator().manual_seed(stage.seed)
        own = {"asked": None}

        def yours(length):
            """Texts at your τ, of this length, the first from your prompt; anew if either is."""
            if own["asked"] != (self.temperature, self.prompt):
                own.update(asked=(self.temperature, self.prompt), given=begun(self.prompt, symbols))
                begin = [*begun("", symbols) * self.n, *own["given"]][-first:]
                begin = torch.cat([torch.tensor([begin], device=stage.device), beginnings[1:]])
                own.update(texts=begin, log_p=log_p.new_zeros(TEXTS, 0))
                own.update(dice=torch.Generator().manual_seed(stage.seed + 1))
            tau = torch.full((TEXTS, 1), self.temperature, device=stage.device)
            while own["log_p"].shape[1] < length:
                own["texts"], own["log_p"] = more(own["texts"], own["log_p"], tau, own["dice"])
            return own["texts"][:, first:]

        def curves():
            """Of the sweep: real words, new pieces and mean probability at each temperature."""
            real, new = zip(*map(studied, texts[:, first:].split(TEXTS)), strict=True)
            return real, new, [each.mean().exp().item() for each in log_p.split(TEXTS)]

        lines = {"people: real words": spelt, "people: probability": people}
        stage.axes("by temperature", x="temperature τ", y="share, or probability", lines=lines)

        @stage.look(10)
        def look():
            real, new, probability = curves()
            shown = {"real words": real, "new pieces": new, "probability": probability}
            stage.plot("by temperature", SWEEP, shown)
            text, given = yours(log_p.shape[1]), own["given"]
            letters = [symbols[i] for i in given + text[0].tolist()]
            chance = [1.0] * len(given) + own["log_p"][0].exp().tolist()
            stage.tokens("text", letters, chance, prompt=len(given))
            p = model.chances(own["texts"][:1, :-1])
            q = heated(p, torch.tensor([[self.temperature]], device=stage.device))[0]
            top = p[0].argsort(descending=True)[:12]
            bars = {"model": p[0][top], "at your τ": q[top]}
            stage.bars("next character", [visible(symbols[i]) for i in top], bars)
            like = interp(-people, [-each for each in probability], SWEEP)
            stage.headline(
                f"at τ = {like:.2f} texts are as probable as people's; "
                f"yours: {studied(text)[0]:.0%} real words"
            )

        for step in stage.loop(self.steps):
            texts, log_p = more(texts, log_p, taus, dice)
            yours(step + 1)

        with stage.probe():
            real, _, probability = curves()
            stage.claim("words_break", min(real[k] - real[k + 2] for k in (2, 4, 6)), above=0.06)
            surprise = [-p for p in probability]  # grows with τ: where does it meet people's?
            stage.claim("overconfident", interp(-people, surprise, SWEEP), within=(1.12, 1.38))
            share, fresh = studied(yours(self.steps))
            stage.claim("spelling", share, within=(0.6, 0.8))
            stage.claim("varied", fresh, above=0.9)
