"""
# What if the code were made of words?

A VAE's code is a handful of numbers from a bell curve. A sentence is something else: a row of words
from a fixed vocabulary. Models that write sentences are the best that we have. So make pictures
into sentences.

The encoder looks at a digit and gives sixteen vectors, one for each square of a 4×4 grid. A
**codebook** holds K vectors, the words. Each of the sixteen is replaced by the word that is
nearest, and the decoder sees words alone (VQ-VAE; van den Oord and others, 2017). The digit is now
sixteen numbers of words.

"The nearest" is a step: its slope is 0, so no gradient gets through to the encoder. One copies the
gradient across, as if nothing had been replaced (*straight-through*):

    z + (word − z) without gradient

Two more terms pull each word towards the vectors that chose it, and each vector towards its word. A
word that nobody chooses gets no gradient, so it never comes nearer. From time to time such words
are put onto vectors of the batch (`restart`).

Then a small recurrent net learns the digits as sentences: from the words so far, how probable is
each word as the next? It **writes** new ones, word by word, and the decoder draws them. The control
are words thrown with dice, each as often as in real digits: what makes a digit is their order.

No bell curve was needed, and no KL. The prior is whatever a language model can learn.

## Tomorrow

Plot how many words are in use (the perplexity of their shares) before you look at anything else. A
few of many means that the codebook has collapsed: restart dead words, or use fewer.
"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from dlplay import Float, Int, Scene, Toggle, Try
from dlplay.data import images
from dlplay.nn.judge import Judge

D, H = 8, 96  # numbers of a word's vector; units of the writer


class Codebook(Scene):
    covers = ("Final Considerations and Applications of VAEs",)
    panels = {
        "a digit in words": "a new digit, its sixteen words by number, and what they decode to",
        "new sentences": "decoded: above as the writer wrote them, below thrown with dice",
        "words in use": "perplexity of the words' shares: how many are worth speaking of",
        "surprise": "of the writer by the next word of new digits, in nats; lower is better",
    }
    claims = {
        "in_use": "over half of the words are in use, by their perplexity",
        "copies": "the copies' squared error is below 0.3 of the mean digit's",
        "written": "written sentences decode to digits at a distance below 15 from real ones",
        "diced": "words thrown with dice, as often as in digits, at one above 40",
        "order": "the writer needs less than 0.75 of the nats that the words' shares need",
    }
    tries = (
        Try(
            "restart=off",
            "Words that nobody chooses are left alone. How many of 32 stay in use?",
            ("nearly all: there is room for all", "about half", "one or two"),
            right=3,
            breaks=("in_use", "copies", "written"),
            why="At the start all vectors lie close together, and one word is the nearest to all. "
            "It moves towards them. The others get no gradient, and stay where they were.",
        ),
        Try(
            "words=8",
            "Eight words in place of 32. What gets worse?",
            ("the copies", "the order in the sentences", "nothing: eight are plenty"),
            right=1,
            breaks="copies",
            keeps=("in_use", "written", "diced"),
            why="Eight words for a square of four pixels tell its shades roughly. Sentences of "
            "rough words are as easy to write.",
        ),
        Try(
            "temperature=0.1",
            "The writer takes nearly always the most probable word. Its digits, as a whole?",
            ("better: no risk is taken", "nearer to dice", "worse: a few kinds only"),
            right=3,
            breaks="written",
            keeps=("in_use", "copies", "order"),
            why="Each digit may look fine. But real digits differ, and a distance between "
            "distributions sees what is missing.",
        ),
    )
    quick = {"steps": 20}

    words = Int(32, min=4, max=128, log=True, help="K, words of the codebook")
    restart = Toggle(True, help="put words that nobody chooses onto vectors of the batch")
    temperature = Float(1.0, min=0.05, max=3, log=True, live=True, help="of the writer's choice")
    digit = Int(1, min=1, max=100, live=True, help="the new digit that is shown")
    learning_rate = Float(0.004, min=1e-4, max=0.1, log=True, live=True, help="of Adam")
    steps = Int(700, min=20, max=10000, log=True, help="4 of 7 for the words, then the writer")

    def run(self, stage):
        x = images("digits", size=8, grey=True, device=stage.device)[0]  # [1797, 1, 8, 8]
        x, new = x[:1400], x[1400:]
        K, judge = self.words, Judge(stage.device)
        encoder = nn.Sequential(
            nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.Conv2d(32, D, 2, stride=2)
        ).to(stage.device)
        decoder = nn.Sequential(
            nn.ConvTranspose2d(D, 32, 2, stride=2), nn.ReLU(), nn.Conv2d(32, 1, 3, padding=1)
        ).to(stage.device)
        book = nn.Parameter(torch.randn(K, D).to(stage.device))
        writer = Writer(K).to(stage.device)
        nets = nn.ModuleList([encoder, decoder, writer])
        adam = torch.optim.Adam([*encoder.parameters(), *decoder.parameters(), book])
        writing = torch.optim.Adam(writer.parameters())
        used = torch.zeros(K, device=stage.device)

        def vectors(x):
            return encoder(x).flatten(2).mT  # [N, 16, D]

        def nearest(z):
            return torch.cdist(z.reshape(-1, D), book).argmin(dim=1).view(len(z), 16)

        def decoded(z):
            return decoder(z.mT.reshape(-1, D, 4, 4))  # [N, 1, 8, 8]

        def shares():
            """How often each word comes up in the digits [K]."""
            return nearest(vectors(x)).flatten().bincount(minlength=K) / (16 * len(x))

        def sentences(n):
            """n that are written, and n thrown with dice: [n, 16] twice."""
            dice = torch.multinomial(shares().cpu(), 16 * n, replacement=True)
            return writer.write(n, self.temperature), dice.view(n, 16).to(stage.device)

        def entropy(p):
            return -(p * p.clamp(min=1e-9).log()).sum()

        @stage.look(20, nets)
        def look():
            shown = new[self.digit - 1, None]
            told = nearest(vectors(shown))
            copy = decoded(book[told])[0, 0].clamp(0, 1)
            stage.matrices("a digit in words", {
                "digit": shown[0, 0], "words": told.view(4, 4), "decoded": copy
            }, grey=("digit", "decoded"), scales={"words": (0, K - 1)})  # fmt: skip
            rows = torch.cat([decoded(book[each]) for each in sentences(5)])
            stage.image("new sentences", rows, columns=5)
            count = entropy(shares()).exp()
            stage.curve("words in use", perplexity=count, x=stage.tick)
            ids = nearest(vectors(new))
            surprise = cross_entropy(writer(ids).flatten(0, 1), ids.flatten())
            stage.curve("surprise", writer=surprise, x=stage.tick)
            stage.headline(
                f"{count:.0f} words in use; the writer is surprised by {surprise:.2f} nats"
            )

        stage.axes("words in use", y="words")
        stage.axes("surprise", y="nats")
        first = self.steps * 4 // 7
        for step in stage.loop(first, "words"):
            batch = x[torch.randint(len(x), (64,), device="cpu").to(stage.device)]
            z = vectors(batch)  # [64, 16, D]
            ids = nearest(z)  # [64, 16]
            word = book[ids]
            copy = decoded(z + (word - z).detach())  # straight through
            pull = (word - z.detach()).square() + (word.detach() - z).square()
            loss = ((copy - batch).square().sum() + pull.sum()) / len(batch)
            adam.param_groups[0]["lr"] = self.learning_rate
            adam.zero_grad()
            loss.backward()
            adam.step()
            used += ids.flatten().bincount(minlength=K)
            if self.restart and step % 25 == 24:
                dead = used < 0.002 * used.sum()
                place = torch.randint(64 * 16, (K,), device="cpu").to(stage.device)
                with torch.no_grad():
                    book.copy_(torch.where(dead[:, None], z.reshape(-1, D)[place], book))
                used.zero_()

        with torch.no_grad():
            learnt = nearest(vectors(x))  # [1400, 16]
        for _ in stage.loop(self.steps - first, "writer"):
            ids = learnt[torch.randint(len(x), (64,), device="cpu").to(stage.device)]
            loss = cross_entropy(writer(ids).flatten(0, 1), ids.flatten())
            writing.param_groups[0]["lr"] = self.learning_rate
            writing.zero_grad()
            loss.backward()
            writing.step()

        with stage.probe(nets):
            ids, p = nearest(vectors(new)), shares()
            mean_digit = (new - x.mean(dim=0)).square().sum()
            written, dice = (judge.distance(decoded(book[s]), x) for s in sentences(1000))
            surprise = cross_entropy(writer(ids).flatten(0, 1), ids.flatten())
            stage.claim("in_use", entropy(p).exp() / K, above=0.5)
            stage.claim("copies", (decoded(book[ids]) - new).square().sum() / mean_digit, below=0.3)
            stage.claim("written", written, below=15)
            stage.claim("diced", dice, above=40)
            stage.claim("order", surprise / entropy(p), below=0.75)


class Writer(nn.Module):
    """A recurrent net that says how probable each word is as the next."""

    def __init__(self, K):
        super().__init__()
        self.K = K
        self.embed, self.head = nn.Embedding(K + 1, 32), nn.Linear(H, K)
        self.place = nn.Parameter(0.1 * torch.randn(16, 32))
        self.gru = nn.GRU(32, H, batch_first=True)

    def forward(self, ids):
        """Sentences [N, 16] -> logits of each of their words, from those before it [N, 16, K]."""
        before = nn.functional.pad(ids[:, :-1], (1, 0), value=self.K)
        return self.head(self.gru(self.embed(before) + self.place)[0])

    def write(self, n, temperature):
        """n new sentences [n, 16], word by word."""
        word, h, sentence = self.place.new_full((n,), self.K).long(), None, []
        for place in self.place:
            y, h = self.gru((self.embed(word) + place)[:, None], h)
            p = (self.head(y[:, 0]) / temperature).softmax(dim=1)
            word = torch.multinomial(p.cpu(), 1)[:, 0].to(p.device)
            sentence.append(word)
        return torch.stack(sentence, dim=1)
