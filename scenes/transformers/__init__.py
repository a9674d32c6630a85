"""
# Transformers

A word looks directly at any other word, and takes a mean of what the others offer.
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
    "The block": ("order", "sinusoids", "longer", "next_word", "residual", "feed_forward"),
    "Reading, then writing": (),
}
