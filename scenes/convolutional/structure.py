"""
# What is lost when all pixels are shuffled?

Shuffle the pixels of every picture, always in the same order. You can't read a single digit any
more. How much does a net lose?

A **fully connected** net has a weight from each pixel to each unit. It has no idea which pixels are
neighbours, so any fixed order is as good as another. That is wasteful, too: one single unit that
sees a colour picture of 32×32 has 3·32·32 = 3,072 weights. At 256×256 it has 196,608.

A **convolutional** net is built on two beliefs. *Neighbours belong together*: a unit sees a window
of 3×3 pixels only. *A pattern means the same everywhere*: all places share the window's weights.
Both are true of photographs. The panel *neighbours* shows how alike two pixels are on average, by
their distance: the correlation ρ, 1 for the same, 0 for unrelated.

Such a built-in belief is called an **inductive bias**. Here four nets learn the same digits, each
at a place of its own on a black canvas of 20×20. Two see them as they are, two see them shuffled.
On whole digits the convolutional net (CNN), with 2,986 weights, is far ahead of the fully connected
one (MLP) with 26,314. On shuffled pixels it is far behind: its windows now see pixels that have
nothing to do with each other. The MLP does not notice any difference.

So the CNN is not cleverer. It assumes more. Where the belief is true it replaces examples, and
where it is false it stands in the way.

## Tomorrow

Shuffle the input once, in one fixed order, and train again. A model that does not get worse was not
using the order. Then either the order holds nothing, or the model cannot see it.
"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from dlplay import Choice, File, Int, Scene, Try
from dlplay.data import digits, image, scattered

SIDE = 20
NETS = ("CNN whole", "MLP whole", "CNN shuffled", "MLP shuffled")
FAR = 24  # pixels: the largest distance in `neighbours`


class Structure(Scene):
    covers = (
        "Chapter introduction (inductive biases)",
        "Image Data: What Makes Images Different?",
    )
    panels = {
        "digits": "unseen digits, whole and shuffled, and what each net takes them for",
        "accuracy": "share of 397 unseen digits that each net gets right; higher is better",
        "neighbours": "correlation of two pixels of a photo by distance, as it is and shuffled",
    }
    claims = {
        "cnn_leads": "after 300 steps the CNN gets 0.12 more of the whole digits than the MLP",
        "mlp_learns": "the MLP gets 0.5 to 0.85 of them right: the loser has learned too",
        "order_matters": "shuffling the pixels costs the CNN 0.4 more of its accuracy than the MLP",
    }
    tries = (
        Try(
            "jitter=0",
            "All digits stand exactly in the middle now. How far is the CNN ahead on whole digits?",
            ("as far as before", "about half as far", "hardly at all"),
            right=3,
            breaks=("cnn_leads", "order_matters"),
            why="Sharing pays where one stroke turns up at many places. In the middle the MLP can "
            "learn each stroke where it stands.",
        ),
        Try(
            "train=100",
            "Only 100 examples instead of 1,400. Which net suffers more on whole digits?",
            ("the CNN", "the MLP", "both alike"),
            right=2,
            breaks="mlp_learns",
            keeps="cnn_leads",
            why="A belief that is true replaces examples. The MLP must see each stroke at each "
            "place before it knows it there.",
        ),
        Try(
            "shuffle='tiles of 5×5'",
            "Sixteen tiles change places; inside a tile all stays. How good is the CNN on that?",
            ("as on whole digits", "as on shuffled pixels", "in between"),
            right=3,
            keeps="cnn_leads",
            why="Strokes inside a tile survive, and those across two tiles are cut.",
        ),
    )
    quick = {"steps": 5, "train": 100}

    jitter = Int(4, min=0, max=12, help="over how many pixels a digit's place varies")
    train = Int(1400, min=50, max=1400, log=True, help="digits to learn from")
    shuffle = Choice("pixels", ("pixels", "tiles of 5×5"), help="what changes places")
    photo = File("camera", kind="image", live=True, help="the photo of `neighbours`")
    steps = Int(300, min=5, max=3000, log=True, help="steps of Adam, 32 digits each")

    def run(self, stage):
        x, y, x_test, y_test = digits()
        x = scattered(x, SIDE, self.jitter).to(stage.device)  # [1400, 1, 20, 20]
        x_test = scattered(x_test, SIDE, self.jitter).to(stage.device)  # [397, 1, 20, 20]
        y, y_test = y.to(stage.device), y_test.to(stage.device)
        order = new_order(1 if self.shuffle == "pixels" else 5).to(stage.device)  # [400]

        def shown(name, x):
            """Digits as the net of this name sees them."""
            return x.flatten(1)[:, order].reshape(x.shape) if "shuffled" in name else x

        nets = nn.ModuleList([cnn(), mlp(), cnn(), mlp()]).to(stage.device)
        optimizer = torch.optim.Adam(nets.parameters(), lr=0.005, fused=True)

        def answers(x):
            """What each of the four nets takes the digits for: [4, N]."""
            each = zip(NETS, nets, strict=True)
            return torch.stack([net(shown(name, x)).argmax(dim=1) for name, net in each])

        stage.axes("accuracy", y="share right", lines={"guessing": 0.1})

        @stage.look(20, nets)
        def look():
            found = answers(x_test)
            right = (found == y_test).float().mean(dim=1)
            stage.curve("accuracy", dict(zip(NETS, right, strict=True)))
            shares = ", ".join(f"{n} {r:.0%}" for n, r in zip(NETS, right.tolist(), strict=True))
            stage.headline(shares)
            both = torch.cat([x_test[:4], shown("shuffled", x_test[:4])])
            cnns, mlps = found[0::2, :4].flatten().tolist(), found[1::2, :4].flatten().tolist()
            said = [f"CNN {a} MLP {b}" for a, b in zip(cnns, mlps, strict=True)]
            stage.image("digits", both, captions=said, columns=4)

        @stage.look(100)
        def photographed():
            whole, mixed = correlations(image(self.photo, grey=True)[0])
            stage.plot("neighbours", range(1, FAR + 1), {"whole photo": whole, "shuffled": mixed})
            stage.axes("neighbours", x="distance in pixels", y="ρ")

        for _ in stage.loop(self.steps):
            i = torch.randint(self.train, (32,))
            digit, label = x[i.to(stage.device)], y[i.to(stage.device)]
            each = zip(NETS, nets, strict=True)
            loss = sum(cross_entropy(net(shown(name, digit)), label) for name, net in each)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe(nets):
            right = (answers(x_test) == y_test).float().mean(dim=1)
            whole, mixed = correlations(image(self.photo, grey=True)[0])
            stage.claim("cnn_leads", right[0] - right[1], above=0.12)
            stage.claim("mlp_learns", right[1], within=(0.5, 0.85))
            lost = right[:2] - right[2:]  # by shuffling: the CNN, the MLP
            stage.claim("order_matters", lost[0] - lost[1], at_least=0.4)
            stage.measure(mlp_lost=lost[1], neighbours=whole[0], shuffled_neighbours=mixed[0])


def cnn():
    return nn.Sequential(
        nn.Conv2d(1, 12, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(12, 24, 3, padding=1), nn.ReLU(), nn.AdaptiveMaxPool2d(1),
        nn.Flatten(), nn.Linear(24, 10),
    )  # fmt: skip


def mlp():
    return nn.Sequential(nn.Flatten(), nn.Linear(SIDE**2, 64), nn.ReLU(), nn.Linear(64, 10))


def new_order(tile):
    """Where each pixel comes from, if tiles of this side change places at random: [400]."""
    across = SIDE // tile
    tiles = torch.arange(SIDE**2).reshape(across, tile, across, tile).transpose(1, 2)
    mixed = tiles.reshape(-1, tile, tile)[torch.randperm(across**2)]
    return mixed.reshape(across, across, tile, tile).transpose(1, 2).flatten()


def correlations(photo):
    """Of pixels at distances 1 to FAR along a row, of the photo and of its pixels shuffled."""
    mixed = photo.flatten()[torch.randperm(photo.numel())].reshape(photo.shape)
    return [
        [torch.corrcoef(torch.stack([x[:, d:].flatten(), x[:, :-d].flatten()]))[0, 1].item()
         for d in range(1, FAR + 1)]
        for x in (photo, mixed)
    ]  # fmt: skip
