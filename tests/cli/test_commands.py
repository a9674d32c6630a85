"""list, show, help, completion and mistakes: everything that needs no torch."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from dlplay.draw import sheets
from tests.cli.conftest import command

HEAVY = {"torch", "textual", "pydantic", "rich", "plotext"}


def loaded(*args, expected=0, env=None):
    """The modules that a fresh interpreter holds after the command."""
    code = (
        "import sys\n"
        f"sys.argv = ['dlplay', *{list(map(str, args))!r}]\n"
        "from dlplay.__main__ import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    status = end.code or 0\n"
        "print(status, *sys.modules, sep='\\n', file=sys.stderr)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    status, *modules = ended.stderr.splitlines()
    assert status == str(expected), ended.stderr
    return set(modules)


@pytest.mark.parametrize("args", [["list"], ["list", "--json"], ["--help"], ["run", "--help"]])
def test_listing_and_help_load_nothing_heavy(args):
    assert not loaded(*args) & HEAVY


def test_show_loads_neither_torch_nor_textual():
    ids = json.loads(subprocess.check_output(command("list", "--json")))
    assert not loaded("show", ids[0]["id"]) & {"torch", "textual"}


def test_the_main_module_imports_nothing():
    code = "import sys; before = set(sys.modules); import dlplay.__main__; "
    code += "print(*(set(sys.modules) - before))"
    new = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    assert {name for name in new if name.startswith("dlplay")} == {
        "dlplay", "dlplay.__main__", "dlplay.search"
    }  # fmt: skip
    assert not set(new) & HEAVY


def test_version(dlplay):
    import dlplay as package

    assert dlplay("--version").stdout == f"dlplay {package.__version__}\n"


def test_help_documents_the_exit_statuses(dlplay):
    shown = dlplay("--help").stdout
    lines = {line.split()[0]: line for line in shown.splitlines() if line.strip()}
    for status in ("0", "1", "2", "3", "4", "130"):
        assert status in lines
    for name in ("open", "list", "show", "run", "check", "new", "doctor"):
        assert name in lines
    assert "diverged" in lines["4"]
    assert max(map(len, shown.splitlines())) <= 80


# list


def test_list_is_plain_and_aligned_in_a_pipe(dlplay):
    result = dlplay("list", "tiny")
    lines = result.stdout.splitlines()
    assert lines[0] == "tiny/fine      A scene that behaves"
    assert len({line.index(line.split(None, 1)[1]) for line in lines}) == 1
    assert "tiny/broken    cannot be read: broken.py: line 3: expected ':'" in lines[-1]
    assert result.exit_code == 0


def test_list_as_json(dlplay, course):
    rows = json.loads(dlplay("list", "--json").stdout)
    fine = next(row for row in rows if row["id"] == "tiny/fine")
    assert fine == {
        "id": "tiny/fine",
        "chapter": "tiny",
        "part": "",
        "title": "A scene that behaves",
        "covers": {"First section": ["loss"], "Second section": []},
        "path": str((course / "tiny" / "fine.py").resolve()),
    }
    broken = next(row for row in rows if row["id"] == "tiny/broken")
    assert "expected ':'" in broken["broken"]
    assert "introduction/first-net" in [row["id"] for row in rows]


def test_list_on_a_terminal_has_the_chapters_titles(on_terminal):
    status, shown = on_terminal("list", NO_COLOR="1")
    assert status == 0
    lines = [line.rstrip() for line in shown.splitlines()]
    place = next(i for i, line in enumerate(lines) if "A tiny chapter" in line)
    assert lines[place + 1].startswith("  tiny/fine")
    assert max(map(len, lines)) <= 80


def test_one_more_folder_before_or_after_the_command(dlplay, tmp_path):
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "one.py").write_text(
        '"""# One"""\nfrom dlplay import Scene\nclass One(Scene): ...\n'
    )
    assert dlplay("--scenes", tmp_path, "list", "more").stdout == "more/one  One\n"
    assert dlplay("list", "more", "--scenes", tmp_path).stdout == "more/one  One\n"
    assert dlplay("list", "more").exit_code == 2


# show


def test_show_has_lesson_parameters_claims_and_sections(dlplay):
    shown = dlplay("show", "tiny/fine").stdout
    lines = [line.strip() for line in shown.splitlines()]
    assert lines[0] == "A scene that behaves"
    assert "1" in lines
    assert "a = ╶─╴" in lines  # the formula, drawn
    assert "First section  loss" in lines
    rate = next(line for line in lines if line.startswith("rate "))
    assert rate.split(None, 3)[:3] == ["rate", "0.5", "live"]
    assert "a number from 0.1 to 1" in rate
    assert "share that is kept" in rate
    assert "holds if end < 0.1" in lines
    assert "broken by rate=1" in lines
    assert not any(line.endswith(" ") for line in shown.splitlines())
    assert max(map(len, shown.splitlines())) <= 80


