"""Decision trees, for bagging, random forests and boosting."""

from __future__ import annotations

from collections.abc import Callable

import torch


def tree(
    right: torch.Tensor,
    r: torch.Tensor,
    c: torch.Tensor,
    inside: torch.Tensor,
    *,
    depth: int = 99,
    pick: Callable[[], torch.Tensor] | None = None,
) -> torch.Tensor:
    """A tree grown by the gain Σ |Σr|²/Σc of its leaves: its answer for each point, [P, K].

    right [P, cuts]: on which side of every cut each point is. The first N points have weighted
    targets r [N, K] and weights c [N] ≥ 0; a leaf answers Σr/Σc, between −4 and 4 (Σc at least
    10⁻³). With one-hot classes for r and 1 for c this is the classification tree of the Gini gain
    (Breiman et al. 1984), which answers the classes' shares; with a loss's negative slopes for r
    and its curvatures for c it is Newton's regression tree (Chen and Guestrin 2016). inside [P]:
    who gets down to this node. depth ≥ 0: splits from here to a leaf, at most. pick() draws the
    columns of `right` that a split may look at (a random forest's few features, Breiman 2001);
    without it, it looks at all.
    """
    own = inside[: len(r)].nonzero()[:, 0]
    r_all, c_all = r[own].sum(dim=0), c[own].sum()  # [K], one number
    leaf = inside[:, None] * (r_all / c_all.clamp(min=1e-3)).clamp(-4, 4)  # [P, K]
    if depth == 0:
        return leaf
    cuts = torch.arange(right.shape[1], device=right.device) if pick is None else pick()
    side = right[own][:, cuts].float()  # [n, cuts]
    gain = _gains(side, r[own], c[own], r_all, c_all)
    if gain.max() <= 1.00001 * r_all.square().sum() / c_all:  # pure, or all alike
        return leaf
    up = right[:, cuts[gain.argmax()]]
    high = tree(right, r, c, inside & up, depth=depth - 1, pick=pick)
    return high + tree(right, r, c, inside & ~up, depth=depth - 1, pick=pick)


def _gains(
    side: torch.Tensor, r: torch.Tensor, c: torch.Tensor, r_all: torch.Tensor, c_all: torch.Tensor
) -> torch.Tensor:
    """What each cut brings, [cuts]; 0 where it leaves all points on one side. side [n, cuts]."""
    r_right, c_right = side.T @ r, side.T @ c  # [cuts, K], [cuts]
    r_left, c_left = r_all - r_right, c_all - c_right
    gain = r_right.square().sum(dim=1) / c_right.clamp(min=1e-6)
    gain += r_left.square().sum(dim=1) / c_left.clamp(min=1e-6)
    count = side.sum(dim=0)
    gain[(count == 0) | (count == len(side))] = 0
    return gain
