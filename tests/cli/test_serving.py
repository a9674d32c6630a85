"""`dlplay serve` before anybody comes: its options, what it refuses, what visitors are given."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from dlplay.cli import options, serving
from dlplay.cli.options import Session
from dlplay.course.catalog import roots, user_folder
from dlplay.web import DRIVER, VISIT, in_a_browser
from dlplay.web.site import Site
from tests.conftest import FAULTS


def test_a_port_that_is_taken_is_one_sentence(dlplay):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = dlplay("serve", "--port", port)
    assert result.exit_code == 2
    said = f"port {port} of 127.0.0.1 is taken; --port N takes another, 0 a free one"
    assert result.stderr == f"dlplay: {said}\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--port", "80000"], "--port takes a whole number from 0 to 65535, not '80000'"),
        (["--port", "-1"], "--port takes a whole number from 0 to 65535"),
        (["--most", "0"], "--most takes a whole number from 1 on, not '0'"),
        (["--host", "203.0.113.7"], "--host: 203.0.113.7 is no address of this machine"),
        (["--host", ""], "--host takes an address of this machine"),
        (["tiny/broken"], "tiny/broken cannot be read"),
        (["tiny/fine", "stps=2"], "there is no parameter 'stps'; this scene has rate, steps, rule, "
         "word. Did you mean 'steps'?"),
        (["tiny/fine", "2"], "'2' is no setting: write name=value, such as rate=0.5."),
        (["steps=2"], "'steps=2' is a setting of a scene: dlplay serve ID steps=2"),
    ],
)  # fmt: skip
def test_what_cannot_be_served_is_told(dlplay, words, said):
    result = dlplay("serve", "--port", "0", *words)
    assert result.exit_code in (1, 2)
    assert said in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (socket.gaierror(socket.EAI_NONAME, "?"), "--host: 'here' is no address of this machine"),
        (OSError(errno.EACCES, "?"), "port 80 may not be opened by you; --port N takes another"),
        (OSError(errno.ENFILE, "full"), "port 80 of here cannot be opened: full"),
    ],
)
def test_why_an_address_cannot_be_had(error, said):
    assert serving.refused(error, "here", 80).startswith(said)


def test_an_address_can_be_opened_in_a_browser():
    assert serving.address("127.0.0.1", 8000) == "http://127.0.0.1:8000/"
    assert serving.address("::1", 80) == "http://[::1]:80/"


@pytest.mark.parametrize(
    ("host", "way", "told"),
    [
        ("0.0.0.0", "10.1.2.3", "10.1.2.3"),
        ("::", "2001:db8::7", "2001:db8::7"),
        ("0.0.0.0", "127.0.0.1", socket.gethostname()),
        ("0.0.0.0", None, socket.gethostname()),
        ("lab.example", "10.1.2.3", "lab.example"),
    ],
)
def test_others_are_told_an_address_that_they_can_open(monkeypatch, host, way, told):
    class Way:
        def __init__(self, kind, how):
            assert how == socket.SOCK_DGRAM

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def connect(self, elsewhere):
            if way is None:
                raise OSError(errno.ENETUNREACH, "?")

        def getsockname(self):
            return (way, 1)

    monkeypatch.setattr(socket, "socket", Way)
    assert serving.outward(host) == told


def test_a_machine_is_called_what_it_calls_itself(monkeypatch):
    monkeypatch.setattr(socket, "gethostname", lambda: "Lab.example.org")
    monkeypatch.setattr(socket, "getfqdn", lambda: "lab.example.org")
    assert serving.names() == {"lab.example.org", "lab.local"}
    monkeypatch.setattr(socket, "gethostname", lambda: "")
    assert not serving.names()  # a request that names nobody is no request for us


def test_without_the_extra_it_says_how_to_get_it(dlplay, monkeypatch):
    monkeypatch.setattr(serving, "find_spec", lambda name: None)
    result = dlplay("serve")
    assert result.exit_code == 1
    assert result.stderr.endswith("not installed: pip install 'dlplay[web]'\n")
    assert result.stderr.count("\n") == 1


def test_what_it_needs_is_loaded_by_nobody_else():
    program = (
        "import dlplay.cli.serving, dlplay.tui.app, sys; "
        "print([name for name in ('aiohttp', 'textual_serve') if name in sys.modules])"
    )
    words = [sys.executable, "-c", program]
    assert subprocess.run(words, capture_output=True, text=True, check=True).stdout == "[]\n"


def test_others_on_the_network_are_warned_of(dlplay, monkeypatch):
    async def run(site, ready, stop):
        ready(1234)

    monkeypatch.setattr(Site, "run", run)
    result = dlplay("serve", "--host", "0.0.0.0", "--most", "3")
    assert f"http://{serving.outward('0.0.0.0')}:1234/ for 3 visitors at once" in result.stdout
    assert "Whoever opens port 1234 runs the scenes" in result.stderr
    assert "He cannot have files of this machine read." in result.stderr
    result = dlplay("serve", "--host", "0.0.0.0", "--files")
    assert "He can name any file that you can read" in result.stderr
    assert not dlplay("serve").stderr
    assert "for 1 visitor at once" in dlplay("serve", "--most", "1").stdout


def test_a_visitor_is_given_the_options_of_the_server():
    plain = serving.command(Session(), None)
    assert plain[1:] == ["-m", "dlplay", "--charts", "own"]
    here = Session(FAULTS.relative_to(Path.cwd()), True, "256", "plotext")
    words = serving.command(here, "faults/fine")[3:]
    assert words == [
        *("--charts", "plotext", "--color", "256", "--ascii"),
        *("--scenes", str(FAULTS), "open", "faults/fine"),
    ]


def test_a_page_opens_with_the_settings_that_it_is_served_with(dlplay, monkeypatch):
    served = []

    async def run(site, ready, stop):
        served.append(list(site.program.command))

    monkeypatch.setattr(Site, "run", run)
    words = ("tiny/fine", "rate=0.25", "rate@2=0.5", "seed=3")
    assert dlplay("serve", *words).exit_code == 0
    assert served[0][-5:] == ["open", *words]


def test_a_file_of_the_server_is_served_only_with_files(dlplay, monkeypatch, tmp_path):
    async def run(site, ready, stop):
        pass

    monkeypatch.setattr(Site, "run", run)
    mine = tmp_path / "mine.csv"
    mine.write_text("x,y,class\n1,2,0\n2,1,1\n")
    words = ("serve", "introduction/first-net", f"data={mine}")
    refused = dlplay(*words)
    assert refused.exit_code == 2
    assert refused.stderr == (
        f"dlplay: data={mine} is a file of this machine: visitors have none of them read unless "
        "--files says so\n"
    )
    assert dlplay(*words, "--files").exit_code == 0
    assert dlplay(*words[:2], "data=moons").exit_code == 0


def test_what_a_visitor_does_is_kept_in_his_folder_and_scenes_are_common(tmp_path, monkeypatch):
    user_folder().mkdir(parents=True, exist_ok=True)
    ours = {"TMUX": "x", "COLORFGBG": "0;15", "TERM": "dumb", "NO_COLOR": "1", "OWN": "kept"}
    theirs = serving.environment({**os.environ, **ours}, tmp_path, files=False)
    before = user_folder().resolve()
    assert not {"TMUX", "COLORFGBG"} & set(theirs)
    assert (theirs["OWN"], theirs["NO_COLOR"]) == ("kept", "1")
    assert theirs["DLPLAY_FILES"] == "none"
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "TMPDIR", VISIT):
        assert Path(theirs[name]).is_relative_to(tmp_path), name
        monkeypatch.setenv(name, theirs[name])
    assert before in roots()
    (tmp_path / "again").mkdir()
    again = serving.environment(os.environ, tmp_path / "again", files=True)
    assert again["DLPLAY_FILES"] == "any"


def test_a_page_of_a_browser_has_all_colours_though_it_is_no_terminal(monkeypatch):
    monkeypatch.setenv("TEXTUAL_DRIVER", DRIVER)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert in_a_browser()
    assert options.on_a_terminal()

    def look(**chosen):
        here = Session(**chosen)
        with open(os.devnull, "w", encoding="ascii") as nowhere:
            return here.look(here.console(nowhere))

    assert (look().colors, look().ascii) == ("truecolor", False)
    assert look(ascii=True).ascii
    assert [look(color=c).colors for c in ("never", "16", "256")] == ["none", "16", "256"]
    monkeypatch.setenv("NO_COLOR", "1")
    assert look().colors == "none"
    assert look(color="truecolor").colors == "truecolor"
    monkeypatch.delenv("TEXTUAL_DRIVER")
    assert look().ascii
