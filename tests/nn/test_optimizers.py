"""Lion against steps worked by hand, and its limits."""

import pytest
import torch

from dlplay.nn.optimizers import Lion


def parameter(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


def step(optimizer: Lion, theta: torch.Tensor, *gradient: float) -> list[float]:
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
