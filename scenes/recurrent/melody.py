"""
# Does the net know what a tune is?

Sing a tune a little higher, and it is the same tune. Does a net see it so? It reads six old tunes,
each in ten keys, and learns to name the next note. Then it goes on with a `prompt` by itself: each
note is drawn from its probabilities p and fed back in. The *temperature* τ sets how boldly:

    p ∝ exp(s / τ)

s is the net's score of each note. Small τ takes the likeliest, large τ plays more at random.

What comes stays in its key: after a few notes of C major an F sharp is rare. Now the test. Two of
the twelve keys were kept from the net. There it names fewer than one in three of the next notes,
and what it plays slides into a key that it knows. It has learned keys, not tunes.

The *twin* gets the steps between notes, not the notes. In these a tune is the same in all keys, and
so the twin knows it in a key that it never heard. Its net is no better. What you know of the
matter, that keys don't matter, stands in its input.

    pitches  C D E C → D E F♯ D
    steps     +2 +2 −4 in both keys

## Tomorrow

Ask what may change in your data without changing the answer, and write it into the input:
differences, ratios, places counted from the object. Test on a shift that training never had.
"""

from itertools import pairwise

import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pad_sequence

from dlplay import Choice, Float, Int, Scene, Text, Try
from dlplay.data.tunes import in_key, piano_roll, sung, tunes

C, HELD_OUT = 60, (1, 6)  # middle C; keys that are kept from training, in semitones above it
LOW, KINDS, START = 48, 36, 25  # the lowest pitch; kinds of tokens; that before a first step
NOTES, MELODIES = 32, 24  # drawn after the prompt; melodies that are measured, the first is shown
# Notes as tokens: themselves, or steps from each to the next, 12 for none; the first is START
ENCODE = {
    "pitches": lambda notes: [note - LOW for note in notes],
    "steps": lambda notes: [START, *(min(max(b - a + 12, 0), 24) for a, b in pairwise(notes))],
}


