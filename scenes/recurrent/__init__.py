"""
# Recurrent neural networks

Text, tunes and measurements come one after another, and what came earlier decides what comes next.
"""

scenes = {
    "Words become numbers": ("unseen_words", "word_vectors", "tokens"),
    "Three plain readers, one loop": ("window", "bag"),
    "The way back in time": (),
    "Gates": (),
    "What such nets do": (),
    "Both directions, or no loop": (),
}