def test_show_as_json(dlplay):
    scene = json.loads(dlplay("show", "tiny/fine", "--json").stdout)
    assert scene["id"] == "tiny/fine"
    assert scene["chapter"] == "tiny"
    assert scene["panels"] == ["loss", "words"]
    assert scene["quick"] == {"steps": 2}
    assert scene["lesson"].startswith("The lesson, with θ²")
    assert scene["parameters"][0] == {
        "name": "rate",
        "type": "number",
        "minimum": 0.1,
        "maximum": 1,
        "log": False,
        "default": 0.5,
        "live": True,
        "description": "share that is kept",
    }
    assert scene["claims"] == [
        {
            "name": "falls",
            "claim": "the loss falls below 0.1",
            "condition": "end < 0.1",
            "breaks": {"rate": 1.0},
        }
    ]


def test_show_of_a_broken_scene_says_why(dlplay):
    result = dlplay("show", "tiny/broken")
    assert result.exit_code == 1
    assert "tiny/broken cannot be read: broken.py: line 3: expected ':'" in result.stderr
    assert json.loads(dlplay("show", "tiny/broken", "--json").stdout)["id"] == "tiny/broken"


def test_ascii_is_ascii(dlplay):
    for args in (["list"], ["show", "tiny/fine"], ["show", "introduction/first-net"]):
        assert dlplay(*args, "--ascii").stdout.isascii()
    shown = dlplay("--ascii", "show", "tiny/fine").stdout
    assert "with theta^2 and a formula" in shown
    assert r"a = \frac{1}{2}" in shown


def test_colours_only_where_they_are_wanted(dlplay, on_terminal):
    plain = dlplay("show", "tiny/fine").stdout
    assert "\x1b" not in plain
    assert "\x1b[38;2" not in dlplay("show", "tiny/fine", "--color", "16").stdout
    assert "\x1b[" in dlplay("show", "tiny/fine", "--color", "16").stdout
    forced = dlplay("show", "tiny/fine", "--color", "16", env={"NO_COLOR": "1"}).stdout
    assert "\x1b[36m" in forced
    assert "\x1b[36m" in on_terminal("show", "tiny/fine")[1]
    assert "\x1b[36m" not in on_terminal("show", "tiny/fine", NO_COLOR="1")[1]
    assert "\x1b" not in on_terminal("show", "tiny/fine", "--color", "never")[1]
    assert "\x1b" not in on_terminal("show", "tiny/fine", TERM="dumb")[1]


def test_charts_by_plotext_or_by_our_own_canvas(dlplay):
    own, other = (dlplay("run", "tiny/fine", "--charts", c) for c in ("own", "plotext"))
    if sheets.plotext() is None:
        assert other.stderr.count("plotext is not installed") == 1
    else:
        assert "plotext" not in other.stderr
        assert own.stdout != other.stdout
    assert own.exit_code == other.exit_code == 0
    assert own.stdout.count("\n") == other.stdout.count("\n")


def test_the_charts_of_the_settings_hold_unless_others_are_asked_for(dlplay, tmp_path):
    folder = tmp_path / "dlplay"
    folder.mkdir()
    kept = {"XDG_CONFIG_HOME": str(tmp_path)}
    own, other = (dlplay("run", "tiny/fine", "--charts", c) for c in ("own", "plotext"))
    (folder / "settings.toml").write_text('charts = "plotext"')
    by_settings = dlplay("run", "tiny/fine", env=kept)
    assert drawn(by_settings) == drawn(other)
    assert drawn(dlplay("run", "tiny/fine", "--charts", "own", env=kept)) == drawn(own)
    (folder / "settings.toml").write_text('charts = "plotex"')
    wrong = dlplay("run", "tiny/fine", env=kept)
    assert drawn(wrong) == drawn(own)
    assert wrong.exit_code == 0
    assert wrong.stderr.count("Did you mean 'plotext'?") == 1


def drawn(result):
    """The panels alone: what follows tells seconds."""
    return result.stdout.partition("Claims")[0]


# A scene by its file


