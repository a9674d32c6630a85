"""The GPT that is written out in its page: its size, its mask, its maps; and texts of one's own."""

from __future__ import annotations

import sys

import pytest
import torch

from dlplay import run
from dlplay.course import catalog
from dlplay.engine.history import History
from dlplay.nn.attention import Rotary, SelfAttention

CARD = catalog.Catalog([catalog.built_in()]).find("language-models/char-gpt")


@pytest.fixture(scope="module")
def scene():
    return sys.modules[catalog.load(CARD).__module__]


def test_parameters_of_the_model(scene):
    count = sum(p.numel() for p in scene.GPT(78, 80, 2, 4, 64).parameters())
    assert count == 2 * (12 * 80**2 + 13 * 80) + 2 * 78 * 80 + 2 * 80  # blocks, tables, last norm


def test_the_large_one_has_the_size_that_its_help_tells(scene):
    shape = scene.SIZES["large"][:3]
    count = sum(p.numel() for p in scene.GPT(78, *shape, 256).parameters())
    assert round(count / 1e6) == 11
    assert "11 million" in CARD.parameters["size"].help


def test_a_block_attends_like_the_shared_layer(scene):
    places = Rotary(4, 9)
    block = scene.Block(8, 2, places)
    shared = SelfAttention(8, 2, rotary=places)
    shared.load_state_dict(
        {
            name.replace("norm_1", "norm"): weight
            for name, weight in block.state_dict().items()
            if name.startswith(("project", "output"))
        }
    )
    x = torch.randn(3, 9, 8)
    after = x + shared(block.norm_1(x))
    y, weights = block(x)
    torch.testing.assert_close(y, after + block.think(block.norm_2(after)))
    assert weights.shape == (3, 2, 9, 9)
    torch.testing.assert_close(weights.sum(dim=3), torch.ones(3, 2, 9))


def test_no_prediction_sees_what_comes_later(scene):
    model = scene.GPT(5, 8, 2, 2, 12)
    ids = torch.randint(5, (1, 12))
    other = ids.clone()
    other[:, 6:] = (other[:, 6:] + 1) % 5
    same = (model(ids)[0] - model(other)[0]).abs().amax(dim=2)[0]
    assert same[:6].max() < 1e-6 < same[6:].min()


@pytest.mark.parametrize("kinds", [2, 300])
def test_a_text_of_few_or_of_many_kinds_of_characters(tmp_path, kinds):
    alphabet = "".join(chr(0x4E00 + n) for n in range(kinds))
    text = "".join(alphabet[k] for k in torch.randint(kinds, (15_000,)).tolist())
    (tmp_path / "own.txt").write_text(text, encoding="utf-8")
    history = History()
    settings = {**CARD.quick, "corpus": str(tmp_path / "own.txt"), "context": 256, "prompt": "?"}
    result = run(CARD.id, device="cpu", watch=history.feed, **settings)
    assert result.status == "done", result.message
    assert result.measures["uniform"] == pytest.approx(torch.tensor(min(kinds, 256)).log().item())
    for panel in CARD.panels:
        assert history.panel(panel) is not None, panel
