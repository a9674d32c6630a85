"""
# Transformers

To know what *it* means in a sentence, you look at other words. A Transformer does nothing else: in
each layer each word looks at all others at once, and takes a weighted mean of what they offer. No
memory is carried from word to word, so nothing is far away, and all are computed side by side.

The first page counts the whole. Then attention is built: what it buys to look back directly, whom a
word looks at, a table that answers with a mean, queries, keys and values worked by hand with your
own words, their scale, several heads. The third part adds what stands around it in a block: sums,
norms, two layers that work on a word alone, and positions, without which no order is known. The
last reads a text with one stack and writes with another.

Afterwards you should be able to predict what fails when a piece is taken out, what a map of
attention shows and what it doesn't, what a mask has to hide, how weights grow with width and work
with length, and why a model can train perfectly and write nonsense.

Three things to do differently at work: change a word and see what moves before you believe a map;
change a later token and see that no earlier answer moves before you believe a loss; test at lengths
that training never had.
"""

scenes = {
    "The whole, counted": ("parts",),
    "A look at the other words": (
        "reach",
        "whom_it_means",
        "lookup",
        "by_hand",
        "root_d",
        "two_heads",
    ),
    "The block": (
        "residual",
        "norm_place",
        "feed_forward",
        "pieces",
        "order",
        "sinusoids",
        "longer",
        "next_word",
    ),
    "Reading, then writing": ("masks", "cross_attention", "teacher_forcing"),
}
