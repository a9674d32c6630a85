"""
# What should a token be?

A net reads numbers, so a text is first cut into pieces of a fixed list, its **vocabulary**; a
piece, or **token**, is a place in it. What should the pieces be?

*Words* look natural. But the words of new text that the list lacks are lost: of each play's here
one in six or so. *Characters* are never new, or hardly ever, but a word becomes five or six of
them, and the net has to find out anew what each is part of.

**Byte-pair encoding** (BPE) grows the pieces from the text itself. Begin with its bytes: a letter
of English is one, other characters take two to four. Count all pairs of neighbours, make the most
frequent pair a new token wherever it stands, and count again:

    t h e → th e → the

By the rule *words* no blank may come second in a pair. So no piece runs on into the next word, and
a blank sticks to the word that follows: "␣the" is one token. Each merge adds one token to the list
and shortens the text by as many as the pair's count.

What comes out lies between letters and words. Frequent words end up whole; rare ones, names, and
whatever you type fall into pieces, in the worst case into bytes. Nothing is unknown, and the pieces
of a text in a row are that text again, byte for byte. Begun with characters, a new
character would be as unknown as a new word.

Such pieces follow frequency, not grammar: look which of *loves, loved, lover* share one. And a
language that the text of the merges lacks costs more tokens for as much said.

Type a sentence; take your own file by `text=`, where nothing is claimed.

## Tomorrow

Before you train, look at how your tokenizer cuts your names, numbers, code and languages, and count
its tokens a word on each. Three times as many means three times the price, a third of the context.
"""

import re
from itertools import pairwise

import torch

from dlplay import Choice, File, Int, Scene, Text, Try
from dlplay.data import text as text_of

LEARNT, NEW = 48_000, 12_000  # characters that merges are learnt from, and after them new ones
BASE = 4096  # more than there are tokens
ANY = "Жизнь 世界 مرحبا नमस्ते 🙂👩‍👩‍👧 é\u0301\x00\ud800\n\t"  # in six scripts, and what is worse


