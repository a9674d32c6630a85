"""What tests share: a catalog of scenes that misbehave, a warm launcher, waiting for conditions."""

from __future__ import annotations

import gc
import hashlib
import os
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

# Before torch is imported by anybody: the numbers of a run depend on it.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["OMP_WAIT_POLICY"] = "PASSIVE"

FAULTS = Path(__file__).parent / "faults"


def pytest_addoption(parser):
    parser.addoption(
        "--sample",
        type=int,
        help="Run N tests (or scenes) of each pool of `sampled` ones, as the commit draws.",
    )


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(config, items):
    """Tests of one scene go to one process, where they share its runs; `--sample` chooses."""
    for item in items:
        card = getattr(item, "callspec", None) and item.callspec.params.get("card")
        if hasattr(card, "id"):
            item.add_marker(pytest.mark.xdist_group(card.id))
    count = config.getoption("--sample")
    if count is None:
        return
    full_alone = config.getoption("-m") == "full"
    pools: dict[str, dict[str, list[pytest.Item]]] = {}  # what is drawn, with its tests
    for item in items:
        mark = item.get_closest_marker("sampled")
        if mark and (item.get_closest_marker("full") or not full_alone):
            pool = pools.setdefault(mark.kwargs.get("pool", ""), {})
            name = item.callspec.params["card"].id if mark.kwargs.get("scenes") else item.nodeid
            pool.setdefault(name, []).append(item)
    changed = _changed_scenes()
    left_out: set[pytest.Item] = set()
    for pool in pools.values():
        most = max(count, len(changed & pool.keys()))
        for name in _drawn(pool, changed)[most:]:
            left_out.update(pool[name])
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=list(left_out))


def pytest_collection_finish(session):
    """What is there by now stays: to look through it for garbage again and again takes a third of
    the time of what makes many small objects, such as an interface."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)


def _drawn(names: Iterable[str], first: set[str]) -> list[str]:
    """The names in an order that depends on the commit and on themselves alone, after `first`."""
    commit = _git("rev-parse", "HEAD").strip()

    def order(name: str) -> tuple[bool, bytes]:
        return name not in first, hashlib.sha256(f"{commit} {name}".encode()).digest()

    return sorted(names, key=order)


def _changed_scenes() -> set[str]:
    """The scenes whose files differ from the commit before this one; none where git knows of no
    commit before."""
    differ = _git("diff", "--name-only", "HEAD~1", "--", "scenes")
    new = _git("ls-files", "--others", "--exclude-standard", "--", "scenes") if differ else ""
    return {
        path.removeprefix("scenes/").removesuffix(".py") for path in (differ + new).splitlines()
    }


def _git(*words: str) -> str:
    """What git says of this folder; nothing where it cannot."""
    command = ["git", "-C", str(Path(__file__).parents[1]), *words]
    try:
        return subprocess.run(command, capture_output=True, text=True).stdout
    except OSError:
        return ""


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
    from dlplay.engine.launcher import Launcher

    launcher = Launcher()
    launcher.warm()
    return launcher


def wait_for(condition: Callable[[], object], what: str = "it", seconds: float = 300) -> None:
    """Wait until the condition is true; fail after `seconds`, which is no statement about speed.

    What is waited for has most of the time: a condition that is dear is asked for less often.
    """
    end = time.monotonic() + seconds
    asked = time.monotonic()
    while not condition():
        now = time.monotonic()
        if now > end:
            pytest.fail(f"{what} did not happen within {seconds} s")
        time.sleep(max(0.01, min(4 * (now - asked), 0.2)))
        asked = time.monotonic()
