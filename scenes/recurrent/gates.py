"""
# What do an LSTM's gates learn to do?

Twenty numbers come one after another, one of them is flagged, and at the end you are asked for that
one. You need a **memory cell** with three handles: *write*, *keep*, *read*. Each is between 0 and 1
and multiplies what passes. Work them by hand in the panel of that name: write at the flag, keep
all, read at the end. Then keep only 0.95 a step, and see how little is left after fourteen.

An **LSTM** learns to move the handles itself. At each step it looks at the input x and at its own
last output h, and computes three gates and a candidate g:

    i = σ(x Wᵢ + h Uᵢ + bᵢ)     write
    f = σ(x W_f + h U_f + b_f)  keep
    o = σ(x Wₒ + h Uₒ + bₒ)     read
    g = tanh(x W_g + h U_g + b_g)
    c ← f ⊙ c + i ⊙ g
    h ← o ⊙ tanh(c)

σ squeezes a number into 0 to 1, ⊙ multiplies number by number, c is the content; W, U, b are
learned. σ never reaches 0 or 1, so a little always leaks.

Five nets with one cell each learn the task; you see the middle one. Look at what is *written*,
i ⊙ g: much at the flag, next to nothing elsewhere. Often it is not i that shuts but g that is 0, so
don't judge by the gate alone. At the flag f dips: old content makes room. And o stays open all the
time. Nobody asks for the number before the end, so nothing taught it to shut. A gate learns what
the loss asks for.

The first LSTM, of 1997, had no f; it came three years later.

## Tomorrow

A gated net fails? Plot i ⊙ g and f over time before you change its size. With many cells one
number is spread over all of them: look at several.
"""

import torch
from torch import nn

from dlplay import Float, Int, Scene, Try

T, NETS = 20, 5  # steps of a sequence, nets that learn side by side
LAST_FLAG = 16  # after it at least four steps follow


