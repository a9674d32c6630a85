"""
# How does a graph find its own slopes?

You write down how a loss is computed, and one call gives you its slope for every weight. How does
it know, and when would it be wrong?

Write the calculation as a **graph**: a node is a number, given or computed by one operation, and
edges lead to it from its inputs. First the values flow *down*. Then the slopes flow *up*. The slope
of a node, ∂, says how fast the last node, the loss, grows when this number grows. The last node has
slope 1. From there on, each node passes on to each of its inputs

    its own slope × its local slope

The local slope is that of one operation alone. For a × b it is b towards a, and a towards b. A
node needs to know nothing else. Along a path slopes multiply, and **where paths meet they are
added**. Forty lines of this file do all of it, from `OPS` on. PyTorch works in the same way.

**In which order?** A node may pass its slope on when all of it has arrived, so it must come after
every node that uses it. Such an order exists for each graph without loops: a *directed acyclic
graph*, DAG. "Nearest to the loss first" sounds the same. It is not, because a number may be used
both near the loss and far from it.

**A loop** is unrolled into a DAG: four turns are four copies that share a weight. (At a fixed point
there is a way without.) How finely you cut is up to you: σ and cost could be one node, with p − y
as its local slope.

## Tomorrow

Where a weight is used twice, in tied layers or over time, expect the *sum* of both slopes. PyTorch
adds to `.grad`, so set it to zero before each step. Test derivatives that you made by hand against
autograd, on a graph where paths meet.
"""

import itertools
import math
import random

import torch

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.data import points

# What an operation computes (m is math or torch), and its local slope towards each input
OPS = {
    "+": (lambda m, *a: sum(a), lambda *a: (1,) * len(a)),
    "×": (lambda m, a, b: a * b, lambda a, b: (b, a)),
    "sin": (lambda m, a: m.sin(a), lambda a: (math.cos(a),)),
    "tanh": (lambda m, a: m.tanh(a), lambda a: (1 - math.tanh(a) ** 2,)),
    "σ": (lambda m, a: 1 / (1 + m.exp(-a)), lambda a: (1 / (2 + math.exp(a) + math.exp(-a)),)),
    "cost": (  # of saying p where y is right
        lambda m, p, y: -y * m.log(p) - (1 - y) * m.log(1 - p),
        lambda p, y: ((p - y) / (p * (1 - p)), math.log(1 - p) - math.log(p)),
    ),
}
MADE = itertools.count()  # numbers the nodes


class Node:
    """A number: given, or computed by an operation from other nodes."""

    def __init__(self, number, *inputs, name="", at=(0, 0)):
        self.inputs, self.name, self.at = inputs, name, at  # where it is drawn: across, down
        self.op, self.slope, self.made = number if inputs else "", 0.0, next(MADE)
        numbers = [node.value for node in inputs]
        self.value = OPS[self.op][0](math, *numbers) if inputs else number
        self.edges = list(zip(inputs, OPS[self.op][1](*numbers), strict=True)) if inputs else []

    def pass_on(self, overwrite=False):
        """Own slope × local slope, to each input; what arrives there by several paths is added."""
        for source, local in self.edges:
            source.slope = self.slope * local + (0 if overwrite else source.slope)


def backward(order, overwrite=False):
    """The slopes of all nodes: 1 for the last, and up from there."""
    order[0].slope = 1.0
    for node in order:
        node.pass_on(overwrite)


def nearest_first(last):
    """All nodes behind the last one, by their distance from it."""
    order = [last]
    for node in order:
        order += [source for source in dict.fromkeys(node.inputs) if source not in order]
    return order


def users_first(last):
    """The same nodes, each after all that use it: those made last come first."""
    return sorted(nearest_first(last), key=lambda node: node.made, reverse=True)