def test_a_scene_is_named_by_its_file_too(dlplay, tmp_path):
    path = tmp_path / "more" / "one.py"
    path.parent.mkdir()
    path.write_text('"""# One"""\nfrom dlplay import Scene\nclass One(Scene): ...\n')
    (path.parent / "helper.py").write_text("x = 1\n")
    assert dlplay("list", path).stdout == "more/one  One\n"
    assert f"dlplay run more/one --scenes {tmp_path}" in dlplay("show", path).stdout
    for word in ("run", "show", "open", "sweep", "script", "check"):
        none = dlplay(word, path.with_name("two.py"))
        assert none.exit_code == 2
        assert f"there is no file '{path.with_name('two.py')}'" in none.stderr.replace("\n", "")
    result = dlplay("run", path.with_name("helper.py"))
    assert (result.exit_code, "has no Scene class" in result.stderr) == (2, True)


def test_a_scene_that_is_named_by_its_file_runs(dlplay, course):
    by_file, by_id = (dlplay("run", id, "steps=3") for id in (course / "tiny/fine.py", "tiny/fine"))
    assert by_file.exit_code == 0
    assert drawn(by_file) == drawn(by_id)


def test_a_file_is_opened_as_it_was_named(dlplay, course, monkeypatch):
    from dlplay.tui import app

    opened = []
    monkeypatch.setattr("dlplay.cli.options.on_a_terminal", lambda: True)
    monkeypatch.setattr(app, "start", lambda *_, **known: opened.append(known) or 0)
    path = str(course / "tiny" / "fine.py")
    assert dlplay("open", path).exit_code == 0
    assert opened[0]["scene_id"] == path


# Mistakes: exit status 2, one message, what is allowed, the nearest match


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["show", "tiny/fines"], "no scene 'tiny/fines'. Did you mean 'tiny/fine'?"),
        (["run", "fine"], "no scene 'fine'. Did you mean 'tiny/fine'?"),
        (["run", "tiny/fine", "rats=1"], "this scene has rate, steps, rule, word. Did you mean"),
        (["run", "tiny/fine", "rate=2"], "rate takes a number from 0.1 to 1, not 2"),
        (["run", "tiny/fine", "steps=1.5"], "steps takes a whole number from 1 to 1000000000"),
        (["run", "tiny/fine", "rule=sign"], "one of plain, signed, not 'sign'. Did you mean"),
        (["run", "tiny/fine", "0.5"], "'0.5' is no setting: write name=value, such as rate=0.5"),
        (["run", "tiny/fine", "rate"], "rate needs a value: rate=..., a number from 0.1 to 1"),
        (["run", "tiny/raises", "x=1"], "there is no parameter 'x'; this scene has none"),
        (["run", "tiny/raises", "x"], "tiny/raises has no parameters"),
        (["run", "tiny/fine", "rate=1", "rate=1"], "rate is given twice"),
        (["run", "tiny/fine", "seed=1", "--seed", "2"], "the seed is given twice"),
        (["run", "tiny/fine", "--seed", "-1"], "seed takes a whole number from 0"),
        (["run", "tiny/fine", "--seed", "x"], "seed takes a whole number from 0"),
        (["run", "tiny/fine", "--device", "gpu"], "auto, cpu, cuda, mps, not 'gpu'. Did you mean"),
        (["run", "tiny/fine", "--record", "/nowhere/x"], "there is no folder /nowhere"),
        (["run", "tiny/fine", "--record", "/"], "--record takes a file; / is a folder"),
        (["check", "tin"], "there is no chapter 'tin'. Did you mean 'tiny'?"),
        (["check", "qqqq"], "there is no chapter 'qqqq'. `dlplay list` shows all."),
        (["check", "tiny", "--seeds", "0"], "--seeds takes a whole number from 1 to 1000"),
        (["check", "tiny", "--jobs", "many"], "--jobs takes a whole number from 1 to "),
        (["list", "--scenes", "/nowhere"], "--scenes: there is no folder '/nowhere'"),
        (["--scenes", "/nowhere", "list"], "--scenes: there is no folder '/nowhere'"),
        (["list", "--color", "truecolour"], "Did you mean 'truecolor'?"),
        (["--color", "red", "list"], "--color takes one of auto, never, 16, 256, truecolor"),
        (["list", "--charts", "plotex"], "Did you mean 'plotext'?"),
        (["--charts", "none", "list"], "--charts takes one of own, plotext, not 'none'"),
        (["tiny/fine"], "Did you mean `dlplay open tiny/fine`?"),
        (["lost"], "Did you mean 'list'?"),
        (["run", "tiny/fine", "--sed", "1"], "--seed"),
        (["run"], "Missing argument 'ID'"),
        (["new", "My Idea"], "'My Idea' is no name for a scene"),
    ],
)
def test_a_mistake_is_told_and_exits_with_2(dlplay, args, words):
    result = dlplay(*args)
    assert result.exit_code == 2
    assert words in " ".join(result.stderr.split())
    assert result.stdout == ""
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("args", [[], ["open", "tiny/fine"], ["--ascii"]])
def test_the_interface_asks_for_a_terminal(dlplay, args):
    result = dlplay(*args)
    assert result.exit_code == 2
    assert "needs a terminal" in result.stderr
    assert "`dlplay run ID`" in result.stderr


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["open", "tiny/fin"], "Did you mean 'tiny/fine'?"),
        (["open", "tiny/fine", "rate=7"], "rate takes a number from 0.1 to 1"),
        (["open", "tiny/fine", "--device", "tpu"], "--device takes one of"),
    ],
)
def test_open_looks_for_mistakes_before_it_takes_the_terminal(on_terminal, args, words):
    status, shown = on_terminal(*args)
    assert status == 2
    assert words in " ".join(shown.split())
    assert "\x1b[?1049h" not in shown  # the other screen


