"""
# Activation functions

A network without them is one big linear map. With them it can bend, and each bend has a price: on
the way back every layer multiplies the gradient by the activation's slope and by the weights. This
chapter has all the common ones, and follows that product through deep networks.

Play the scenes in this order. The *gallery* is the reference: every curve with its slope, and a
cursor on both. *What one hidden layer can say* shows what the bends are for. *Where does the
gradient go?* follows the product of slopes and weights through depth, and *Same net, different
squash* asks how much of it is left to see in a whole training. *Units that never wake up* and
*Which slope at the corner?* are about ReLU and its relatives. *Logits, probabilities, temperature*
is about the functions that turn scores into shares.

After it you should be able to predict, before you press *run*, whether the first layer of a deep
network will receive a gradient that is tiny, healthy or huge, from three things: the activation,
the scale of the initial weights, and the depth. You should know which units are dead and which of
them may come back, and what adding a constant to all logits does. And you should no longer believe
that the activation alone decides how a network trains.
"""

scenes = [
    "gallery",
    "one_layer",
    "gradient_flow",
    "race",
    "dying_relu",
    "kinks",
    "softmax_lab",
]
