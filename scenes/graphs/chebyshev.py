"""
# Why Chebyshev polynomials, not plain powers of the Laplacian?

Give each node of a graph a number: a *signal*. Every signal is a sum of waves, each with its λ.
Waves of small λ change slowly from node to node, waves of large λ fast. A polynomial filter p(L)
multiplies each wave by p(λ). Suppose a band of waves is to be kept, the rest removed, and the
d + 1 weights of p are learnt. Weights of what?

Of **powers** of L: the largest λ is above any node's number of neighbours, about 14 here. Its sixth
power is in the millions before anything is learnt.

Of **scaled** powers, of L / λₘₐₓ: with λ from 0 to 1 nothing grows. But λ⁵ and λ⁶ are nearly the
same function. To make a band their weights must be large and cancel each other, and gradient
descent gets there slowly.

Of powers of the **rescaled** Laplacian, whose λ go from −1 to 1:

    L̃ = 2 L / λₘₐₓ − I

Now odd powers differ from even ones, but λ⁴ and λ⁶ are still alike. **Chebyshev's polynomials**
swing between −1 and 1, each once more than the last:

    T₀ = 1,  T₁ = λ
    Tᵢ = 2 λ Tᵢ₋₁ − Tᵢ₋₂

No two are much alike. A layer of a **ChebNet** is Σᵢ wᵢ Tᵢ(L̃) for each channel, then ReLU.

The nets here have two layers, of eight channels and one. They learn the absolute value of what the
band lets through, which no filter alone can. Two layers of degree d read nodes up to 2d steps away.

All four families span the same filters: given five times the steps, the rescaled powers arrive too.
What differs is the way.

(L̃ isn't the *normalised* Laplacian; that one divides by degrees.)

## Tomorrow

Before you take powers of a matrix, bring its eigenvalues to −1 … 1. If weights grow large and
cancel each other, change what they are weights of, not the step size.
"""

import torch

from dlplay import Choice, Float, Int, Scene, Try

N = 150  # nodes, in 25 rows of 6, each moved a little; those nearer than 1.8 are tied
ARMS = ("powers of L", "scaled powers", "rescaled powers", "Chebyshev")


