"""A net of one hidden layer learns two spirals.

A training program like any other: run it with `python train.py`, and nothing is drawn; with
`dlplay watch -- python train.py` it is seen, paused, turned and recorded.
"""

import torch
from torch import nn

from dlplay import stage

torch.set_num_threads(1)  # a net as small as this gains nothing from more
torch.manual_seed(stage.knob("seed", 0))
hidden = stage.knob("hidden", 32, min=1, max=512, log=True, help="hidden units")

turn = torch.linspace(0.5, 3 * torch.pi, 200)
arm = torch.stack([turn * turn.cos(), turn * turn.sin()], dim=1) / turn.max()
x = torch.cat([arm, -arm]) + 0.02 * torch.randn(400, 2)  # [N, 2]
y = torch.arange(400) // 200  # [N], which spiral
train, test = torch.randperm(400).split(300)

net = nn.Sequential(
    nn.Linear(2, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2)
)
optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
stage.watch(net)  # w shows its layers
stage.axes("loss", y="cross-entropy", log="y")


@stage.look(10, net)
def look():
    line = torch.linspace(-1.2, 1.2, 60)
    grid = torch.stack(torch.meshgrid(line, line, indexing="xy"), dim=2)  # [60, 60, 2]
    logits = net(grid)
    side = logits[..., 1] - logits[..., 0]
    ends = (-1.2, 1.2)
    stage.plane("border", x=ends, y=ends, field=side, kind="signed", points=x, labels=y)


for epoch in stage.loop(100):
    for batch in stage.loop(train[torch.randperm(300)].split(50)):
        for group in optimizer.param_groups:  # asked for at every step, it is turned live
            group["lr"] = stage.knob("lr", 0.01, min=1e-5, max=1, log=True, help="step size")
        loss = nn.functional.cross_entropy(net(x[batch]), y[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        stage.curve("loss", train=loss)
    with stage.probe(net):
        logits = net(x[test])
        right = (logits.argmax(dim=1) == y[test]).float().mean()
        stage.curve("loss", test=nn.functional.cross_entropy(logits, y[test]))
        stage.headline(f"after {epoch + 1} epochs {right:.0%} of the unseen points are right")

stage.claim("unseen points", right, at_least=0.9)
print(f"{right:.1%} of the unseen points are right")
