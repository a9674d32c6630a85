"""
# Recurrent neural networks

Text, tunes and measurements come one after another, and what came earlier decides what comes next.
"""

scenes = {
    "Words become numbers": (),
    "Three plain readers, one loop": (),
    "The way back in time": (),
    "Gates": ("gates", "forget_bias", "gru"),
    "What such nets do": ("melody", "verdict"),
    "Both directions, or no loop": (),
}
