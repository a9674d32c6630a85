"""
# Does an LSTM's gradient flow by itself?

An LSTM was invented to remember for long. Does it, as you get it from the library? Ask how much the
last state changes with the token that came 10, 50, 99 steps before. That is the gradient by *lag*,
and training can learn a connection only where it is not nought.

The memory c of an LSTM is carried on by its forget gate f:

    cₜ = fₜ ⊙ cₜ₋₁ + iₜ ⊙ gₜ

so along the cell the gradient is multiplied by f at every step, number by number (⊙). f is a
sigmoid. With its usual start it lies around 0.5, and 0.5⁹⁹ is 10⁻³⁰. So an untrained LSTM, and a
GRU, forget as fast as a plain net. The gate *can* stay open; that it *is* open, you have to say:
give it a **bias** b of 3, and it begins at

    σ(3) = 0.95

A plain net has such a start, too: make its matrix **orthogonal**, so that it turns the state
without shrinking it. Four nets then learn to name the first of 30 tokens. What decides is the
start, not the name of the cell.

The product of the forget gates is only one of the ways back. All gates also see h, the cell's
output one step ago, through a full matrix. These ways can be much the larger part, and with b above
3 they make the gradient *grow*: an LSTM can explode.

## Tomorrow

Lags over 20 steps? Start the forget gate's bias at 1 to 3, by hand: the library's is about 0. Plot
the gradient by lag before you train, and clip it: open gates don't protect from growth.
"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy, one_hot

from dlplay import Float, Int, Scene, Try

H, KINDS = 32, 8  # units of every net, kinds of tokens
LAGS, PROBES = 100, 8  # steps that a gradient goes back, sequences that it is averaged over
NETS = ("RNN", "RNN + orthogonal", "LSTM", "LSTM + bias")


class ForgetBias(Scene):
    covers = ("LSTM Gradient Flow", "LSTM: Key Concepts")
    panels = {
        "gradient": "of the last state, by how long ago a token came; a flat line is long memory",
        "recall": "share of new sequences whose first token is named at the end; higher is better",
        "ways back": "gradient of the LSTM with bias: all of it, and what comes by its cell alone",
    }
    claims = {
        "all_vanish": "started as usual, RNN, LSTM and GRU have less than 1e-12 left at lag 99",
        "bias_lifts": "the LSTM with forget bias has 0.1 to 30 times its gradient of lag 0 there",
        "turning_lifts": "an orthogonal start alone leaves the RNN over 1e-9: no gate is needed",
        "start_decides": "trained, each net with a good start recalls 0.5 more than either other",
        "not_only_f": "at lag 99 the cell's own way carries less than half of the gradient",
    }
    tries = (
        Try(
            "forget_bias=1",
            "A bias of 1, the usual advice. What is left of the LSTM's gradient at lag 99?",
            ("about all of it", "10⁻⁹ to 10⁻⁶ of it", "as little as without: 10⁻¹⁹"),
            right=2,
            breaks="bias_lifts",
            keeps="all_vanish",
            why="σ(1) = 0.73, and 0.73⁹⁹ is 10⁻¹³. The ways through h add to it. That is far more "
            "than without, but no long memory yet.",
        ),
        Try(
            "gain=0.8",
            "The RNN's orthogonal matrix is made a little smaller, times 0.8. What is left at "
            "lag 99?",
            ("0.8 of what was", "about a tenth of it", "nearly nothing"),
            right=3,
            breaks="turning_lifts",
            keeps="bias_lifts",
            why="0.8 is multiplied in at every step, and 0.8⁹⁹ is 10⁻¹⁰. What turns without "
            "shrinking must do so exactly.",
        ),
        Try(
            "forget_bias=5",
            "A bias of 5: the gate keeps 0.993. How large is the gradient at lag 99, over lag 0's?",
            ("a little below 1", "above 1: it grows", "0.993⁹⁹ = 0.5"),
            right=2,
            keeps=("bias_lifts", "start_decides"),
            why="0.5 is what comes by the cell alone. Old contents also act through h on all "
            "gates, and these ways add up.",
        ),
        Try(
            "length=5",
            "Five tokens instead of 30. Which nets name the first?",
            ("the two with a good start", "the two LSTMs", "all four"),
            right=3,
            breaks="start_decides",
            keeps="all_vanish",
            why="Five factors of one half are no obstacle. The start matters for long lags.",
        ),
    )
    quick = {"steps": 4}

    forget_bias = Float(3.0, min=0, max=5, step=0.5, live=True, help="b, of the forget gate")
    length = Int(30, min=5, max=60, help="tokens of a sequence, to recall the first of")
    gain = Float(1.0, min=0.3, max=1.5, step=0.05, live=True, help="times the orthogonal matrix")
    learning_rate = Float(0.003, min=1e-4, max=0.1, log=True, live=True, help="of Adam")
    steps = Int(150, min=4, max=2000, log=True, help="steps of 64 sequences, for each net")

    def run(self, stage):
        T, device = self.length, stage.device
        # Of the RNN five nets with either start, of the LSTM one each, side by side as one batch
        rnn_weights, lstm_weights = uniform(10, H), uniform(2, 4 * H)
        rnn_weights[1][5:] = torch.stack([nn.init.orthogonal_(torch.empty(H, H)) for _ in range(5)])
        plain = [weight[:1].double() for weight in lstm_weights]  # as they begin, for the curves
        turned = [weight[-1:].double() for weight in rnn_weights]
        shrunk = [weight[:1].double() for weight in rnn_weights]
        rnn_weights[1][5:] *= self.gain
        lstm_weights[2][1, :, H : 2 * H] = self.forget_bias  # the forget gate is the second of four
        gru = nn.GRU(KINDS, H, batch_first=True).double()
        tokens = torch.randn(1, PROBES, LAGS, KINDS).double().to(device)
        toward = torch.randn(1, PROBES, H).double().to(device)

        def by_lag(cell):
            """How much the last state changes with the token of each lag: [LAGS]."""
            with torch.enable_grad():
                x = tokens.clone().requires_grad_()
                (gradient,) = torch.autograd.grad((cell(x) * toward).sum(), x)
            return gradient.norm(dim=3).mean(dim=(0, 1)).flip(0)

        def curves():
            """The gradients of the untrained nets, and the part that comes by c alone."""
            W, U, b = (weight.to(device) for weight in plain)
            biased = b.clone()
            biased[..., H : 2 * H] = self.forget_bias
            orthogonal = turned[0], self.gain * turned[1], turned[2]
            cells = {
                "RNN": lambda x: rnn(x, *(weight.to(device) for weight in shrunk)),
                "RNN + orthogonal": lambda x: rnn(x, *(weight.to(device) for weight in orthogonal)),
                "LSTM": lambda x: lstm(x, W, U, b),
                "LSTM + bias": lambda x: lstm(x, W, U, biased),
                "GRU": lambda x: gru.to(device)(x[0])[0][None, :, -1],
            }
            sizes = {name: by_lag(cell) for name, cell in cells.items()}
            alone = by_lag(lambda x: lstm(x, W, U, biased, cut=True)) / sizes["LSTM + bias"][0]
            return {name: size / size[0] for name, size in sizes.items()}, alone

        stage.axes("gradient", x="steps ago", y="gradient / lag 0's", log="y")
        stage.axes("ways back", x="steps ago", y="gradient / lag 0's", log="y")

        @stage.look(self.steps)
        def gradients():
            sizes, alone = curves()
            stage.plot("gradient", range(LAGS), sizes)
            both = {"LSTM + bias": sizes["LSTM + bias"], "its cell alone": alone}
            stage.plot("ways back", range(LAGS), both)

        weights = [nn.Parameter(weight.to(device)) for weight in (*rnn_weights, *lstm_weights)]
        readers = [
            nn.Parameter(uniform(copies, 4)[1].to(device)) for copies in (10, 2)
        ]  # [., H, 4]
        optimizer = torch.optim.Adam([*weights, *readers], lr=self.learning_rate)

        def answers(x):
            """Scores of the four kinds of a first token: x [N, T, KINDS] -> [12, N, 4]."""
            x = x[None]
            states = rnn(x, *weights[:3]), lstm(x, *weights[3:])
            return torch.cat([h @ V for h, V in zip(states, readers, strict=True)])

        def sequences(count):
            """A token of the first four kinds, then others: [N, T, KINDS]; which it was [N]."""
            ids = torch.randint(4, KINDS, (count, T))
            ids[:, 0] -= 4
            ids = ids.to(device)
            return one_hot(ids, KINDS).float(), ids[:, 0]

        x_new, y_new = sequences(400)

        def recalled():
            right = (answers(x_new).argmax(dim=2) == y_new).float().mean(dim=1)  # [12]
            return [right[:5].median(), right[5:10].median(), right[10], right[11]]

        stage.axes("recall", x="step", y="share right", lines={"guessing": 0.25})

        @stage.look(10)
        def look():
            shares = dict(zip(NETS, recalled(), strict=True))
            stage.curve("recall", shares)
            told = ", ".join(f"{name} {share:.0%}" for name, share in shares.items())
            stage.headline(f"recalled: {told}")

        for _ in stage.loop(self.steps):
            x, y = sequences(64)
            optimizer.param_groups[0]["lr"] = self.learning_rate
            loss = sum(cross_entropy(scores, y) for scores in answers(x))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe():
            sizes, alone = curves()
            usual = max(sizes[name][-1].item() for name in ("RNN", "LSTM", "GRU"))
            shares = recalled()
            stage.claim("all_vanish", usual, below=1e-12)
            stage.claim("bias_lifts", sizes["LSTM + bias"][-1], within=(0.1, 30))
            stage.claim("turning_lifts", sizes["RNN + orthogonal"][-1], above=1e-9)
            stage.claim("start_decides", min(shares[1::2]) - max(shares[::2]), above=0.5)
            stage.claim("not_only_f", alone[-1] / sizes["LSTM + bias"][-1], below=0.5)


def uniform(copies, outputs):
    """Weights as the library starts them, of several nets: W for tokens, U for h, and b."""
    shapes = (copies, KINDS, outputs), (copies, H, outputs), (copies, 1, outputs)
    return [(2 * torch.rand(shape) - 1) / H**0.5 for shape in shapes]


def rnn(x, W, U, b):
    """The last state of each net: x [1, N, T, KINDS] -> [copies, N, H]."""
    h = x.new_zeros(len(U), x.shape[1], U.shape[1])
    for xₜ in x.unbind(2):
        h = (xₜ @ W + h @ U + b).tanh()
    return h


def lstm(x, W, U, b, cut=False):
    """The same; `cut`: no gradient goes back through h, so only the cell's own way is left."""
    h = c = x.new_zeros(len(U), x.shape[1], U.shape[1])
    for xₜ in x.unbind(2):
        i, f, g, o = (xₜ @ W + (h.detach() if cut else h) @ U + b).chunk(4, dim=2)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
    return h
