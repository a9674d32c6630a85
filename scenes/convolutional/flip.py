"""
# Is it a convolution at all?

The layer is called convolutional. Signal processing has meant something else by that word for a
century. Does the difference matter to a net?

A convolutional layer lays its filter k on the picture x, multiplies and sums:

    Σᵢⱼ k(i, j) · x(h + i, w + j)

h and w are the place, i and j run over the filter. In books on signals this is **correlation**. It
says how much the picture looks like the filter there. A **convolution** has a minus sign:

    Σᵢⱼ k(i, j) · x(h − i, w − j)

As i grows, the filter goes on to the right and the picture to the left. That is as if you turned
the filter by 180° first and then correlated. Turned, the corner in the picture below points the
other way.

Here a **teacher** filters a photo by a true convolution. A **student** has nine weights and the
layer's correlation. It sees the photo and the teacher's answer, and learns the weights by gradient
descent. Watch what becomes of them: it finds the teacher's filter, turned by 180°. Its answers are
the teacher's, pixel for pixel.

So the layer can do whatever a convolution can, and learning takes care of the turn. Nobody has to
flip anything. But the weights by themselves are not the teacher's. Put them into a true
convolution, and the answers are wrong. A convolution has one privilege: exchange filter and picture
and the result is the same. A correlation comes out turned.

## Tomorrow

When you carry filters from one library to another, find out which of the two it computes, and turn
the weights by 180° if they differ. Filters that are the same after the turn, such as a blur, will
not show the mistake: test with a lopsided one.
"""

import torch

from dlplay import Choice, File, Float, Int, Scene, Text, Try
from dlplay.data import image

TEACHERS = {
    "corner": "2 2 2 / 2 -1 -1 / 2 -1 -1",
    "vertical": "-2 0 2 / -2 0 2 / -2 0 2",
    "blob": ".5 1 .5 / 1 2 1 / .5 1 .5",
}
N = 64  # pixels of a side of the photo


class Flip(Scene):
    covers = ("Convolution and Cross-Correlation",)
    panels = {
        "filters": "what the student learns, between the teacher's filter and its turned copy",
        "answers": "orange above 0, blue below; the student's should become the teacher's",
        "error": "of the student, and of its weights in a true convolution; lower is better",
    }
    claims = {
        "turned": "the learned filter's cosine to the teacher's, turned by 180°, is above 0.99",
        "not_the_same": "and to the teacher's own, unturned, it is below 0.3",
        "as_good": "the student's error on the photo is below 1 % of the answer's variance",
        "weights_matter": "with its weights in a true convolution the error is above 50 % of it",
    }
    tries = (
        Try(
            "teacher=blob",
            "The teacher's filter is round now. Is the learned one turned?",
            ("yes, as before", "nobody could tell", "no, learning leaves it as it is"),
            right=2,
            breaks=("not_the_same", "weights_matter"),
            keeps="turned",
            why="A filter that is the same after a turn by 180° makes both operations one.",
        ),
        Try(
            "teacher=vertical",
            "The teacher has −2 at its left, 2 at its right. What does the student learn?",
            ("the same filter", "a horizontal one", "the same with all signs changed"),
            right=3,
            keeps=("turned", "not_the_same"),
            why="Turned by 180°, left and right change places. Here that is the negative.",
        ),
        Try(
            "student=convolution",
            "Now the student turns its filter too, before it slides. Which one does it learn?",
            ("the teacher's own", "the turned one", "neither: two turns undo each other"),
            right=1,
            breaks=("turned", "not_the_same"),
            keeps="as_good",
            why="Whatever is done to the weights before they are used, learning undoes it.",
        ),
    )
    quick = {"steps": 20}
    pace = 30

    teacher = Choice("corner", ("corner", "vertical", "blob", "own"), help="what is to be found")
    own = Text("0 0 0 / 0 0 2 / 0 0 0", help="weights of the teacher `own`, row by row")
    student = Choice(
        "correlation", ("correlation", "convolution"), help="what the student computes"
    )
    photo = File("astronaut", kind="image", help="the picture that both see")
    learning_rate = Float(0.2, min=0.003, max=3, log=True, live=True, help="step size of Adam")
    steps = Int(400, min=20, max=4000, log=True, help="steps to train")

    def run(self, stage):
        x = image(self.photo, size=N, grey=True, device=stage.device)[0]  # [N, N]
        x = x - x.mean()
        taught = weights(TEACHERS.get(self.teacher, self.own)).to(stage.device)  # [K, K]
        answer = convolve(x, taught)  # [N', N']
        learned = (torch.randn(taught.shape) / 2).to(stage.device).requires_grad_()
        optimizer = torch.optim.Adam([learned], lr=self.learning_rate)
        operation = {"correlation": correlate, "convolution": convolve}[self.student]

        def likeness():
            """The cosine of the learned filter to the teacher's, turned and as it is."""
            both = torch.stack([taught.flip(0, 1), taught])
            return (learned * both).sum(dim=(1, 2)) / (learned.norm() * taught.norm() + 1e-9)

        def error(given):
            return (given - answer).square().mean() / answer.var()

        stage.axes("error", y="error / variance", log="y", lines={"answers 0 everywhere": 1})

        @stage.look(5)
        def look():
            turned, same = likeness().tolist()
            stage.headline(
                f"learned filter: {same:.0%} like the teacher's, {turned:.0%} like its turned "
                "copy (cosine)"
            )
            reach = float(taught.abs().max())
            stage.matrices(
                "filters",
                {"teacher's": taught, "learned": learned, "turned": taught.flip(0, 1)},
                scales={"learned": (-reach, reach)},
            )
            given, most = operation(x, learned), float(answer.abs().max())
            maps = {"teacher": answer, "student": given, "difference": given - answer}
            stage.matrices("answers", maps, scales=dict.fromkeys(maps, (-most, most)))

        for _ in stage.loop(self.steps):
            loss = error(operation(x, learned))
            optimizer.param_groups[0]["lr"] = self.learning_rate
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            moved = error(convolve(x, learned.detach()))
            stage.curve("error", {"the student": loss, "its weights, convolved": moved})

        with stage.probe():
            turned, same = likeness()
            stage.claim("turned", turned, above=0.99)
            stage.claim("not_the_same", same, below=0.3)
            stage.claim("as_good", error(operation(x, learned)), below=0.01)
            stage.claim("weights_matter", error(convolve(x, learned)), above=0.5)


def correlate(x, k):
    """Σᵢⱼ k(i, j) · x(h + i, w + j), at all places at once: [N, N], [K, K] -> [N', N']."""
    side = len(x) - len(k) + 1
    places = [(i, j) for i in range(len(k)) for j in range(len(k))]
    return sum(k[i, j] * x[i : i + side, j : j + side] for i, j in places)


def convolve(x, k):
    """Σᵢⱼ k(i, j) · x(h − i, w − j): the filter turned by 180°, then as above."""
    return correlate(x, k.flip(0, 1))


def weights(text):
    """A filter from its rows, with / between them: [K, K]; a single 1 where that is no square."""
    try:
        rows = [[float(number) for number in row.split()] for row in text.split("/")]
    except ValueError:
        rows = []
    square = 1 <= len(rows) <= 7 and all(len(row) == len(rows) for row in rows)
    return torch.tensor(rows if square else [[1.0]])