class Chebyshev(Scene):
    covers = ("ChebNet", "Embedding Computation")
    panels = {
        "filters": "what the net's best first filter does to waves, slow to fast; aim: the band",
        "explained": "share of the target's variance on new signals (0 if below); higher is better",
        "alike": "cosine of each two functions of a family, over the graph's λ; good is 0 beside 1",
        "graph": "the shown signal, a colour a node; `reach`: the nodes that the marked one reads",
    }
    claims = {
        "good": "two layers of Chebyshev polynomials explain over 0.95 of the target",
        "better": "in the same steps they leave under 0.35 of what the rescaled powers leave",
        "scaling": "powers of L / λₘₐₓ, the scaled ones, explain less than 0.7",
        "explodes": "powers of L explain less than nothing: the mean were a better answer",
        "reach": "the farthest node that the Chebyshev net reads is 12 steps away",
    }
    tries = (
        Try(
            "nonlinearity=none",
            "No ReLU between the two layers. How much does Chebyshev explain?",
            ("most of it", "about half", "nothing"),
            right=3,
            breaks="good",
            keeps="explodes",
            why="A filter of a filter is a filter: turn the sign of a signal, and its answer turns "
            "too. An absolute value does not.",
        ),
        Try(
            "degree=1",
            "Degree 1: each layer reads the neighbours only. How much does Chebyshev explain?",
            ("nearly all", "about a third", "nothing"),
            right=2,
            breaks=("good", "reach"),
            keeps="scaling",
            why="A straight line over λ can prefer slow waves or fast ones. It makes no band.",
        ),
        Try(
            "band=0.9",
            "The band moves to the fastest waves. How much do the scaled powers explain now?",
            ("most of it", "half or less, as before", "nothing"),
            right=1,
            breaks="scaling",
            keeps=("good", "better", "explodes"),
            why="All powers of numbers from 0 to 1 are largest at 1. A band at that end is what "
            "they look like anyway.",
        ),
        Try(
            "learning_rate=0.05",
            "Steps more than twice as large, for all. What becomes of the rescaled powers?",
            ("they fall apart", "they draw level", "nearer, not level"),
            right=3,
            breaks="better",
            keeps=("good", "scaling", "explodes"),
            why="What two functions share is learnt in few steps, how they differ in many. Larger "
            "steps help the second, until they are too large for the first.",
        ),
    )
    quick = {"steps": 20}

    degree = Int(6, min=0, max=8, help="d, the highest power or polynomial")
    nonlinearity = Choice("ReLU", ("ReLU", "none"), help="between the two layers")
    channels = Int(8, min=1, max=16, help="filters of the first layer")
    band = Float(0.3, min=0, max=1, help="the middle of the band, as a share of the largest λ")
    learning_rate = Float(0.02, min=1e-4, max=0.5, log=True, live=True, help="of Adam")
    shown = Choice(
        "target",
        ("signal", "target", "Chebyshev", "scaled powers", "reach"),
        live=True,
        help="what colours the graph",
    )
    steps = Int(300, min=20, max=3000, log=True, help="steps of 16 random signals")

    def run(self, stage):
        grid = torch.stack([torch.arange(N) // 6, torch.arange(N) % 6], dim=1)
        places = grid + 0.7 * torch.rand(N, 2)
        A = (torch.cdist(places, places) < 1.8).float().fill_diagonal_(0)
        L = A.sum(dim=1).diag() - A
        λ, waves = torch.linalg.eigh(L)  # [N], [N, N], a wave a column
        passed = torch.exp(-(((λ / λ[-1] - self.band) / 0.15) ** 2))  # the band
        passed = passed / passed.square().mean().sqrt()
        band = (waves * passed @ waves.T).to(stage.device)
        of_L, of_λ = families(L, λ[-1], self.degree), families(λ.diag(), λ[-1], self.degree)
        of_λ = of_λ.diagonal(dim1=2, dim2=3)  # [4, d + 1, N]: the same as functions of λ
        of_L = of_L.to(stage.device)  # [4, d + 1, N, N]

        size, C = self.degree + 1, self.channels
        w1 = torch.randn(size, C).expand(4, -1, -1) / size**0.5
        w2 = torch.randn(size, C).expand(4, -1, -1) / (size * C) ** 0.5
        b1, b2 = torch.zeros(4, 1, 1, C), torch.zeros(4, 1, 1)
        weights = [w.clone().to(stage.device).requires_grad_() for w in (w1, b1, w2, b2)]
        w1, b1, w2, b2 = weights
        optimizer = torch.optim.Adam(weights, lr=self.learning_rate)

        def nets(x):
            """Signals [N, B] -> what each of the four nets answers, [4, N, B]."""
            h = torch.einsum("aivu,ub->aivb", of_L, x)
            h = torch.einsum("aivb,aic->avbc", h, w1) + b1  # [4, N, B, C]
            h = h.relu() if self.nonlinearity == "ReLU" else h
            mixed = torch.einsum("avbc,aic->aivb", h, w2)
            return torch.einsum("aivu,aiub->avb", of_L, mixed) + b2

        x_test = torch.randn(N, 64).to(stage.device)
        y_test = (band @ x_test).abs()

        def explained():
            errors = (nets(x_test) - y_test).square().mean(dim=(1, 2))
            return 1 - errors / y_test.var(correction=0)  # [4]

        marked = int(places.sum(dim=1).argmin())
        steps_away = hops(A, marked)

        def influence():
            """Of each node's number on the marked node's answer, in the Chebyshev net: [N]."""
            with torch.enable_grad():
                x = x_test.clone().requires_grad_()
                return torch.autograd.grad(nets(x)[3, marked].sum(), x)[0].abs().sum(dim=1)

        edges = A.triu().nonzero().tolist()

        @stage.look(10)
        def look():
            has = explained().nan_to_num(-1e30).clamp(min=-9.99).tolist()
            named = zip(ARMS[1:], has[1:], strict=True)
            stage.headline("explained by " + ", ".join(f"{name} {v:.2f}" for name, v in named))
            stage.curve("explained", dict(zip(ARMS, [max(v, 0) for v in has], strict=True)))
            responses = best_filters(of_λ, w1.cpu(), passed)
            stage.plot(
                "filters", λ, {"aim": passed} | dict(zip(ARMS[1:], responses[1:], strict=True))
            )
            answers = nets(x_test[:, :1])[:, :, 0]
            colours = {
                "signal": x_test[:, 0],
                "target": y_test[:, 0],
                "Chebyshev": answers[3],
                "scaled powers": answers[1],
                "reach": (steps_away <= 99) * (influence() > 0).cpu().float(),
            }[self.shown]
            stage.graph(
                "graph", places, edges, values=colours, marked=[marked], low=None, high=None
            )

        functions = of_λ / of_λ.norm(dim=2, keepdim=True)
        stage.matrices(
            "alike",
            {name: f @ f.T for name, f in zip(ARMS[1:], functions[1:], strict=True)},
            scales=dict.fromkeys(ARMS[1:], (-1, 1)),
        )
        stage.axes("filters", x="λ of the wave", y="multiplied by")
        stage.axes("explained", y="share")
        for _ in stage.loop(self.steps):
            optimizer.param_groups[0]["lr"] = self.learning_rate
            x = torch.randn(N, 16).to(stage.device)
            loss = (nets(x) - (band @ x).abs()).square().mean(dim=(1, 2)).sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe():
            plain, scaled, shifted, chebyshev = explained().tolist()
            stage.measure(plain=plain, shifted=shifted)
            stage.claim("good", chebyshev, above=0.95)
            stage.claim("better", (1 - chebyshev) / (1 - shifted), below=0.35)
            stage.claim("scaling", scaled, below=0.7)
            stage.claim("explodes", plain, below=0)
            read = influence().cpu() > 0
            stage.claim("reach", steps_away[read].max(), equal=12)


def families(L, largest, d):
    """Each of the ARMS' functions of a matrix, from degree 0 to d: [4, d + 1, N, N]."""
    identity = torch.eye(len(L))
    rescaled = 2 * L / largest - identity  # L̃
    T = [identity, rescaled]
    for _ in range(2, d + 1):
        T.append(2 * rescaled @ T[-1] - T[-2])
    powers = [
        torch.stack([base.matrix_power(i) for i in range(d + 1)])
        for base in (L, L / largest, rescaled)
    ]
    return torch.stack([*powers, torch.stack(T[: d + 1])])


def best_filters(of_λ, w1, passed):
    """Of each net, its first-layer filter that is most like the band: [4, N], as large as it."""
    filters = torch.einsum("ail,aic->acl", of_λ, w1).nan_to_num()  # [4, C, N]
    filters = filters * (len(passed) ** 0.5 / filters.norm(dim=2, keepdim=True).clamp(min=1e-9))
    fit = filters @ passed  # [4, C]
    best = fit.abs().argmax(dim=1)
    picked = torch.arange(4)
    return filters[picked, best] * fit[picked, best].sign()[:, None]


def hops(A, start):
    """Steps from one node to each, [N]; -1 to those that it is not connected with."""
    away, front = torch.full((len(A),), -1), torch.zeros(len(A))
    front[start] = 1
    for step in range(len(A)):
        new = (front > 0) & (away < 0)
        away[new] = step
        front = A @ new.float()
    return away
