"""# Cost functions

A loss says what a model is for. The mean of squares asks for a mean, the mean of absolute values
for a median, and neither asks whether that answer is ever a good one. This chapter has all the
common losses: what each asks for, what its slope tells a model that is wrong, which likelihood it
stands for, and how it fails in floating point.

Play the scenes in this order. *Outliers pull, medians stand* and *Mean, median and the grey edge*
are about numbers and pictures. *Ten ways to score a classifier* puts the losses of classification
side by side, and *When the log meets zero* breaks them with large logits. *Two per cent matters* is
about classes that are rare, *A vocabulary in drawers* about classes that are many. *How sure is
sure enough* and *Pull, push, angle, order* are about margins: in a decision, and between points.

After this chapter you should be able to predict what a loss's best answer is for a given spread of
targets, how large its slope is far away and close by, which reduction changes a learning rate, what
a class weight does to a decision and to the probabilities, and when a loss is zero although nothing
has been learned.
"""

scenes = [
    "regression_losses",
    "blur",
    "classification_losses",
    "stability",
    "imbalance",
    "adaptive_softmax",
    "margins",
    "embeddings",
]
