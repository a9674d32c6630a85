"""
# Diffusion

Destroying a picture is easy: add a little noise, again and again, until nothing is left but noise.
A diffusion model learns to take back one such step. Since every step is small, the question is
nearly a plain regression (which noise was added here?), and nothing has to be fooled, inverted or
summed over all pictures. Generating is then a walk: start from pure noise, take back one step,
then the next.

After the chapter you should be able to predict

- the mean and the variance of a picture after any number of noising steps, without taking them,
  and what goes wrong if the picture is not shrunk a little in each;
- at which noise levels the error of a trained model is large, and why that is no fault of it;
- what a sampler does with too few steps, without fresh noise, or with a clock that is wrong;
- why a classifier that likes the samples proves less than it seems.
"""

scenes = ["digits"]
