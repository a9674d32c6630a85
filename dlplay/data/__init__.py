"""Data for scenes: small bundled files and generators. Nothing is ever downloaded.

Every bundled file has its source and licence in LICENSES.md beside this file. Numbers are float32
or int64 tensors, on the CPU unless `device` says otherwise. `text`, `image`, `images`, `table` and
`examples` load what a File parameter names, which may be the user's own; `network` a list of ties.
"""

from dlplay.data.bundled import CLOTHES, PHOTOS, digits, fashion, photo
from dlplay.data.chemistry import CAFFEINE, Molecule, molecule, molecules, on_ring
from dlplay.data.heaps import (
    Heaps,
    heaps_on_line,
    heaps_on_line_log_density,
    ring_of_heaps,
    two_heaps,
)
from dlplay.data.language import Dates, Reviews, Stories, dates, reviews, spelt, stories
from dlplay.data.library import Library, library
from dlplay.data.measurements import SERIES, series
from dlplay.data.networks import NETWORKS, adjacency, block_model, grown, karate_sides, network
from dlplay.data.own import examples, image, images, table, text
from dlplay.data.plane import (
    folded,
    folded_answers,
    folded_x,
    moons,
    moons_log_density,
    points,
)
from dlplay.data.pronouns import PRONOUN_WORDS, Pronouns, pronouns, swapped
from dlplay.data.replies import Replies, replies
from dlplay.data.ring import Ring, energy_distance
from dlplay.data.sequences import Reversals, recall, reversals, windows
from dlplay.data.shapes import Objects, bars, objects, scattered, warped
from dlplay.data.signs import Signs
from dlplay.data.toy_english import TopicSentences, topic_sentences
from dlplay.data.tunes import in_key, tunes
from dlplay.data.views import view
from dlplay.data.writing import names, shakespeare, smiles

__all__ = [
    "CAFFEINE",
    "CLOTHES",
    "NETWORKS",
    "PHOTOS",
    "PRONOUN_WORDS",
    "SERIES",
    "Dates",
    "Heaps",
    "Library",
    "Molecule",
    "Objects",
    "Pronouns",
    "Replies",
    "Reversals",
    "Reviews",
    "Ring",
    "Signs",
    "Stories",
    "TopicSentences",
    "adjacency",
    "bars",
    "block_model",
    "dates",
    "digits",
    "energy_distance",
    "examples",
    "fashion",
    "folded",
    "folded_answers",
    "folded_x",
    "grown",
    "heaps_on_line",
    "heaps_on_line_log_density",
    "image",
    "images",
    "in_key",
    "karate_sides",
    "library",
    "molecule",
    "molecules",
    "moons",
    "moons_log_density",
    "names",
    "network",
    "objects",
    "on_ring",
    "photo",
    "points",
    "pronouns",
    "recall",
    "replies",
    "reversals",
    "reviews",
    "ring_of_heaps",
    "scattered",
    "series",
    "shakespeare",
    "smiles",
    "spelt",
    "stories",
    "swapped",
    "table",
    "text",
    "topic_sentences",
    "tunes",
    "two_heaps",
    "view",
    "warped",
    "windows",
]
