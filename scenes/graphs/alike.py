"""
# What can a filter do that treats all neighbours alike?

A picture is a graph: each pixel is a node, tied to the four beside it. A convolution has a weight
of its own for left, right, above and below. Most graphs have no left. The neighbours of a node v
come in no order, so a filter gives them all the same weight. What does that cost?

The **Laplacian** L compares each node with its neighbours N(v):

    (L x)ᵥ = Dᵥ xᵥ − Σ xᵤ,  u in N(v)

x has a number for each node, Dᵥ counts v's neighbours; as matrices L = D − A, with A the adjacency.
Applied again, it reaches one step farther: L² has 20 for v itself, −8 for each neighbour, 2 for
each diagonal pixel, 1 two steps straight on. A **polynomial filter** of degree d mixes powers:

    p(L) x = Σᵢ wᵢ Lⁱ x,  i = 0 … d

These d + 1 weights are all it has, on a graph of any size. Here they learn, on noise, to do what
four 3×3 filters do. (Opposite borders are joined: each pixel has four ties.)

The Laplacian succeeds. The blur nearly: L² counts the *ways* from node to node, two to a diagonal
pixel, one straight on, and no weight can change that. Copying the left neighbour ends as a mean of
all four. A vertical edge is right minus left: with one weight for both, nothing remains.

The **spectrum** says the same. L only multiplies a wave on the grid, by its λ: 0 for a flat
picture, more for finer waves. So p(L) multiplies it by p(λ), upright or lying.

And w₁ is no "weight of the neighbours": L takes them with −1, the node itself with Dᵥ.

## Tomorrow

Don't expect such a layer to replace a convolution. If direction matters, tell the network: as a
feature of the tie, or as another kind of tie. And see what a filter makes of a single bright node
before you trust it.
"""

import torch

from dlplay import Choice, Float, Int, Scene, Text, Try

S = 16  # the side of all pictures
KERNELS = {  # row by row
    "Laplacian": (0, -1, 0, -1, 4, -1, 0, -1, 0),
    "blur": (1, 1, 1, 1, 1, 1, 1, 1, 1),
    "copy left": (0, 0, 0, 1, 0, 0, 0, 0, 0),
    "edge": (-1, 0, 1, -2, 0, 2, -1, 0, 1),
}
# Places of the 3×3 window around a pixel
NEIGHBOURS = {"four": (1, 3, 5, 7), "eight": (0, 1, 2, 3, 5, 6, 7, 8), "left": (3,)}


