"""Mixtures of Gaussians."""

import torch
from torch.distributions import MultivariateNormal

from dlplay.data import moons, moons_log_density
from dlplay.nn.mixtures import fit_gaussians


def test_one_gaussian_is_that_of_mean_and_covariance():
    torch.manual_seed(0)
    x = torch.randn(500, 3) @ torch.randn(3, 3) + 1
    d = MultivariateNormal(x.mean(dim=0), x.T.cov(correction=0) + 1e-4 * torch.eye(3))
    fitted = fit_gaussians(x)
    assert torch.allclose(fitted.log_density(x), d.log_prob(x), atol=1e-4)


def test_two_heaps_are_found():
    torch.manual_seed(0)
    x = torch.cat([torch.randn(300, 2) - 4, 0.5 * torch.randn(100, 2) + 4])
    fitted = fit_gaussians(x, 2)
    order = fitted.means[:, 0].argsort()
    assert torch.allclose(fitted.shares[order], torch.tensor([0.75, 0.25]), atol=0.01)
    assert torch.allclose(fitted.means[order, 0], torch.tensor([-4.0, 4.0]), atol=0.3)


def test_more_gaussians_come_nearer_to_the_moons():
    torch.manual_seed(0)
    x, new = moons(3000), moons(3000)
    true = moons_log_density(new).mean()
    behind = [true - fit_gaussians(x, parts).log_density(new).mean() for parts in (1, 4, 12)]
    assert behind[0] > behind[1] + 0.3 > behind[2] + 0.6
    assert behind[2] > -0.02