class Gates(Scene):
    covers = ("Gated Memory Cells", "LSTM")
    panels = {
        "learned cell": "the flagged number is written at its step, kept, and asked for at step 20",
        "by hand": "your memory: content should reach the line at the flag, and keep it to the end",
        "all flags": "what is written, i·g; a row for each place of the flag, a column for a step",
        "squared error": "of each net's answers, mean of the last 20 batches; lower is better",
    }
    claims = {
        "solved": "the net in the middle of five has a squared error below 0.02 (guessing: 0.333)",
        "writes_at_flag": "it writes less than 0.15 as much at other steps as at the flag",
        "not_before": "untrained, the middle net writes over 0.15 as much there",
        "makes_room": "at the flag f is lower than after it by more than 0.08",
        "by_hand": "by hand, over 0.95 of the flagged number is read at step 20",
    }
    tries = (
        Try(
            "keep=0.95",
            "By hand, the flagged number is 0.8, fourteen steps before the end. You keep 0.95 a "
            "step. What do you read?",
            ("0.76", "0.6", "0.39"),
            right=3,
            breaks="by_hand",
            keeps="solved",
            why="Each step takes its share of what is left, fourteen times over: half is gone. A "
            "forget gate must be very near 1 to keep anything for long.",
        ),
        Try(
            "forget_bias=0 steps=250",
            "The keep gate begins at σ(0) = 0.5, not at σ(3) = 0.95. What do the nets learn?",
            ("the same: it is only the start", "most learn nothing", "to write more at the flag"),
            right=2,
            breaks=("solved", "writes_at_flag"),
            keeps="by_hand",
            why="Half of the content is lost at each step, and of the gradient, too. After ten "
            "steps nothing tells the gates what would have been worth keeping.",
        ),
        Try(
            "hidden=16",
            "Sixteen cells a net. Where does the one write that follows the answer best?",
            ("at the flag alone, as before", "at many steps", "nowhere"),
            right=2,
            breaks="writes_at_flag",
            keeps="solved",
            why="The net answers as well, but with a sum over sixteen cells. Disturbances cancel "
            "in that sum; no single cell has to be clean.",
        ),
    )
    quick = {"steps": 10}
    pace = 30

    flag = Int(6, min=1, max=16, live=True, help="the step that is flagged, in the pictures")
    write = Int(6, min=1, max=20, live=True, help="by hand: the step at which you write")
    keep = Float(1.0, min=0.5, max=1, step=0.05, live=True, help="by hand: kept at each step")
    read = Int(20, min=1, max=20, live=True, help="by hand: the step at which you read")
    forget_bias = Float(3.0, min=0, max=5, step=0.5, help="what b of the keep gate begins with")
    hidden = Int(1, min=1, max=16, help="cells of each net")
    steps = Int(300, min=10, max=3000, log=True, help="steps of 64 sequences, for each net")

    def run(self, stage):
        H = self.hidden
        shapes = (NETS, 2, 4 * H), (NETS, H, 4 * H), (NETS, H, 1)
        W, U, V = ((2 * torch.rand(shape) - 1) / H**0.5 for shape in shapes)
        b, a = torch.zeros(NETS, 1, 4 * H), torch.zeros(NETS, 1, 1)
        b[..., H : 2 * H] = self.forget_bias
        weights = [nn.Parameter(weight.to(stage.device)) for weight in (W, U, b, V, a)]
        optimizer = torch.optim.Adam(weights, lr=0.03 / H**0.5)

        def sequences(count):
            """Numbers with their flags [N, T, 2], the flagged ones [N], and where they stand [N]"""
            numbers, at = 2 * torch.rand(count, T) - 1, torch.randint(LAST_FLAG, (count,))
            flags = nn.functional.one_hot(at, T).float()
            x = torch.stack([numbers, flags], dim=2)
            y = (numbers * flags).sum(dim=1)
            return x.to(stage.device), y.to(stage.device), at.to(stage.device)

        def answers(x):
            """What each net says at the end [NETS, N], and its gates and contents at each step."""
            W, U, b, V, a = weights
            h, trace = lstm(x, W, U, b)
            return (h @ V + a)[..., 0], trace

        def cells(x, y):
            """Of each net, from the cell that follows the answers best: its number, its sign, and
            i, f, o, what it writes and its content, at each step of each sequence [5, T, N]."""
            for trace in answers(x)[1].unbind(2):  # [T, 5, N, H]
                both = torch.cat([trace[-1, 4].T, y[None]])  # [H + 1, N]
                follows = both.corrcoef()[-1, :-1].nan_to_num()
                best = int(follows.abs().argmax())
                yield best, follows[best].sign(), trace[..., best].transpose(0, 1)

        def studied():
            """Of each net: written elsewhere against at the flag, f's dip there, o's change."""
            step = torch.arange(T, device=stage.device)[:, None]
            at, after = step == place, step > place  # [T, N]
            rows = []
            for _, _, (_, f, o, written, _) in cells(x_new, y_new):
                elsewhere = written[~at].abs().mean() / written[at].abs().mean()
                dip = f[after].mean() - f[at].mean()
                rows.append(torch.stack([elsewhere, dip, (o[:-1].mean() - o[-1].mean()).abs()]))
            return torch.stack(rows).T  # [3, NETS]

        def middle():
            """The net that is shown and judged: the middle one by what it writes elsewhere."""
            return int(studied()[0].argsort()[NETS // 2])

        def squared_errors():
            return (answers(x_new)[0] - y_new).square().mean(dim=1)  # [NETS]

        def by_hand(numbers):
            """A cell whose handles you set: what it holds after each step, what is read at each."""
            c, contents, outputs = 0.0, [], []
            for t, come in enumerate(numbers.tolist(), start=1):
                c = self.keep * c + (t == self.write) * come
                contents.append(c)
                outputs.append((t == self.read) * c)
            return contents, outputs

        x_new, y_new, place = sequences(400)
        others = 1.6 * torch.rand(T) - 0.8
        with stage.probe():
            untrained = studied()[0].median()

        def example():
            """Numbers of which the flagged is 0.8: [T], and as the nets get them [1, T, 2]."""
            flags = torch.zeros(T)
            flags[self.flag - 1] = 1
            numbers = torch.where(flags == 1, torch.tensor(0.8), others)
            return numbers, torch.stack([numbers, flags], dim=1)[None].to(stage.device)

        @stage.look(10)
        def look():
            numbers, x = example()
            errors, net = squared_errors(), middle()
            cell, sign, _ = list(cells(x_new, y_new))[net]
            _, f, o, written, c = answers(x)[1][:, :, net, 0, cell].T  # [T] each
            series = {
                "written i·g": sign * written,
                "keep f": f,
                "read o": o,
                "content c": sign * c,
            }
            flag = {"flag": self.flag}
            stage.axes("learned cell", x="step", y="value", verticals=flag)
            stage.plot("learned cell", range(1, T + 1), series)
            contents, outputs = by_hand(numbers)
            lines = {"flagged number": 0.8}
            stage.axes("by hand", x="step", y="value", lines=lines, verticals=flag)
            hand = {"content c": contents, "what is read": outputs}
            stage.plot("by hand", range(1, T + 1), hand)
            flags = torch.eye(T)[:LAST_FLAG]
            every = torch.stack([0.8 * flags, flags], dim=2).to(stage.device)
            diagonal = sign * answers(every)[1][:, 3, net, :, cell].T  # [LAST_FLAG, T]
            stage.heatmap("all flags", diagonal, x="step", y="flag at", diverging=True)
            said = answers(x)[0][net, 0]
            stage.headline(
                f"0.8 flagged: the net says {said:.2f}, by hand {outputs[-1]:.2f}; "
                f"mean squared error {errors[net]:.3f}"
            )

        stage.axes("squared error", x="step", y="error", log="y", lines={"guessing": 1 / 3})
        losses = []
        for _ in stage.loop(self.steps):
            x, y, _ = sequences(64)
            loss = (answers(x)[0] - y).square().mean(dim=1)  # [NETS]
            optimizer.zero_grad()
            loss.sum().backward()
            optimizer.step()
            losses.append(loss.detach())
            low, half, high = torch.stack(losses[-20:]).mean(dim=0).sort().values[[0, 2, 4]]
            stage.curve("squared error", best=low, median=half, worst=high)

        with stage.probe():
            elsewhere, dip, change = studied()[:, middle()]
            stage.claim("solved", squared_errors()[middle()], below=0.02)
            stage.claim("writes_at_flag", elsewhere, below=0.15)
            stage.claim("not_before", untrained, above=0.15)
            stage.claim("makes_room", dip, above=0.08)
            stage.measure(read_gate_moves_at_the_end_by=change)
            stage.claim("by_hand", by_hand(example()[0])[1][-1] / 0.8, above=0.95)


def lstm(x, W, U, b):
    """Several LSTMs side by side: x [N, T, D], and for each net W [D, 4H], U [H, 4H], b [1, 4H].

    The last h of each [nets, N, H]; and i, f, o, i ⊙ g and c after each step [T, 5, nets, N, H].
    """
    h = c = x.new_zeros(len(U), len(x), U.shape[1])
    trace = []
    for xₜ in x.unbind(1):
        i, f, g, o = (xₜ @ W + h @ U + b).chunk(4, dim=2)
        i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
        c = f * c + i * g
        h = o * c.tanh()
        trace.append(torch.stack([i, f, o, i * g, c]))
    return h, torch.stack(trace)
