"""The pretend accelerator does what CUDA does, where there is CUDA to compare it with too."""

from __future__ import annotations

import copy
import weakref

import numpy as np
import pytest
import torch
from torch import nn
from torch.func import functional_call, grad, hessian, vmap
from torch.nn import functional as fn

from tests.pretend.accelerator import AVAILABLE, accelerator, twin

pytestmark = pytest.mark.skipif(not AVAILABLE, reason="this torch makes no devices in Python")
on_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA to compare with")


@pytest.fixture
def gpu():
    torch.ones(1, requires_grad=True).sum().backward()  # autograd's threads are there already
    with accelerator() as name:
        yield name


@pytest.fixture(params=["gpu", pytest.param("cuda", marks=on_cuda)])
def there(request):
    with accelerator():
        yield request.param


def floats(*shape):
    return torch.linspace(-1, 2, int(np.prod(shape))).reshape(shape)


# Where tensors meet: x [3, 4] and a model on the accelerator, y [3, 4] on the CPU

REFUSED = {
    "a CPU batch given to a model": lambda x, y: nn.Linear(4, 2).to(x.device)(y),
    "a batch given to a CPU model": lambda x, y: nn.Linear(4, 2)(x),
    "a batch norm of a CPU batch": lambda x, y: nn.BatchNorm1d(4).to(x.device)(y),
    "a convolution of a CPU batch": lambda x, y: fn.conv1d(y[:, None], x[:, None, :2]),
    "a sum": lambda x, y: x + y,
    "a sum with a number from there": lambda x, y: y + x[0, 0],
    "a sum in place": lambda x, y: x.add_(y),
    "a sum into a CPU tensor": lambda x, y: y.add_(x),
    "a sum into a CPU number": lambda x, y: y[0, 0].add_(x[0, 0]),
    "a result put on the CPU": lambda x, y: torch.add(x, x, out=y),
    "a product": lambda x, y: x @ y.T,
    "a comparison": lambda x, y: x > y,
    "a choice": lambda x, y: torch.where(x > 0, x, y),
    "a choice by a CPU mask": lambda x, y: torch.where(y > 0, x, x),
    "a limit": lambda x, y: x.clamp(min=torch.tensor(0.5)),
    "a joint": lambda x, y: torch.cat([x, y]),
    "a stack of numbers": lambda x, y: torch.stack([x.sum(), torch.tensor(1.0)]),
    "a loss of CPU targets": lambda x, y: fn.cross_entropy(x, torch.arange(3)),
    "a distance": lambda x, y: torch.cdist(x, y),
    "equality": lambda x, y: torch.equal(x, y),
    "an embedding of CPU words": lambda x, y: fn.embedding(torch.arange(3), x),
    "gather by a CPU index": lambda x, y: x.gather(0, torch.zeros(1, 4, dtype=torch.long)),
    "index_select by a CPU index": lambda x, y: x.index_select(0, torch.arange(2)),
    "scatter_ of CPU numbers": lambda x, y: x.scatter_(0, torch.zeros_like(x).long(), y),
    "masked_fill by a CPU mask": lambda x, y: x.masked_fill(y > 0, 0.0),
    "CPU numbers put in by index": lambda x, y: x.index_put_((torch.arange(3),), y),
    "a CPU tensor at an index from there": lambda x, y: y[torch.arange(2, device=x.device)],
    "a CPU tensor at a mask from there": lambda x, y: y[x > 0],
    "a CPU tensor put in at a mask from there": lambda x, y: y.index_put_((x > 0,), y[0, 0]),
    "a draw by a CPU generator": lambda x, y: torch.randn(
        3, device=x.device, generator=torch.Generator()
    ),
    "a draw in place by a CPU generator": lambda x, y: x.normal_(generator=torch.Generator()),
    "multinomial by a CPU generator": lambda x, y: x.abs().multinomial(
        2, generator=torch.Generator()
    ),
    "numpy": lambda x, y: x.numpy(),
    "numpy, unasked": lambda x, y: np.asarray(x),
    "a gradient from the CPU": lambda x, y: (x.requires_grad_() * 2).backward(y),
}

