"""Curvature products, conjugate gradient and Hessian-free steps, against cases worked by hand."""

from itertools import islice, pairwise

import pytest
import torch

from dlplay.nn.hessian_free import (
    HessianFree,
    conjugate_gradient,
    flat,
    gains_little,
    gauss_newton_product,
    hessian_product,
)


def vector(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


def test_products_of_a_bent_output():
    # o = w², E = ½ (o − 1)²: J = 2w, L = 1, so G = 4w² = 16 at w = 2; the Hessian is 6w² − 2 = 22
    w = vector(2.0).requires_grad_()
    outputs = w**2
    loss = 0.5 * ((outputs - 1) ** 2).sum()
    assert gauss_newton_product(outputs, loss, [w], vector(3.0)).tolist() == [48.0]
    assert hessian_product(loss, [w], vector(3.0)).tolist() == [66.0]


def test_the_hessian_of_two_tensors():
    # E = a² b + a c: H by (a, b, c) = [[2b, 2a, 1], [2a, 0, 0], [1, 0, 0]]
    a, rest = vector(2.0).requires_grad_(), vector(3.0, 5.0).requires_grad_()
    loss = (a**2 * rest[0] + a * rest[1]).sum()
    columns = [hessian_product(loss, [a, rest], e) for e in torch.eye(3, dtype=torch.float64)]
    expected = [[6.0, 4.0, 1.0], [4.0, 0.0, 0.0], [1.0, 0.0, 0.0]]
    assert torch.stack(columns).tolist() == expected


def test_gauss_newton_is_the_hessian_where_outputs_are_linear():
    torch.manual_seed(0)
    x, y = torch.randn(20, 4, dtype=torch.float64), torch.randint(3, (20,))
    w = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    outputs = x @ w
    loss = torch.nn.functional.cross_entropy(outputs, y)
    v = torch.randn(12, dtype=torch.float64)
    ours = gauss_newton_product(outputs, loss, [w], v)
    torch.testing.assert_close(ours, hessian_product(loss, [w], v))


def test_gauss_newton_matches_the_jacobian_written_out():
    torch.manual_seed(0)
    x = torch.randn(7, 3, dtype=torch.float64)
    w = torch.randn(3, 2, dtype=torch.float64, requires_grad=True)
    outputs = (x @ w).tanh()
    loss = (outputs**2).sum()  # L = 2 I
    jacobian = torch.autograd.functional.jacobian(lambda w: (x @ w).tanh(), w).reshape(14, 6)
    v = torch.randn(6, dtype=torch.float64)
    torch.testing.assert_close(
        gauss_newton_product(outputs, loss, [w], v), 2 * jacobian.T @ (jacobian @ v)
    )


def test_conjugate_gradient_worked_by_hand():
    # a = [[4, 1], [1, 3]], b = (1, 2), from (2, 1): r = (−8, −3), r² = 73, rᵀar = 331.
    # x₁ = (2, 1) + 73/331 r; x₂ = (1/11, 7/11) exactly.
    a, b = torch.tensor([[4.0, 1.0], [1.0, 3.0]], dtype=torch.float64), vector(1.0, 2.0)
    first, second = islice(conjugate_gradient(lambda v: a @ v, b, vector(2.0, 1.0)), 2)
    assert first.x.tolist() == pytest.approx([2 - 8 * 73 / 331, 1 - 3 * 73 / 331])
    assert second.x.tolist() == pytest.approx([1 / 11, 7 / 11])
    assert first.direction @ a @ second.direction == pytest.approx(0, abs=1e-12)
    # ½ xᵀax − bᵀx = −½ bᵀx at the solution = −15/22
    assert second.value == pytest.approx(-15 / 22)


def test_conjugate_gradient_ends():
    assert list(conjugate_gradient(lambda v: v, vector(0.0, 0.0))) == []  # nothing to solve
    assert list(conjugate_gradient(lambda v: -v, vector(1.0, 2.0))) == []  # a hill has no bottom


def test_two_steps_worked_by_hand():
    # E = (w − 3)²: ∇E = −6 at 0, G = 2, λ = 1: d = 6 / (2 + 1) = 2. The quadratic is exact
    # (ratio 1), so λ = 2/3. At 2: ∇E = −2, d = 2 / (2 + 2/3) = 0.75.
    w = vector(0.0).requires_grad_()
    optimizer = HessianFree([w], damping=1.0)
    assert optimizer.step(lambda: w, lambda o: ((o - 3) ** 2).sum()) == 9.0
    assert w.tolist() == pytest.approx([2.0])
    assert optimizer.damping == pytest.approx(2 / 3)
    assert optimizer.step(lambda: w, lambda o: ((o - 3) ** 2).sum()) == pytest.approx(1.0)
    assert w.tolist() == pytest.approx([2.75])


def test_without_damping_to_speak_of_it_is_newtons_step():
    torch.manual_seed(0)
    x, y = torch.randn(30, 5, dtype=torch.float64), torch.randn(30, dtype=torch.float64)
    w = torch.zeros(5, dtype=torch.float64, requires_grad=True)
    HessianFree([w], damping=1e-12).step(lambda: x @ w, lambda o: ((o - y) ** 2).mean())
    torch.testing.assert_close(w.detach(), torch.linalg.lstsq(x, y).solution)


def test_a_step_too_long_is_shortened_and_the_damping_rises():
    # o = w³ at w = 0.1 with E = (o − 1)²: J is tiny, so the step is far too long
    w = vector(0.1).requires_grad_()
    optimizer = HessianFree([w], damping=1e-9)

    def loss(outputs: torch.Tensor) -> torch.Tensor:
        return ((outputs - 1) ** 2).sum()

    before = optimizer.step(lambda: w**3, loss)
    assert loss(w**3).item() < before
    assert optimizer.damping == pytest.approx(1.5e-9)


def test_every_step_falls_and_products_are_counted():
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1))
    x = torch.randn(40, 3)
    y = x[:, :1] * x[:, 1:2]
    optimizer = HessianFree(net.parameters(), cg_steps=20)
    losses = [optimizer.step(lambda: net(x), lambda o: ((o - y) ** 2).mean()) for _ in range(15)]
    assert all(b <= a for a, b in pairwise(losses))
    assert losses[-1] < 0.5 * losses[0]
    assert 15 < optimizer.products <= 15 * 22


def test_the_rule_to_stop():
    assert not gains_little([-1.0] * 10)  # needs more than k = 10 values
    assert gains_little([-1.0] * 11)
    assert not gains_little([-1.0 + 0.01 * (11 - i) for i in range(12)])
    assert not gains_little([1.0] * 20)  # not yet below where it began


def test_one_vector_of_all():
    assert flat([torch.ones(2, 2), torch.zeros(1)]).tolist() == [1, 1, 1, 1, 0]


@pytest.mark.parametrize("settings", [{"damping": 0.0}, {"cg_steps": 0}])
def test_settings_that_make_no_sense_are_refused(settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        HessianFree([vector(1.0)], **settings)
