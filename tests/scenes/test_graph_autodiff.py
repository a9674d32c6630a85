"""The reverse-mode engine inside the scene, against derivatives worked out by hand."""

import math
import sys

import numpy as np
import pytest

from dlplay.course import catalog


@pytest.fixture(scope="module")
def scene():
    card = catalog.Catalog([catalog.built_in()]).find("introduction/graph-autodiff")
    return sys.modules[catalog.load(card).__module__]


def test_fan_out_adds_up(scene):
    g = scene.fan_out(np.float64)
    assert g.forward() == 15
    assert g.backward()[:2] == [8, 3]  # ∂(x² + 2x) = 2x + 2, and x for the factor 2
    assert g.backward(slip="overwrite")[0] != 8


def test_logistic_regression_by_hand(scene):
    theta, example = (0.5, -1.0, 0.25), (2.0, 1.0, 1.0)
    p = 1 / (1 + math.exp(-0.25))  # z = 1 − 1 + 0.25
    for fused in (False, True):
        g, z = scene.regression("logistic", fused, theta, [example], np.float64)
        assert g.forward() == pytest.approx(-math.log(p), rel=1e-12)
        grads = g.backward()
        assert grads[:3] == pytest.approx([2 * (p - 1), p - 1, p - 1], rel=1e-12)
        assert (z is None) == fused


def test_two_examples_share_their_parameters(scene):
    theta, examples = (0.5, -1.0, 0.25), [(2.0, 1.0, 1.0), (-1.0, 0.5, 0.0)]
    g, _ = scene.regression("linear", False, theta, examples, np.float64)
    g.forward()
    both = g.backward()[:3]
    single = []
    for example in examples:
        g, _ = scene.regression("linear", False, theta, [example], np.float64)
        g.forward()
        single.append(g.backward()[:3])
    assert both == pytest.approx(np.mean(single, axis=0).tolist(), rel=1e-12)


@pytest.mark.parametrize("op", ["+", "−", "×", "²", "sin", "exp", "tanh", "σ", "CE", "mean"])
def test_every_operation_has_the_derivative_that_differences_find(scene, op):
    g = scene.Graph()
    count = {"²": 1, "sin": 1, "exp": 1, "tanh": 1, "σ": 1, "mean": 3}.get(op, 2)
    inputs = [g.leaf(f"x{k}", 0.3 + 0.2 * k) for k in range(count)]
    g.node(op, inputs)
    g.forward()
    assert g.backward()[:count] == pytest.approx(g.differences(1e-6), abs=1e-8)


def test_random_sweeps_visit_users_first(scene):
    rng = np.random.default_rng(0)
    for _ in range(20):
        g = scene.random_dag(rng, np.float64)
        sweep = g.random_sweep(rng)
        place = {n: k for k, n in enumerate(sweep)}
        assert sorted(sweep) == list(range(20))
        for n, inputs in enumerate(g.inputs):
            assert all(place[n] < place[i] for i in inputs)


def test_the_fixed_point_without_history(scene):
    w, x = 0.7, 0.4
    h = 0.0
    for _ in range(500):
        h = math.tanh(w * h + x)

    def fixed(w):
        h = 0.0
        for _ in range(500):
            h = math.tanh(w * h + x)
        return h

    numeric = (fixed(w + 1e-6) - fixed(w - 1e-6)) / 2e-6
    assert scene.implicit(w, x) == pytest.approx(numeric, rel=1e-7)


def test_layers_stand_to_the_right_of_their_inputs(scene):
    g = scene.random_dag(np.random.default_rng(1), np.float64)
    places = scene.layers(g)
    for n, inputs in enumerate(g.inputs):
        assert all(places[i][0] < places[n][0] for i in inputs)
