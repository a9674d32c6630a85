"""# Optimization

A loss is a landscape over the parameters, and an optimizer is a rule for walking on it with
nothing but the local slope. The rules differ in what they remember: nothing (gradient descent),
the last steps (momentum), the size of past slopes in each direction (Adagrad, RMSProp, Adam), or
no more than a sign (Rprop, Lion). A few ask for the curvature as well.

Play the scenes in this order. *What we descend is not what we want* says what is optimized, and
*The shape of the bowl* what makes that easy or hard. *How many examples per step?*, *Twenty layers
deep* and *Turn it down, but not yet* are the tricks of the trade: batches, first weights, learning
rates. *Traps that vanish with width* asks whether local minima are to be feared. *The optimizer
race* is the overview: all rules on one map. *Momentum*, *A learning rate for each weight*, *Adagrad
and its family* and *Adam under the lens* take the rules apart, *The race on a net* lets them meet
again where it counts, and *Curvature* shows what second derivatives buy and what they cost.

After this chapter you should be able to look at a landscape (a ravine, a saddle, a plateau, a
noisy slope) and say which rule will cross it, which will crawl and which will be thrown out, and
what its learning rate has to do with that.
"""

scenes = [
    "surrogate",
    "bowl",
    "minibatch",
    "init_depth",
    "lr_schedule",
    "xor_traps",
    "race",
    "momentum_lab",
    "adaptive_rates",
    "adagrad",
    "adam_anatomy",
    "net_race",
    "second_order",
]