class Graph(Scene):
    covers = (
        "Computational Graphs in Deep Learning",
        "Directed Acyclic Graphs for Backpropagation",
    )
    panels = {
        "graph": "values flow down, then slopes ∂ flow up; the node in brackets is at work",
        "wrong slopes": "share of random graphs whose slopes are not PyTorch's; 0 is right",
        "loss": "of the regression that learns by these slopes; lower is better",
    }
    claims = {
        "agrees": "all slopes in random graphs of 14 operations are PyTorch's, within 1e-10",
        "adds_up": "loop of four turns: w's slope is the sum over its four uses, within 1e-12",
        "order_matters": "visited nearest first, over 0.8 more of the random graphs go wrong",
        "trains": "twelve steps by these slopes, from a bad start: over 0.75 of 64 points right",
    }
    tries = (
        Try(
            "slip=overwrite",
            "Where paths meet, the slope that comes last replaces the others. Who notices?",
            ("all graphs", "graphs that use a number twice", "none: the last one is complete"),
            right=2,
            breaks=("agrees", "adds_up"),
            keeps="trains",
            why="With one example no number is used twice. The loop keeps one share of four.",
        ),
        Try(
            "slip='nearest first'",
            "Going up, nodes are visited by their distance from the loss. Is that a good order?",
            ("yes: it is breadth-first", "no: no slope is right", "it depends on the graph"),
            right=3,
            breaks=("agrees", "adds_up", "order_matters"),
            keeps="trains",
            why="A number used both near the loss and far from it passes its slope on too early.",
        ),
        Try(
            "graph=loop",
            "Four turns of h ← h + tanh(w h), with one w. What is the slope of w?",
            ("that of its last use", "the average over its four uses", "the sum over all four"),
            right=3,
            keeps="adds_up",
            why="If w grows, it grows in all four turns, and the effects of small changes add.",
        ),
    )
    quick = {"steps": 20}
    pace = 3

    graph = Choice("logistic", ("logistic", "loop"), live=True, help="which is shown")
    slip = Choice("none", ("none", "overwrite", "nearest first"), help="a mistake to make")
    example = Int(0, min=0, max=63, live=True, help="the point whose graph is shown")
    learning_rate = Float(4, min=0.01, max=30, log=True, live=True, help="step size α")
    steps = Int(120, min=10, max=5000, log=True, help="nodes to visit; ten for a step of learning")

    def run(self, stage):
        x, labels = points("moons", 64, device=stage.device)  # [64, 2], [64]
        data = torch.cat([x, labels[:, None]], dim=1).tolist()
        weights = [-1.0, 1.0, 0.5]  # w₁, w₂, b
        overwrite = self.slip == "overwrite"
        ordered = nearest_first if self.slip == "nearest first" else users_first
        gaps, others, apart = [], [], []
        stage.axes("wrong slopes", x="random graphs tried", y="share with a wrong slope")
        stage.axes("loss", x="step of learning", y="mean loss of 64 points")

        @stage.look()
        def look():
            turns = loop([Node(0.6, name="w", at=(0, 2))] * 4)
            last = logistic(shown, data[self.example])[-1] if self.graph == "logistic" else turns
            nodes = users_first(last)
            down = [node for node in reversed(nodes) if node.op]
            up = [node for node in ordered(last) if node.op]
            # So many nodes were visited; at the end of the run, all of them
            visits = 2 * len(up) if step == self.steps - 1 else step % (2 * len(up)) + 1
            down, up = down[:visits], up[: max(0, visits - len(down))]
            now = (up or down)[-1]
            backward(up or [last], overwrite)
            valued = {node for node in nodes if node in down or not node.op}
            sloped = {last, *(source for node in up for source in node.inputs)} if up else set()
            sent = ", ".join(f"× {local:.2g} to {source.name}" for source, local in now.edges)
            passes = f"↑ {now.name} passes {now.slope:.2g}: {sent}"
            stage.headline(passes if up else f"↓ {now.name} = {now.value:.2g}")
            stage.graph(
                "graph",
                [(node.at[0], -node.at[1]) for node in nodes],
                [(nodes.index(source), k) for k, n in enumerate(nodes) for source in n.inputs],
                labels=[
                    n.name + f" {n.value:.2g}" * (n in valued) + f" ∂ {n.slope:.2g}" * (n in sloped)
                    for n in nodes
                ],
                values=[((n in valued) + (n in sloped)) / 2 for n in nodes],
                marked=[nodes.index(now)],
            )

        for step in stage.loop(self.steps):
            if step % 10 == 0:  # a whole sweep: learn from all points, of which one is shown
                *uses, losses = zip(*(logistic(weights, e) for e in data), strict=True)
                for last in losses:
                    backward(ordered(last), overwrite)
                stage.curve("loss", {"loss": sum(last.value for last in losses) / 64}, x=step // 10)
                slopes = [sum(leaf.slope for leaf in leaves) / 64 for leaves in uses]
                shown, rate = weights, self.learning_rate
                weights = [w - rate * s for w, s in zip(weights, slopes, strict=True)]
            for seed in [random.random() for _ in range(5)]:
                gaps.append(gap(seed, ordered, overwrite))
                others.append(gap(seed, nearest_first))
            wrong = [sum(g > 1e-10 for g in found) / len(gaps) for found in (gaps, others)]
            both = {"this engine": wrong[0], "nearest first": wrong[1]}
            stage.curve("wrong slopes", both, x=5 * step)

            shared, *uses = (Node(w) for w in [random.uniform(0.5, 1.5)] * 5)
            backward(ordered(loop([shared] * 4)), overwrite)
            backward(users_first(loop(uses)))
            apart.append(abs(shared.slope - sum(use.slope for use in uses)))

        with stage.probe():
            stage.claim("agrees", max(gaps), below=1e-10)
            stage.claim("adds_up", max(apart), below=1e-12)
            stage.claim("order_matters", wrong[1] - wrong[0], above=0.8)
            right = [logistic(weights, e)[-1].value < math.log(2) for e in data]  # p above ½
            stage.claim("trains", sum(right) / 64, above=0.75)


def logistic(weights, example):
    """Logistic regression on one example (x₁, x₂, y): the three weights, and the loss."""
    places = (0, 0), (0.9, 1), (1, 3), (0.3, 1), (0.65, 0), (1, 5)
    given = zip((*weights, *example), ("w₁", "w₂", "b", "x₁", "x₂", "y"), places, strict=True)
    w, v, b, x, u, y = (Node(number, name=name, at=at) for number, name, at in given)
    first = Node("×", w, x, name="w₁x₁", at=(0.1, 2))
    second = Node("×", v, u, name="w₂x₂", at=(0.75, 2))
    z = Node("+", first, second, b, name="sum z", at=(0.4, 4))
    p = Node("σ", z, name="p = σ(z)", at=(0.4, 5))
    return w, v, b, Node("cost", p, y, name="loss", at=(0.4, 6))


def loop(uses):
    """Four turns of h ← h + tanh(w h), each with its own use of a weight."""
    h = Node(0.3, name="h₀", at=(1, 0))
    for k, w in enumerate(uses):
        product = Node("×", w, h, name=f"w·h{'₀₁₂₃'[k]}", at=(0.3, k + 0.5))
        bent = Node("tanh", product, name="tanh", at=(0.5, k + 0.8))
        h = Node("+", h, bent, name=f"h{'₁₂₃₄'[k]}", at=(1, k + 1))
    return h


def gap(seed, order, overwrite=False):
    """How far slopes are from PyTorch's, in a random graph where all depends on the newest."""
    rng = random.Random(seed)
    nodes = [Node(rng.uniform(-1, 1)) for _ in range(5)]
    for _ in range(14):
        op, inputs = rng.choice(("+", "×", "tanh", "sin", "σ")), (nodes[-1], rng.choice(nodes))
        nodes.append(Node(op, *inputs[: 2 if op in "+×" else 1]))
    backward(order(nodes[-1]), overwrite)
    same = {}
    for n in nodes:
        given = torch.tensor(n.value, dtype=torch.float64, requires_grad=True)
        same[n] = OPS[n.op][0](torch, *(same[i] for i in n.inputs)) if n.op else given
    slopes = torch.autograd.grad(same[nodes[-1]], list(same.values()), materialize_grads=True)
    return max(abs(n.slope - slope.item()) for n, slope in zip(nodes, slopes, strict=True))
