"""
# Which is harder: how many rings a molecule has, or which atoms lie on one?

A molecule becomes a graph when each atom is a node and each bond an edge. Hydrogen is left out, as
chemists do: caffeine is then 14 atoms with 15 bonds. The graph knows who is bound to whom, not
how far apart they are in space.

Of a whole molecule one can ask: how many rings? Of one atom: do you lie on a ring? The second looks
like the easier half of the first. For a net that passes messages it is the other way round.

A tree of n atoms has n − 1 bonds, and each further bond closes a ring. With d_v the **degree**
of atom v, its number of bonds:

    rings = bonds − n + 1
    bonds = ½ Σᵥ d_v

So the answer is a sum over atoms of what each learns in one round: how many neighbours it has. No
atom need know a ring.

Whether *one* atom lies on a ring is not written in its neighbours. Here all atoms are alike at
first, and in each round

    h_v ← ReLU(B h_v + W Σ h_u)

with the sum over its neighbours u. After one round an atom knows its degree, and an end is surely
on no ring. After K rounds it has heard from K bonds away, and a side chain finds its end. But an
atom that *links* two rings hears no end, on either side. From within, that looks like a ring: the
net can't see that two messages came from the same atom. More rounds hardly help; another
attribute does.

## Tomorrow

Before choosing depth, ask what each answer is made of: a sum of what is near, or something to be
followed from node to node. Then look at the errors by kind of node. What plain messages can't
see, such as rings, is better counted once and given as an attribute.
"""

import networkx as nx
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from dlplay import Choice, Int, Scene, Try
from dlplay.data import CAFFEINE, molecule, molecules, on_ring
from dlplay.nn import unfolded

N = 26  # atoms at most
ELEMENTS = ("C", "N", "O", "F", "S", "Cl", "Br")


class Rings(Scene):
    covers = ("Molecules as Graphs",)
    panels = {
        "molecule": "left after one round, right after K; orange: believed on a ring, blue: not; "
        "brackets: wrong",
        "right": "share of new atoms told, by their place, and of ring counts",
        "over time": "share of all new atoms told; higher is better",
    }
    claims = {
        "count": "one round counts the rings of over 0.75 of new molecules; the commonest number "
        "would be right for 0.4",
        "atoms_one": "of the atoms one round tells 0.76 to 0.84",
        "sides": "K = 4 rounds tell over 0.8 of the atoms in side chains",
        "links": "yet they tell fewer than 0.42 of the atoms that link two rings",
        "atoms_deep": "so of all atoms they tell no more than 0.84 to 0.895",
    }
    tries = (
        Try(
            "pool=mean",
            "An atom hears the MEAN of its neighbours, not the sum, and the molecule that of its "
            "atoms. Which answers are lost?",
            ("how many rings", "which atoms", "both"),
            right=3,
            breaks=("count", "atoms_one", "sides", "atoms_deep"),
            why="All atoms are alike at first, so every mean is the same as well, in every round. "
            "No degree is ever learnt.",
        ),
        Try(
            "rounds=7",
            "K is 7 in place of 4, more than round a ring. Are the atoms that link two rings told?",
            ("no, still fewer than a third", "about half", "nearly all"),
            right=1,
            keeps=("count", "links"),
            why="Seven bonds away there is still no end to be heard. A link with a ring at each "
            "end and one long ring send the same messages.",
        ),
        Try(
            "rounds=1",
            "K is 1 in place of 4. Which atoms suffer?",
            ("those on rings", "those in side chains", "all alike"),
            right=2,
            breaks=("sides", "atoms_deep"),
            keeps=("count", "atoms_one"),
            why="One round tells an end, for it has one bond. Whether an atom with two bonds is on "
            "the way to an end takes as many rounds as the way is long.",
        ),
        Try(
            "attribute=chemistry",
            "Each atom is told its element at first, and whether it is aromatic. Are more of the "
            "links found?",
            ("no, that says nothing of rings", "some, about half", "nearly all"),
            right=3,
            breaks="links",
            keeps="sides",
            why="An aromatic atom is on a ring for certain, and rings are mostly linked by certain "
            "groups. That is to know what is usual; no ring is seen.",
        ),
    )
    quick = {"steps": 20}

    shown = Int(27, min=0, max=400, live=True, help="the new molecule that is shown; 0 is caffeine")
    rounds = Int(4, min=1, max=8, help="K, rounds of messages of the deep net")
    pool = Choice("sum", ("sum", "mean"), help="of neighbours, and of atoms for the molecule")
    attribute = Choice("none", ("none", "chemistry"), help="what an atom holds at first")
    steps = Int(400, min=20, max=4000, log=True, help="steps of 32 molecules, for each net")

    def run(self, stage):
        train, test = molecules(1500, 400)
        test = [molecule(CAFFEINE), *test]
        x, A, ring, _, rings = (part.to(stage.device) for part in graphs(train))
        x_test, A_test, ring_test, link, rings_test = (p.to(stage.device) for p in graphs(test))
        there = x_test[..., 0]
        places = {"ring": ring_test, "link": link}
        places["side"] = there - ring_test - link  # [401, 26], as the others
        held = 1 if self.attribute == "none" else x.shape[2]
        nets = nn.ModuleList(Net(held, K, self.pool) for K in (1, self.rounds)).to(stage.device)
        rates = (0.02, 0.005)
        groups = [
            {"params": list(net.parameters()), "lr": lr}
            for net, lr in zip(nets, rates, strict=True)
        ]
        optimizer = torch.optim.Adam(groups)
        names = ("one round", "K rounds")

        def right():
            """Of each net: the share of atoms that are told, by place and of all; of molecules."""
            shares = []
            for net in nets:
                on, count = net(x_test, A_test)
                hit = ((on > 0) == (ring_test > 0)).float()
                each = [(hit * where).sum() / where.sum() for where in (*places.values(), there)]
                shares.append([*each, (count.round() == rings_test).float().mean()])
            return torch.tensor(shares)  # [nets, 5]

        drawn = {}  # the place of each atom, of the molecules that have been shown

        @stage.look(10, nets)
        def look():
            shares = right()
            stage.headline(
                f"rings counted in {shares[0, 4]:.0%} by one round; atoms told: "
                f"{shares[0, 3]:.0%}, by K rounds {shares[1, 3]:.0%}"
            )
            labels = [*places, "count"]
            bars = dict(zip(names, shares[:, [0, 1, 2, 4]], strict=True))
            stage.bars("right", labels, bars)
            stage.curve("over time", dict(zip(names, shares[:, 3], strict=True)))
            at, n = self.shown, len(test[self.shown].elements)
            if at not in drawn:
                drawn[at] = placed(test[at].bonds, n)
            beliefs, wrong, answers = [], [], []
            for place, net in enumerate(nets):
                on, count = net(x_test[at, None], A_test[at, None])
                beliefs.append(on[0, :n].sigmoid())
                missed = ((on[0, :n] > 0) != (ring_test[at, :n] > 0)).nonzero()[:, 0]
                wrong += (missed + place * n).tolist()
                answers.append(f"{count[0]:.1f} rings (truth {int(rings_test[at])})")
            aside = torch.tensor([1.3, 0])
            bonds = test[at].bonds
            stage.graph(
                "molecule",
                torch.cat([drawn[at], drawn[at] + aside, torch.tensor([[0.0, -0.1], [1.3, -0.1]])]),
                [*bonds.tolist(), *(bonds + n).tolist()],
                values=torch.cat([*beliefs, torch.full((2,), 0.5).to(beliefs[0].device)]),
                labels=[*test[at].elements * 2, *answers],
                marked=wrong,
            )

        stage.axes("over time", y="share right")
        for _ in stage.loop(self.steps):
            batch = torch.randint(len(x), (32,), device="cpu").to(stage.device)
            loss = 0
            for net in nets:
                on, count = net(x[batch], A[batch])
                told = binary_cross_entropy_with_logits(on, ring[batch], weight=x[batch, :, 0])
                loss = loss + told + (count - rings[batch]).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe(nets):
            one, deep = right().tolist()
            stage.claim("count", one[4], above=0.75)
            stage.claim("atoms_one", one[3], within=(0.76, 0.84))
            stage.claim("sides", deep[2], above=0.8)
            stage.claim("links", deep[1], below=0.42)
            stage.claim("atoms_deep", deep[3], within=(0.84, 0.895))


