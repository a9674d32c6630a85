"""The wheel: carries scenes and data, and runs from any directory without the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The Python of a clean environment with our wheel; what we depend on is borrowed."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, "--wheel-dir", str(folder), str(PROJECT)], check=True)
    (wheel,) = folder.glob("dlplay-*.whl")
    venv.create(folder / "env", with_pip=False)
    python = folder / "env" / "bin" / "python"
    show = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = Path(subprocess.check_output([python, "-c", show], text=True).strip())
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target"]
    subprocess.run([*install, str(site), str(wheel)], check=True)
    # A line of a .pth file is a folder to import from; .pth files in there are not read, so the
    # editable install of the checkout stays out of sight.
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def call(python, *words, folder, **more):
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    return subprocess.run(
        [python, "-m", "dlplay", *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        **more,
    )


@pytest.mark.full
def test_a_scene_of_the_wheel_runs_from_another_directory(installed, tmp_path):
    where = subprocess.check_output(
        [installed, "-c", "import dlplay; print(dlplay.__file__)"], cwd=tmp_path, text=True
    )
    assert str(installed.parents[1]) in where
    listing = call(installed, "list", folder=tmp_path, check=True).stdout
    assert "optimization/race" in listing
    path = call(
        installed, "show", "vaes/random-codes", "--json", folder=tmp_path, check=True
    ).stdout
    assert "site-packages/dlplay/scenes" in path
    done = call(installed, "run", "vaes/random-codes", "steps=20", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "random decodings" in done.stdout


@pytest.mark.full
def test_its_data_and_licences_are_in_the_wheel(installed):
    program = (
        "from pathlib import Path; import dlplay; from dlplay.data import *;"
        "from dlplay.tui.app import DlplayApp;"
        "home = Path(dlplay.__file__).parent;"
        "assert (home / 'data' / 'LICENSES.md').is_file();"
        "assert (home / 'tui' / 'dlplay.tcss').is_file();"
        "assert len(shakespeare()) > 1e6 and len(digits()[0]) == 1400 and photo('coins').ndim == 3"
    )
    subprocess.run([installed, "-c", program], check=True, cwd="/")
