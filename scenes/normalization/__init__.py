"""# Normalization layers

Inputs are standardized before a network sees them: mean 0, variance 1. A normalization layer does
the same inside the network, again in every forward pass, because there the numbers move with the
weights. Batch, layer, instance and group normalization are one formula. They differ in which cells
share a mean, and everything else follows from that: whether examples know of each other, whether
training and inference are two different functions, how small a batch may be, what is lost.

Play the scenes in this order. *Normalize inside the net* opens one BatchNorm layer and puts it into
nets twenty layers deep. *Why does it help?* holds three stories about it against measurements.
*The two lives of a BatchNorm layer* is about inference and small batches, where it goes wrong in
practice. *Which cells share a mean?* sets all the norms side by side.

After this chapter you should be able to say, of any of these layers and a tensor's shape, how many
means it takes and which changes of the input it cannot feel; what γ and β can undo and what they
cannot; why an evaluation may be far worse than the training just before it; and which of the
reasons given for BatchNorm's success you have seen, and which you have only been told.
"""

scenes = ["batchnorm_lab", "careless", "bn_train_eval", "norm_zoo"]
