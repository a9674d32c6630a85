"""
# Normalizing flows

A flow is a map that can be undone. It takes draws from a bell curve to data, and tells exactly how
likely each datum is: where it stretches space, density gets thinner, and it keeps account of that.
Other generative models give a bound, or no number at all. The price is that every part must be
undone easily, and its stretching known.

Begin with *What keeps a flow from pushing everything into the middle?*: one axis, and the charge
that makes a score a likelihood. The next two pages build maps for more numbers, by halves that take
turns or by an order, and count what each costs. Then layers become time: first what a differential
equation cannot do, then a flow that is one.

All scores are in nats a point, beside the best single Gaussian and, where known, the truth. Three
pages show scores better than the truth: each is false, and you see why.

Afterwards you should be able to predict what happens if the charge is cut, which maps leave a
Gaussian a Gaussian, how many passes it takes to judge and to draw, which maps no equation on a line
can learn, and when a reported likelihood is too good.

Three things to do differently at work: sum a density over a grid before you believe its score; ask
whether you will judge or draw more often before you choose a flow; solve again with twice the steps
before you report.
"""

scenes = {
    "The charge for squeezing": ("stretch",),
    "Maps that can be undone": ("coupling", "in_order"),
    "Flows in continuous time": ("crossing", "continuous"),
}
