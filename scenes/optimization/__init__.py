"""# Optimization

A loss is a landscape over the parameters, and an optimizer is a rule for walking on it with
nothing but the local slope. The rules differ in what they remember: nothing (gradient descent),
the last steps (momentum), the size of past slopes in each direction (Adagrad, RMSProp, Adam), or
no more than a sign (Rprop, Lion).

After this chapter you should be able to look at a landscape (a ravine, a saddle, a plateau, a
noisy slope) and say which rule will cross it, which will crawl and which will be thrown out, and
what its learning rate has to do with that.
"""

scenes = ["race"]