class Alike(Scene):
    covers = ("Convolutional Graph Neural Network", "Polynomial Filters on Graphs")
    panels = {
        "pictures": "a picture through 3×3 filters (above), graph filters (below; share explained)",
        "weights": "what each pixel around the middle one counts, in the shown filter",
        "spectrum": "each mark is a wave on the grid: λ, how fine it is; by what it is multiplied",
        "best": "share of each filter that the best polynomial has, by degree; higher is better",
    }
    claims = {
        "laplacian": "the polynomial explains over 0.995 of the Laplacian filter's variance",
        "blur": "of the blur it explains 0.88 to 0.94",
        "copy": "of copying the left neighbour 0.23 to 0.27",
        "edge": "of the vertical edge less than 0.01",
        "convolution": "a 3×3 filter that learns beside it explains over 0.99 of each of the four",
        "reach": "in the imitated blur nodes up to 2 steps away count, none farther",
    }
    tries = (
        Try(
            "degree=5",
            "Powers up to L⁵: news from five steps around. How much of the vertical edge now?",
            ("nearly all", "about a third", "nothing"),
            right=3,
            breaks="reach",
            keeps=("edge", "copy", "convolution"),
            why="Each power gives left and right the same weight, so any mix does. Reach is not "
            "direction.",
        ),
        Try(
            "degree=1",
            "Only the node and its neighbours. Which filter suffers most?",
            ("the Laplacian", "the blur", "the left neighbour"),
            right=2,
            breaks=("blur", "reach"),
            keeps=("laplacian", "copy", "convolution"),
            why="The corners of the 3×3 window are two steps away, out of reach. Five of the nine "
            "pixels are left.",
        ),
        Try(
            "ties=eight",
            "Diagonal pixels become neighbours too. How well is the blur imitated?",
            ("exactly", "as before", "worse"),
            right=1,
            breaks=("blur", "laplacian", "copy"),
            keeps=("edge", "convolution"),
            why="Now all eight around count alike, as the blur wants. The Laplacian of four does "
            "not want it. The ties decide what a graph filter can be.",
        ),
        Try(
            "ties=left",
            "Each pixel is tied to its left neighbour alone, one way. Which filter is exact now?",
            ("the Laplacian", "copy left", "none"),
            right=2,
            breaks=("laplacian", "blur", "copy", "edge"),
            keeps="convolution",
            why="Now the tie itself says where left is. Direction has to come into the graph; no "
            "weight of a power can add it.",
        ),
        Try(
            "own=0,0.1",
            "Weights of your own: w₀ = 0, w₁ = 0.1. What becomes of the bright square's inside?",
            ("it stays as bright", "a tenth of it is left", "nothing is left of it"),
            right=3,
            keeps="edge",
            why="Four times 0.1 for itself, four times −0.1 for its neighbours: where all are "
            "equal, the sum is 0.",
        ),
    )
    quick = {"steps": 20}

    picture = Choice("square", ("square", "spot", "noise"), live=True, help="what is filtered")
    shown = Choice(
        "copy left", tuple(KERNELS), live=True, help="the filter of weights and spectrum"
    )
    own = Text("", live=True, max_length=60, help="w₀, w₁, … of your own, in place of the learnt")
    ties = Choice("four", tuple(NEIGHBOURS), help="which pixels around it are neighbours")
    degree = Int(2, min=0, max=6, help="d, the highest power of L")
    learning_rate = Float(0.1, min=1e-3, max=1, log=True, live=True, help="of Adam")
    steps = Int(500, min=20, max=3000, log=True, help="steps of 16 pictures of noise")

    def run(self, stage):
        names = list(KERNELS)
        kernels = torch.tensor([KERNELS[name] for name in names]).float()
        kernels /= kernels.norm(dim=1, keepdim=True)  # [4, 9]
        # Row v of matrix k has a 1 at the pixel that stands at place k of the window around v
        pixels = torch.eye(S * S).reshape(-1, S, S)
        shifts = [pixels.roll((k // 3 - 1, k % 3 - 1), (1, 2)).flatten(1) for k in range(9)]
        shifts = torch.stack(shifts)  # [9, S², S²]
        A = shifts[list(NEIGHBOURS[self.ties])].sum(dim=0)
        L = A.sum(dim=1).diag() - A
        scale = 2 * float(L[0, 0])  # no λ is larger, so that powers of L / scale stay small
        powers = torch.stack([(L / scale).matrix_power(i) for i in range(7)])  # [7, S², S²]
        middle = (S + 1) * S // 2
        best = best_shares(powers[:, middle], kernels @ shifts[:, middle])  # [7, 4]
        waves = all_waves()  # [S², S²], a wave a row
        λ = ((waves @ L) * waves).sum(dim=1)
        wanted = torch.einsum("fk,kvu->fvu", kernels, shifts).to(stage.device)  # [4, S², S²]
        shifts, powers, waves = (part.to(stage.device) for part in (shifts, powers, waves))
        w = torch.zeros(4, self.degree + 1, device=stage.device, requires_grad=True)
        w_3x3 = torch.zeros(4, 9, device=stage.device, requires_grad=True)
        optimizer = torch.optim.Adam([w, w_3x3], lr=self.learning_rate)

        def polynomial(w):
            """p(L) of each filter, its weights those of powers of L / scale: [4, S², S²]."""
            return torch.einsum("fi,ivu->fvu", w, powers[: w.shape[1]])

        def convolution():
            return torch.einsum("fk,kvu->fvu", w_3x3, shifts)

        def shares(filters):
            """Of each filter's variance on pictures of noise, the share explained: [4]."""
            return 1 - (filters - wanted).square().sum((1, 2)) / wanted.square().sum((1, 2))

        @stage.look(20)
        def look():
            given = numbers(self.own)
            given = (given * scale ** torch.arange(len(given))).expand(4, -1).to(stage.device)
            graph = polynomial(given if given.shape[1] else w)
            has = [max(share, -9.99) for share in shares(graph).tolist()]
            told = ", ".join(f"{name} {share:z.2f}" for name, share in zip(names, has, strict=True))
            stage.headline(f"explained of {told}")
            x = drawn(self.picture).to(stage.device)  # [S²]
            above, below = wanted @ x, graph @ x  # [4, S²]
            most = above.abs().amax(dim=1, keepdim=True)
            captions = names + [f"graph: {share:z.2f}" for share in has]
            outputs = torch.cat([above / most, below / most]).reshape(8, S, S)
            stage.image("pictures", outputs, captions=captions, columns=4, low=-1, high=1)
            at, near = names.index(self.shown), slice(S // 2 - 3, S // 2 + 4)
            pair = {"3×3 filter": wanted[at], "graph filter": graph[at]}
            rows = {name: m[middle].reshape(S, S)[near, near] for name, m in pair.items()}
            most = float(rows["3×3 filter"].abs().max())
            stage.matrices("weights", rows, scales=dict.fromkeys(rows, (-most, most)))
            marks = {name: ((waves @ m) * waves).sum(dim=1) for name, m in pair.items()}
            stage.plot("spectrum", λ, marks, scatter=True)

        stage.axes("spectrum", x="λ of the wave", y="multiplied by")
        stage.axes("best", x="degree", y="share", verticals={"now": self.degree})
        stage.plot("best", range(7), dict(zip(names, best.T, strict=True)))
        for _ in stage.loop(self.steps):
            optimizer.param_groups[0]["lr"] = self.learning_rate
            x = torch.randn(S * S, 16).to(stage.device)  # a picture a column
            y = wanted @ x  # what the four filters make of them: [4, S², 16]
            loss = (polynomial(w) @ x - y).square().mean() + (convolution() @ x - y).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe():
            has = shares(polynomial(w))
            stage.claim("laplacian", has[0], above=0.995)
            stage.claim("blur", has[1], within=(0.88, 0.94))
            stage.claim("copy", has[2], within=(0.23, 0.27))
            stage.claim("edge", has[3], below=0.01)
            stage.claim("convolution", shares(convolution()).min(), above=0.99)
            near = [(torch.eye(S * S) + A).matrix_power(k)[middle] == 0 for k in range(7)]
            steps_away = torch.stack(near).sum(dim=0)  # [S²]
            counts = polynomial(w)[1, middle].abs().cpu() > 1e-6
            stage.claim("reach", (steps_away * counts).max(), equal=2)


def best_shares(powers, wanted):
    """The largest share of rows [4, S²] that mixes of the first 1 to 7 `powers` have: [7, 4]."""
    powers, wanted = powers.double().T, wanted.double().T
    fits = [powers[:, :d] @ torch.linalg.lstsq(powers[:, :d], wanted).solution for d in range(1, 8)]
    return torch.stack([1 - (fit - wanted).square().sum(dim=0) for fit in fits])


def drawn(picture):
    """A picture [S²], grey 0."""
    size = {"square": 8, "spot": 1}.get(picture, 0)
    x = torch.zeros(S, S) if size else torch.randn(S, S, generator=torch.Generator().manual_seed(0))
    start = (S - size) // 2 + size % 2
    x[start : start + size, start : start + size] = 1
    return x.flatten()


def all_waves():
    """Waves of each direction and fineness, of length 1: [S², S²]."""
    row, column = torch.arange(S * S) // S, torch.arange(S * S) % S
    turns = (torch.outer(row, row) + torch.outer(column, column)) / S
    waves = torch.cos(2 * torch.pi * turns + 0.4)
    return waves / waves.norm(dim=1, keepdim=True)


def numbers(text):
    """The numbers in a text, with commas or spaces between: at most 7; none if it has others."""
    try:
        found = [float(word) for word in text.replace(",", " ").split()]
    except ValueError:
        found = []
    return torch.tensor([min(max(number, -1e6), 1e6) for number in found[:7] if number == number])