class Melody(Scene):
    covers = ("RNN Applications - music generation",)
    panels = {
        "melody": "light rows are notes of the key; a note on a dark row has left it",
        "by the twin": "the same beginning, gone on with by the net of the other encoding",
        "next note": "share named right; higher is better",
    }
    claims = {
        "learns": "in the keys of training the net names over 0.65 of the next notes",
        "in_key": "of its own notes over 0.9 are in the prompt's key (of evenly drawn ones 0.583)",
        "other_keys_lost": "in the two keys kept from it, it names less than 0.3",
        "steps_carry": "there a net that gets the steps names over 0.85",
    }
    tries = (
        Try(
            "key=1",
            "The same beginning, a semitone higher: a key that was kept from the net. Its notes?",
            ("in that key, as before", "many leave the key", "it stops playing"),
            right=2,
            breaks="in_key",
            keeps="learns",
            why="Each pitch has weights of its own. Of this key it knows single notes, from other "
            "keys, and goes on in one of those.",
        ),
        Try(
            "encoding=steps",
            "The lead net gets steps instead of pitches. How is it in keys that it never heard?",
            ("as bad", "half-way", "as good as in all others"),
            right=3,
            breaks="other_keys_lost",
            keeps=("learns", "in_key", "steps_carry"),
            why="In another key a tune is the same row of steps. For this net there are no keys.",
        ),
        Try(
            "temperature=4",
            "The notes are drawn far more boldly. How many stay in the key?",
            ("as many", "fewer", "more: it tries out the whole key"),
            right=2,
            breaks="in_key",
            keeps="learns",
            why="A high temperature evens the scores out, and notes that the net finds unlikely "
            "come up. It knows no more and no less than before.",
        ),
    )
    quick = {"steps": 5}

    encoding = Choice("pitches", ("pitches", "steps"), help="what the lead net gets")
    prompt = Text("C C G G A A G", max_length=60, live=True, help="c is above C, ^C is C sharp")
    key = Int(0, min=-5, max=6, live=True, help="semitones that it is moved; 1 and 6 are unheard")
    temperature = Float(0.7, min=0.1, max=5, step=0.1, live=True, help="τ, how boldly is drawn")
    steps = Int(200, min=5, max=2000, log=True, help="steps of 24 tunes, for each net")

    def run(self, stage):
        known = [key for key in range(-5, 7) if key not in HELD_OUT]
        data = {  # [tunes · keys, longest] of tokens each, -1 where a tune has ended
            name: [padded(encode, keys).to(stage.device) for keys in (known, HELD_OUT)]
            for name, encode in ENCODE.items()
        }
        nets = nn.ModuleDict({name: Net() for name in ENCODE}).to(stage.device)
        optimizer = torch.optim.Adam(nets.parameters(), lr=0.01)
        lead, twin = (self.encoding, *(name for name in ENCODE if name != self.encoding))

        def named(name):
            """The share of next notes that a net names, in keys of training and in others."""
            shares = []
            for rows in data[name]:
                best = nets[name](rows[:, :-1].clamp(min=0))[0].argmax(dim=2)
                shares.append((best == rows[:, 1:])[rows[:, 1:] >= 0].float().mean().item())
            return shares

        def begun():
            """The prompt's notes in its key, and in words what of it is no note."""
            notes, strange = sung(self.prompt)
            notes = [note + self.key for note in notes if LOW + 5 <= note <= LOW + KINDS - 7]
            told = f"left out, as no notes: {' '.join(strange)[:30]}" if strange else "notes"
            return notes or [C + self.key], told if notes else "no note typed: it begins on C"

        def played(name):
            """MELODIES times how a net goes on after the prompt: pitches [MELODIES][NOTES]."""
            notes, _ = begun()
            tokens = torch.tensor([ENCODE[name](notes)] * MELODIES, device=stage.device)
            dice, state, drawn = torch.Generator().manual_seed(stage.seed), None, []
            for _ in range(NOTES):
                scores, state = nets[name](tokens, state)
                p = (scores[:, -1] / self.temperature).softmax(dim=1).cpu()
                if name == "steps":
                    p[:, START:] = 0
                drawn.append(torch.multinomial(p, 1, generator=dice))  # [MELODIES, 1]
                tokens = drawn[-1].to(stage.device)
            drawn = torch.cat(drawn, dim=1)
            pitches = drawn + LOW if name == "pitches" else notes[-1] + (drawn - 12).cumsum(dim=1)
            return pitches.tolist()

        def share_in_key(melodies):
            return sum(sum(in_key(notes, C + self.key)) for notes in melodies) / MELODIES / NOTES

        stage.axes("next note", x="step", y="share named")

        @stage.look(10, nets)
        def look():
            given, told = begun()
            melodies, others = played(lead), played(twin)
            roll, names = piano_roll(given, melodies[0], C + self.key)
            stage.heatmap("melody", roll, rows=names, x=told, low=-1, high=1)
            roll, names = piano_roll(given, others[0], C + self.key)
            stage.heatmap("by the twin", roll, rows=names, x=told, low=-1, high=1)
            shares = share_in_key(melodies), share_in_key(others)
            (learned, unheard), (_, by_twin) = named(lead), named(twin)
            series = {"lead": learned, "lead, unheard keys": unheard, "twin, unheard keys": by_twin}
            stage.curve("next note", series)
            stage.headline(
                f"{lead}: {learned:.0%} of next notes, {unheard:.0%} in unheard keys; "
                f"in key: {shares[0]:.0%}, twin {shares[1]:.0%}"
            )

        for _ in stage.loop(self.steps):
            batch = torch.randint(len(data["pitches"][0]), (24,))
            loss = 0.0
            for name in ENCODE:
                rows = data[name][0][batch]
                scores, _ = nets[name](rows[:, :-1].clamp(min=0))  # [24, longest - 1, kinds]
                loss += cross_entropy(scores.transpose(1, 2), rows[:, 1:], ignore_index=-1)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe(nets):
            learned, unheard = named(lead)
            stage.claim("learns", learned, above=0.65)
            stage.claim("in_key", share_in_key(played(lead)), above=0.9)
            stage.claim("other_keys_lost", unheard, below=0.3)
            stage.claim("steps_carry", named("steps")[1], above=0.85)


class Net(nn.Module):
    """A score for each thing that may come next: tokens [N, T] -> [N, T, KINDS], and its state."""

    def __init__(self):
        super().__init__()
        self.vectors = nn.Embedding(KINDS, 24)
        self.lstm = nn.LSTM(24, 64, batch_first=True)
        self.score = nn.Linear(64, KINDS)

    def forward(self, tokens, state=None):
        h, state = self.lstm(self.vectors(tokens), state)
        return self.score(h), state


def padded(encode, keys):
    moved = ([note + key for note in tune] for key in keys for tune in tunes().values())
    rows = [torch.tensor(encode(tune)) for tune in moved]
    return pad_sequence(rows, batch_first=True, padding_value=-1)
