"""Lion and sign gains against steps worked by hand, their limits, and torch's optimizers."""

import pytest
import torch

from dlplay.nn.optimizers import FIRST_ORDER, Lion, SignGains


def parameter(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


def step(optimizer: Lion | SignGains, theta: torch.Tensor, *gradient: float) -> list[float]:
    theta.grad = torch.tensor(gradient, dtype=torch.float64)
    optimizer.step()
    return theta.tolist()


def test_two_steps_worked_by_hand():
    theta = parameter(1.0, 1.0)
    lion = Lion([theta], lr=0.1, betas=(0.9, 0.99))
    # m = 0, so c = 0.1 g: the sign of the gradient alone, whatever its size
    assert step(lion, theta, 0.5, -100.0) == pytest.approx([0.9, 1.1])
    assert lion.state[theta]["momentum"].tolist() == pytest.approx([0.005, -1.0])
    # c = 0.9 · 0.005 + 0.1 · (−0.02) = 0.0025 > 0: the momentum outweighs a small reversal
    # c = 0.9 · (−1) + 0.1 · 10 = 0.1 > 0: a large reversal outweighs the momentum
    assert step(lion, theta, -0.02, 10.0) == pytest.approx([0.8, 1.0])
    assert lion.state[theta]["momentum"].tolist() == pytest.approx([0.00475, -0.89])


def test_weight_decay_is_decoupled():
    theta = parameter(2.0)
    lion = Lion([theta], lr=0.1, weight_decay=0.5)
    # θ − α (sign(c) + λθ) = 2 − 0.1 · (1 + 1)
    assert step(lion, theta, 3.0) == pytest.approx([1.8])
    assert lion.state[theta]["momentum"].tolist() == pytest.approx([0.03])  # no λθ in it


def test_nothing_moves_without_a_gradient():
    theta, still = parameter(1.0), parameter(1.0)
    lion = Lion([theta, still], lr=0.1)
    assert step(lion, theta, 0.0) == [1.0]
    assert still.tolist() == [1.0]
    assert still not in lion.state


def test_groups_keep_their_own_rates_and_the_closure_is_called():
    slow, fast = parameter(1.0), parameter(1.0)
    lion = Lion([{"params": [slow]}, {"params": [fast], "lr": 0.5}], lr=0.1)

    def closure() -> float:
        lion.zero_grad()
        loss = (slow**2 + fast**2).sum()
        loss.backward()
        return loss.item()

    assert lion.step(closure) == 2.0
    assert slow.tolist() == pytest.approx([0.9])
    assert fast.tolist() == pytest.approx([0.5])


def test_its_state_survives_saving():
    theta = parameter(1.0)
    lion = Lion([theta], lr=0.1)
    step(lion, theta, 1.0)
    copy = parameter(*theta.tolist())
    other = Lion([copy], lr=0.1)
    other.load_state_dict(lion.state_dict())
    assert step(other, copy, -0.05) == step(lion, theta, -0.05)


@pytest.mark.parametrize(
    "settings", [{"lr": 0.0}, {"betas": (1.0, 0.9)}, {"betas": (0.9, -0.1)}, {"weight_decay": -1.0}]
)
def test_settings_that_make_no_sense_are_refused(settings):
    with pytest.raises(ValueError, match=next(iter(settings)).split("_")[0]):
        Lion([parameter(1.0)], **settings)


def descend(optimizer: torch.optim.Optimizer, theta: torch.Tensor, steps: int) -> list[float]:
    """Some steps down a valley whose slopes differ from parameter to parameter."""
    for _ in range(steps):
        optimizer.zero_grad()
        (torch.tensor([0.5, 3.0], dtype=torch.float64) * theta**4).sum().backward()
        optimizer.step()
    return theta.tolist()


def test_lion_without_memory_is_descent_by_sign():
    theta, other = parameter(1.0, -2.0), parameter(1.0, -2.0)
    moved = descend(Lion([theta], lr=0.1, betas=(0.0, 0.5)), theta, 7)
    for _ in range(7):
        with torch.no_grad():
            other -= 0.1 * other.sign()
    assert moved == pytest.approx(other.tolist())


def test_three_steps_of_sign_gains_worked_by_hand():
    theta = parameter(1.0, 1.0)
    rule = SignGains([theta], lr=0.1)
    # No last gradient: both gains are 1, and this is plain descent
    assert step(rule, theta, 2.0, -3.0) == pytest.approx([0.8, 1.3])
    # The first sign stays, gain 1.05; the second flips, gain 0.95
    assert step(rule, theta, 1.0, 4.0) == pytest.approx([0.8 - 0.105, 1.3 - 0.38])
    # A gradient of 0 leaves its gain; the other sign stays, gain 0.95 + 0.05
    assert step(rule, theta, 0.0, 1.0) == pytest.approx([0.695, 0.82])
    assert rule.state[theta]["gain"].tolist() == pytest.approx([1.05, 1.0])


def test_gains_need_180_steps_up_to_ten_and_45_down_to_one():
    theta = parameter(0.0)
    rule = SignGains([theta], lr=0.1)
    gains = []
    for n in range(1, 400):
        step(rule, theta, 1.0 if n <= 300 else (-1.0) ** n)
        gains.append(rule.state[theta]["gain"].item())
    assert sum(gain < 10 - 1e-9 for gain in gains[:300]) == 180
    assert max(gains) == pytest.approx(10)
    falling = gains[300:]  # the first of them, at n = 301, has the other sign than its last
    assert falling[43] > 1 > falling[44]
    assert min(gains) == pytest.approx(0.1, rel=0.1)


def test_sign_gains_that_never_change_are_gradient_descent():
    theta, other = parameter(1.0, -0.6), parameter(1.0, -0.6)
    still = SignGains([theta], lr=0.05, up=0.0, down=1.0)
    plain = torch.optim.SGD([other], lr=0.05)
    assert descend(still, theta, 20) == pytest.approx(descend(plain, other, 20), rel=1e-12)
    moving = parameter(1.0, -0.6)
    assert descend(SignGains([moving], lr=0.05), moving, 20) != pytest.approx(other.tolist())


@pytest.mark.parametrize(
    "settings", [{"lr": 0.0}, {"up": -1.0}, {"down": 0.0}, {"down": 1.5}, {"limits": (2.0, 10.0)}]
)
def test_gains_that_make_no_sense_are_refused(settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        SignGains([parameter(1.0)], **settings)


@pytest.mark.parametrize("name", FIRST_ORDER)
def test_every_rule_of_the_races_goes_down_a_bowl_and_obeys_its_groups_rate(name: str):
    slow, fast = parameter(1.0), parameter(1.0)
    rule = FIRST_ORDER[name]([{"params": [slow], "lr": 0.01}, {"params": [fast]}], lr=0.03)
    for _ in range(3):
        rule.zero_grad()
        (slow**2 + fast**2).sum().backward()
        rule.step()
    assert 0 < fast.item() < slow.item() < 1
