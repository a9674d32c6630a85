"""
# Variational autoencoders

An autoencoder squeezes an image through a few numbers and back. A variational autoencoder makes a
probability model of it: the numbers are a hidden cause z with a known prior, the decoder says how
images follow from it, and the encoder is only a clever way to guess z, so that the model can be
trained at all.

After this chapter you should be able to name the two terms of the training loss and what each does
alone, predict what a larger or smaller weight of the second does to reconstructions and to samples,
recognise posterior collapse, and say why random codes mean nothing to a plain autoencoder.
"""

scenes = {
    "Where codes lie": ("random_codes",),
    "A hidden cause": ("mixtures", "guesses", "bound"),
    "Learning it": ("through_noise",),
    "What it is good for": ("beta", "directions"),
}
