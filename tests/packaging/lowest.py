"""Do the lowest versions that pyproject.toml allows really work? On demand, as it downloads:

    python -m tests.packaging.lowest [TEST ...]

makes an environment of its own with them, installs dlplay into it, and runs the tests (by default
those of what depends on other packages) there. Where the lowest torch is not to be had, it says so
and takes the pinned one.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
TESTS = ("tests/units", "tests/draw", "tests/engine", "tests/cli", "tests/tui/test_course.py")
RUNNERS = ("pytest>=8", "pytest-asyncio", "pytest-textual-snapshot", "pytest-xdist", "hatchling")


def lowest(requirement: str) -> str:
    """`rich>=14.2` as `rich==14.2`."""
    read = Requirement(requirement)
    floors = [each.version for each in read.specifier if each.operator == ">="]
    if not floors:
        sys.exit(f"{requirement}: pyproject.toml gives it no lowest version")
    mark = f"; {read.marker}" if read.marker else ""
    return f"{read.name}=={floors[0]}{mark}"


def pinned(name: str) -> str:
    """The line of constraints.txt for a package."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return next(line for line in lines if line.startswith(f"{name}=="))


def main(tests: list[str]) -> int:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [lowest(each) for each in declared["dependencies"]]
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder) / "bin" / "python"

        def pip(*arguments: str) -> bool:
            command = [str(python), "-m", "pip", "install", "--quiet", *arguments]
            return subprocess.run(command, check=False).returncode == 0

        torch = next(each for each in wanted if each.startswith("torch=="))
        if not any(pip(f"{each}+cpu") for each in (torch, pinned("torch"))):
            sys.exit("no CPU build of torch is to be had here")
        found = [str(python), "-c", "import torch; print(torch.__version__)"]
        version = subprocess.run(found, capture_output=True, text=True, check=True).stdout.strip()
        if version.partition("+")[0] != torch.partition("==")[2]:
            print(f"{torch} is not to be had here; taking {version}")
        rest = [each for each in wanted if each != torch]
        if not (pip(*rest) and pip("--no-deps", "--editable", str(ROOT)) and pip(*RUNNERS)):
            sys.exit("they cannot be installed together: see above")
        subprocess.run([str(python), "-m", "pip", "list"], check=True)
        # Pictures of screens are those of the pinned Textual.
        command = [str(python), "-m", "pytest", "-q", "-n", "2", "--dist", "loadgroup"]
        command += ["-m", "not full", *(tests or TESTS)]
        return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
