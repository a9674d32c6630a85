"""
# Recurrent neural networks

Text, tunes and measurements come one after another, and what came earlier decides what comes next.
A recurrent net reads them with one set of weights, step by step, and carries along a state: all
that it knows of what it has read.

Begin with *What does a net know about a word it was never taught?* The first part turns text into
numbers. The second tries three plain ways of reading, each of which fails at one thing, and the
loop that answers all three. The third follows the gradient on its way back through time, where it
vanishes or explodes; the fourth opens the gates that keep it. Then such nets write tunes, judge
reviews and translate, until one vector is too narrow and the decoder begins to look. The last part
reads both ways, looks everywhere, and computes a recurrence without going step by step.

Afterwards you should be able to predict how far back a model can see and what it costs to look
further, whether a gradient survives thirty steps, what a gate has to do for a task, where accuracy
falls with length, and which word a net can't have heard of yet.

Three things to do differently at work: test at lengths and places that training never had; draw the
gradient against the distance before you train, and start so that it survives; never take attention
weights for an explanation before you have seen them for several seeds.
"""

scenes = {
    "Words become numbers": ("unseen_words", "word_vectors", "tokens"),
    "Three plain readers, one loop": ("window", "bag", "positions", "loop"),
    "The way back in time": ("through_time", "clipping", "vanishing"),
    "Gates": ("gates", "forget_bias", "gru"),
    "What such nets do": ("melody", "verdict", "bottleneck", "alignment"),
    "Both directions, or no loop": ("both_ways", "attention_pooling", "scan"),
}
