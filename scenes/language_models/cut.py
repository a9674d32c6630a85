r"""
# How many candidates should a writer keep?

A language model states how probable each next token is. Then something must choose. **Sampling**
draws by these probabilities. Often it draws something improbable: no single one of these candidates
is likely, but there are many. One such slip spoils a word, and what follows builds on it.

So cut the tail off, and draw from the rest. **Top K** keeps the K most probable candidates. **Top
p** (nucleus sampling) keeps the fewest that together have the probability p. What is kept is
divided by its sum S:

    q(x) = p(x) / S  if x is kept
    q(x) = 0         if not

In the picture a column is a place in the text, its bright cells are what may come next. Inside a
word one letter is often nearly certain; at a word's beginning twenty are possible. Top K is a
straight line through this: too low where the model is unsure, too high where it is sure. Top p
follows the doubt up and down.

What does a cut cost? Apply it where people wrote on. At the fifth of the places where the model is
least sure, K = 5 forbids half of what people chose, p = 0.9 one character in eight. Both save words
from slips. Top K pays with what could have been said.

Tokens here are characters, 78 kinds, and the model is a table of counts of four in a row. Where
there are 50,000 kinds of tokens, the tail is longer and spoils more. With `book=my.txt` all reads
your text; the claims are about the plays.

A smaller p does not make a better text but a duller one: it also cuts off what people write.

## Tomorrow

Sample with top p, from about 0.9, before you try top K. Cut only while writing, never in the loss.
If texts are dull, raise p; if words break, lower it.
"""

import torch

from dlplay import Choice, File, Float, Int, Scene, Text, Try
from dlplay.data import text as text_of
from dlplay.nn.counting import Counts, begun, distinct, numbered, real_words, visible, words

N = 4  # characters in a row that are counted
TEXTS = 40  # that are written by each rule
RULES = ("all", "K", "p")
PLACES, RANKS = 40, 25  # of the lead picture
UNSURE = 2.2  # nats: at about a fifth of the places the model's entropy is higher


