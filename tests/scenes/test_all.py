"""What holds for every scene of the course."""

from __future__ import annotations

import ast
import json
import math
import re

import pytest

from dlplay import run
from dlplay.course.catalog import Catalog, built_in, load
from dlplay.draw import Look, draw, formulas, natural_height
from dlplay.engine.history import History
from tests.conftest import wait_for
from tests.scenes.quickly import SEED, first_of_each_chapter, quick

COURSE = Catalog([built_in()])
CARDS = {card.id: card for card in COURSE.scenes}
OLD = {id: card for id, card in CARDS.items() if not card.is_page}
every_scene = pytest.mark.parametrize("card", CARDS.values(), ids=CARDS)
every_old_scene = pytest.mark.parametrize("card", OLD.values(), ids=OLD)


@every_scene
def test_what_is_read_from_the_file_is_what_python_imports(card):
    assert not card.broken, card.broken
    scene = load(card)
    assert {n: p.schema() for n, p in scene.parameters.items()} == {
        n: p.schema() for n, p in card.parameters.items()
    }
    assert [(c.name, c.text) for c in scene.claims] == [(c.name, c.text) for c in card.claims]
    if not card.is_page:
        assert [dict(c.breaks) for c in scene.claims] == [dict(c.breaks) for c in card.claims]
    assert list(scene.covers) == list(card.covers)
    assert list(scene.panels) == list(card.panels)
    assert tuple(scene.tries) == card.tries
    assert scene.pace == card.pace
    assert dict(scene.quick) == dict(card.quick)


@every_old_scene
def test_a_scene_of_the_old_form_teaches(card):
    assert card.title
    assert len(card.lesson.splitlines()) >= 20
    assert "## Try" in card.lesson
    assert card.covers
    shown = {*card.panels, *(claim.name for claim in card.claims)}
    for section, names in card.covers.items():
        assert set(names) <= shown, f"{section}: no panel or claim is named {set(names) - shown}"
        assert set(names) & set(card.panels), f"no panel shows {section}"
    assert 3 <= len(card.parameters) <= 13  # twelve, and a file of the reader's own
    assert any(parameter.live for parameter in card.parameters.values())
    assert card.claims
    for claim in card.claims:
        assert claim.breaks, f"nothing breaks {claim.name}"
        assert claim.condition
        for name, value in claim.breaks.items():
            card.parameters[name].check(value)
    for name, value in card.quick.items():
        card.parameters[name].check(value)
    for parameter in card.parameters.values():
        assert parameter.help, f"{parameter.name} has no help"


@every_scene
def test_formulas_can_be_drawn(card):
    for tex in re.findall(r"\$\$(.+?)\$\$", card.lesson, re.DOTALL):
        assert formulas.formula(tex) != " ".join(tex.split()), f"cannot be drawn: {tex}"
    assert "$" not in formulas.render(card.lesson)


@every_scene
def test_a_scene_reaches_neither_textual_nor_rich(card):
    names = set()
    for node in ast.walk(ast.parse(card.source)):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    assert names.isdisjoint({"textual", "rich"})


@every_scene
def test_a_quick_run_draws_and_measures_everything(card):
    result, history = quick(card)
    assert result.status == "done", result.message
    assert set(history.names) - {"x-ray"} == set(card.panels)
    for claim in result.claims:
        assert claim.holds is not None, claim.reason
        assert math.isfinite(claim.value) or math.isinf(claim.value)
    for name in history.names:
        for width, height in ((60, 16), (36, 9)):
            drawing = draw(history.panel(name), width, height, Look())
            assert drawing.plain.strip(), f"{name} is empty"
        assert natural_height(history.panel(name), 80, Look()) > 0
    assert json.dumps(result.measures)


@pytest.mark.parametrize("card", [COURSE.scenes[0]], ids=lambda card: card.id)
def test_tests_of_a_scene_go_to_one_process(card, request):
    """Where there are several, the tests of a scene share its quick run."""
    if not request.config.getoption("loadgroup", False):
        pytest.skip("all go to this process")
    assert request.node.nodeid.endswith(f"@{card.id}")


@first_of_each_chapter(CARDS.values())
def test_the_same_numbers_watched_and_unwatched(card, launcher):
    """In a child process, with the X-ray taken and every panel followed; and in this process."""
    here, _ = quick(card)
    history = History()
    watched = launcher.start(card, dict(card.quick), seed=SEED, xray=True)

    def over():
        history.feed(watched.drain())
        for name in history.names:
            history.panel(name)
        return history.finished is not None

    wait_for(over, f"the end of {card.id}")
    assert history.finished.status == "done", history.finished.message
    assert history.finished.measures == here.measures


@pytest.mark.full
@pytest.mark.sampled(pool="defaults")
@every_scene
def test_claims_hold_at_the_defaults(card):
    result = run(card.id)
    assert result.status == "done", result.message
    for claim in result.claims:
        assert claim.holds, f"{claim.claim}: measured {claim.value} {claim.relation} {claim.bound}"


def breakers():
    """Each distinct breaking setting of the old form, with the claims that it breaks."""
    for card in OLD.values():
        settings = {}
        for claim in card.claims:
            key = json.dumps(dict(claim.breaks), sort_keys=True)
            settings.setdefault(key, []).append(claim.name)
        for key, names in settings.items():
            yield pytest.param(card, json.loads(key), names, id=f"{card.id}:{'+'.join(names)}")


@pytest.mark.full
@pytest.mark.sampled
@pytest.mark.parametrize(("card", "settings", "names"), breakers())
def test_a_claim_can_fail(card, settings, names):
    result = run(card.id, **settings)
    assert result.status in ("done", "diverged"), result.message
    known = {claim.name: claim for claim in result.claims}
    for name in names:
        claim = known[name]
        assert claim.holds is False, f"{claim.claim}: {claim.value} {claim.relation} {claim.bound}"
