"""# Graphs

Molecules, friendships, citations: things and the ties between them, in no particular order. A
graph neural network lets every node listen to its neighbours, mix what it hears with what it
knows, and pass the result on; after k rounds a node has heard of everything within k steps.

After this chapter you should be able to say what a network can know that sees the nodes but not
the ties, what a layer's way of mixing (sum, mean, symmetric, attention, maximum) does to popular
and to lonely nodes, and why more rounds are not always better.
"""

scenes = {
    "What a graph keeps": ("mirror", "backwards", "rings", "three_steps"),
    "What one asks of it": (),
    "Messages": (),
    "Filters, aggregators, depth": (),
    "Four networks": ("karate",),
}
