"""
# Variational autoencoders

An autoencoder squeezes an image through a few numbers and back. A variational autoencoder (VAE)
makes a probability model of it: the numbers are a hidden cause z with a known prior, the decoder
says how images follow from it, and the encoder is a way to guess z, so that the model can be
trained at all.

Begin with *What does a random code decode to?* It shows what goes wrong without the probability.
The second part builds the model: what a hidden cause can explain, why the likelihood of an image is
a sum that nobody can do, how a few good guesses do it all the same, and how far the bound that is
trained lies below. The third gets a gradient through a random draw. The last weighs the two terms
of the loss against each other, and moves faces along arrows in the space of codes.

Afterwards you should be able to name the two terms and what each does alone, predict what a larger
or smaller weight of the second does to copies and to samples, recognise posterior collapse, say
whose fault a loose bound is, and why random codes mean nothing to a plain autoencoder.

Three things to do differently at work: plot where the codes lie and where you draw before you
sample; look at the KL of each number of the code before you turn β; report a likelihood by
importance sampling with its number of samples, never a bound as if it were one.
"""

scenes = {
    "Where codes lie": ("random_codes",),
    "A hidden cause": ("mixtures", "guesses", "bound"),
    "Learning it": ("through_noise",),
    "What it is good for": ("beta", "directions", "codebook"),
}
