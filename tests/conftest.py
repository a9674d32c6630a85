"""What tests share: a catalog of scenes that misbehave, a warm launcher, waiting for conditions."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

# Before torch is imported by anybody: the numbers of a run depend on it.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["OMP_WAIT_POLICY"] = "PASSIVE"

FAULTS = Path(__file__).parent / "faults"


@pytest.fixture(autouse=True, scope="session")
def _own_folders(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tests neither see nor touch the user's own scenes and records."""
    home = tmp_path_factory.mktemp("home")
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        os.environ[name] = str(home / name.lower())


@pytest.fixture(scope="session")
def faults():
    from dlplay.course.catalog import Catalog

    return Catalog([FAULTS])


@pytest.fixture(scope="session")
def launcher():
    from dlplay.engine.live import Launcher

    launcher = Launcher()
    launcher.warm()
    return launcher


def wait_for(condition: Callable[[], object], what: str = "it", seconds: float = 300) -> None:
    """Wait until the condition is true; fail after `seconds`, which is no statement about speed."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            pytest.fail(f"{what} did not happen within {seconds} s")
        time.sleep(0.01)