def test_open_hands_everything_to_the_interface(monkeypatch, dlplay, course, tmp_path):
    from dlplay.cli import options
    from dlplay.tui import app as interface

    calls = []
    monkeypatch.setattr(interface, "start", lambda *a, **k: calls.append((a, k)) or 0)
    monkeypatch.setattr(options, "on_a_terminal", lambda: True)
    result = dlplay(
        "--scenes",
        tmp_path,
        "open",
        "tiny/fine",
        "rate=0.9",
        "seed=7",
        "--device",
        "cpu",
        "--ascii",
    )
    assert result.exit_code == 0
    (extra,), given = calls[0]
    assert extra == tmp_path
    assert given["look"].ascii
    del given["look"]
    assert given == {
        "scene_id": "tiny/fine",
        "settings": {"rate": 0.9},
        "tweaks": [],
        "seed": 7,
        "device": "cpu",
        "start": True,
    }
    assert dlplay().exit_code == 0
    assert calls[1][0] == (None,)
    assert set(calls[1][1]) == {"look"}


# Pipes


def test_a_closed_pipe_is_no_error(start):
    process = start("list", "--json")
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait() == 141


# Completion


def completed(words, course, cwd=None):
    """What the shell is offered behind these words."""
    import os

    env = {
        **os.environ,
        "DLPLAY_SCENES": str(course),
        "_DLPLAY_COMPLETE": "complete_bash",
        "COMP_WORDS": " ".join(["dlplay", *words]),
        "COMP_CWORD": str(len(words)),
    }
    ended = subprocess.run(command(), env=env, capture_output=True, text=True)
    assert ended.stderr == ""
    return ended.stdout.split()


def test_the_shell_completes_ids_settings_and_chapters(course):
    assert completed(["run", "tiny/f"], course) == ["tiny/fine", "tiny/fails", "tiny/forgets"]
    assert completed(["run", "tiny/fine", "r"], course) == ["rate=", "rule="]
    assert completed(["open", "tiny/fine", "rule="], course) == ["rule=plain", "rule=signed"]
    assert completed(["check", "ti"], course) == ["tiny"]
    assert completed(["list", "ti"], course) == ["tiny"]
    assert completed(["run", "tiny/nothing", "r"], course) == []
    assert completed(["run", "tiny/fine", "--device", "c"], course) == ["cpu", "cuda"]


def test_completion_loads_nothing_heavy(course):
    import os

    env = {
        **os.environ,
        "DLPLAY_SCENES": str(course),
        "_DLPLAY_COMPLETE": "complete_bash",
        "COMP_WORDS": "dlplay run tiny/fine r",
        "COMP_CWORD": "3",
    }
    assert not loaded(env=env) & HEAVY


def test_completion_sees_the_folder_given_before(tmp_path, course):
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "one.py").write_text(
        '"""# One"""\nfrom dlplay import Scene\nclass One(Scene): ...\n'
    )
    assert completed(["--scenes", str(tmp_path), "run", "mo"], course) == ["more/one"]
    assert completed(["run", "--scenes", str(tmp_path), "mo"], course) == ["more/one"]


def test_what_is_drawn_simply_for_want_of_plotext_is_told_once(monkeypatch, capsys):
    from types import SimpleNamespace

    from rich.console import Console

    from dlplay.cli.options import Session
    from dlplay.cli.results import _print_panels
    from dlplay.wire import events

    monkeypatch.setattr(sheets, "plotext", lambda: None)
    panels = {name: events.Stack(panel=name, labels=["x"], series={"u": [1.0]}) for name in "ab"}
    history = SimpleNamespace(panels=lambda: panels, axes={}, styles=SimpleNamespace(numbers={}))
    _print_panels(Console(width=60), SimpleNamespace(panels={}), history, Session())
    said = capsys.readouterr()
    assert said.err.count(sheets.MISSING) == 1
    assert sheets.MISSING not in said.out
