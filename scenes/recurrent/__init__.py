"""
# Recurrent neural networks

Text, tunes and measurements come one after another, and what came earlier decides what comes next.
"""

scenes = {
    "Words become numbers": (),
    "Three plain readers, one loop": ("positions", "loop"),
    "The way back in time": ("through_time", "clipping", "vanishing"),
    "Gates": (),
    "What such nets do": (),
    "Both directions, or no loop": (),
}
