"""
# Activation functions

A network without them is one big linear map. With them it can bend, and each bend has a price: on
the way back every layer multiplies the gradient by the activation's slope and by the weights. This
chapter follows that product through deep networks.

After it you should be able to predict, before you press *run*, whether the first layer of a deep
network will receive a gradient that is tiny, healthy or huge, from three things: the activation,
the scale of the initial weights, and the depth. And you should no longer believe that the
activation alone decides it.
"""

scenes = ["gradient_flow"]
