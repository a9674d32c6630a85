"""The mathematics inside the scene: the schedules, and the sampler with a perfect denoiser."""

import sys
from types import SimpleNamespace

import pytest
import torch

from dlplay.course import catalog

DEFAULTS = {"sampler": "ancestral", "passes": 200, "guidance": 1.0, "mistake": "none"}


@pytest.fixture(scope="module")
def scene():
    card = catalog.Catalog([catalog.built_in()]).find("diffusion/digits")
    return sys.modules[catalog.load(card).__module__]


def sampler(scene, picture, **settings):
    """A sampler whose network knows that the only picture in the world is this one."""
    alpha_bar = scene.noise_schedule("linear")[1]

    def perfect(x, t, digit):
        a = alpha_bar[t][:, None]
        return (x - a.sqrt() * picture) / (1 - a).sqrt()

    stage = SimpleNamespace(seed=0, device="cpu")
    return scene.Sampler(stage, SimpleNamespace(**DEFAULTS | settings), perfect, alpha_bar, count=3)


@pytest.mark.parametrize("name", ["linear", "cosine"])
def test_schedules_go_from_no_noise_to_nothing_else(scene, name):
    beta, alpha_bar = scene.noise_schedule(name)
    assert len(beta) == len(alpha_bar) == scene.T + 1
    assert beta[0] == 0
    assert alpha_bar[0] == 1
    assert alpha_bar[-1] < 1e-4
    assert (alpha_bar.diff() < 0).all()
    assert torch.allclose((1 - beta).cumprod(0), alpha_bar, atol=1e-6)
    assert 0 < beta[1:].min() <= beta[1:].max() < 1


@pytest.mark.parametrize("settings", [{}, {"sampler": "ddim", "passes": 10}, {"passes": 1}])
def test_a_perfect_denoiser_leads_to_the_picture(scene, settings):
    picture = torch.linspace(-0.9, 0.9, 64)
    walk = sampler(scene, picture, **settings)
    passes = 1
    while not walk.step():
        passes += 1
    assert passes == settings.get("passes", 200)
    assert torch.allclose(walk.x, picture.expand(3, 64), atol=1e-3)


def test_half_way_the_amount_of_noise_is_right(scene):
    alpha_bar = scene.noise_schedule("linear")[1]
    for settings in ({}, {"sampler": "ddim"}):
        walk = sampler(scene, torch.zeros(64), **settings)
        while walk.levels[0] > 100:
            walk.step()
        assert walk.x.square().mean().item() == pytest.approx(1 - alpha_bar[100].item(), rel=0.25)


def test_without_fresh_noise_there_is_too_little(scene):
    alpha_bar = scene.noise_schedule("linear")[1]
    walk = sampler(scene, torch.zeros(64), mistake="no-fresh-noise")
    while walk.levels[0] > 100:
        walk.step()
    assert walk.x.square().mean() < 0.1 * (1 - alpha_bar[100])


def test_guidance_stretches_the_difference(scene):
    walk = sampler(scene, torch.zeros(64), guidance=3.0)
    walk.model = lambda x, t, digit: (digit == scene.NOBODY).float()[:, None].expand(-1, 64)
    assert torch.equal(walk.guess(5), torch.full((3, 64), -2.0))  # 1 + 3 · (0 - 1)


def test_clocks(scene):
    seen = []
    for mistake in ("none", "stopped-clock", "reversed-clock"):
        walk = sampler(scene, torch.zeros(64), mistake=mistake)
        walk.model = lambda x, t, digit: seen.append(t[0].item()) or x
        walk.guess(30)
    assert seen == [30, 100, 171]


def test_distances_within_a_class(scene):
    x = torch.zeros(20, 64)
    x[10:, 0] = 3.0  # each digit twice, 3 apart
    assert scene.within_class_distance(x, torch.arange(20) % 10).item() == pytest.approx(3)
