"""
# Graphs

Molecules, friendships, citations: things, and ties between them, in no particular order. What
can a network learn that reads such a thing, and what must it forget, since there is no first node
and no left neighbour?

Begin with *What a graph keeps*: a picture, a sentence, a molecule, a society become nodes and ties,
and something is lost each time. *What one asks of it* predicts a missing tie, and renumbers the
nodes. *Messages* puts the network together by what goes wrong without each part: no ties, too few
rounds, a wrong order, nobody who hears all. *Filters, aggregators, depth* asks what a layer can do:
in which directions it can't look, in what polynomials to write it, what a sum or a mean forgets,
why there are so few layers. *Four networks* takes the best known ones, each by the question that it
answers and the one that it can't.

Afterwards you should be able to say what a node knows after K rounds, which two graphs a layer
can't tell apart, what becomes of its answers where nodes have more neighbours than in training, and
when the same network does better without ties.

Three things to do differently at work: run the network without its ties first, and leave the graph
out if it does not win; renumber the nodes of a test graph, and test on larger graphs; begin with
two or three layers, and measure how alike nodes have become before adding one.
"""

scenes = {
    "What a graph keeps": ("mirror", "backwards", "rings", "three_steps"),
    "What one asks of it": ("missing_ties", "renumber"),
    "Messages": ("ties_worth", "how_far", "edge_first", "master_node"),
    "Filters, aggregators, depth": ("alike", "chebyshev", "aggregators", "too_deep"),
    "Four networks": ("karate", "trust", "sampling", "tell_apart"),
}
