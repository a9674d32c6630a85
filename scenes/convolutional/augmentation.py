"""
# Which changes may you make up?

A net that has seen a hundred digits, all upright in the middle, guesses at one that is turned a
little. More examples would help, and you have none. But you know something that the examples don't
say: a digit turned by 20° is the same digit. So make such examples up. This is **augmentation**:

    x ← T(x),   y as it was

x is an image, y its class. T is drawn anew each time an example is used: here an angle, a shift, a
size. The net never sees the same image twice, and nothing about the net itself is changed.

Four nets learn from the same hundred digits. One gets them plain, as they are, one warped: turned,
shifted and scaled a little. The others get them mirrored half of the time, or turned by 180° half
of the time. Then each is tested on new digits of all four kinds. Read the table by columns: who was
shown a change can stand it. Nobody else can. For plain digits the invented ones even cost a little.

What you make up is what you claim, also when it is wrong. Turn a 6 by 180° and it *is* a 9; but its
label still says 6. The net that believes it mixes up more sixes and nines, upright ones too. (It is
the turn that does this. Flipped top to bottom a 6 is a mirrored 9, which is no digit.) Mirrored
digits don't ruin the net, but it pays for them: it must learn shapes that nobody will write.

There are bolder changes: to paste a patch from another image (CutMix), to mix two images with
their labels (MixUp), to add noise. For each, ask the same question. Text and sound have their own.

## Tomorrow

List what may happen to your input without changing the answer. Make up that, nothing else. Test on
changed data before and after, class by class, and on unchanged data, to see what you paid.
"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from dlplay import Float, Int, Scene, Try
from dlplay.data import digits, warped

N, WAYS = 12, ("plain", "warped", "mirrored", "half turn")
KEEPS, WARPS, MIRRORS, HALF_TURNS = range(4)
SIXES = ("as they are", "half turn", "flipped")  # top to bottom


class Augmentation(Scene):
    covers = ("Data Augmentation",)
    panels = {
        "digits read": "a row is how a net was trained, a column what it is tested on; 1 is best",
        "made up": "what each net was shown of one digit, all with the same label",
        "sixes called 9": "share of new 6s called 9, by what was done to them, by two of the nets",
    }
    claims = {
        "teaches": "warped examples raise what is read of such digits by over 0.3",
        "not_free": "of plain digits they make it read fewer, by up to 0.15",
        "each_its_own": "of each changed kind, the net that was shown it reads most, by over 0.25",
        "wrong_one": "mirrored examples lower what is read of plain digits by over 0.02",
        "six_nine": "of 6s turned by 180° the first calls over 0.5 more 9 than of those flipped",
        "mixed_up": "the one shown half turns mixes up over 0.01 more of the plain 6s and 9s",
    }
    tries = (
        Try(
            "shift=0",
            "Invented digits are turned and scaled, but not shifted. How are the warped new "
            "ones read?",
            ("as well: a convolution is the same everywhere", "much worse", "by guessing"),
            right=2,
            breaks="teaches",
            why="The layers' answers move along with the digit, but the last layer has a weight "
            "for each place, and nobody has shown it the others.",
        ),
        Try(
            "examples=1300",
            "There are 1,300 real digits instead of 100. What do warped ones do for plain digits?",
            ("they help", "nothing", "they still cost something"),
            right=3,
            keeps=("teaches", "not_free"),
            why="Plain digits are shown well enough now. What is made up only takes steps and "
            "weights away from them.",
        ),
        Try(
            "turn=180",
            "The second net's digits are turned by any angle. What becomes of plain digits?",
            ("nothing: it only learns more", "it reads far fewer", "it reads more"),
            right=2,
            breaks=("not_free", "teaches"),
            keeps="mixed_up",
            why="Sixes and nines become one shape with two labels, and every other digit has to "
            "be learned from all sides in the same steps.",
        ),
    )
    quick = {"steps": 10}
    pace = 10

    examples = Int(100, min=20, max=1300, log=True, help="real digits to learn from")
    turn = Float(20, min=0, max=180, live=True, help="largest angle of the turned, in degrees")
    shift = Float(2, min=0, max=4, live=True, help="largest shift of the shifted, in pixels")
    shown = Int(0, min=0, max=19, live=True, help="the digit whose changes are shown")
    steps = Int(200, min=10, max=2000, log=True, help="steps of 64 digits, for each net")

    def run(self, stage):
        x, y, x_new, y_new = digits(1300, device=stage.device)
        x, y = x[: self.examples], y[: self.examples]
        nets = nn.ModuleList(net() for _ in WAYS).to(stage.device)
        adam = torch.optim.Adam(nets.parameters(), lr=0.003)

        def changed(images, way, share=0.5):
            """Images [B, 1, 8, 8] on the canvas; a `share` of them mirrored, or turned by 180°."""
            if way == WARPS:
                return warped(images, N, turn=self.turn, shift=self.shift, scale=0.15)
            some = (torch.rand(len(images), device="cpu") < share).to(images.device)
            axes = {KEEPS: (), MIRRORS: (3,), HALF_TURNS: (2, 3)}[way]
            images = torch.where(some[:, None, None, None], images.flip(axes), images)
            return warped(images, N)

        with stage.probe():
            tests = [changed(x_new, way, share=1) for way in (KEEPS, MIRRORS, HALF_TURNS)]
            tests.insert(WARPS, warped(x_new, N, turn=20, shift=2, scale=0.15))

        def table():
            """What each net (row) reads of each kind of new digits (column): [4, 4]."""
            right = [[net(test).argmax(dim=1) == y_new for test in tests] for net in nets]
            return torch.stack([torch.stack(row).float().mean(dim=1) for row in right])

        def mixed_up():
            """Of the plain sixes and nines, the share that each net takes for the other: [4]."""
            six_nine = (y_new == 6) | (y_new == 9)
            other = 15 - y_new[six_nine]
            said = [net(tests[KEEPS][six_nine]).argmax(dim=1) for net in nets]
            return torch.stack(said).eq(other).float().mean(dim=1)

        def called_9():
            """Of new sixes the share called 9, as they are, turned, and flipped, by two nets."""
            six = tests[KEEPS][y_new == 6]
            sixes = six, six.flip((2, 3)), six.flip(2)
            return {
                WAYS[way]: [(nets[way](some).argmax(dim=1) == 9).float().mean() for some in sixes]
                for way in (KEEPS, HALF_TURNS)
            }

        @stage.look(20, nets)
        def look():
            read = table()
            named = {"rows": WAYS, "columns": WAYS, "x": "tested on", "y": "trained on"}
            stage.heatmap("digits read", read, low=0, high=1, **named)
            one = x[self.shown][None]
            made = torch.cat([changed(one, way, share=1) for _ in range(2) for way in range(4)])
            stage.image("made up", made, captions=WAYS * 2, columns=4)
            stage.bars("sixes called 9", SIXES, called_9())
            stage.headline(
                f"of warped digits it reads {read[KEEPS, WARPS]:.0%} without such examples, "
                f"{read[WARPS, WARPS]:.0%} with them"
            )

        for _ in stage.loop(self.steps):
            batch = torch.randint(len(y), (64,), device="cpu").to(stage.device)
            loss = 0
            for way, net_ in enumerate(nets):
                loss = loss + cross_entropy(net_(changed(x[batch], way)), y[batch])
            adam.zero_grad()
            loss.backward()
            adam.step()

        with stage.probe(nets):
            read = table()
            stage.claim("teaches", read[WARPS, WARPS] - read[KEEPS, WARPS], above=0.3)
            stage.claim("not_free", read[KEEPS, KEEPS] - read[WARPS, KEEPS], within=(0, 0.15))
            others = read.clone().fill_diagonal_(0).amax(dim=0)
            stage.claim("each_its_own", (read.diag() - others)[1:].min(), above=0.25)
            stage.claim("wrong_one", read[KEEPS, KEEPS] - read[MIRRORS, KEEPS], above=0.02)
            _, turned, flipped = called_9()[WAYS[KEEPS]]
            stage.claim("six_nine", turned - flipped, above=0.5)
            mixed = mixed_up()
            stage.claim("mixed_up", mixed[HALF_TURNS] - mixed[KEEPS], above=0.01)
            stage.measure(plain=read[KEEPS, KEEPS], plain_from_warped=read[WARPS, KEEPS])


def net():
    return nn.Sequential(
        nn.Conv2d(1, 12, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(12, 24, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(24 * 9, 10),
    )