ALLOWED = {
    "a CPU number": lambda x, y: x * torch.tensor(2.0),
    "a CPU number first": lambda x, y: torch.tensor(2.0) - x,
    "a CPU number in place": lambda x, y: x.div_(torch.tensor(2.0)),
    "a CPU number and one from there": lambda x, y: x[0, 0] + torch.tensor(2.0),
    "a CPU number in a choice": lambda x, y: torch.where(x > 0, x, torch.tensor(5.0)),
    "a CPU number to fill with": lambda x, y: x.masked_fill(x > 0, torch.tensor(5.0)),
    "a CPU number put in": lambda x, y: set_item(x, (0, 1), torch.tensor(7.0)),
    "a CPU number put in at an index": lambda x, y: set_item(
        x, torch.tensor([0, 2]), torch.tensor(7.0)
    ),
    "a CPU index": lambda x, y: x[torch.tensor([2, 0])],
    "CPU indices": lambda x, y: x[torch.tensor([2, 0]), torch.tensor([1, 1])],
    "a CPU mask": lambda x, y: x[y > 0],
    "a list": lambda x, y: x[[2, 0]],
    "an integer from the CPU": lambda x, y: x[torch.tensor(1)],
    "an integer from there": lambda x, y: y[torch.tensor(1, device=x.device)].to(x.device),
    "put in by a CPU index": lambda x, y: set_item(x, torch.tensor([1]), x[:1].clone()),
    "put in by a CPU mask": lambda x, y: set_item(x, y > 0, 0.0),
    "a copy from the CPU": lambda x, y: x.copy_(y),
    "a part copied from the CPU": lambda x, y: set_item(x, 0, y[1]),
    "a copy to the CPU": lambda x, y: y.copy_(x).to(x.device),
    "there and back": lambda x, y: x.cpu().to(x.device),
    "of the same device": lambda x, y: y.to(x),
}


def set_item(x, at, value):
    x[at] = value
    return x


@pytest.mark.parametrize("meet", REFUSED.values(), ids=REFUSED)
def test_devices_that_may_not_meet(meet, there):
    with pytest.raises((RuntimeError, TypeError), match=r"device|convert"):
        meet(floats(3, 4).to(there), floats(3, 4))


@pytest.mark.parametrize("meet", ALLOWED.values(), ids=ALLOWED)
def test_devices_that_may_meet(meet, there):
    found = meet(floats(3, 4).to(there), floats(3, 4))
    assert found.device == torch.device(there, 0)
    assert torch.equal(found.cpu(), meet(floats(3, 4), floats(3, 4)))


def test_numbers_come_off_it(there):
    x = torch.tensor([[1.5, 2.0], [3.0, 4.0]], device=there)
    assert x[1, 0].item() == float(x[1, 0]) == 3.0
    assert x.tolist() == [[1.5, 2.0], [3.0, 4.0]]
    assert x.cpu().numpy().sum() == 10.5
    assert f"{x[0, 0]:.2f}" == "1.50"
    assert f"device='{there}:0'" in repr(x)
    assert bool((x > 1).all())
    assert [row.sum().item() for row in x] == [3.5, 7.0]


# The numbers

