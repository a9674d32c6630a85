"""
# Transformers

A word looks directly at any other word, and takes a mean of what the others offer.
"""

scenes = {
    "The whole, counted": (),
    "A look at the other words": (),
    "The block": ("pieces",),
    "Reading, then writing": ("masks", "cross_attention", "teacher_forcing"),
}
