r"""
# 1990, 2006, today

A *deep* autoencoder stacks layers on both sides of the code: each one describes what the one
below found, and the code in the middle comes last. Here: ten layers of weights, 64-64-48-32-16-6
and back, digits through six numbers. (The famous figure has 28×28 pixels and 30 numbers.) Errors
are squared errors per test picture; who always answers with the mean picture has 4.70, PCA with
six components 1.95.

**1990.** Sigmoid units, small random weights (σ = 0.1), gradient descent with momentum 0.9. It
does not learn at all: it finds the mean picture, which takes only the last layer's biases, and
stays there. On the way back through ten layers the gradient shrinks to less than a millionth
(*gradient by layer*): a sigmoid's slope is at most ¼, and each small weight matrix takes more.
Other learning rates do not help (`old_rate`).

**2006.** *Greedy layer-wise pretraining*: train the outermost pair of layers as a shallow
autoencoder of pixels; then the next pair as an autoencoder of the first pair's codes; and so on
inwards (*stack*). No gradient ever passes more than two layers. Put together, the stack rebuilds
digits before it was ever trained as a whole, its gradient reaches the first layer, and the 1990
optimizer can *fine-tune* it. The early layers hardly change in that: they were good already
(*layers moved*). So it was told, and so it is.

**"By stacking autoencoders"** is not quite what happened: Hinton and Salakhutdinov (2006) trained
each pair as a *restricted Boltzmann machine*; Bengio et al. (2007) showed that autoencoders do as
well. Here the pairs are trained by Adam, to save your time; fine-tuning is plain momentum.

**Today** none of it is needed. ReLU, He's initialisation and Adam, end to end, do what took
pretraining *and* fine-tuning (not from all first weights alike: the worst of three draws ends at
0.46 of the mean picture's error, the others at a third). And so would old parts have done: tanh,
Xavier's initialisation and plain momentum are as good here. Of the three only the initialisation
was missing before 2010: take it away (`new_init=small`), and both stay at the mean picture for
hundreds of steps. That is why pretraining is obsolete.

**Which ingredient was it?** Not one alone. Adam hardly gets sigmoids off the mean picture within
1,000 steps, with small weights or with Xavier's. ReLU and He with a small rate and momentum start
late; how late depends on the draw, and they may stay at the mean picture, so nothing is claimed
of them. What has to be right is the *product* along the path, slope times weights about 1 per
layer, and steps that suit.

**Your own pictures.** `data=FOLDER` has it learn 100 or more of yours, grey and 8 pixels wide.
The claims are made of digits: of yours nothing is claimed, though all is measured.

## Watch

- *race*: 1990; 2006, pretrained; today; tanh SGD with Xavier's weights; ReLU SGD with He's; and
  sigmoids with Adam, from small weights (sigmoid Adam) and from Xavier's (Xavier Adam).
- *stack*: the pretraining, sizes of the layers of units. Joined: trained; in brackets: the pair
  that is being trained; loose: waiting.
- *gradient by layer*: norms on one batch, 1 is the first layer of the encoder, 10 the last of the
  decoder.
- *layers moved*: how far fine-tuning has changed the weights, in per cent of their norm.
- *rebuilt*: what six numbers a digit give.

## Try

- `old_optimizer=adam`, `old_init=xavier`, `old_activation=tanh`: repair 1990 piece by piece.
- `old_rate=0.03`: no better.
- `new_init=small`: today's nets with 1990's first weights.
- `pretrain_steps=10`: pretrained by name only, and as stuck as 1990.
- `tuning_rate=0.1`: fine-tuning that moves more, and ruins what it found.
"""

from itertools import pairwise

import torch
from torch import nn

from dlplay import Choice, File, Float, Int, Scene, claim
from dlplay.data import digits, images

