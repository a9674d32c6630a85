"""Whatever is typed, a page goes on."""

import pytest

from dlplay import Text, run
from dlplay.course.catalog import Catalog, built_in
from dlplay.engine.history import History

TYPED = {
    f"{card.id} {name}": (card, name)
    for card in Catalog([built_in()]).scenes
    if card.is_page
    for name, parameter in card.parameters.items()
    if type(parameter) is Text
}
HOSTILE = ("", "king - - queen + ", "\ud800\x00\x1b[31m漢字 🙂 é", "not " * 30 + "x" * 80)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("typed", TYPED)
def test_any_typed_text_is_answered(typed, text):
    card, name = TYPED[typed]
    text = text[: card.parameters[name].max_length]
    history = History()
    result = run(card.id, device="cpu", watch=history.feed, **{**card.quick, name: text})
    assert result.status == "done", result.message
    for panel in card.panels:
        assert history.panel(panel) is not None, panel