SAME = {
    "tensor": lambda d: torch.tensor([[1, 2], [3, 4]], device=d),
    "new_tensor": lambda d: torch.ones(2, device=d).new_tensor([1, 2.5]),
    "as_tensor": lambda d: torch.as_tensor(np.arange(3), device=d),
    "full": lambda d: torch.full((2, 3), 0.5, device=d),
    "eye": lambda d: torch.eye(3, device=d),
    "arange": lambda d: torch.arange(2, 9, 3, device=d),
    "linspace": lambda d: torch.linspace(0, 1, 5, device=d),
    "randn": lambda d: torch.randn(2, 3, device=d),
    "randperm": lambda d: torch.randperm(9, device=d),
    "randint": lambda d: torch.randint(9, (4,), device=d),
    "bernoulli": lambda d: torch.full((20,), 0.5, device=d).bernoulli(),
    "multinomial": lambda d: torch.ones(9, device=d).multinomial(4),
    "bincount": lambda d: torch.tensor([0, 2, 2], device=d).bincount(minlength=5),
    "where": lambda d: torch.where(floats(4).to(d) > 0, 1.0, floats(4).to(d)),
    "nonzero": lambda d: (floats(4).to(d) > 0).nonzero(),
    "unique": lambda d: torch.tensor([3, 1, 3], device=d).unique(return_counts=True)[1],
    "remainder": lambda d: torch.arange(5, device=d) % 2,
    "scatter_": lambda d: torch.zeros(3, 4, device=d).scatter_(
        0, torch.tensor([[0, 2, 1, 0]], device=d), floats(1, 4).to(d)
    ),
    "index_add_": lambda d: torch.zeros(3, device=d).index_add_(
        0, torch.tensor([0, 0, 2], device=d), floats(3).to(d)
    ),
    "topk": lambda d: floats(7).to(d).topk(3).values,
    "sort": lambda d: floats(7).to(d).sort(descending=True).indices,
    "cumsum": lambda d: floats(7).to(d).cumsum(0),
    "abs": lambda d: floats(7).to(d).abs(),
    "quantile": lambda d: floats(7).to(d).quantile(0.3),
    "einsum": lambda d: torch.einsum("ij,kj->ik", floats(2, 3).to(d), floats(4, 3).to(d)),
    "svd": lambda d: torch.linalg.svdvals(floats(3, 4).to(d)),
    "conv2d": lambda d: fn.conv2d(floats(2, 1, 5, 5).to(d), floats(3, 1, 2, 2).to(d), padding=1),
    "max_pool2d": lambda d: fn.max_pool2d(floats(1, 4, 4).to(d), 2),
    "layer_norm": lambda d: fn.layer_norm(floats(2, 3).to(d), (3,)),
    "rrelu": lambda d: fn.rrelu(floats(7).to(d), training=True),
    "dropout": lambda d: fn.dropout(floats(40).to(d), 0.5),
    "into a part": lambda d: torch.add(floats(3).to(d), 1, out=torch.zeros(3, device=d)),
    "into an empty one": lambda d: torch.add(
        floats(3).to(d), 1, out=torch.zeros(0, device=d)
    ),
}  # fmt: skip


@pytest.mark.parametrize("make", SAME.values(), ids=SAME)
def test_numbers_are_the_cpus(make, gpu):
    torch.manual_seed(3)
    expected = make("cpu")
    torch.manual_seed(3)
    found = make(gpu)
    assert found.device == torch.device("gpu:0")
    assert torch.equal(found.cpu(), expected)


def test_attention_is_computed_in_the_general_way(gpu):
    q, k, v = floats(3, 1, 2, 5, 4).to(gpu)
    found = fn.scaled_dot_product_attention(q, k, v, is_causal=True)
    expected = fn.scaled_dot_product_attention(q.cpu(), k.cpu(), v.cpu(), is_causal=True)
    torch.testing.assert_close(found.cpu(), expected)


def test_views_share_their_numbers(gpu):
    x = torch.zeros(3, 4, device=gpu)
    x[0] += 1
    x.T[3].fill_(2)
    x.flatten()[5:7] = 3
    x.t_()
    x[1, 2] = 4
    assert x.tolist() == [[1, 0, 0], [1, 3, 4], [1, 3, 0], [2, 2, 2]]


def test_new_data(gpu):
    x = torch.zeros(3, device=gpu)
    assert x.sum().item() == 0
    x.data = torch.ones(3, device=gpu)
    assert x.sum().item() == 3
    x.data[0] = 5
    assert x.sum().item() == 7


def test_memory_is_given_back(gpu):
    x = torch.zeros(3, 4, device=gpu)
    view = x[1:].T
    kept = weakref.ref(twin(x)), weakref.ref(twin(view))
    del x, view
    assert [ref() for ref in kept] == [None, None]