SIZES = (64, 64, 48, 32, 16, 6, 16, 32, 48, 64, 64)
HALF = 5  # layers of the encoder
BENDS = {"sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "relu": nn.ReLU}
SHOWN = ("1990", "2006", "today")


def stack(activation, initialisation, sizes=SIZES, code=HALF):
    """Layers of the given sizes, with an activation behind each but the code and the output."""
    layers = []
    for i, (a, b) in enumerate(pairwise(sizes)):
        linear = nn.Linear(a, b)
        bent = i + 1 not in (code, len(sizes) - 1)
        if initialisation == "small":
            nn.init.normal_(linear.weight, std=0.1)
        elif initialisation == "xavier":
            nn.init.xavier_normal_(linear.weight)
        else:
            nn.init.kaiming_normal_(linear.weight, nonlinearity="relu" if bent else "linear")
        nn.init.zeros_(linear.bias)
        layers.append(linear)
        if bent:
            layers.append(BENDS[activation]())
    return nn.Sequential(*layers)


def linears(net):
    return [layer for layer in net if isinstance(layer, nn.Linear)]


def optimizer(net, kind, rate):
    if kind == "adam":
        return torch.optim.Adam(net.parameters(), lr=rate, fused=True)
    return torch.optim.SGD(net.parameters(), lr=rate, momentum=0.9, fused=True)


def squared(y, x):
    """The squared error per picture."""
    return (y - x).square().sum(dim=1).mean()


def read(data):
    """Pictures [N, 64] to learn from, and others; of your own, every fifth is kept back."""
    if data == "digits":
        x, _, x_test, _ = digits()
    else:
        x, _ = images(data, size=8, grey=True, least=100)
        held_out = torch.arange(len(x)) % 5 == 4
        x, x_test = x[~held_out], x[held_out]
    return x.flatten(1), x_test.flatten(1)


class History(Scene):
    covers = {
        "Deep Autoencoder": (
            "race",
            "gradient by layer",
            "stack",
            "layers moved",
            "rebuilt",
            "stuck",
            "vanishes",
            "pretraining_alone",
            "fine_tuned",
            "gradient_arrives",
            "hardly_moves",
            "modern",
            "old_but_right",
            "no_single_ingredient",
        ),
    }
    panels = ("race", "stack", "gradient by layer", "layers moved", "rebuilt")
    quick = {"pretrain_steps": 5, "steps": 20}

    old_activation = Choice("sigmoid", ("sigmoid", "tanh", "relu"), help="of the 1990 recipe")
    old_init = Choice("small", ("small", "xavier", "he"), help="first weights of the 1990 recipe")
    old_optimizer = Choice("sgd", ("sgd", "adam"), help="of the 1990 recipe")
    old_rate = Float(
        0.01, min=1e-4, max=0.1, log=True, live=True, help="learning rate of the 1990 recipe"
    )
    new_init = Choice("right", ("right", "small"), help="first weights of today and tanh SGD")
    pretrain_steps = Int(250, min=5, max=1000, log=True, help="steps for each pair of layers")
    tuning_rate = Float(
        0.01, min=1e-4, max=0.1, log=True, live=True, help="learning rate of the fine-tuning"
    )
    data = File("digits", kind="images", help="what it learns; your own become 8×8, grey")
    steps = Int(1000, min=10, max=5000, log=True, help="training steps of the race")

    def run(self, stage):
        device = stage.device
        x, self.x_test = (part.to(device) for part in read(self.data))  # [1400, 64], [397, 64]
        mean = x.mean(dim=0)
        axes = torch.linalg.svd(x - mean, full_matrices=False)[2][:6]
        flat = (self.x_test - mean) @ axes.T @ axes + mean
        self.mean_error = squared(mean, self.x_test)
        self.pca_error = squared(flat, self.x_test)
        stage.axes(
            "race",
            y="squared error",
            log="y",
            lines={"mean picture": self.mean_error, "PCA 6": self.pca_error},
        )
        stage.axes("gradient by layer", x="layer", y="norm", log="y")

        pretrained = self.pretrain(stage, x)
        with stage.probe(pretrained):
            stage.measure(alone=squared(pretrained(self.x_test), self.x_test) / self.mean_error)
        small = self.new_init == "small"
        recipes = {  # activation, initialisation, optimizer, learning rate
            "1990": (self.old_activation, self.old_init, self.old_optimizer, self.old_rate),
            "2006": ("sigmoid", "pretrained", "sgd", self.tuning_rate),
            "today": ("relu", "small" if small else "he", "adam", 5e-3),
            "tanh SGD": ("tanh", "small" if small else "xavier", "sgd", 1e-2),
            "ReLU SGD": ("relu", "he", "sgd", 3e-3),
            "sigmoid Adam": ("sigmoid", "small", "adam", 3e-3),
            "Xavier Adam": ("sigmoid", "xavier", "adam", 3e-3),
        }
        self.nets, optimizers = {}, {}
        for name, (activation, initialisation, kind, rate) in recipes.items():
            net = pretrained if name == "2006" else stack(activation, initialisation).to(device)
            self.nets[name], optimizers[name] = net, optimizer(net, kind, rate)
        stage.watch(pretrained)
        before = [layer.weight.detach().clone() for layer in linears(pretrained)]

        for step in stage.loop(self.steps):
            live = {"1990": self.old_rate, "2006": self.tuning_rate}
            for name, (_, _, kind, rate) in recipes.items():
                if kind == "adam" and name != "1990":  # smaller steps in the end
                    rate *= 1 - 0.9 * step / self.steps
                optimizers[name].param_groups[0]["lr"] = live.get(name, rate)
            batch = x[torch.randint(len(x), (64,))]
            losses = {name: squared(net(batch), batch) for name, net in self.nets.items()}
            for each in optimizers.values():
                each.zero_grad()
            sum(losses.values()).backward()
            if stage.every(100):
                self.gradients(stage, first=step == 0)
            for each in optimizers.values():
                each.step()
            if stage.every(20):
                with stage.probe(*self.nets.values()):
                    self.look(stage, before)

    def pretrain(self, stage, x):
        """Each pair of layers as a shallow autoencoder of the codes below it; then one stack."""
        net = stack("sigmoid", "small").to(stage.device)
        layers = linears(net)
        codes = x
        for k in range(HALF):
            sizes = SIZES[k], SIZES[k + 1], SIZES[k]
            innermost = k == HALF - 1  # the code itself has no activation
            pair = stack("sigmoid", "xavier", sizes, code=1 if innermost else 0).to(stage.device)
            adam = optimizer(pair, "adam", 1e-2)
            for _ in stage.loop(self.pretrain_steps, f"pair {k + 1}"):
                batch = codes[torch.randint(len(codes), (64,))]
                out = pair(batch)
                out = out.sigmoid() if k else out  # codes are between 0 and 1
                loss = squared(out, batch)
                adam.zero_grad()
                loss.backward()
                adam.step()
                if stage.every(50):
                    self.construction(stage, k)
            with torch.no_grad():
                encoder, decoder = linears(pair)
                layers[k].load_state_dict(encoder.state_dict())
                layers[-1 - k].load_state_dict(decoder.state_dict())
                codes = encoder(codes).sigmoid()  # of the innermost pair they are not used
        self.construction(stage, HALF)
        return net

    def construction(self, stage, k):
        """The layers of units from pixels to pixels; k pairs are trained, the next one is at it."""
        n = len(SIZES)
        depth = [min(i, n - 1 - i) for i in range(n)]  # of each layer of units, from outside
        stage.graph(
            "stack",
            [(i, depth[i]) for i in range(n)],
            [(i, i + 1) for i in range(n - 1) if min(i, n - 2 - i) < k],
            values=[1.0 if d <= k else 0.0 for d in depth],
            labels=[str(size) for size in SIZES],
            marked=[i for i, d in enumerate(depth) if k < HALF and d in (k, k + 1)],
        )

    def gradients(self, stage, first):
        norms = {
            name: [layer.weight.grad.norm().item() for layer in linears(self.nets[name])]
            for name in SHOWN
        }
        stage.plot("gradient by layer", range(1, len(SIZES)), norms)
        if first:
            ratio = {name: norm[0] / max(norm[-1], 1e-30) for name, norm in norms.items()}
            stage.measure(old_ratio=ratio["1990"], pretrained_ratio=ratio["2006"])

    def look(self, stage, before):
        x = self.x_test
        error = {name: squared(net(x), x).item() for name, net in self.nets.items()}
        stage.curve("race", error)
        moved = [
            ((layer.weight - old).norm() / old.norm()).item()
            for layer, old in zip(linears(self.nets["2006"]), before, strict=True)
        ]
        stage.bars("layers moved", range(1, len(SIZES)), [100 * m for m in moved], unit="%")
        four = torch.stack([x[3:5], *(self.nets[name](x[3:5]) for name in SHOWN)], dim=1)
        strips = four.reshape(2, 4, 8, 8).transpose(1, 2).reshape(2, 8, 32)
        caption = "".join(f"{word:^8}" for word in ("true", *SHOWN))
        stage.image("rebuilt", strips, captions=[caption] * 2)
        mean = self.mean_error.item()
        stage.measure(
            old=error["1990"] / mean,
            tuned=error["2006"] / mean,
            modern=error["today"] / mean,
            tanh=error["tanh SGD"] / mean,
            parts=min(error["sigmoid Adam"], error["Xavier Adam"]) / error["today"],
            moved=sum(moved[: HALF - 1]) / (HALF - 1),
        )

    @claim(
        "the 1990 recipe ends at over 0.98 of the mean picture's error",
        breaks={"old_activation": "tanh", "old_init": "xavier", "pretrain_steps": 5, "steps": 300},
    )
    def stuck(self, measured):
        return measured.old > 0.98

    @claim(
        "its first layer gets less than a millionth of the last one's gradient",
        breaks={"old_activation": "tanh", "old_init": "xavier", "pretrain_steps": 5, "steps": 300},
    )
    def vanishes(self, measured):
        return measured.old_ratio < 1e-6

    @claim(
        "pretraining alone, pair by pair, comes below 0.6 of the mean picture's error",
        breaks={"old_activation": "tanh", "old_init": "xavier", "pretrain_steps": 5, "steps": 300},
    )
    def pretraining_alone(self, measured):
        return measured.alone < 0.6

    @claim(
        "fine-tuned by the 1990 optimizer, it comes below 0.45",
        breaks={"old_activation": "tanh", "old_init": "xavier", "pretrain_steps": 5, "steps": 300},
    )
    def fine_tuned(self, measured):
        return measured.tuned < 0.45

    @claim(
        "after pretraining the first layer gets over 1 % of the last one's gradient",
        breaks={"old_activation": "tanh", "old_init": "xavier", "pretrain_steps": 5, "steps": 300},
    )
    def gradient_arrives(self, measured):
        return measured.pretrained_ratio > 0.01

    @claim(
        "fine-tuning hardly changes the weights of the first four layers: by less than 0.1 of "
        "their norm, in the mean",
        breaks={"tuning_rate": 0.1, "steps": 400},
    )
    def hardly_moves(self, measured):
        return measured.moved < 0.1

    @claim(
        "ReLU, He's initialisation and Adam need no pretraining: below 0.55",
        breaks={"new_init": "small", "pretrain_steps": 5, "steps": 200},
    )
    def modern(self, measured):
        return measured.modern < 0.55

    @claim(
        "neither do tanh, Xavier's initialisation and momentum: below 0.45",
        breaks={"new_init": "small", "pretrain_steps": 5, "steps": 200},
    )
    def old_but_right(self, measured):
        return measured.tanh < 0.45

    @claim(
        "Adam alone does not save sigmoids, small or Xavier's weights: over 1.3 of today's error",
        breaks={"new_init": "small", "pretrain_steps": 5, "steps": 200},
    )
    def no_single_ingredient(self, measured):
        return measured.parts > 1.3
