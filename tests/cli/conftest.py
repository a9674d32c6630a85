"""A small course in a folder of its own, and ways to call the command."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import textwrap

import pytest
from typer.testing import CliRunner

SCENES = {
    "fine": r'''
        """
        # A scene that behaves

        The lesson, with θ² and a formula:

        $$ a = \\frac{1}{2} $$
        """
        from dlplay import Choice, Float, Int, Scene, Text, claim

        class Fine(Scene):
            covers = {"First section": ("loss",), "Second section": ()}
            panels = ("loss", "words")
            quick = {"steps": 2}
            rate = Float(0.5, min=0.1, max=1, live=True, help="share that is kept")
            steps = Int(20, min=1, max=1_000_000_000)
            rule = Choice("plain", ("plain", "signed"))
            word = Text("hello")

            def run(self, stage):
                value = 1.0
                for _ in stage.loop(self.steps):
                    value *= self.rate
                    stage.curve("loss", train=value)
                stage.text("words", f"said {self.word}")
                stage.measure(end=value, seed=stage.seed)

            @claim("the loss falls below 0.1", breaks={"rate": 1.0})
            def falls(self, measured):
                return measured.end < 0.1
        ''',
    "raises": '''
        """# Raises"""
        from dlplay import Scene, claim

        class Raises(Scene):
            def run(self, stage):
                for step in stage.loop(10):
                    stage.curve("loss", train=1.0)
                    if step == 5:
                        raise ValueError("the batch is empty")

            @claim("it gets to its end")
            def ends(self, measured):
                return measured.end > 0
        ''',
    "diverges": '''
        """# Diverges"""
        from dlplay import Scene

        class Diverges(Scene):
            def run(self, stage):
                loss = 1.0
                for _ in stage.loop(1000):
                    loss *= 1e10
                    stage.curve("loss", train=loss)
        ''',
    "fails": '''
        """# Its claim fails"""
        from dlplay import Scene, claim

        class Fails(Scene):
            def run(self, stage):
                for _ in stage.loop(2):
                    pass
                stage.measure(x=1.5)

            @claim("x is at least 2")
            def least(self, measured):
                return measured.x >= 2
        ''',
    "forgets": '''
        """# Does not measure"""
        from dlplay import Scene, claim

        class Forgets(Scene):
            def run(self, stage):
                print("I forgot something")

            @claim("x is positive")
            def positive(self, measured):
                return measured.x > 0
        ''',
    "infinite": '''
        """# Draws and measures what is not finite"""
        from dlplay import Scene

        class Infinite(Scene):
            def run(self, stage):
                for _ in stage.loop(2):
                    stage.curve("loss", bad=float("inf"), good=1.0)
                stage.measure(x=float("nan"))
        ''',
    "endless": '''
        """# Never comes back to the loop"""
        from dlplay import Scene

        class Endless(Scene):
            def run(self, stage):
                for _ in stage.loop(10):
                    stage.curve("loss", train=1.0)
                    stage.flush()
                    while True:
                        pass
        ''',
    "broken": '"""# Broken"""\nfrom dlplay import Scene\nclass Broken(Scene)\n',
}


@pytest.fixture(scope="session")
def course(tmp_path_factory):
    """A folder with the chapter `tiny`."""
    root = tmp_path_factory.mktemp("course")
    (root / "tiny").mkdir()
    names = list(SCENES)
    (root / "tiny" / "__init__.py").write_text(
        f'"""# A tiny chapter\n\nIts introduction.\n"""\nscenes = {names}\n'
    )
    for name, source in SCENES.items():
        (root / "tiny" / f"{name}.py").write_text(textwrap.dedent(source).lstrip())
    return root


@pytest.fixture
def dlplay(course, monkeypatch):
    """Calls the command in this process, with the tiny course beside the real one."""
    from dlplay.cli import app

    monkeypatch.setenv("DLPLAY_SCENES", str(course))
    for name in ("NO_COLOR", "COLORTERM", "FORCE_COLOR", "COLUMNS", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    runner = CliRunner()

    def call(*args, **options):
        result = runner.invoke(app, [str(arg) for arg in args], prog_name="dlplay", **options)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return call


def command(*args):
    return [sys.executable, "-m", "dlplay", *map(str, args)]


def hears_ctrl_c():
    """In a child: Ctrl-C ends it, even if the tests run where it is ignored (in the background)."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture
def start(course):
    """Starts the command in a process of its own, with pipes."""
    started = []

    def begin(*args, **options):
        process = subprocess.Popen(
            command(*args),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "DLPLAY_SCENES": str(course), **options},
            preexec_fn=hears_ctrl_c,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def on_terminal(course):
    """Runs the command on a pseudo-terminal of 80x24; its exit status and all that it wrote."""

    def call(*args, **variables):
        ours, theirs = pty.openpty()
        env = {**os.environ, "DLPLAY_SCENES": str(course), "TERM": "xterm-256color"}
        env |= {"COLUMNS": "80", "LINES": "24", **variables}
        with subprocess.Popen(
            command(*args), stdin=theirs, stdout=theirs, stderr=theirs, env=env
        ) as process:
            os.close(theirs)
            written = bytearray()
            while True:
                try:
                    data = os.read(ours, 65536)
                except OSError:  # the other end is closed
                    break
                if not data:
                    break
                written += data
        os.close(ours)
        return process.returncode, written.decode().replace("\r\n", "\n")

    return call
