"""
# Generative adversarial networks

A generator turns random numbers into samples, and nobody can say for a single sample how good it
is. Only two heaps can be compared: what it made, and the data. A generative adversarial network
(GAN) lets a second network learn the comparison, the discriminator, while the generator learns to
make it useless.

Begin with *Can one not simply compare two heaps of samples?* The first part asks what a comparison
sees, what a discriminator can know at best, and why both have to learn at once. The second shows
the three ways in which the game fails, each with what helps: no gradient, collapse, turning in
circles. The third is what the field made of it: convolutions, conditions, translation without
pairs, and a loss that can be read.

Afterwards you should be able to say what the best discriminator answers, predict which loss still
has a slope when it wins, tell a collapsed generator from a bad one by its samples, and name what a
small round-trip error does not prove.

Three things to do differently at work: look at the variety of a large sample before you believe a
curve; steady the discriminator before you enlarge the generator; plot a distance between samples
and data, never the generator's loss.
"""

scenes = {
    "A network that compares": ("direct", "judge", "two_players"),
    "How the game fails": ("vanishing", "collapse", "circles"),
    "What was made of it": ("convolutions", "ask", "cycle", "honest_loss"),
}
