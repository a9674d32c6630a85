"""
# Diffusion models

Destroying a picture is easy: add a little noise, again and again, until nothing is left but noise.
A diffusion model learns to take back one such step. Since every step is small, the question is
nearly a plain regression (which noise was added here?), and nothing has to be fooled, inverted or
summed over all pictures. Generating is then a walk: start from pure noise, take back one step,
then the next.

Begin with *How empty is the space of pictures?* The first part destroys and rebuilds digits, and
asks what the likelihood has to say of it. The second is about the walk back: its noise, its dice,
its strides. The third asks for something: a class, words, a picture to begin with, a hole, a map.
The last sees the same thing as arrows in a plane, in steps and in continuous time.

The digits here have 8×8 pixels. They show how one sampler differs from another. They do not show
that diffusion draws better than simpler models: one Gaussian for each digit does as well. What
diffusion can do and one Gaussian cannot is shown in the plane.

Afterwards you should be able to predict the mean and the variance of a picture after any number of
steps, at which noise levels the error of a trained model is large, what a sampler does with too few
steps or no fresh noise, what a stronger push costs, and why a classifier that likes the samples
proves less than it seems.

Three things to do differently at work: look at variety as well as at the class; plot quality
against the number of passes for your own model; check a sampler on a density that you know.
"""

scenes = {
    "From digit to noise": ("empty_space", "noising"),
    "From noise to digit": ("walk_back", "bound", "weighting"),
    "Sampling": ("fresh_noise", "who_decides", "few_strides"),
    "Asking for something": ("steer", "dial", "latent", "strength", "inpaint", "map", "text_tower"),
    "Arrows": ("arrows", "langevin", "anneal"),
    "Continuous time": ("endless_steps", "smooth_twin", "flow"),
}