class Net(nn.Module):
    """K rounds of messages; of each atom whether it is on a ring, of the molecule how many."""

    def __init__(self, held, K, pool, channels=32):
        super().__init__()
        sizes = [(held if k == 0 else channels, channels) for k in range(K)]
        self.B = nn.ModuleList(nn.Linear(a, b) for a, b in sizes)
        self.W = nn.ModuleList(nn.Linear(a, b, bias=False) for a, b in sizes)
        self.on_ring, self.count = nn.Linear(channels, 1), nn.Linear(channels, 1)
        self.held, self.pool = held, pool

    def forward(self, x, A):  # [M, N, 9], [M, N, N] -> logits [M, N], rings [M]
        there, h = x[:, :, :1], x[:, :, : self.held]
        if self.pool == "mean":
            A = A / A.sum(dim=2, keepdim=True).clamp(min=1)
        for B, W in zip(self.B, self.W, strict=True):
            h = (B(h) + W(A @ h)).relu() * there
        whole = h.sum(dim=1) / (10 if self.pool == "sum" else there.sum(dim=1))
        return self.on_ring(h)[..., 0], self.count(whole)[:, 0]


def graphs(found):
    """Of molecules: attributes [M, N, 9] (there, its element, aromatic or not), A [M, N, N],
    whether an atom is on a ring, whether it links two, [M, N] each, and how many rings [M]."""
    x, A = torch.zeros(len(found), N, 9), torch.zeros(len(found), N, N)
    ring, link = torch.zeros(len(found), N), torch.zeros(len(found), N)
    for m, each in enumerate(found):
        n, bonds = len(each.elements), each.bonds
        x[m, :n, 0] = 1
        x[m, range(n), [1 + ELEMENTS.index(element) for element in each.elements]] = 1
        x[m, bonds[each.orders == 1.5].flatten(), 8] = 1
        A[m, bonds[:, 0], bonds[:, 1]] = A[m, bonds[:, 1], bonds[:, 0]] = 1
        ring[m, :n] = on_ring(bonds, n).float()
        link[m, list(nx.k_core(nx.Graph(bonds.tolist()), 2))] = 1  # what is left without ends
    return x, A, ring, link - ring, A.sum(dim=(1, 2)) / 2 - x[..., 0].sum(dim=1) + 1


def placed(bonds, n):
    """Where to draw the n atoms, [n, 2] from 0 to 1, the long side upright."""
    where = unfolded(n, bonds.tolist())
    where = where @ torch.linalg.svd(where - where.mean(dim=0))[2].T.flip(1)
    return (where - where.amin(dim=0)) / (where.amax(dim=0) - where.amin(dim=0))
