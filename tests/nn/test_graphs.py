"""Graph layers against hand-worked cases, loops over the nodes, and renumbering."""

import pytest
import torch

from dlplay.nn import graphs

LAYERS = [
    graphs.NodeLinear,
    graphs.GCNLayer,
    graphs.MeanLayer,
    graphs.SAGEMaxLayer,
    graphs.GATLayer,
    graphs.GINLayer,
]
# The path 0–1–2, and 3 alone
PATH = torch.tensor([[0, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 0]], dtype=torch.float64)


@pytest.fixture(autouse=True)
def double():
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def features() -> torch.Tensor:
    return torch.randn(4, 3)


def test_the_three_normalisations_by_hand():
    # Degrees with the self-loop: 2, 3, 2, 1
    half, mixed = 1 / 2, 1 / 6**0.5
    symmetric = [[half, mixed, 0, 0], [mixed, 1 / 3, mixed, 0], [0, mixed, half, 0], [0, 0, 0, 1]]
    mean = [[half, half, 0, 0], [1 / 3, 1 / 3, 1 / 3, 0], [0, half, half, 0], [0, 0, 0, 1]]
    assert torch.allclose(graphs.normalise(PATH), torch.tensor(symmetric))
    assert torch.allclose(graphs.normalise(PATH, "mean"), torch.tensor(mean))
    assert torch.equal(graphs.normalise(PATH, "sum"), PATH + torch.eye(4))
    with pytest.raises(ValueError, match="symmetric, mean, sum"):
        graphs.normalise(PATH, "max")


@pytest.mark.parametrize("kind", LAYERS)
def test_renumbering_the_nodes_renumbers_the_output(kind):
    layer, h = kind(3, 5), features()
    order = torch.tensor([2, 0, 3, 1])
    expected = layer(h, PATH)[order]
    assert torch.allclose(layer(h[order], PATH[order][:, order]), expected, atol=1e-12)
    assert not torch.allclose(expected, layer(h, PATH))  # the rows do differ


@pytest.mark.parametrize("kind", LAYERS[1:])
def test_one_layer_sees_one_hop(kind):
    layer, h = kind(3, 5), features().requires_grad_()
    reach = torch.stack([g.abs().sum(1) for g in jacobian_rows(layer, h)])  # [out node, in node]
    allowed = (PATH + torch.eye(4)) > 0
    assert (reach[~allowed] == 0).all()
    if kind is not graphs.SAGEMaxLayer:  # its maximum may ignore a neighbour
        assert (reach[allowed] > 0).all()


def jacobian_rows(layer, h):
    out = layer(h, PATH)
    return [torch.autograd.grad(row.sum(), h, retain_graph=True)[0] for row in out]


def test_no_edges_no_difference():
    layer, h = graphs.NodeLinear(3, 5), features()
    assert torch.equal(layer(h, PATH), layer(h, 1 - PATH))


def test_mean_layer_is_its_formula():
    layer, h = graphs.MeanLayer(3, 5), features()
    middle = layer.neighbours((h[0] + h[2]) / 2) + layer.own(h[1])
    assert torch.allclose(layer(h, PATH)[1], middle)
    assert torch.allclose(layer(h, PATH)[3], layer.own(h[3]))


def test_max_layer_is_its_formula():
    layer, h = graphs.SAGEMaxLayer(3, 5), features()
    largest = torch.maximum(layer.pool(h[0]).relu(), layer.pool(h[2]).relu())
    assert torch.allclose(layer(h, PATH)[1], layer.weight(torch.cat([h[1], largest])))


def test_attention_is_a_distribution_over_the_neighbourhood():
    layer, h = graphs.GATLayer(3, 5), features()
    attention = layer.attention(h, PATH)
    assert torch.allclose(attention.sum(1), torch.ones(4))
    assert (attention[graphs.normalise(PATH, "sum") == 0] == 0).all()
    torch.nn.init.zeros_(layer.receiver.weight)
    torch.nn.init.zeros_(layer.sender.weight)
    assert torch.allclose(layer.attention(h, PATH), graphs.normalise(PATH, "mean"))


def test_attention_prefers_the_higher_score():
    layer = graphs.GATLayer(1, 1)
    for weight, value in ((layer.weight, 1.0), (layer.receiver, 0.0), (layer.sender, 1.0)):
        torch.nn.init.constant_(weight.weight, value)
    attention = layer.attention(torch.tensor([[2.0], [0.0], [1.0], [0.0]]), PATH)
    scores = torch.tensor([2.0, 0.0, 1.0])
    assert torch.allclose(attention[1, :3], scores.softmax(0))


def test_gin_tells_apart_what_a_mean_cannot():
    # A node with one such neighbour, or with two: the sum differs, the mean does not
    h = torch.ones(4, 3)
    gin, mean = graphs.GINLayer(3, 5)(h, PATH), graphs.MeanLayer(3, 5)(h, PATH)
    assert not torch.allclose(gin[0], gin[1])
    assert torch.allclose(mean[0], mean[1])
