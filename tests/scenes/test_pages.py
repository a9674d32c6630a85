"""What holds for every page: a scene of the new form."""

from __future__ import annotations

import ast
import re

import pytest

from dlplay import run
from dlplay.author.tries import BUDGET
from dlplay.course.catalog import Catalog, built_in
from dlplay.course.pages import is_look
from dlplay.engine.sabotage import sabotaged, struck
from dlplay.words.sabotage import KINDS
from tests.scenes.quickly import SEED, first_of_each_chapter, quick, short_run

PAGES = {card.id: card for card in Catalog([built_in()]).scenes if card.is_page}
every_page = pytest.mark.parametrize("card", PAGES.values(), ids=PAGES)
HEADLINE = 76  # columns
FORMULA = 34
# Pages in which a model or an algorithm that they are about is written out
WRITTEN_OUT = {
    "convolutional/degradation",
    "convolutional/duplicates",
    "convolutional/filter",
    "convolutional/grid",
    "convolutional/lesion",
    "convolutional/loss-surface",
    "convolutional/residual-block",
    "convolutional/sharing",
    "convolutional/sliding-window",
    "convolutional/transfer",
    "convolutional/u-net",
    "convolutional/upsampling",
    "diffusion/anneal",
    "diffusion/bound",
    "diffusion/endless-steps",
    "diffusion/flow",
    "diffusion/fresh-noise",
    "diffusion/inpaint",
    "diffusion/latent",
    "diffusion/map",
    "diffusion/smooth-twin",
    "diffusion/steer",
    "diffusion/walk-back",
    "diffusion/weighting",
    "energy/hidden-room",
    "energy/price-of-z",
    "energy/segment",
    "energy/short-chains",
    "flows/continuous",
    "flows/coupling",
    "flows/crossing",
    "flows/in-order",
    "flows/stretch",
    "gans/convolutions",
    "gans/cycle",
    "gans/vanishing",
    "graphs/alike",
    "graphs/backwards",
    "graphs/chebyshev",
    "graphs/edge-first",
    "graphs/how-far",
    "graphs/karate",
    "graphs/master-node",
    "graphs/mirror",
    "graphs/missing-ties",
    "graphs/renumber",
    "graphs/rings",
    "graphs/tell-apart",
    "graphs/three-steps",
    "graphs/ties-worth",
    "graphs/too-deep",
    "graphs/trust",
    "introduction/graph",
    "language-models/both-directions",
    "language-models/char-gpt",
    "language-models/cut",
    "language-models/fine-tuning",
    "language-models/induction",
    "language-models/leash",
    "language-models/masking",
    "language-models/probable-text",
    "language-models/reward-model",
    "language-models/shots",
    "language-models/task-in-text",
    "language-models/tree",
    "large-language-models/bigger",
    "large-language-models/experts",
    "large-language-models/faithful",
    "large-language-models/open-book",
    "large-language-models/working",
    "recurrent/bag",
    "recurrent/forget-bias",
    "recurrent/gates",
    "recurrent/gru",
    "recurrent/loop",
    "recurrent/scan",
    "recurrent/tokens",
    "recurrent/unseen-words",
    "recurrent/word-vectors",
    "transformer-advances/latent-cache",
    "transformer-advances/rope",
    "transformer-advances/shared-heads",
    "transformer-advances/trained-short",
    "transformers/by-hand",
    "transformers/cross-attention",
    "transformers/order",
    "transformers/parts",
    "transformers/pieces",
    "transformers/reach",
    "transformers/residual",
    "transformers/two-heads",
    "vaes/codebook",
    "vision-transformers/patches",
}

# Pages that take boxes without the images that they are of, or images without their classes (these
# only measure, and claim nothing, in no-negatives)
UNLABELLED = {"convolutional/overlap", "energy/no-negatives", "flows/in-order"}


def words(text):
    """Words of a page as a reader counts them: no formulas, no marks."""
    text = re.sub(r"\$\$.+?\$\$", " ", text, flags=re.DOTALL)
    return re.findall(r"\w[\w'’-]*", text)


@every_page
def test_a_page_keeps_its_limits(card):
    assert 1 <= len(card.panels) <= 4
    assert len([name for name in card.parameters if name != BUDGET]) <= 6
    assert 1 <= len(card.claims) <= 6
    assert 2 <= len(card.tries) <= 5
    assert len(card.source.splitlines()) <= (250 if card.id in WRITTEN_OUT else 200)


@every_page
def test_a_page_is_written_for_its_reader(card):
    assert " and " not in card.title, "a title with an `and` asks two questions"
    page, sign, tomorrow = card.lesson.partition("## Tomorrow")
    assert sign, "no `## Tomorrow`"
    assert 60 <= len(words(page)) <= 300
    assert 5 <= len(words(tomorrow)) <= 60
    assert card.covers
    for name, caption in card.panels.items():
        assert caption, f"{name} has no caption"
    for parameter in card.parameters.values():
        assert parameter.help, f"{parameter.name} has no help"
    assert any(parameter.live for parameter in card.parameters.values())
    for name, value in card.quick.items():
        card.parameters[name].check(value)


