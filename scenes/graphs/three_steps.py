"""
# Ten ties each: how many of two thousand people are within three steps?

People are nodes, a tie between two who know each other is an edge. Of 2,000 people each has ten
ties on average. You know ten, they know ten each: is a third of all within three steps, or next to
nobody? The number of ties alone does not say. It depends on where they go.

Three networks with equally many people and ties:

- **grown**: people join one by one. Each newcomer ties to 5 who are there already, the more likely
  the more ties somebody has. Who came early gets ever more: there are **hubs**.
- **lattice**: all stand in a circle and know the five next to them on either side.
- **random**: each tie joins any two.

In the lattice your friends know each other, so three steps lead no farther than 15 places. In
the random one they know others, so each step reaches up to ten times as many. In the grown one one
of your friends is nearly always a hub, and from a hub nearly everybody is near. For the same
reason your friends have more ties than you, on average: hubs are among the friends of many.

Yet almost all is empty. As a matrix A has n² entries, and with E ties

    share that is 1 = 2E / n²

So one stores the pairs (i, j), an **edge list**, and adds along them: the work grows with E. (An
adjacency list is something else: for each node, its neighbours.)

Well-known graphs differ in size: the karate club has 34 nodes with 4.6 ties each; of the
citation network Cora most use a part of 2,708 nodes.

## Tomorrow

Before you stack layers on a graph, count which share of it three steps from a node reach, and look
at the largest degree. Store edges, not a matrix. If three steps are nearly everything, sample
neighbours.
"""

import math

import torch

from dlplay import File, Float, Int, Scene, Try
from dlplay.data import network

FROM, DRAWN = 60, 70  # people from whom reach is measured; people who are drawn


