"""Data for scenes: small bundled files and generators. Nothing is ever downloaded.

Every bundled file has its source and licence in LICENSES.md beside this file. Numbers are float32
or int64 tensors, on the CPU unless `device` says otherwise. `text`, `image`, `images`, `table` and
`examples` load what a File parameter names, which may be the user's own.
"""

from dlplay.data.bundled import CLOTHES, PHOTOS, digits, fashion, photo
from dlplay.data.language import Dates, Reviews, Stories, dates, reviews, spelt, stories
from dlplay.data.measurements import SERIES, series
from dlplay.data.own import examples, image, images, table, text
from dlplay.data.plane import moons, moons_log_density, points
from dlplay.data.pronouns import PRONOUN_WORDS, Pronouns, pronouns, swapped
from dlplay.data.replies import Replies, replies
from dlplay.data.sequences import Reversals, recall, reversals
from dlplay.data.shapes import Objects, bars, objects, scattered, warped
from dlplay.data.toy_english import TopicSentences, topic_sentences
from dlplay.data.tunes import in_key, tunes
from dlplay.data.writing import names, shakespeare, smiles

__all__ = [
    "CLOTHES",
    "PHOTOS",
    "PRONOUN_WORDS",
    "SERIES",
    "Dates",
    "Objects",
    "Pronouns",
    "Replies",
    "Reversals",
    "Reviews",
    "Stories",
    "TopicSentences",
    "bars",
    "dates",
    "digits",
    "examples",
    "fashion",
    "image",
    "images",
    "in_key",
    "moons",
    "moons_log_density",
    "names",
    "objects",
    "photo",
    "points",
    "pronouns",
    "recall",
    "replies",
    "reversals",
    "reviews",
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
    "warped",
]
