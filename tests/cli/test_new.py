"""new: the scene that it writes runs, and its claim holds and breaks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dlplay import run
from dlplay.cli.template import BadName, create, split_name
from dlplay.course import catalog


@pytest.fixture
def own(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return catalog.user_folder()


def test_it_writes_into_the_users_folder_and_says_how_to_go_on(dlplay, own):
    result = dlplay("new", "my-idea")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        str(own / "mine" / "my_idea.py"),
        "dlplay open mine/my-idea",
    ]
    assert dlplay("list", "mine").stdout == "mine/my-idea  My idea\n"
    assert dlplay("new", "second-one").exit_code == 0
    assert dlplay("list", "mine").stdout.count("\n") == 2


def test_it_never_writes_over_anything(dlplay, own):
    dlplay("new", "my-idea")
    file = own / "mine" / "my_idea.py"
    file.write_text("# mine")
    again = dlplay("new", "my-idea")
    assert again.exit_code == 2
    assert "choose another name" in again.stderr
    assert file.read_text() == "# mine"
    taken = dlplay("new", "introduction/first-net")
    assert taken.exit_code == 2
    assert "there is a scene introduction/first-net already" in taken.stderr


def test_a_folder_that_cannot_be_made(dlplay, own, tmp_path):
    (tmp_path / "dlplay").write_text("in the way")
    result = dlplay("new", "my-idea")
    assert result.exit_code == 1
    assert "cannot be written" in result.stderr


def test_a_chapter_of_its_own_and_a_given_folder(dlplay, tmp_path):
    result = dlplay("--scenes", tmp_path, "new", "my-course/week-1")
    assert result.stdout.splitlines() == [
        str(tmp_path / "my_course" / "week_1.py"),
        f"dlplay open my-course/week-1 --scenes {tmp_path}",
    ]
    chapters = {c.id: c for c in catalog.Catalog([tmp_path]).chapters}
    assert chapters["my-course"].title == "My course"
    assert chapters["my-course"].scenes[0].title == "Week 1"


@pytest.mark.parametrize("name", ["class", "mine/class", "for/loop"])
def test_a_word_of_python_is_no_name(dlplay, own, name):
    result = dlplay("new", name)
    assert result.exit_code == 2
    assert "is a word of Python's own; choose another name" in result.stderr
    assert not own.exists()


@pytest.mark.parametrize(
    ("name", "better"),
    [("My Idea", "my-idea"), ("my_idea", "my-idea"), ("MyIdea", "my-idea"), ("a--b", "a-b"),
     ("2nd", "nd"), ("A/b", "a/b"), ("../etc/passwd", "etc/passwd")],
)  # fmt: skip
def test_a_bad_name_and_a_better_one(name, better):
    with pytest.raises(BadName, match=f"Did you mean '{better}'"):
        split_name(name)


@pytest.mark.parametrize("name", ["", "/", "a/", "/b", "-", "é", "a/b/c!", "1"])
def test_names_that_no_scene_can_have(name):
    with pytest.raises(BadName):
        split_name(name)


def test_names_that_are_fine():
    assert split_name("idea") == ("mine", "idea")
    assert split_name("my-course/week-1") == ("my-course", "week-1")


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    root = tmp_path_factory.mktemp("own")
    id, _ = create("first-try", root)
    card = catalog.Catalog([root]).find(id)
    assert not card.broken
    return root, card


def test_the_template_shows_what_a_scene_can_have(template):
    _, card = template
    assert card.title == "First try"
    assert any(parameter.live for parameter in card.parameters.values())
    assert set(card.panels) == {"loss", "fit"}
    assert "## Tomorrow" in card.lesson
    assert card.is_page
    assert all(claim.breaks for claim in card.claims)


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]])
def test_it_keeps_our_own_rules_wherever_it_lies(template, command):
    root, _ = template
    rules = Path(__file__).parents[2] / "pyproject.toml"
    words = [sys.executable, "-m", "ruff", *command, "--config", str(rules), "--no-cache", root]
    result = subprocess.run(words, capture_output=True, text=True, cwd=root)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_its_claim_holds_at_the_defaults(template, seed):
    root, card = template
    result = run(card.id, scenes=root, seed=seed)
    assert result.status == "done"
    assert result.holds
    assert set(card.panels) <= set(result.panels) | set(result.curves)


def test_its_tries_do_what_they_say(template):
    root, card = template
    for each in card.tries:
        result = run(card.id, scenes=root, **each.settings(card.parameters))
        holds = {c.name: c.holds for c in result.claims}
        assert all(holds[name] is False for name in each.breaks)
        assert all(holds[name] for name in each.keeps)


def test_what_its_page_says_of_large_steps(template):
    root, card = template
    assert run(card.id, scenes=root, learning_rate=1).status == "diverged"
    assert run(card.id, scenes=root, **card.quick).status == "done"


def test_its_formula_can_be_drawn(template):
    from dlplay.draw.formulas import render

    drawn = render(template[1].lesson)
    assert "frac" not in drawn
    assert "∂L" in drawn