class Tokens(Scene):
    covers = ("Tokenization", "How does BPE work?")
    panels = {
        "pieces": "text cut by the merges so far; ␣ blank, ⏎ new line; colour: bytes of the piece",
        "next pair": "the most frequent pairs of neighbours; the first is merged next",
        "length": "tokens for a word, on the text of the merges and on new text; lower is cheaper",
        "unknown": "three ways to cut: kinds of pieces, pieces a word, unknown ones in new text",
    }
    claims = {
        "unknown_words": "over 0.08 of the words of new text are not in the list of words",
        "shorter": "after 200 merges new text takes at most 3.5 tokens a word",
        "transfers": "on new text it takes at most 1.25 times the tokens a word of the old text",
        "few_are_words": "at most 0.44 of the words of new text, but over 0.2, are one token",
        "round_trip": "tokens of new text, and of any Unicode, in a row give 0 changed texts",
    }
    tries = (
        Try(
            "merges=50",
            "A quarter of the merges. Letters took 5.5 tokens a word, 200 merges 2.9. And 50?",
            ("about 5: a quarter of the way", "about 4: well over half of the way", "about 3"),
            right=2,
            breaks=("shorter", "few_are_words"),
            keeps=("unknown_words", "round_trip"),
            why="The first pairs are the most frequent, so they shorten most. Each further merge "
            "is of a rarer pair and saves less.",
        ),
        Try(
            "merges=1000",
            "A thousand merges, so most frequent words are whole. Which of love, loves, loved, "
            "lover share the token ␣love?",
            ("all four: it is their stem", "some of them", "none: each is a token of its own"),
            right=2,
            breaks="few_are_words",
            keeps=("transfers", "round_trip"),
            why="Merges follow counts, not grammar. Where another merge came first, as of ␣lo or "
            "of es, the stem is torn.",
        ),
        Try(
            "rule=anything",
            "A blank may come second in a pair now. What are the new tokens?",
            (
                "the same words, with the blank behind",
                "ends of words with what follows, and short phrases",
                "pieces without meaning",
            ),
            right=2,
            breaks="few_are_words",
            keeps=("shorter", "round_trip"),
            why="A pair across the blank, as e␣ or ,␣, is as good as any other, if it is frequent. "
            "Hardly a word is a token by itself then.",
        ),
        Try(
            'sentence="我爱你 🙂 I love you"',
            "No Chinese, no emoji was in the text of the merges. What becomes of 我爱你 and 🙂?",
            (
                "one token: unknown",
                "four tokens, a character each",
                "thirteen tokens, a byte each",
            ),
            right=3,
            keeps="round_trip",
            why="The list holds all 256 bytes, so anything can be written. But these bytes never "
            "stood side by side in the play, so no merge joins them.",
        ),
    )
    quick = {"merges": 20}
    pace = 3

    merges = Int(200, min=10, max=1000, log=True, help="how many pairs are merged")
    rule = Choice("words", ("words", "anything"), help="what is merged: within words, or anything")
    text = File("shakespeare", kind="text", help="what the merges are learnt from")
    sentence = Text("She loves, they loved; a lover. 爱 🙂", live=True, help="a text to cut")

    def run(self, stage):
        whole = text_of(self.text, least=1000)
        size = min(LEARNT + NEW, len(whole))  # of a short text as large a share is new
        start = int(torch.randint(len(whole) - size + 1, ()))
        end = start + size * LEARNT // (LEARNT + NEW)
        old, new = whole[start:end], whole[end : start + size]
        listed, words = set(words_of(old)), words_of(new)
        old_words, new_words = (max(1, len(words_of(text))) for text in (old, new))
        unknown = sum(word not in listed for word in words) / new_words
        letters, strange = len(new) / new_words, sum(c not in old for c in new) / len(new)

        vocabulary = [bytes([value]) for value in range(256)]
        blank = torch.tensor([piece.isspace() for piece in vocabulary] + self.merges * [False])
        blank = blank.to(stage.device)  # whether a token begins with a blank
        ranks = {}  # of each pair that was merged, the new token
        ids, ids_new, ids_shown = (
            torch.tensor(list(data_of(text)), device=stage.device) for text in (old, new, new[:320])
        )

        def pairs():
            """All pairs [K, 2] that may be merged, and how often each occurs [K]."""
            first, second = ids[:-1], ids[1:]
            if self.rule == "words":
                allowed = ~blank[second]
                first, second = first[allowed], second[allowed]
            keys, counts = (first * BASE + second).unique(return_counts=True)
            return torch.stack([keys // BASE, keys % BASE], dim=1), counts

        def a_word():
            """Tokens a word, of old and of new text."""
            return len(ids) / old_words, len(ids_new) / new_words

        @stage.look(1)
        def look():
            of_old, of_new = a_word()
            stage.headline(
                f"{len(ranks)} merges: {of_new:.2f} tokens a word, letters take {letters:.2f}; "
                f"newest {spelt(vocabulary[-1])[:12]}"
            )
            typed = encode(self.sentence, ranks)
            yours = f"your sentence, {len(typed)} tokens:" if typed else "no sentence typed"
            cut = [vocabulary[i] for i in ids_shown.tolist()], [vocabulary[i] for i in typed]
            pieces = ["new text:", *map(spelt, cut[0]), yours, *map(spelt, cut[1])]
            sizes = [torch.nan, *map(len, cut[0]), torch.nan, *map(len, cut[1])]
            stage.tokens("pieces", pieces, sizes, low=1, high=5, gap=True)
            top = counts.topk(min(8, len(counts))).indices
            rows = [
                (f"{spelt(vocabulary[a])} + {spelt(vocabulary[b])}", times)
                for (a, b), times in zip(found[top].tolist(), counts[top].tolist(), strict=True)
            ]
            stage.table("next pair", ("pair", "times"), rows)
            stage.curve("length", {"old text": of_old, "new text": of_new}, x=len(ranks))
            rows = (
                ("words", len(listed), "1.00", f"{unknown:.0%}"),
                ("letters", len(set(old)), f"{letters:.2f}", f"{strange:.0%}"),
                ("pairs merged", len(vocabulary), f"{of_new:.2f}", "none"),
            )
            stage.table("unknown", ("cut into", "kinds", "a word", "unknown"), rows)

        lines = {"letters": letters, "words": 1}
        stage.axes("length", x="merges", y="tokens a word", lines=lines)
        found, counts = pairs()
        for _ in stage.loop(self.merges):
            if len(counts) == 0 or counts.max() < 2:
                continue  # no pair occurs twice: what is left is not worth a token
            a, b = found[counts == counts.max()][0].tolist()
            token = len(vocabulary)
            vocabulary.append(vocabulary[a] + vocabulary[b])
            blank[token] = blank[a]
            ranks[a, b] = token
            ids, ids_new, ids_shown = (merged(t, a, b, token) for t in (ids, ids_new, ids_shown))
            found, counts = pairs()

        of_old, of_new = a_word()
        pieces = set(vocabulary)
        whole_words = sum(data_of(" " + word) in pieces for word in WORD.findall(new))
        cut = ids_new.tolist(), encode(ANY, ranks)
        back = [b"".join(vocabulary[i] for i in each) for each in cut]
        changed = (back[0] != data_of(new)) + (back[1] != data_of(ANY))
        stage.claim("unknown_words", unknown, above=0.08)
        stage.claim("shorter", of_new, at_most=3.5)
        stage.claim("transfers", of_new / of_old, at_most=1.25)
        stage.claim("few_are_words", whole_words / new_words, within=(0.2, 0.44))
        stage.claim("round_trip", changed, equal=0)
        stage.measure(tokens_a_word=of_new, letters_a_word=letters)


def merged(ids, a, b, token):
    """Token ids [N] in which `token` stands for each a that b follows: [N'], N' ≤ N."""
    hit = (ids[:-1] == a) & (ids[1:] == b)
    if a == b:  # of a row such as aaaaa the first two, then the next two
        place = torch.arange(len(hit), device=ids.device)
        before = torch.where(hit, -1, place).cummax(dim=0).values  # the last place without a hit
        hit = hit & ((place - before) % 2 == 1)
    ids = ids.clone()
    ids[:-1][hit] = token
    kept = torch.ones_like(ids, dtype=torch.bool)
    kept[1:] = ~hit
    return ids[kept]


def encode(text, ranks):
    """A text as token ids: of the pairs in it, always merge the one that was learnt first."""
    ids = torch.tensor(list(data_of(text)), dtype=torch.long)
    while known := [pair for pair in pairwise(ids.tolist()) if pair in ranks]:
        first = min(known, key=ranks.get)
        ids = merged(ids, *first, ranks[first])
    return ids.tolist()


WORD = re.compile(r"\w+(?:['’]\w+)*")


def words_of(text):
    return [word.lower() for word in WORD.findall(text)]


def data_of(text):
    return text.encode("utf-8", "surrogatepass")  # also of what is no character by itself


def spelt(piece):
    """A token for the eye; bytes that are no whole character as numbers."""
    try:
        return piece.decode().replace(" ", "␣").replace("\n", "⏎")
    except UnicodeDecodeError:
        return f"‹{piece.hex(' ')}›"
