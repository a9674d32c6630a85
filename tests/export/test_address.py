"""A run's one-line address with what was turned on the way: it repeats the run exactly."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from dlplay import run
from dlplay.author.parameters.base import ParameterError
from dlplay.course.catalog import Catalog, built_in
from dlplay.engine.recordings.format import Recorder
from dlplay.engine.recordings.replay import card_of, load
from dlplay.export import FORMATS, Options, Source
from dlplay.wire.events import Started, Tweaked
from dlplay.words.address import address, parse_seed, parse_words
from tests.conftest import wait_for
from tests.export.test_script import assert_same, printed

CARD = Catalog([built_in()]).find("optimization/race")


@pytest.fixture(scope="session")
def turned(tmp_path_factory, launcher):
    """The recording of a live run in which somebody turned parameters, twice."""
    file = tmp_path_factory.mktemp("turned") / "turned.dlplay"
    live = launcher.start(CARD, {"steps": 60}, seed=2, paused=True)
    for name, value in (("beta", 0.5), ("whose", "Adam"), ("rate", 3.0), ("rotation", 30.0)):
        for _ in range(4):
            live.step()
        live.tweak(name, value)
    live.resume()
    with Recorder(file) as record:
        wait_for(lambda: live.state == "over", "the end")
        record(live.drain())
    return Source(load(file), CARD)


def test_a_live_run_is_repeated_from_its_address(turned):
    tweaks = turned.history.tweaks
    assert [tweak.name for tweak in tweaks] == ["beta", "whose", "rate", "rotation"]
    assert [tweak.tick for tweak in tweaks] == [4, 8, 12, 16]
    id, *words = shlex.split(turned.address)
    at = words.index("--seed")
    given = parse_words(CARD, words[:at])
    again = run(
        id, seed=parse_seed(words[at + 1]), device="cpu", tweaks=given.tweaks, **given.settings
    )
    assert again.status == "done"
    assert again.measures == turned.history.finished.measures
    plain = run(id, seed=2, device="cpu", **given.settings)
    assert plain.measures != again.measures


def test_and_from_its_script(turned, tmp_path):
    text = FORMATS["script"].write(turned, Options())
    assert_same(printed(text, tmp_path / "turned.py"), turned.history.finished)


def test_the_command_line_repeats_it(turned):
    words = shlex.split(turned.address)
    command = [sys.executable, "-m", "dlplay", "run", *words, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    last = json.loads(done.stdout.splitlines()[-1])
    assert last["measures"] == turned.history.finished.measures


def test_exports_show_it(turned):
    assert turned.command.startswith("dlplay open optimization/race steps=60 beta@")
    assert json.loads(FORMATS["json"].write(turned, Options()))["address"] == turned.command
    assert "rotation@" in FORMATS["html"].write(turned, Options())


def test_the_list_of_runs_says_it(turned, tmp_path, monkeypatch):
    from dlplay.cli import app
    from dlplay.engine.recordings import library

    (tmp_path / "runs").mkdir()
    copied = tmp_path / "runs" / "20260101-000000-0000--optimization--race.dlplay"
    copied.write_bytes(turned.replay.path.read_bytes())
    monkeypatch.setattr(library, "default_folder", lambda: tmp_path / "runs")
    result = CliRunner().invoke(app, ["runs", "--json"], prog_name="dlplay")
    (listed,) = json.loads(result.stdout)
    assert listed["address"] == turned.address
    assert [tweak["name"] for tweak in listed["tweaks"]] == ["beta", "whose", "rate", "rotation"]


def test_both_ways():
    tweaks = [Tweaked(tick=0, name="beta", value=0.5), Tweaked(tick=9, name="whose", value="Adam")]
    line = address(CARD, {"steps": 40}, 3, "cpu", tweaks)
    assert line == "optimization/race steps=40 beta@0=0.5 whose@9=Adam --seed 3 --device cpu"
    given = parse_words(CARD, ["whose@9=Adam", "steps=40", "beta@0=0.5", "seed=3"])
    assert (given.settings, given.seed, given.tweaks) == ({"steps": 40}, 3, tweaks)


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("bta@3=0.5", "there is no parameter 'bta'.* Did you mean 'beta'?"),
        ("steps@3=50", "steps cannot change during a run; live parameters: surface"),
        ("beta@x=0.5", "beta@x needs a step: how many steps were made .* as in beta@120"),
        ("beta@=0.5", "beta@ needs a step"),
        ("beta@-1=0.5", "beta@-1 needs a step"),
        ("beta@1.5=0.5", "beta@1.5 needs a step"),
        ("beta@3=2", "beta takes a number from 0 to 0.999, not 2"),
        ("whose@3=Adm", "Did you mean 'Adam'?"),
        ("beta@3", "write name=value"),
    ],
)
def test_mistakes(word, message):
    with pytest.raises(ParameterError, match=message):
        parse_words(CARD, [word])


def test_twice_at_one_step():
    with pytest.raises(ParameterError, match="beta@3 is given twice"):
        parse_words(CARD, ["beta@3=0.5", "beta@3=0.6"])


def test_script_command(tmp_path):
    from dlplay.cli import app

    out = tmp_path / "race.py"
    words = ["script", CARD.id, "steps=20", "beta@3=0.5", "--seed", "7", "-o", str(out)]
    result = CliRunner().invoke(app, words, prog_name="dlplay")
    assert (result.exit_code, result.stdout) == (0, f"{out}\n")
    text = out.read_text(encoding="utf-8")
    assert "\nSEED = 7\n" in text
    assert '    (3, "beta", 0.5),\n' in text
    assert "dlplay run optimization/race steps=20 beta@3=0.5 --seed 7" in text
    again = CliRunner().invoke(app, words, prog_name="dlplay")
    assert again.exit_code == 2
    assert "exists; --force writes over it" in again.stderr
    bad = CliRunner().invoke(app, ["script", CARD.id, "stps=20"], prog_name="dlplay")
    assert bad.exit_code == 2
    assert "Did you mean 'steps'?" in bad.stderr


def test_the_beginning_is_what_it_began_with(turned):
    begun = next(e for batch in turned for e in batch if isinstance(e, Started))
    assert begun.parameters["beta"] == 0.9
    assert turned.history.finished.parameters["beta"] == 0.5


@pytest.mark.parametrize("command", [(), ("python", "a.py; reboot")])
def test_a_strangers_names_are_words_in_the_line_that_one_pastes(tmp_path, command):
    """A recording may name its scene, a parameter or a command as a shell would not survive it."""
    worst = "x; reboot $(reboot)"
    file = tmp_path / "worst.dlplay"
    with Recorder(file) as record:
        begun = Started(
            scene=f"a/{worst}", seed=0, device="cpu", parameters={worst: worst}, command=command,
            sabotage="" if command else worst,
        )  # fmt: skip
        record([begun, Tweaked(tick=1, name=worst, value=worst)])
    for card in (None, card_of(load(file), [])):
        words = shlex.split(Source(load(file), card).command)
        named = [f"{worst}={worst}", f"{worst}@1={worst}"]
        assert [word for word in words if "reboot" in word and "=" in word] == named
        assert not any(word in (";", "reboot", "$(reboot)") for word in words)
        assert command or words[-2:] == ["--sabotage", worst]
