"""Abrupt ends of a scene are told; nothing is imported from where one happens to be."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ABRUPT = {
    "leaves": ("os._exit(0)", "the run's process ended by itself (exit code 0)"),
    "closes": ("os.kill(os.getpid(), signal.SIGTERM)", "was ended by SIGTERM"),
    "interrupts": ("raise KeyboardInterrupt", "raised KeyboardInterrupt"),
    "generates": ("raise GeneratorExit", "raised GeneratorExit"),
    "based": ("raise type('Own', (BaseException,), {})('words')", "raised Own: words"),
    "quits": ("sys.exit(3)", "raised SystemExit: 3"),
}
SCENE = """
    import os, signal, sys
    from dlplay import Scene

    class Ends(Scene):
        def run(self, stage):
            {}
"""


@pytest.fixture
def scenes(tmp_path):
    folder = tmp_path / "scenes" / "mine"
    folder.mkdir(parents=True)
    for name, (line, _) in ABRUPT.items():
        (folder / f"{name}.py").write_text(textwrap.dedent(SCENE.format(line)))
    at_import = "import sys\nfrom dlplay import Scene\nsys.exit(3)\nclass Early(Scene): ...\n"
    (folder / "early.py").write_text(at_import)
    fine = textwrap.dedent(SCENE.format("stage.measure(x=1)"))
    (folder / "fine.py").write_text(fine)
    return folder.parent


@pytest.mark.parametrize("name", ABRUPT)
def test_an_abrupt_end_of_a_scene_is_its_failure(dlplay, scenes, name):
    result = dlplay("run", "--scenes", scenes, f"mine/{name}")
    assert result.exit_code == 1
    assert ABRUPT[name][1] in result.stderr


def test_an_exit_at_import_is_a_failure(dlplay, scenes):
    result = dlplay("run", "--scenes", scenes, "mine/early", "--check")
    assert result.exit_code == 1
    assert "early.py could not be loaded: SystemExit: 3" in result.stderr


def shadows(folder):
    """Modules that are not to be imported by accident."""
    for name in ("torch", "numpy", "msgspec", "rich", "networkx"):
        (folder / f"{name}.py").write_text(f"raise SystemExit('{name} was imported from here')\n")


@pytest.mark.parametrize(("command", "path"), [("run", os.pathsep), ("check", ""), ("sweep", "")])
def test_nothing_is_imported_from_the_working_folder(scenes, tmp_path, command, path):
    shadows(tmp_path)
    (scenes / "mine" / "fine.py").write_text(
        textwrap.dedent(
            """
            from dlplay import Int, Scene

            class Fine(Scene):
                steps = Int(3, min=1, max=9)

                def run(self, stage):
                    stage.measure(x=self.steps)
            """
        )
    )
    ours = str(Path(__file__).parents[2])
    words = {"sweep": ["mine/fine", "steps=1,2"]}.get(command, ["mine/fine"])
    long = tmp_path / ("x" * 100)
    long.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "dlplay", command, "--scenes", str(scenes), *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": ours + path, "TMPDIR": str(long)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert not list(long.iterdir())
