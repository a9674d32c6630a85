"""The schedules, the training, and the walk back with a net that knows everything."""

import pytest
import torch

from dlplay.nn import denoiser
from dlplay.nn.denoiser import LEVELS, NOBODY, Denoiser, Learner


def perfect(picture):
    """Guesses as a net does that knows that the only picture in the world is this one."""
    alpha_bar = denoiser.schedule()[1]

    def guess(x, level):
        a = alpha_bar[level]
        return (x - a.sqrt() * picture) / (1 - a).sqrt()

    return guess


def noise(count=50):
    return torch.randn(count, 64, generator=torch.Generator().manual_seed(0))


def walk(**settings):
    dice = torch.Generator().manual_seed(1)
    return denoiser.walk(perfect(torch.zeros(64)), noise(), dice=dice, **settings)


@pytest.mark.parametrize("name", ["linear", "cosine"])
@pytest.mark.parametrize("levels", [50, 200, 1000])
def test_schedules_go_from_no_noise_to_nothing_else(name, levels):
    beta, alpha_bar = denoiser.schedule(name, levels)
    assert len(beta) == len(alpha_bar) == levels + 1
    assert beta[0] == 0
    assert alpha_bar[0] == 1
    assert alpha_bar[-1] < 1e-4
    assert (alpha_bar.diff() < 0).all()
    assert torch.allclose((1 - beta).cumprod(0), alpha_bar, atol=1e-6)
    assert 0 < beta[1:].min() <= beta[1:].max() < 1


def test_there_are_two_schedules():
    with pytest.raises(ValueError, match="linear or cosine, not 'steep'"):
        denoiser.schedule("steep")


@pytest.mark.parametrize("fresh", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("passes", [1, 10, 200])
def test_a_perfect_net_leads_to_the_picture(passes, fresh):
    picture = torch.linspace(-0.9, 0.9, 64)
    steps = list(denoiser.walk(perfect(picture), noise(3), passes=passes, fresh=fresh))
    assert len(steps) == passes
    level, x, clean = steps[-1]
    assert level == 0
    assert torch.allclose(x, picture.expand(3, 64), atol=1e-3)
    assert torch.allclose(clean, picture.expand(3, 64), atol=1e-3)


@pytest.mark.parametrize("fresh", [0.0, 0.5, 1.0])
def test_half_way_the_amount_of_noise_is_right(fresh):
    x = next(x for level, x, _ in walk(fresh=fresh) if level == 100)
    wanted = 1 - denoiser.schedule()[1][100]
    assert x.square().mean().item() == pytest.approx(wanted.item(), rel=0.1)


def test_a_walk_may_begin_on_the_way_or_not_at_all():
    levels = [level for level, *_ in walk(start=50, passes=200)]
    assert levels == [*range(49, -1, -1)]
    x = noise(2)
    assert denoiser.drawn(perfect(x), x, start=0) is x


def test_the_dice_decide_and_can_be_thrown_again():
    first, second = (list(walk(passes=20))[10][1] for _ in range(2))
    assert torch.equal(first, second)


def test_a_push_stretches_the_difference():
    told = torch.zeros(3).long()

    def model(x, t, digit):
        return (digit == NOBODY).float()[:, None].expand(-1, 64)

    for push, wanted in ((0.0, 1.0), (1.0, 0.0), (3.0, -2.0)):
        guess = denoiser.asked(model, told, push)(noise(3), 5)
        assert torch.equal(guess, torch.full((3, 64), wanted))


def test_training_finds_noise():
    torch.manual_seed(0)
    x, y, _, _ = denoiser.training_digits()
    learner = Learner(Denoiser(width=64), x, y, steps=200)
    errors = torch.stack([learner.step().mean() for _ in range(200)])
    assert errors[:10].mean() > 0.8
    assert errors[-20:].mean() < 0.5
    assert learner.noisy.shape == learner.guess.shape == (64, 64)
    assert 1 <= learner.level.min() <= learner.level.max() <= LEVELS


def test_a_look_is_in_haste_while_a_learner_learns():
    torch.manual_seed(0)
    x, y, _, _ = denoiser.training_digits()
    learner = Learner(Denoiser(width=16), x, y, steps=2)
    learner.step()
    assert (learner.passes(100), learner.passes(5)) == (20, 5)
    error = learner.step().mean()
    assert learner.passes(100) == 100
    assert learner.told() == f"trains: {error:.2f} of the noise not found"


def test_a_level_without_weight_teaches_nothing():
    torch.manual_seed(0)
    x, y, _, _ = denoiser.training_digits()
    model = Denoiser(width=16)
    before = [p.clone() for p in model.parameters()]
    Learner(model, x, y, steps=5, weight=torch.zeros(LEVELS + 1)).step()
    for old, new in zip(before, model.parameters(), strict=True):
        assert torch.allclose(old, new, atol=1e-3)  # what weight decay does


def test_a_further_condition_enters_with_the_picture():
    model = Denoiser(width=16)
    x, t, digit = noise(4), torch.full((4,), 9), torch.zeros(4).long()
    plain = model(x, t, digit)
    assert torch.equal(plain, model(x, t, digit, torch.zeros(4, 16)))
    assert not torch.allclose(plain, model(x, t, digit, torch.randn(4, 16)))


def test_a_learner_may_tell_more_of_its_pictures():
    """A way in that is the model's is trained with it; the plain learner goes on as it did."""

    class Told(Learner):
        def also(self, picked):
            assert picked.shape == (64,)
            return self.model.way_in(self.x[picked])

    x, y, _, _ = denoiser.training_digits()
    model = Denoiser(width=16)
    model.way_in = torch.nn.Linear(64, 16, bias=False)
    torch.nn.init.zeros_(model.way_in.weight)
    learner = Told(model, x, y, steps=5)
    learner.step()
    assert model.way_in.weight.abs().max() > 0
    assert learner.average.way_in.weight.abs().max() > 0


def test_pictures_stay_between_black_and_white():
    shown = denoiser.pictures(torch.tensor([[-3.0] * 32 + [1.0] * 32]))
    assert shown.shape == (1, 1, 8, 8)
    assert shown.min() == 0
    assert shown.max() == 1


def test_variety_is_the_distance_within_a_class():
    x = torch.zeros(20, 64)
    x[10:, 0] = 3.0  # each digit twice, 3 apart
    assert denoiser.variety(x, torch.arange(20) % 10).item() == pytest.approx(3)
    assert denoiser.variety(x[:11], torch.arange(11) % 10).item() == pytest.approx(3)
