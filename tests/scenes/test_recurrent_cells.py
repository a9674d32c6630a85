"""The cells that are written out on the pages of the chapter are those of the library."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from dlplay.course.catalog import Catalog, built_in, load

N, T, D, H = 4, 7, 2, 5


def page(name):
    return sys.modules[load(Catalog([built_in()]).find(f"recurrent/{name}")).__module__]


@pytest.fixture
def x():
    torch.manual_seed(0)
    return torch.randn(N, T, D)


def weights(cell):
    """W [D, .], U [H, .] and b [.] of a cell of the library, as the pages multiply by them."""
    return (
        cell.weight_ih_l0.T.detach(),
        cell.weight_hh_l0.T.detach(),
        (cell.bias_ih_l0 + cell.bias_hh_l0).detach(),
    )


def test_the_lstm_of_gates_gate_by_gate(x):
    cell = nn.LSTM(D, H, batch_first=True)
    outputs, (h, c) = cell(x)
    mine, trace = page("gates").lstm(x, *(weight[None] for weight in weights(cell)))
    assert torch.allclose(mine[0], h[0], atol=1e-6)
    i, f, o, written, contents = trace[:, :, 0].unbind(1)  # [T, N, H] each
    assert torch.allclose(contents[-1], c[0], atol=1e-6)
    assert torch.allclose((o * contents.tanh()).transpose(0, 1), outputs, atol=1e-6)
    before = torch.cat([torch.zeros(1, N, H), contents[:-1]])
    assert torch.allclose(contents, f * before + written, atol=1e-6)
    for gate in (i, f, o):
        assert ((gate > 0) & (gate < 1)).all()
    assert (written.abs() < i).all()


def test_several_lstms_side_by_side_are_each_alone(x):
    lstm = page("gates").lstm
    cells = [nn.LSTM(D, H), nn.LSTM(D, H)]
    both = [torch.stack(pair) for pair in zip(*map(weights, cells), strict=True)]
    both[2] = both[2][:, None]
    together = lstm(x, *both)[0]
    for net, cell in enumerate(cells):
        w, u, b = weights(cell)
        alone = lstm(x, w[None], u[None], b[None, None])[0][0]
        assert torch.allclose(together[net], alone, atol=1e-6)


def test_the_cells_of_forget_bias(x):
    module = page("forget-bias")
    for kind, written in ((nn.RNN, module.rnn), (nn.LSTM, module.lstm)):
        cell = kind(D, H, batch_first=True)
        mine = written(x[None], *(weight[None] for weight in weights(cell)))
        assert torch.allclose(mine[0], cell(x)[0][:, -1], atol=1e-6)


def test_along_the_cell_alone_the_gradient_meets_the_forget_gates_and_nothing_else(x):
    """Once no gradient goes back through h: a step further back is one forget gate more."""
    w, u, b = (weight[None] for weight in weights(nn.LSTM(D, 1)))
    _, trace = page("gates").lstm(x, w, u, b)
    numbers = x[None].clone().requires_grad_()
    h = page("forget-bias").lstm(numbers, w, u, b, cut=True)
    (gradient,) = torch.autograd.grad(h[0, 0, 0], numbers)  # by the numbers of the first sequence
    _, f, o, _, c = trace[:, :, 0, 0, 0].unbind(1)  # [T] each
    for t in range(1, T - 1):
        first = x[0, t].clone().requires_grad_()
        i, keep, g, _ = (first @ w[0] + o[t - 1] * c[t - 1].tanh() * u[0, 0] + b[0]).unbind()
        content = keep.sigmoid() * c[t - 1] + i.sigmoid() * g.tanh()
        (here,) = torch.autograd.grad(content, first)
        expected = o[-1] * (1 - c[-1].tanh() ** 2) * f[t + 1 :].prod() * here
        extra = gradient[0, 0, t] - expected
        assert torch.allclose(extra, torch.zeros(D), atol=1e-6), t


def test_the_gru_is_that_of_the_library(x):
    cell = nn.GRU(D, H, batch_first=True)
    w, u, _ = weights(cell)
    b = cell.bias_ih_l0.detach() + torch.cat([cell.bias_hh_l0[: 2 * H].detach(), torch.zeros(H)])
    mine = SimpleNamespace(W=w, U=u, b=b, d=cell.bias_hh_l0[2 * H :].detach())
    h, kept = page("gru").gru(x, mine)
    assert torch.allclose(h, cell(x)[1][0], atol=1e-6)
    assert kept.shape == (T, N, H)
    open_reset, _ = page("gru").gru(x, mine, reset=False)
    assert not torch.allclose(h, open_reset, atol=1e-3)


def test_a_gru_that_resets_before_the_matrix_is_another(x):
    """r ⊙ h, then U, as in the paper: with the same weights the answers differ."""
    cell = nn.GRU(D, H, batch_first=True)
    w, u, b = weights(cell)
    h = torch.zeros(N, H)
    for xₜ in x.unbind(1):
        by_x = xₜ @ w + b
        r, z = (by_x + h @ u)[:, : 2 * H].sigmoid().chunk(2, dim=1)
        n = (by_x[:, 2 * H :] + (r * h) @ u[:, 2 * H :]).tanh()
        h = z * h + (1 - z) * n
    assert (h - cell(x)[1][0]).abs().max() > 1e-3


def test_the_other_cells_of_the_page_on_the_gru(x):
    for kind, name in ((nn.RNN, "rnn"), (nn.LSTM, "lstm")):
        cell = kind(D, H, batch_first=True)
        mine = SimpleNamespace(**dict(zip("WUb", weights(cell), strict=True)))
        assert torch.allclose(getattr(page("gru"), name)(x, mine), cell(x)[0][:, -1], atol=1e-6)
