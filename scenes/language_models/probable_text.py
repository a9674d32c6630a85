r"""
# Is the most probable text the best text?

A language model states how probable each next token is, given all before it. The probability of a
whole text is the product, so its logarithm is a sum:

    ln p(x) = Σ ln p(xₜ | x₁ … xₜ₋₁)

It seems natural to look for the text with the largest. **Greedy search** takes the most probable
token at each step. **Beam search** keeps the B best beginnings: it prolongs each by every token,
and of all these keeps the B most probable again. It can give up a good step for a better sum. B = 1
is greedy.

Read what they write where people wrote on, too. Blue was probable, orange a surprise. The search
finds what it was sent for: with eight beams a character is on average two and a half times as
probable as people's. And it goes in circles. Having written a phrase makes the same phrase the most
probable once more, and nothing leads out.

People don't write what is most probable: why say what the reader knows? Their text goes up and
down, a sure ending of a word, then a surprise. Text that is **sampled**, drawn by the
probabilities, does so too. It is nearly as surprising as people's, and doesn't circle. It has
mistakes of its own; the next page is about them.

The rule is at fault here more than the model. The model, counts of n characters in a row, is small;
but a larger n doesn't end the circles, and large networks show them as well. Where the input all
but settles the output, as in translation, the probable text *is* the good one, and beams serve.

With `book=my.txt` all reads your text, of which nothing is claimed.

## Tomorrow

Beams where there is one right answer, sampling where there are many. Count what share of a text's
pieces is new before you trust a score: a low loss or a high probability doesn't see a circle.
"""

import torch

from dlplay import File, Float, Int, Scene, Try
from dlplay.data import text as text_of
from dlplay.nn.counting import Counts, distinct, numbered

TEXTS = 20  # by each writer, from the same beginnings
GIVEN = 30  # characters of a beginning that are shown
WRITERS = ("people", "sampled", "greedy", "beams")


