"""Whether a hyperplane can separate two classes, decided exactly, and how often theory says so."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]
ZERO = 1e-9  # squared distances below this are rounding errors: all points are scaled to length 1


def dichotomies(points: int, dimensions: int) -> int:
    """How many of the 2^points ways to label points are linearly separable: C(P, N).

    C(P, N) = 2 (binom(P-1, 0) + ... + binom(P-1, N-1)) for P points in general position in N
    dimensions and hyperplanes through the origin (Cover, 1965). With a bias, count N + 1.
    """
    return 2 * sum(math.comb(points - 1, k) for k in range(dimensions))


def probability(points: int, dimensions: int) -> float:
    """The share C(P, N) / 2^P of all labellings that are separable, 0 to 1."""
    return dichotomies(points, dimensions) / (1 << points)


class Separator:
    """Looks for a w with w·a > 0 for every point a given so far, and knows when there is none.

    For labelled points give a = y·x, y = ±1; for a bias, x with a 1 at its end. By Gordan's
    theorem (1873) either such a w exists, or 0 is a convex combination of the points. Wolfe's
    algorithm (1976) walks to the point of their convex hull nearest to 0, which is one or proves
    the other: no step size, no patience, and a new point starts from where the last one ended.
    """

    def __init__(self, dimensions: int) -> None:
        self.points: Vector = np.zeros((0, dimensions))
        self.corners: list[int] = []  # of the hull: the points that w is a combination of
        self.shares: Vector = np.zeros(0)  # of each corner in w: positive, with the sum 1
        self.w: Vector = np.zeros(dimensions)
        self.separable = True

    def add(self, points: Vector) -> bool:
        """Add points [N] or [K, N]; whether all points so far can be separated."""
        points = np.atleast_2d(np.asarray(points, np.float64))
        lengths = np.linalg.norm(points, axis=1, keepdims=True)
        self.separable = self.separable and bool((lengths > 0).all())
        self.points = np.concatenate([self.points, points / np.where(lengths > 0, lengths, 1)])
        if self.separable and len(self.points):
            self.separable = self._search()
        return self.separable

    def _search(self) -> bool:
        if not self.corners:
            self.corners, self.shares, self.w = [0], np.ones(1), self.points[0]
        while True:
            products = self.points @ self.w
            worst = int(products.argmin())
            if products[worst] > ZERO:
                return True
            distance = self.w @ self.w
            if distance < ZERO or worst in self.corners:
                return False
            self.corners.append(worst)
            self.shares = np.append(self.shares, 0.0)
            self._descend()
            if self.w @ self.w >= distance:  # as near as rounding lets it come
                return False

    def _descend(self) -> None:
        """Go to the point nearest to 0 in the hull of the corners, dropping those in the way."""
        while True:
            hull = self.points[self.corners]
            target = _nearest(hull)
            if (target > ZERO).all():
                self.shares = target
                break
            # The walk from shares to target stays in the hull until a share reaches 0.
            falling = target <= ZERO
            room = self.shares[falling] / np.maximum(self.shares[falling] - target[falling], ZERO)
            length = min(1.0, float(room.min()))
            self.shares = self.shares + length * (target - self.shares)
            keep = ~(falling & (self.shares <= ZERO))
            if keep.all():
                keep[int(np.where(falling, self.shares, np.inf).argmin())] = False
            self.corners = [c for c, stays in zip(self.corners, keep, strict=True) if stays]
            self.shares = self.shares[keep] / self.shares[keep].sum()
        self.w = self.shares @ self.points[self.corners]


def separable(points: Vector) -> bool:
    """Whether some w has w·a > 0 for every row a of points [P, N]: see Separator."""
    return Separator(np.shape(points)[1]).add(points)


def _nearest(hull: Vector) -> Vector:
    """Shares [K], of any sign, of the point nearest to 0 in the affine hull of points [K, N]."""
    gram = hull @ hull.T
    # (G + 11ᵀ) v = 1 has the same direction as the bordered system, and is positive definite.
    shares = np.linalg.solve(gram + 1 + 1e-13 * np.eye(len(gram)), np.ones(len(gram)))
    return np.asarray(shares / shares.sum(), np.float64)
