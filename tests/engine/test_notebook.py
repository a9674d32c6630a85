"""What a notebook calls and shows: run, its results, and what a scene raises."""

from __future__ import annotations

import traceback
import xml.etree.ElementTree as ET

import pytest

from dlplay import Float, Int, Scene, claim, run
from dlplay.course.catalog import UnknownScene
from dlplay.engine.headless import SceneFailed
from tests import hostile
from tests.conftest import FAULTS


class Halving(Scene):
    """# Halving"""

    panels = {"value": "halved at each step"}
    claims = {"small": "after the run the number is below a tenth"}
    rate = Float(0.5, min=0.1, max=1, live=True)
    steps = Int(20, min=1, max=100)

    def run(self, stage):
        value = 1.0
        for _ in stage.loop(self.steps):
            value *= self.rate
            stage.curve("value", it=value)
        stage.claim("small", value, below=0.1)


class Raises(Scene):
    def run(self, stage):
        print("before it")
        self.deeper()

    def deeper(self):
        raise ZeroDivisionError("a reason")


def test_a_class_runs_as_a_scene_does():
    result = run(Halving, rate=0.25, steps=3)
    assert result.curves["value"]["it"][1].tolist() == [0.25, 0.0625, 0.015625]
    assert result.holds
    assert result.address == ""
    assert "Halving" in result._repr_html_()


def test_a_class_of_the_old_form_runs():
    class Old(Scene):
        @claim("it is one")
        def one(self, measured):
            return measured.value == 1

        def run(self, stage):
            stage.measure(value=1)

    assert run(Old).holds


def test_a_file_runs_as_its_id_does(monkeypatch):
    known = run("faults/fine", scenes=FAULTS, seed=2, steps=4)
    monkeypatch.chdir(FAULTS / "faults")
    for file in ("fine.py", FAULTS / "faults" / "fine.py"):
        result = run(file, seed=2, steps=4)
        assert result.measures == known.measures
        assert result.scene == "faults/fine"
        assert result.address == f"faults/fine steps=4 --seed 2 --scenes {FAULTS}"
    assert run("faults/fine", scenes=FAULTS).address == f"faults/fine --seed 0 --scenes {FAULTS}"
    assert run("introduction/first-net", steps=10).address.endswith("--seed 0")


@pytest.mark.parametrize("word", ["nothing.py", "__init__.py"])
def test_a_file_without_a_scene_is_told(word, monkeypatch):
    monkeypatch.chdir(FAULTS / "faults")
    with pytest.raises(UnknownScene, match=word):
        run(word)


@pytest.mark.parametrize("scene", ["faults/raises", Raises])
def test_what_a_scene_raises_is_raised_from_its_own_lines(scene):
    with pytest.raises(SceneFailed) as caught:
        run(scene, scenes=FAULTS)
    cause = caught.value.__cause__
    frames = traceback.extract_tb(cause.__traceback__)
    assert frames[0].name == "run"
    assert "execute.py" not in "".join(frame.filename for frame in frames)
    assert type(cause).__name__ in str(caught.value)
    assert caught.value.result.status == "failed"


def test_unless_asked_not_to():
    result = run(Raises, raises=False)
    assert result.status == "failed"
    assert result.log[0] == "before it"
    assert "ZeroDivisionError: a reason" in result.log[-1]


def test_a_result_is_one_short_line():
    result = run("faults/fine", scenes=FAULTS)
    assert repr(result).startswith("<Result of faults/fine: done, ")
    assert "\n" not in repr(result)
    assert len(repr(result)) < 300


def test_a_notebook_shows_claims_pictures_and_the_address():
    result = run("faults/page", scenes=FAULTS, steps=60)
    page = ET.fromstring(f"<div>{result._repr_html_().replace('<br>', '<br/>')}</div>")
    rows = [[cell.text for cell in row] for row in page.iter("tr")]
    assert rows[0] == [None, "claim", "measured", "claimed"]
    assert rows[2] == ["✓ holds", "the run makes at least 50 steps", "60", "≥ 50"]
    pictures = [each for each in page.iter() if each.tag.endswith("svg")]
    assert len(pictures) == 2
    assert page.find("p/code").text == f"dlplay run {result.address}"
    others = run("faults/page", scenes=FAULTS, steps=61)._repr_html_()
    mark = result._repr_html_().split("dlplay-")[1][:8]
    assert mark not in others, "styles of another cell's pictures"


def test_its_texts_are_texts(tmp_path):
    root = hostile.course(tmp_path / "evil")
    text = (root / "evil" / "hostile.py").read_text().replace("[/x]", "<script>x</script>&")
    (root / "evil" / "hostile.py").write_text(text)
    result = run(root / "evil" / "hostile.py")
    page = result._repr_html_()
    assert "<script" not in page
    assert hostile.obeyed(page) == []
    assert hostile.obeyed(repr(result)) == []
    ET.fromstring(f"<div>{page.replace('<br>', '<br/>')}</div>")