class ProbableText(Scene):
    covers = ("Greedy search", "Beam search")
    panels = {
        "texts": "from one beginning, by people and by three rules; orange was a surprise",
        "all texts": "a point is a text: probable ones repeat themselves, people don't",
    }
    claims = {
        "beam_ahead": "beams find text that is over 0.2 nats a character more probable than greedy",
        "beyond_people": "it is over 0.8 nats a character more probable than what people wrote",
        "greedy_circles": "of greedy's pieces of 8 characters less than 0.2 are new",
        "beams_circle": "of the beams' pieces less than 0.4 are new",
        "people_vary": "of people's pieces, and of sampled ones, over 0.9 are new",
        "sampled_like": "sampled text is within 0.45 nats a character of people's",
    }
    tries = (
        Try(
            "beams=2",
            "Two beginnings are kept, not eight. How much more probable than greedy's is the text?",
            ("hardly", "half as much more as with eight", "not at all: it is less probable"),
            right=1,
            breaks=("beam_ahead", "beyond_people"),
            keeps="greedy_circles",
            why="Both beams soon hold the same text but for its last characters. What would pay "
            "later needs room to wait, and falls out of two.",
        ),
        Try(
            "chance=0.3",
            "Greedy takes the most probable character, but three times in ten it draws one. What "
            "becomes of the circle?",
            ("it stays: seven in ten lead back", "it is left, at little loss of probability",
             "it is left, and the text is as improbable as people's"),
            right=2,
            breaks="greedy_circles",
            keeps=("beam_ahead", "people_vary"),
            why="A circle must close at every turn. One draw that leads out is enough, and there "
            "are several in each turn.",
        ),
        Try(
            "n=6",
            "The model counts six in a row and knows whole phrases. What does greedy write?",
            ("longer phrases, no circles", "longer phrases, still circles", "what people wrote"),
            right=2,
            breaks="beams_circle",
            keeps=("greedy_circles", "people_vary"),
            why="Each context has one most probable character. Sooner or later a context comes "
            "again, and from there on everything does. It takes longer, no more.",
        ),
    )  # fmt: skip
    quick = {"steps": 12}
    pace = 30

    beams = Int(8, min=1, max=8, live=True, help="B, beginnings that beam search keeps")
    chance = Float(0.0, min=0, max=1, step=0.05, live=True, help="how often greedy draws instead")
    shown = Int(1, min=1, max=TEXTS, live=True, help="which of the beginnings")
    n = Int(5, min=3, max=6, help="characters in a row that the model counts")
    book = File("shakespeare", kind="text", help="what it reads; your own: a tenth is held out")
    steps = Int(200, min=10, max=600, log=True, help="characters of each text")

    def run(self, stage):
        symbols, ids = numbered(text_of(self.book, least=15_000))
        V, part = len(symbols), len(ids) * 9 // 10
        ids = ids.to(stage.device)
        model, held_out = Counts(ids[:part], V, self.n), ids[part:]
        starts = torch.randint(len(held_out) - GIVEN - self.steps, (TEXTS, 1))
        people = held_out[(starts + torch.arange(GIVEN + self.steps)).to(stage.device)]
        by_model = torch.stack([model.along(row)[-1, -self.steps :].log() for row in people])
        state = {"asked": None}

        def begin():
            first = people[:, :GIVEN]
            state["drawn"] = first.repeat(2, 1), first.new_zeros(2 * TEXTS, 0).float()
            texts = first[:, None].repeat(1, self.beams, 1)
            score = torch.full((TEXTS, self.beams), -torch.inf, device=stage.device)
            score[:, 0] = 0  # all beams begin alike, so only the first counts
            state["beams"] = texts, texts.new_zeros(TEXTS, self.beams, 0).float(), score
            state["asked"] = self.beams, self.chance
            state["dice"] = torch.Generator().manual_seed(stage.seed)

        def draw(texts, log_p):
            """Sampled texts and greedy ones [2 · TEXTS, T], one character longer."""
            p = model.chances(texts)
            drawn = torch.multinomial(p.cpu(), 1, generator=state["dice"]).to(p.device)
            dare = torch.rand(TEXTS, 1, generator=state["dice"]).to(p.device) < self.chance
            dare = torch.cat([torch.ones_like(dare), dare])
            token = torch.where(dare, drawn, p.argmax(dim=1, keepdim=True))
            return torch.cat([texts, token], 1), torch.cat([log_p, p.gather(1, token).log()], 1)

        def prolong(texts, log_p, score):
            """The B best beginnings [TEXTS, B, T], their log p, and its sum; one step further."""
            B = texts.shape[1]
            each = model.chances(texts.flatten(0, 1)).log().reshape(TEXTS, B, V)
            score, best = (score[:, :, None] + each).flatten(1).topk(B, dim=1)  # of B · V
            beam, token = best // V, best % V  # [TEXTS, B]

            def carried(old, new):
                kept = old.gather(1, beam[:, :, None].expand(-1, -1, old.shape[2]))
                return torch.cat([kept, new[:, :, None]], dim=2)

            return carried(texts, token), carried(log_p, each.flatten(1).gather(1, best)), score

        def written(length):
            """All texts of this length by writer, and the log p of each character."""
            if state["asked"] != (self.beams, self.chance):
                begin()
            while state["drawn"][1].shape[1] < length:
                state["drawn"] = draw(*state["drawn"])
                state["beams"] = prolong(*state["beams"])
            texts, log_p, _ = state["beams"]  # the first beam is the best
            texts = torch.cat([state["drawn"][0], texts[:, 0]])[:, GIVEN:]
            log_p = torch.cat([by_model[:, :length], state["drawn"][1], log_p[:, 0]])
            texts = torch.cat([people[:, GIVEN : GIVEN + length], texts]).reshape(4, TEXTS, -1)
            return texts, log_p.reshape(4, TEXTS, -1)

        def new_pieces(texts):
            return torch.tensor([[distinct(row) for row in rows] for rows in texts.tolist()])

        @stage.look(10)
        def look():
            texts, log_p = written(state["drawn"][1].shape[1])
            row, tokens, values = self.shown - 1, [], []
            for name, text, chances in zip(
                WRITERS, texts[:, row], log_p[:, row].exp(), strict=True
            ):
                given = people[row, :GIVEN].tolist()
                letters = [symbols[i] for i in given + text.tolist()]
                tokens += [
                    f"{name}: ",
                    *("↵" if each == "\n" else each for each in letters),
                    "\n\n",
                ]
                values += [0.5] * (1 + GIVEN) + [*chances.tolist(), 0.5]
            stage.tokens("texts", tokens, values)
            new, mean = new_pieces(texts), log_p.mean(dim=2).cpu()  # [4, TEXTS] each
            points = {
                name: torch.stack(both, dim=1)
                for name, *both in zip(WRITERS, mean, new, strict=True)
            }
            stage.plane(
                "all texts", x=(-2.5, -0.3), y=(0, 1.05), points=points,
                x_label="mean ln p of a character", y_label="share of pieces that are new",
            )  # fmt: skip
            stage.headline(
                f"probability of a character: people {mean[0].mean().exp():.2f}, greedy "
                f"{mean[2].mean().exp():.2f}, beams {mean[3].mean().exp():.2f}"
            )

        for step in stage.loop(self.steps):
            written(step + 1)

        with stage.probe():
            texts, log_p = written(self.steps)
            human, sampled, greedy, beams = log_p.mean(dim=(1, 2)).tolist()
            new = new_pieces(texts).mean(dim=1)
            stage.claim("beam_ahead", beams - greedy, above=0.2)
            stage.claim("beyond_people", beams - human, above=0.8)
            stage.claim("greedy_circles", new[2], below=0.2)
            stage.claim("beams_circle", new[3], below=0.4)
            stage.claim("people_vary", new[:2].min(), above=0.9)
            stage.claim("sampled_like", sampled - human, within=(-0.45, 0.45))
