"""Networks side by side learn as if they were alone."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy, linear

from dlplay.nn import batched
from dlplay.nn.batched import (
    BatchedLinear,
    accuracies,
    losses,
    repeated,
    side_by_side,
    stacked,
    step_each,
)

COPIES = 3


def crowd():
    return nn.Sequential(BatchedLinear(COPIES, 4, 8), nn.PReLU(COPIES), BatchedLinear(COPIES, 8, 5))


def alone(net, copy):
    """A plain network with the weights of one copy."""
    first, last = nn.Linear(4, 8), nn.Linear(8, 5)
    with torch.no_grad():
        for plain, batched in ((first, net[0]), (last, net[2])):
            plain.weight.copy_(batched.weight[copy].T)
            plain.bias.copy_(batched.bias[copy])
    return nn.Sequential(first, nn.PReLU(), last)


def test_a_copy_is_a_linear_layer():
    layer = BatchedLinear(COPIES, 4, 8)
    nn.init.normal_(layer.bias)
    x = torch.randn(6, COPIES, 4)
    out = layer(x)
    assert out.shape == (6, COPIES, 8)
    for k in range(COPIES):
        expected = linear(x[:, k], layer.weight[k].T, layer.bias[k])
        torch.testing.assert_close(out[:, k], expected)


@pytest.mark.parametrize("rule", [torch.optim.SGD, torch.optim.Adam])
def test_each_copy_trains_as_if_alone(rule):
    net = crowd()
    plain = [alone(net, k) for k in range(COPIES)]
    x, y = torch.randn(20, 4), torch.randint(5, (20,))
    optimizers = [rule(model.parameters(), lr=0.05) for model in (net, *plain)]
    for _ in range(10):
        together = losses(net(side_by_side(x, COPIES)), y)
        single = [cross_entropy(model(x), y) for model in plain]
        torch.testing.assert_close(together, torch.stack(single), rtol=1e-4, atol=1e-5)
        for optimizer in optimizers:
            optimizer.zero_grad()
        together.sum().backward()
        sum(single).backward()
        for optimizer in optimizers:
            optimizer.step()
    assert net[1].weight.tolist() == pytest.approx([m[1].weight.item() for m in plain], abs=1e-4)
    assert net[1].weight.unique().numel() == COPIES


def test_accuracy_of_each_copy():
    logits = torch.zeros(2, 2, 3)
    logits[0, 0, 1] = logits[1, 0, 2] = 1  # copy 0 says 1, 2; copy 1 says 0, 0
    assert accuracies(logits, torch.tensor([1, 0])).tolist() == [0.5, 0.5]


def test_the_scale_of_the_weights():
    assert BatchedLinear(4, 400, 50).weight.std().item() == pytest.approx(
        (2 / 400) ** 0.5, rel=0.02
    )
    assert BatchedLinear(4, 400, 50, gain=1).weight.std().item() == pytest.approx(0.05, rel=0.02)


def test_batched_recurrent_nets_are_those_of_torch():
    loops = torch.cat([batched.usual(2, 5), batched.orthogonal(1, 5)])
    nets = batched.BatchedRNN(loops, tokens=4, outputs=3)
    x = torch.randint(4, (7, 6))
    for copy in range(3):
        one = torch.nn.RNN(4, 5, batch_first=True)
        with torch.no_grad():
            one.weight_ih_l0.copy_(nets.W_xh[copy].T)
            one.weight_hh_l0.copy_(nets.W_hh[copy].T)
            one.bias_ih_l0.copy_(nets.b[copy, 0])
            one.bias_hh_l0.zero_()
        states, _ = one(torch.nn.functional.one_hot(x, 4).float())
        torch.testing.assert_close(torch.stack(nets.states(x))[:, copy], states.transpose(0, 1))
    assert nets(x).shape == (7, 3, 3)
    torch.testing.assert_close(batched.spectral_radius(loops)[2], torch.tensor(1.0))


def test_repeated_nets_begin_alike():
    before = crowd()
    x = torch.randn(6, COPIES, 4)
    out = before(x).detach()
    net = repeated(before, 2)
    assert isinstance(net[0].weight, nn.Parameter)
    torch.testing.assert_close(net(x.repeat(1, 2, 1)), out.repeat(1, 2, 1))


def test_a_stacked_net_is_the_net_and_draws_no_random_number():
    net = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 5))
    state = torch.get_rng_state()
    several = stacked(net, 2)
    assert torch.equal(torch.get_rng_state(), state)
    x = torch.randn(6, 4)
    torch.testing.assert_close(several(side_by_side(x, 2)), net(x)[:, None].expand(-1, 2, -1))
    with pytest.raises(TypeError, match="Linear and elementwise layers, not Conv2d"):
        stacked(nn.Sequential(nn.Conv2d(1, 1, 3)), 2)


@pytest.mark.parametrize(
    "make",
    [
        lambda weights: torch.optim.SGD(weights, momentum=0.9, weight_decay=0.1),
        torch.optim.Adam,
        lambda weights: torch.optim.AdamW(weights, weight_decay=0.1),
    ],
    ids=["SGD", "Adam", "AdamW"],
)
def test_each_run_steps_at_its_own_rate(make):
    rates = [0.001, 0.03, 0.2]
    start, goal = torch.randn(2, 4), torch.randn(2, 4)  # two weights of four numbers in each run
    together = nn.Parameter(start.repeat(3, 1))
    apart = [nn.Parameter(start.clone()) for _ in rates]
    optimizer, others = make([together]), [make([each]) for each in apart]
    for _ in range(20):
        optimizer.zero_grad()
        (together - goal.repeat(3, 1)).square().sum().backward()
        step_each(optimizer, torch.tensor(rates))
        for rate, each, other in zip(rates, apart, others, strict=True):
            other.param_groups[0]["lr"] = rate
            other.zero_grad()
            (each - goal).square().sum().backward()
            other.step()
    torch.testing.assert_close(together, torch.cat(apart))


@pytest.mark.parametrize("runs", [1, 3])
def test_one_rate_is_the_optimizers_own_to_the_last_bit(runs):
    start = torch.randn(runs, 4)
    one, other = nn.Parameter(start.clone()), nn.Parameter(start.clone())
    ours, plain = torch.optim.Adam([one]), torch.optim.Adam([other], lr=0.003)
    for _ in range(20):
        for weights, optimizer in ((one, ours), (other, plain)):
            optimizer.zero_grad()
            weights.square().sum().backward()
            if optimizer is ours:
                step_each(ours, torch.full((runs,), 0.003))
            else:
                plain.step()
    assert torch.equal(one, other)
