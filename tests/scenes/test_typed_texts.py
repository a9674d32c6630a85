"""Whatever is typed, a page of the chapter on recurrent nets goes on."""

import pytest

from dlplay import run
from dlplay.course.catalog import Catalog, built_in
from dlplay.engine.history import History

TYPED = {
    "recurrent/tokens": "sentence",
    "recurrent/unseen-words": "sentence",
    "recurrent/word-vectors": "sum",
    "recurrent/window": "sentence",
    "recurrent/bag": "sentence",
}
HOSTILE = ("", " ", "+ - + −", "king - - queen + ", "good", "\ud800\x00\x1b[31m", "漢字 🙂 é",
           "not " * 50, "x" * 200, "-+" * 100)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("id", TYPED)
def test_any_typed_text_is_answered(id, text):
    card = Catalog([built_in()]).find(id)
    history = History()
    settings = {**card.quick, TYPED[id]: text}
    result = run(id, device="cpu", watch=history.feed, **settings)
    assert result.status == "done", result.message
    for name in card.panels:
        assert history.panel(name) is not None, name