# Learning


def small_net(device):
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Linear(4, 6), nn.BatchNorm1d(6), nn.PReLU(), nn.Dropout(0.2), nn.Linear(6, 2)
    )
    return net.to(device)


OPTIMIZERS = {
    "SGD with momentum": lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, nesterov=True),
    "Adam": lambda p: torch.optim.Adam(p, 0.1),
    "fused AdamW": lambda p: torch.optim.AdamW(p, 0.1, fused=True),
    "Adagrad": lambda p: torch.optim.Adagrad(p, 0.1),
    "RMSprop": lambda p: torch.optim.RMSprop(p, 0.1),
}


@pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_learning(make, gpu):
    def learn(device):
        net = small_net(device)
        optimizer = make(net.parameters())
        for _ in range(5):
            optimizer.zero_grad()
            fn.cross_entropy(
                net(floats(8, 4).to(device)), torch.arange(8, device=device) % 2
            ).backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
        return net.state_dict()

    expected, found = learn("cpu"), learn(gpu)
    assert {value.device.type for value in found.values()} == {"gpu"}
    for name, value in expected.items():
        torch.testing.assert_close(found[name].cpu(), value, rtol=1e-6, atol=1e-7)


def test_moving_a_model_keeps_its_parameters(there):
    net = nn.Sequential(nn.Embedding(5, 3), nn.Linear(3, 5, bias=False))
    net[1].weight = net[0].weight  # one tensor in two places
    optimizer = torch.optim.SGD(net.parameters(), 0.1)
    weight, before = net[0].weight, net[0].weight.detach().clone()
    net.to(there)
    assert net[0].weight is net[1].weight is weight
    assert isinstance(weight, nn.Parameter)
    net(torch.arange(5, device=there)).sum().backward()
    optimizer.step()
    net.to("cpu")
    assert net[0].weight is weight
    assert not torch.equal(weight.detach(), before)


def test_state_comes_and_goes(there):
    torch.manual_seed(1)
    here, away = small_net("cpu"), small_net(there)
    nn.init.ones_(here[0].weight)
    away.load_state_dict(here.state_dict())
    assert away[0].weight.device.type == there
    assert away[0].weight.sum().item() == 24
    nn.init.zeros_(away[0].weight)
    here.load_state_dict(away.state_dict())
    assert here[0].weight.device.type == "cpu"
    assert here[0].weight.sum().item() == 0


def test_copies_are_deep(there):
    net = small_net(there)
    twice = copy.deepcopy(net)
    nn.init.zeros_(net[0].weight)
    net[1].running_mean.fill_(9)
    assert twice[0].weight.abs().sum().item() > 0
    assert twice[1].running_mean.sum().item() == 0
    x = floats(2, 3).to(there)
    y, part = copy.deepcopy([x, x[1]])
    x.zero_()
    part += 1  # still a part of y
    assert y.device.type == there
    torch.testing.assert_close(y.cpu(), floats(2, 3) + torch.tensor([[0.0], [1.0]]))


def test_transforms_of_functions(there):
    w, x = floats(3).to(there), floats(5, 3).to(there)
    found = hessian(lambda w: (x @ w).exp().sum())(w)
    torch.testing.assert_close(found, x.T @ torch.diag((x @ w).exp()) @ x)
    net = nn.Linear(3, 1).to(there)
    named = {name: p.detach() for name, p in net.named_parameters()}
    each = vmap(grad(lambda p, row: functional_call(net, p, (row,)).sum()), (None, 0))(named, x)
    assert torch.equal(each["weight"][:, 0], x)


def test_torch_is_as_it_was_afterwards():
    applied = nn.Module._apply
    with accelerator(), pytest.raises(KeyError):
        raise KeyError
    assert nn.Module._apply is applied
    assert torch.autograd.is_multithreading_enabled()
    assert not torch.__future__.get_swap_module_params_on_conversion()