class ThreeSteps(Scene):
    covers = (
        "Social Networks as Graphs",
        "Graphs of Different Sizes",
        "Scalability & Sparsity",
    )
    panels = {
        "people": "70 people and ties on the way to them; orange: near, blue: 4 steps, 5 or more "
        "(outermost)",
        "within": "share of all within so many steps",
        "graphs": "ties each and the most; the share of A that is 1",
    }
    claims = {
        "three": "within three steps are 0.62 to 0.84 of the grown network",
        "lattice": "in a lattice with as many ties, 0.01 to 0.03 are",
        "hub": "the largest hub has over 10 times as many ties as people have on average",
        "even": "that is over 4 times as many as anybody has where ties are random",
        "friends": "of 0.85 to 0.96 of the people the friends have more ties than they, on average",
    }
    tries = (
        Try(
            "preference=0",
            "Newcomers tie to anybody, popular or not. How many are within three steps?",
            ("about four in ten", "as many as before", "almost nobody"),
            right=1,
            breaks=("three", "hub", "even"),
            keeps="lattice",
            why="Without hubs each step still reaches new people, ten times as many at best, but "
            "there is nobody from whom nearly all are near.",
        ),
        Try(
            "shortcuts=0.05",
            "One tie in twenty of the lattice leads anywhere instead. How many are within three "
            "steps there?",
            ("2 in 100, as before", "about 5 in 100", "half of all"),
            right=2,
            breaks="lattice",
            keeps=("three", "hub"),
            why="Few shortcuts start near you, but each opens a new neighbourhood. With each step "
            "there are more of them: they tell after four steps, five, six.",
        ),
        Try(
            "people=4000",
            "Twice as many people, as many ties each. What share of the grown network is within "
            "three steps?",
            ("half of what it was", "the same", "a little less"),
            right=3,
            breaks="three",
            keeps="hub",
            why="The hubs grow with the network, so nearly as large a share stays near. That they "
            "grow is the danger: three layers read nearly everything, however large it is.",
        ),
    )
    quick = {"people": 200}
    pace = 400

    people = Int(2000, min=200, max=4000, log=True, help="how many join")
    ties = Int(5, min=2, max=20, help="ties that a newcomer brings")
    preference = Float(1, min=0, max=1, help="share of ties that go by popularity")
    shortcuts = Float(0, min=0, max=1, help="share of the lattice's ties that lead anywhere")
    start = Int(1000, min=0, max=4999, live=True, help="the person from whom steps are counted")
    society = File(
        "grown",
        kind="text",
        names=("grown", "karate", "les-miserables"),
        help="grown, or a list of ties, two names a line",
    )

    def run(self, stage):
        earlier = None  # of a given network: of each person, the ties to those before
        people = self.people
        if self.society != "grown":
            called, given = network(self.society)
            people, earlier = len(called), [[] for _ in called]
            for a, b in given.tolist():
                earlier[max(a, b)].append(min(a, b))
        k = min(self.ties, people - 2)
        kinds = ("given" if earlier else "grown", "lattice", "random")
        pairs = [] if earlier else [(a, b) for a in range(k + 1) for b in range(a)]
        ends = [person for pair in pairs for person in pair]  # each person once a tie
        joined = 0 if earlier else k + 1

        def three():
            """The ties [E, 2] of the three networks, as large as the grown one is now."""
            each = max(1, round(len(pairs) / max(1, joined)))
            ring = torch.tensor(
                [(v, (v + s) % joined) for v in range(joined) for s in range(1, each + 1)]
            )
            astray = torch.rand(len(ring)) < self.shortcuts
            ring[astray, 1] = torch.randint(joined, (int(astray.sum()),), device="cpu")
            anyone = torch.randint(joined, (len(pairs), 2), device="cpu")
            found = (torch.tensor(pairs, dtype=torch.int64).reshape(-1, 2), ring, anyone)
            return [ties.to(stage.device) for ties in found]

        def steps_away(ties, starts, most=5):
            """From each start, everybody's steps [starts, joined]; `most` for that many or more."""
            there = torch.zeros(len(starts), joined, device=stage.device)
            there[range(len(starts)), starts] = 1
            away = most - there * most
            for step in range(1, most):
                heard = there.clone()
                heard.index_add_(1, ties[:, 0], there[:, ties[:, 1]])  # along each tie,
                heard.index_add_(1, ties[:, 1], there[:, ties[:, 0]])  # both ways
                there = (heard > 0).float()
                away = torch.where((there > 0) & (away == most), float(step), away)
            return away

        def degree(ties):
            return torch.bincount(ties.flatten(), minlength=joined)  # [joined]

        def reach(networks):
            """The share of others within 1 to 4 steps, from some people: [networks, 4]."""
            starts = torch.linspace(0, joined - 1, min(FROM, joined)).long().tolist()
            away = [steps_away(ties, starts) for ties in networks]
            counts = [[(each <= step).sum() for step in range(1, 5)] for each in away]
            return (torch.tensor(counts) - len(starts)) / (len(starts) * max(1, joined - 1))

        @stage.look(200)
        def look():
            networks = three()
            within = reach(networks)
            stage.plot("within", range(1, 5), dict(zip(kinds, within, strict=True)))
            shares = ", ".join(f"{n} {s:.0%}" for n, s in zip(kinds, within[:, 2], strict=True))
            stage.headline(f"{joined:,} people, within three steps: {shares}")
            rows = [row(name, degree(ties)) for name, ties in zip(kinds, networks, strict=True)]
            stage.table("graphs", ("graph", "nodes", "each", "most", "of A"), rows + known)
            begin = min(self.start, joined - 1)
            places, edges, values, labels = [], [], [], []
            for aside, ties, share in zip((0, 12), networks[:2], within[:, 2], strict=False):
                away = steps_away(ties, [begin])[0].cpu()
                shown = drawn(away, ties.cpu(), begin)
                at = {v: len(places) + i for i, v in enumerate(shown)}
                for v, (angle, parent) in shown.items():
                    step = float(away[v])
                    places.append((aside + step * math.cos(angle), step * math.sin(angle)))
                    values.append(1 - step / 5)
                    labels.append("")
                    if parent is not None:
                        edges.append((at[v], at[parent]))
                places.append((aside - 4, -6.2))
                values.append(0.5)
                labels.append(f"{kinds[aside > 0]}: {share:.0%} within 3")
            stage.graph("people", torch.tensor(places), edges, values=values, labels=labels)

        stage.axes("within", x="steps", y="share of people")
        known = [
            row(name, torch.bincount(network(name)[1].flatten()))
            for name in ("karate", "les-miserables")
        ]
        for _ in stage.loop(people - joined):
            chosen = set(earlier[joined]) if earlier else set()
            while not earlier and len(chosen) < k:
                dice, place = torch.rand(2).tolist()
                popular = dice < self.preference
                chosen.add(ends[int(place * len(ends))] if popular else int(place * joined))
            for friend in sorted(chosen):
                pairs.append((joined, friend))
                ends += (joined, friend)
            joined += 1

        with stage.probe():
            networks = three()
            within = reach(networks)[:, 2].tolist()
            grown, _, even = (degree(ties).float() for ties in networks)
            if self.society == "grown":
                stage.claim("three", within[0], within=(0.62, 0.84))
                stage.claim("lattice", within[1], within=(0.01, 0.03))
                stage.claim("hub", grown.max() / grown.mean(), above=10)
                stage.claim("even", grown.max() / even.max(), above=4)
                a, b = networks[0].T
                friends = torch.zeros(joined, device=stage.device)
                friends.index_add_(0, a, grown[b]).index_add_(0, b, grown[a])
                stage.claim(
                    "friends", (friends / grown > grown).float().mean(), within=(0.85, 0.96)
                )


def row(name, count):
    """Of a graph with these degrees [n]: nodes, mean and largest degree, the share of A."""
    n, E = len(count), int(count.sum()) // 2
    return name, n, f"{2 * E / n:.1f}", int(count.max()), f"{2 * E / n**2:.2%}"


def drawn(away, ties, begin):
    """Some people and those on a shortest way to them: {person: (angle, the one before)}."""
    heard = {}  # of each person a neighbour who is a step nearer
    for a, b in ties.tolist():
        for near, far in ((a, b), (b, a)):
            if away[far] == away[near] + 1 and away[far] < 5:
                heard.setdefault(far, near)
    ways = []
    for person in torch.linspace(0, len(away) - 1, min(DRAWN, len(away))).long().tolist():
        way = [person]
        while way[-1] in heard:
            way.append(heard[way[-1]])
        ways.append(way[::-1])
    found = {}
    for i, way in enumerate(sorted(ways, key=lambda way: (len(way) == 1, way))):
        for before, person in zip([None, *way], way, strict=False):
            found.setdefault(person, (2 * math.pi * i / len(ways), before))
    found.setdefault(begin, (0.0, None))
    return found
