"""Many small networks side by side: one multiplication moves them all."""

from __future__ import annotations

import math

import torch
from torch import nn


class BatchedLinear(nn.Module):
    """`copies` independent linear layers: [N, copies, inputs] -> [N, copies, outputs].

    Every elementwise module fits between two of them, so an `nn.Sequential` of both is `copies`
    networks; `nn.PReLU(copies)` then learns a slope for each. The sum of the copies' losses gives
    each copy its own gradient, and SGD and Adam treat every number on its own: the copies learn
    as if they were alone.

    weight [copies, inputs, outputs], normal with standard deviation gain / √inputs (He et al.
    2015 for the gain √2); bias [copies, outputs], zero.
    """

    def __init__(
        self, copies: int, inputs: int, outputs: int, *, gain: float = math.sqrt(2)
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(copies, inputs, outputs) * gain / inputs**0.5)
        self.bias = nn.Parameter(torch.zeros(copies, outputs))

    @classmethod
    def of(cls, layer: nn.Linear, copies: int) -> BatchedLinear:
        """`copies` of a layer, with its weights."""
        made = cls.__new__(cls)
        nn.Module.__init__(made)
        made.weight = nn.Parameter(layer.weight.detach().T.repeat(copies, 1, 1))
        made.bias = nn.Parameter(layer.bias.detach().repeat(copies, 1))
        return made

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        product = torch.baddbmm(self.bias[:, None], x.transpose(0, 1), self.weight)
        return product.transpose(0, 1)

    def extra_repr(self) -> str:
        return "copies={}, inputs={}, outputs={}".format(*self.weight.shape)


class BatchedRNN(nn.Module):
    """`copies` plain recurrent nets, which read tokens and answer at the end.

    h(t) = tanh(x(t) W_xh + h(t-1) W_hh + b), with x(t) token t one-hot and h(0) = 0;
    y = h(T) W_hy + b_y. Tokens are whole numbers below `tokens`.

    W_hh is `loop` [copies, H, H] as it is given; all else uniform within ±1/√H, as torch draws it.
    """

    def __init__(self, loop: torch.Tensor, tokens: int, outputs: int) -> None:
        super().__init__()
        copies, units, _ = loop.shape

        def drawn(*shape: int) -> nn.Parameter:
            return nn.Parameter((2 * torch.rand(copies, *shape) - 1) / units**0.5)

        self.W_hh = nn.Parameter(loop.clone())
        self.W_xh, self.b = drawn(tokens, units), drawn(1, units)
        self.W_hy, self.b_y = drawn(units, outputs), drawn(1, outputs)

    def states(self, x: torch.Tensor) -> list[torch.Tensor]:
        """h(1) to h(T) for tokens [N, T], each [copies, N, H]."""
        inputs = self.W_xh[:, x.T] + self.b[:, None]  # [copies, T, N, H]
        h = torch.zeros_like(inputs[:, 0])
        states = []
        for t in range(x.shape[1]):
            h = torch.tanh(torch.baddbmm(inputs[:, t], h, self.W_hh))
            states.append(h)
        return states

    def answers(self, h: torch.Tensor) -> torch.Tensor:
        """What is read from a state: [copies, N, H] -> [N, copies, outputs]."""
        read: torch.Tensor = torch.baddbmm(self.b_y, h, self.W_hy).transpose(0, 1)
        return read

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.answers(self.states(x)[-1])


def repeated(net: nn.Module, times: int) -> nn.Module:
    """A net of K copies as one of `times` · K, changed in place: each weight [K, ...] again and
    again, [times · K, ...]. So the nets of several runs begin alike; copy k of run r is number
    r · K + k."""
    for module in net.modules():
        for name, weight in list(module.named_parameters(recurse=False)):
            again = weight.detach().repeat(times, *[1] * (weight.dim() - 1))
            setattr(module, name, nn.Parameter(again))
    return net


def stacked(net: nn.Sequential, copies: int) -> nn.Sequential:
    """`copies` of a net of linear layers and elementwise ones, with its weights, side by side:
    [N, copies, inputs] -> [N, copies, outputs]. TypeError for another layer that learns."""
    layers: list[nn.Module] = []
    for layer in net:
        if isinstance(layer, nn.Linear):
            layers.append(BatchedLinear.of(layer, copies))
        elif next(layer.parameters(), None) is not None:
            raise TypeError(f"stacked takes Linear and elementwise layers, not {layer}")
        else:
            layers.append(layer)
    return nn.Sequential(*layers)


def step_each(optimizer: torch.optim.Optimizer, rates: torch.Tensor) -> None:
    """One step of an optimizer in which each run has a learning rate of its own: `rates` [runs].

    Every weight is [runs · K, ...], as `repeated` leaves it. The steps of SGD, Adam and AdamW are
    in proportion to the rate: all take a step at the rate 1, and each keeps its share of it. Where
    all rates are one, it is the optimizer's, as the number that was meant: 0.003, not the nearest
    of float32.
    """
    weights = [weight for group in optimizer.param_groups for weight in group["params"]]
    numbers = rates.tolist()
    same = numbers.count(numbers[0]) == len(numbers)
    for group in optimizer.param_groups:
        group["lr"] = float(f"{numbers[0]:.7g}") if same else 1.0
    before = [] if same else [weight.detach().clone() for weight in weights]
    optimizer.step()
    with torch.no_grad():
        for weight, old in zip(weights, before, strict=False):
            share = rates.repeat_interleave(len(weight) // len(rates))
            weight.sub_(old).mul_(share.reshape(-1, *[1] * (weight.dim() - 1))).add_(old)


def usual(copies: int, units: int) -> torch.Tensor:
    """W_hh [copies, H, H] as torch draws it, within ±1/√H; its spectral radius is near 1/√3."""
    drawn: torch.Tensor = (2 * torch.rand(copies, units, units) - 1) / units**0.5
    return drawn


def orthogonal(copies: int, units: int) -> torch.Tensor:
    """Orthogonal W_hh [copies, H, H]: they keep a state's length, all eigenvalues have length 1."""
    return torch.stack([nn.init.orthogonal_(torch.empty(units, units)) for _ in range(copies)])


def spectral_radius(loop: torch.Tensor) -> torch.Tensor:
    """The length of each matrix's largest eigenvalue: [copies, H, H] -> [copies], on the CPU."""
    eigenvalues: torch.Tensor = torch.linalg.eigvals(loop.detach().cpu())
    return eigenvalues.abs().amax(dim=1)


def side_by_side(x: torch.Tensor, copies: int) -> torch.Tensor:
    """The same input for every copy: [N, inputs] -> [N, copies, inputs], without copying it."""
    return x[:, None].expand(-1, copies, -1)


def losses(logits: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Each copy's mean cross-entropy: logits [N, copies, classes], y [N] -> [copies]."""
    log_p = logits.log_softmax(dim=2)  # [N, copies, classes]
    right = y[:, None, None].expand(-1, logits.shape[1], 1)
    return -log_p.gather(2, right)[..., 0].mean(dim=0)


def accuracies(logits: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Each copy's share of right answers: logits [N, copies, classes], y [N] -> [copies]."""
    return (logits.argmax(dim=2) == y[:, None]).float().mean(dim=0)
