"""Whether a difference is more than seeds explain."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

from dlplay.engine.sweeps.differences import corrected, differences, paired_p


def sweep(**numbers):
    """A sweep over `rule` whose runs measured these numbers, a seed each; None did not end."""
    runs = [
        SimpleNamespace(
            value=value,
            seed=seed,
            status="done" if number is not None else "diverged",
            measures={"end": number} if number is not None else {},
        )
        for value, row in numbers.items()
        for seed, number in enumerate(row)
    ]
    return SimpleNamespace(
        values=list(numbers),
        measures=["end"],
        at=lambda value: [run for run in runs if run.value == value],
    )


def test_all_signs_are_counted():
    assert paired_p(np.array([1.0, 2.0, 3.0])) == 2 / 8  # + + + and - - -
    assert paired_p(np.array([1.0, -1.0])) == 1
    assert paired_p(np.zeros(4)) == 1
    assert paired_p(np.array([0.1] * 6)) == 2 / 64  # equal numbers, in whatever order they add up
    assert math.isnan(paired_p(np.array([1.0])))


def test_beyond_some_seeds_signs_are_drawn():
    random = np.random.default_rng(1)
    noise = random.standard_normal(20)
    assert paired_p(noise + 3) < 0.001
    assert paired_p(noise - noise.mean()) > 0.9
    few = noise[:14] + 0.5
    drawn = paired_p(np.concatenate([few, [0.0]]))  # a 0 changes nothing, whatever its sign
    assert drawn == pytest.approx(paired_p(few), abs=0.02)


def test_where_values_do_nothing_few_are_called_different():
    """Of 300 comparisons of noise about one in twenty is below 0.05."""
    random = np.random.default_rng(2)
    ps = [paired_p(random.standard_normal(8)) for _ in range(300)]
    assert 0.01 < np.mean(np.array(ps) < 0.05) < 0.1


def test_many_pairs_ask_for_more():
    assert corrected([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert corrected([0.5, math.nan, 0.9])[0] == 1.0
    assert math.isnan(corrected([0.5, math.nan])[1])


def test_pairs_share_their_seeds():
    """Seeds differ by far more than values do, and the same seed tells."""
    base = [10.0, -5.0, 3.0, 40.0, -20.0, 7.0, 0.0, 1.0]
    jitter = [0.1, -0.1, 0.2, 0.0, -0.2, 0.1, 0.0, -0.1]
    better = [b + 1 + j for b, j in zip(base, jitter, strict=True)]
    (found,) = differences(sweep(plain=base, better=better), "end")
    assert (found.one, found.other, found.seeds) == ("plain", "better", 8)
    assert found.mean == pytest.approx(1.0)
    assert found.p == 2 / 2**8
    assert found.words("rule") == "rule, not the seed (p = 0.008)"


def test_what_cannot_be_told_is_not():
    (few,) = differences(sweep(a=[0.0, 0.0, 0.0], b=[1.0, 1.0, 1.0]), "end")
    assert few.words("rule") == "too few seeds to tell (p = 0.25 at best)"
    (one,) = differences(sweep(a=[0.0, None], b=[1.0, 1.0]), "end")
    assert (one.seeds, one.words("rule")) == (1, "too few seeds to tell")
    (noise,) = differences(sweep(a=[0.0] * 8, b=[1, -1, 1, -1, 1, -1, 1, -1]), "end")
    assert noise.words("rule") == "no more than seeds do (p = 1)"


@pytest.mark.parametrize("numbers", [[12.5] * 3, [1.0, 2.0, 3.0], [4.0] * 8])
def test_what_is_the_same_on_every_seed_is_said_so(numbers):
    (found,) = differences(sweep(a=numbers, b=numbers), "end")
    assert found.words("rule") == "nothing: the same on every seed"
    assert found.brief() == "no, the same"
    (one,) = differences(sweep(a=[1.0, None], b=[1.0, 1.0]), "end")
    assert (one.words("rule"), one.brief()) == ("too few seeds to tell", "too few seeds")


def test_a_measure_that_there_is_not():
    with pytest.raises(LookupError, match="Did you mean 'end'"):
        differences(sweep(a=[0.0], b=[1.0]), "ende")