class Cut(Scene):
    covers = ("Pure (ancestral) sampling", "Top-K sampling", "Top-p (nucleus) sampling")
    panels = {
        "candidates": "bright: probable; what lies above a line is cut; top p follows the doubt",
        "next character": "at the chosen place; what is cut off leaves its share to the others",
        "text": "written by the chosen rule; blue was probable, orange a surprise",
        "rules": "over all texts; forbidden: of what people wrote at unsure places, cut off",
    }
    claims = {
        "tail_spoils": "written from all candidates, over 0.06 fewer words are real than by top K",
        "fixed_forbids": "where the model is unsure, K forbids over 0.4 of what people wrote there",
        "mass_allows": "at the same places p forbids less than 0.2 of it",
        "breathes": "at one of 4,000 places p keeps over 15 times as many candidates as at another",
        "varied": "in texts by top K over 0.9 of the pieces of 8 characters are new",
    }
    tries = (
        Try(
            "K=20",
            "Twenty candidates are kept, not five. Does that repair top K?",
            ("yes: it forbids little, and words stay whole", "it forbids little, but words break",
             "no, it forbids as much"),
            right=2,
            breaks=("fixed_forbids", "tail_spoils"),
            keeps="mass_allows",
            why="Where the model is unsure twenty is about right. Where it is sure, nineteen of "
            "them are slips, and there are more sure places than unsure ones.",
        ),
        Try(
            "K=1",
            "Only the most probable character is kept. What do the texts look like?",
            ("they go in circles", "careful, with few slips", "like those people write"),
            right=1,
            breaks="varied",
            keeps="mass_allows",
            why="Without chance the same last characters always lead to the same next one, so a "
            "text that comes by a place twice comes by for ever.",
        ),
        Try(
            "p=0.5",
            "Top p keeps half of the probability, not nine tenths. What of its texts changes?",
            ("more words are real, and nothing is lost", "fewer words are real",
             "more words are real, more is forbidden"),
            right=3,
            breaks=("mass_allows", "breathes"),
            keeps=("tail_spoils", "varied"),
            why="The slips go, and with them much that people do write. Where the model is unsure, "
            "eight candidates now stand for all.",
        ),
    )  # fmt: skip
    quick = {"steps": 12}
    pace = 30

    rule = Choice("p", RULES, live=True, help="whose text is shown")
    K = Int(5, min=1, max=78, log=True, live=True, help="candidates that top K keeps")
    p = Float(0.9, min=0.05, max=1, step=0.05, live=True, help="probability that top p keeps")
    place = Int(1000, min=1, max=1000, live=True, help="which character; or the last, if fewer")
    prompt = Text("PORTIA.", max_length=60, live=True, help="what the shown text begins with")
    book = File("shakespeare", kind="text", help="what it reads; your own: a tenth is held out")
    steps = Int(200, min=10, max=1000, log=True, help="characters of each text")

    def run(self, stage):
        read = text_of(self.book, least=15_000)
        symbols, ids = numbered(read)
        V, part = len(symbols), len(ids) * 9 // 10
        known = set(words(read[:part]))
        model = Counts(ids[:part].to(stage.device), V, N)
        held_out = ids[part:]

        def windows(count, length):
            """Pieces of the held-out text, from random places: [count, length]."""
            starts = torch.randint(len(held_out) - length + 1, (count,))
            return held_out[starts[:, None] + torch.arange(length)]

        def kept(sorted_p, rule):
            """Which of the candidates a rule keeps: [..., V], from the most probable on."""
            likelier = sorted_p.cumsum(-1) - sorted_p  # the probability of those before it
            if rule == "K":
                return torch.arange(V, device=sorted_p.device).expand_as(sorted_p) < self.K
            return likelier < self.p if rule == "p" and self.p < 1 else likelier < 2

        def cut(chances, rule):
            """What is left of probabilities [..., V], in the order of the characters."""
            sorted_p, order = chances.sort(descending=True)
            left = sorted_p * kept(sorted_p, rule)
            return torch.zeros_like(chances).scatter(-1, order, left / left.sum(-1, keepdim=True))

        beginnings, people = windows(TEXTS, N - 1), windows(TEXTS, self.steps)
        where = windows(4000, N).to(stage.device)
        asked = model.chances(where[:, :-1])  # [4000, V], where people wrote on
        unsure = -(asked * asked.log()).sum(dim=1) > UNSURE
        state = {"asked": None}

        def write(length):
            """All texts up to this length; anew if a knob was turned: nothing else matters."""
            if state["asked"] != (self.K, self.p, self.prompt):
                state["asked"] = self.K, self.p, self.prompt
                state["dice"] = torch.Generator().manual_seed(stage.seed)
                state["first"] = begun(self.prompt, symbols)
                begin = beginnings.clone()
                begin[0] = torch.tensor([*begun("", symbols) * N, *state["first"]][1 - N :])
                state["texts"] = begin.repeat(3, 1).to(stage.device)  # [3 · TEXTS, N - 1]
                state["chances"] = []  # at each place, of the first text of each rule [3, V]
            while len(state["chances"]) < length:
                p = model.chances(state["texts"])  # [3 · TEXTS, V]
                parts = zip(p.split(TEXTS), RULES, strict=True)
                left = torch.cat([cut(part, rule) for part, rule in parts]).cpu()
                drawn = torch.multinomial(left, 1, generator=state["dice"]).to(stage.device)
                state["texts"] = torch.cat([state["texts"], drawn], dim=1)
                state["chances"].append(p[::TEXTS])
            return state["texts"][:, N - 1 :].reshape(3, TEXTS, -1)

        def studied(texts):
            """Of texts [TEXTS, T]: the share of real words, and of new pieces."""
            rows = texts.tolist()
            real = real_words(["".join(symbols[i] for i in row) for row in rows], known)
            return real, sum(map(distinct, rows)) / TEXTS

        def forbidden(rule):
            left = cut(asked, rule).gather(1, where[:, -1:])[:, 0]
            return (left[unsure] == 0).float().mean().item()

        @stage.look(10)
        def look():
            length = len(state["chances"])
            texts, which = write(length), RULES.index(self.rule)
            p = torch.stack(state["chances"])[:, which]  # [length, V]
            at = min(self.place, length)
            sorted_p, order = p.sort(descending=True)
            shown = range(max(0, at - PLACES), at)
            counts = {f"top {r}": kept(sorted_p, r).sum(1)[shown.start : at] for r in ("K", "p")}
            places = torch.tensor(shown) + 1.0
            stage.plane(
                "candidates", x=(shown.start + 0.5, shown.stop + 0.5), y=(0.5, RANKS + 0.5),
                field=(sorted_p[shown.start : at, :RANKS].log10() / 3 + 1).T, low=0, high=1,
                paths={name: torch.stack([places, each.cpu() + 0.5], dim=1)
                       for name, each in counts.items()},
                x_label="place in the text", y_label="candidates, by rank",
            )  # fmt: skip
            top = order[at - 1, :12]
            left = cut(p[at - 1], self.rule)
            bars = {"model": p[at - 1][top], f"by {self.rule}": left[top]}
            stage.bars("next character", [visible(symbols[i]) for i in top], bars)
            text, first = texts[which, 0].tolist(), state["first"]
            chance = [1.0] * len(first) + p.gather(1, texts[which, 0, :, None])[:, 0].tolist()
            letters = [symbols[i] for i in first + text]
            stage.tokens("text", letters, chance, prompt=len(first))
            rows = [("people", *studied(people[:, :length]), 0.0)]
            for rule, each in zip(("all", "top K", "top p"), texts, strict=True):
                rows.append((rule, *studied(each), forbidden(rule[-1])))
            rows = [(name, *(f"{share:.2f}" for share in shares)) for name, *shares in rows]
            stage.table("rules", ("by", "real words", "new", "forbidden"), rows)
            mass = (sorted_p * kept(sorted_p, "K"))[at - 1].sum()
            stage.headline(
                f"after {''.join(letters[: len(first) + at - 1])[-8:]!r}: top p keeps "
                f"{int(counts['top p'][-1])} of {V}, top K {mass:.0%} of the probability"
            )

        for step in stage.loop(self.steps):
            write(step + 1)

        with stage.probe():
            everything, by_k, _ = (studied(texts) for texts in write(self.steps))
            stage.claim("tail_spoils", by_k[0] - everything[0], above=0.06)
            stage.claim("fixed_forbids", forbidden("K"), above=0.4)
            stage.claim("mass_allows", forbidden("p"), below=0.2)
            size = kept(asked.sort(descending=True).values, "p").sum(dim=1).float()
            stage.claim("breathes", size.max() / size.min(), above=15)
            stage.claim("varied", by_k[1], above=0.9)
