"""# Introduction

To learn is to choose numbers so that a loss on examples becomes small. Almost everything in this
course does it in one way: ask for the slope of the loss where you stand, take a small step against
it, ask again.

Begin with *Watch a small network learn*: one net, one border, one loss. The first part goes on to
what learning is good for: when features should be learned and when designed, what layers build from
one another, and how to find out whether a problem was hard at all.

The second part takes the machine apart: a graph that finds its own slopes, the loss as a landscape
over the parameters, the walk down it, and the noise of a walk that asks few examples a step.

The third part puts it together again: what each part of a layer does, backpropagation by hand, what
a gradient costs, and which of your layers PyTorch really trains.

Afterwards you should be able to predict, before a run starts, whether its learning rate lets it
settle, how noisy its steps are for a batch of a given size, which shape each gradient has, and what
a wrong derivative would look like.

Three things to do differently at work: run a trivial model first and report both numbers; if a loss
trembles, lower the rate or raise the batch before you change the model; after a few steps, look
whether every parameter has a gradient that is not zero.
"""

scenes = {
    "What learning is good for": ("first_net", "features", "composition", "baseline"),
    "The walk downhill": ("graph", "loss", "descent", "noise"),
    "A network, part by part": ("units", "backprop", "price", "pytorch"),
}
