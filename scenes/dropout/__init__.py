"""# Dropout

Averaging many networks is the surest way to a better one, and the dearest. Dropout trains a crowd
for the price of one: at every example another random half of the units is missing, and all the
thinned networks share their weights. At the end one network stands for the whole crowd.

The chapter has one scene, *Train a crowd, keep one net*. It asks when dropout helps and when it
does not, what exactly is averaged at test time, and what the units learn when none of them may rely
on another.

After this chapter you should be able to say which scale belongs to which of the two ways of writing
dropout, why accuracy does not notice when the scale is forgotten and the loss does, in what sense
the full network is an average, what dropout costs in training time, and which experiment shows that
units have become less dependent on each other.
"""

scenes = ["dropout"]
