"""# Learning representations

A classifier that can only cut straight is as good as the space in which it cuts. This chapter is
about that space: how likely it is that a straight cut does, how a bend of the space makes it do,
who pays for the bend, and what a representation should keep and what it should forget.

Play the scenes in this order. *How many points can a plane split?* counts. *Bend the space, then
cut it* compares bends that are chosen with bends that are learned. *Twenty units, a thousand
pieces* asks what depth buys that width does not. *The digit that drifts* and *Few numbers behind
many pixels* are about what a picture's pixels hide: shifts that should not matter, and the few
numbers that do. *Pull the factors apart* tries to get at these numbers, and *Each layer knows more*
asks every layer of a trained network what it knows.

After this chapter you should be able to predict how many random labels a plane can satisfy, which
toy set a given map unfolds, when pooling makes a network blind to a shift and when it does not, and
what turning a code about does to its reconstruction and to its meaning.
"""

scenes = [
    "cover",
    "lift",
    "depth_width",
    "invariance",
    "manifold",
    "disentangle",
    "hierarchy",
]