@pytest.mark.parametrize("id", ["introduction/first-net", "convolutional/sharing"])
def test_the_model_that_a_page_looks_at_can_be_x_rayed(id):
    _, history = quick(PAGES[id])
    assert history.panel("x-ray").layers


@every_page
def test_formulas_fit_a_narrow_dock(card):
    for line in card.lesson.splitlines():
        if line.startswith("    ") and line.strip():
            assert len(line.strip()) <= FORMULA, f"wider than {FORMULA} columns: {line.strip()}"


@every_page
def test_claims_are_sentences_and_tries_are_questions(card):
    for claim in card.claims:
        assert len(claim.text.split()) >= 4, f"{claim.name}: {claim.text}"
    breaking = {name for each in card.tries for name in each.breaks}
    assert breaking, "no try breaks a claim"
    for each in card.tries:
        assert "?" in each.question, each.question
        assert len(set(each.options)) == len(each.options)
        assert len(each.why.split()) >= 5, each.setting
        if set(each.settings(card.parameters)) == {BUDGET}:
            pytest.fail(f"the try {each.setting!r} turns no knob")
    assert len({each.right for each in card.tries}) > 1 or len(card.tries) == 2


@every_page
def test_a_page_runs_straight_down(card):
    """Nothing is kept on `self`, and at least one look draws."""
    tree = ast.parse(card.source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == "run":
            stores = [
                part
                for part in ast.walk(node)
                if isinstance(part, ast.Attribute)
                and isinstance(part.ctx, ast.Store)
                and isinstance(part.value, ast.Name)
                and part.value.id == "self"
            ]
            assert not stores, f"line {stores[0].lineno}: self.{stores[0].attr} is assigned"
    assert any(
        is_look(decorator)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        for decorator in node.decorator_list
    ), "nothing is drawn in a look"


@every_page
def test_headlines_fit_a_narrow_terminal(card):
    _, history = quick(card)
    assert history.headlines, "no headline"
    for headline in history.headlines:
        assert len(headline.text) <= HEADLINE, headline.text


@first_of_each_chapter(PAGES.values())
def test_looks_change_no_number(card):
    """Without looks the measures are the same to the last bit; of the pages that are drawn, the
    test of their scripts says so too, for a script has no looks."""
    seen, _ = quick(card)
    unseen = run(card.id, seed=SEED, device="cpu", looks=False, **dict(card.quick))
    assert seen.status == unseen.status == "done", seen.message or unseen.message
    assert {n: repr(v) for n, v in seen.measures.items()} == {
        n: repr(v) for n, v in unseen.measures.items()
    }
    assert [c.holds for c in seen.claims] == [c.holds for c in unseen.claims]


@short_run
@every_page
def test_a_live_parameter_turned_on_the_way_is_heard(card):
    """A run whose live parameters are turned ends like any other."""
    from dlplay.wire.events import Tweaked

    tweaks = [
        Tweaked(tick=2, name=name, value=parameter.nudge(parameter.default, 1))
        for name, parameter in card.parameters.items()
        if parameter.live
    ]
    result = run(card.id, device="cpu", tweaks=tweaks, **dict(card.quick))
    assert result.status == "done", result.message


@pytest.mark.full
@pytest.mark.sampled
@pytest.mark.parametrize(
    ("card", "each"),
    [pytest.param(c, t, id=f"{c.id}:{t.setting}") for c in PAGES.values() for t in c.tries],
)
def test_a_try_does_what_it_says(card, each):
    settings = each.settings(card.parameters)
    result = run(card.id, looks=False, **settings)
    assert result.status in ("done", "diverged"), result.message
    holds = {claim.name: claim.holds for claim in result.claims}
    assert [name for name in each.breaks if holds[name]] == [], "said to break"
    assert [name for name in each.keeps if not holds[name]] == [], "said to be kept"
    if each.breaks and BUDGET in settings:
        alone = run(card.id, looks=False, **{BUDGET: settings[BUDGET]})
        holds = {claim.name: claim.holds for claim in alone.claims}
        assert [n for n in each.breaks if not holds[n]] == [], "broken by the budget alone"


@pytest.mark.full
@pytest.mark.sampled
@pytest.mark.parametrize("kind", KINDS)
@every_page
def test_a_claim_notices_sabotage(card, kind):
    if kind == "labels" and card.id in UNLABELLED:
        pytest.skip("it takes no answers to images")
    with sabotaged(kind):
        result = run(card.id, looks=False)
        if not struck.times:
            pytest.skip("this page does not learn in this way")
    assert result.status in ("done", "diverged"), result.message
    assert result.status == "diverged" or not result.holds, f"no claim notices that {KINDS[kind]}"
