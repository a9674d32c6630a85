"""Some seconds of the fuzzer; `python -m tests.fuzz --minutes 60` is the long way."""

from __future__ import annotations

import pytest

from tests.fuzz.readers import targets
from tests.fuzz.trying import attempt

TRIES = {"recording": 25, "scene": 25, "cache": 5}
NAMES = ["recording", "notes", "progress", "place", "scene", "cache", "text", "image", "table"]


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    return targets(tmp_path_factory.mktemp("examples"))


def test_every_kind_is_tried(known):
    assert list(known) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_damage_is_told_within_bounds(known, tmp_path, name):
    for seed in range(TRIES.get(name, 40)):
        attempt(name, known[name], tmp_path, seed)
