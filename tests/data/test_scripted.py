"""What a scene loads, its script loads too, without dlplay."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from dlplay import run
from dlplay.course.catalog import describe
from tests.export.test_script import assert_same, forked, written

SCENE = '''"""# Data"""
import torch
from dlplay import Scene, claim
from dlplay.data import {loader}


class Loads(Scene):
    panels = ()

    def run(self, stage):
        for _ in stage.loop(1):
            {line}
        stage.measure(found=found)

    @claim("there is something", breaks={{}})
    def holds(self, measured):
        return measured.found > 0
'''
LOADERS = {
    "digits": "found = digits(100, flat=True)[2].sum()",
    "fashion": "found = fashion(100, standard=True, device=stage.device)[0].abs().sum()",
    "names": "found = len(''.join(names(100)[0]))",
    "smiles": "found = len(''.join(smiles(split_seed=1)[1]))",
    "series": "found = series('co2')[1].mean()",
    "photo": "found = photo('coffee', device=stage.device).mean()",
    "shakespeare": "found = shakespeare().count('MACBETH')",
}


def scene(folder, source):
    path = folder / "loading" / "loads.py"
    path.parent.mkdir()
    path.write_text(source, encoding="utf-8")
    return describe(path, folder)


@pytest.mark.parametrize("loader", LOADERS)
def test_a_script_loads_the_same(tmp_path, loader, launcher):
    card = scene(tmp_path, SCENE.format(loader=loader, line=LOADERS[loader]))
    assert not card.broken
    result = run(card.id, scenes=tmp_path, device="cpu")
    assert result.holds, result.log
    text = written(card)
    assert text.count('.gz": """') + text.count('.npz": """') == 1  # that file and no other
    assert_same(forked(text, tmp_path / "script.py"), result)


FILES = {
    "text": ("shakespeare", "len(text(self.mine))"),
    "image": ("coins", "image(self.mine, size=64, device=stage.device).std()"),
    "images": ("photos", "images(self.mine, size=16, grey=True)[0].std()"),
    "table": ("nile", "table(self.mine)[1].mean()"),
}


@pytest.fixture
def own(tmp_path):
    """A file of each kind."""
    (tmp_path / "text").write_text("to be\nor not", encoding="utf-8")
    (tmp_path / "table").write_text("x,y,who\n1,2,ann\n3,,bo\n4,5,cy\n", encoding="utf-8")
    (tmp_path / "images").mkdir()
    noise = np.random.default_rng(0).integers(0, 256, (70, 90, 4), np.uint8)
    Image.fromarray(noise).save(tmp_path / "images" / "a.png")
    Image.fromarray(noise).save(tmp_path / "image", format="png")
    return tmp_path


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("whose", ["bundled", "own"])
def test_a_script_reads_the_same_file(own, kind, whose, launcher):
    default, line = FILES[kind]
    parameter = f'    mine = File("{default}", kind="{kind}")\n'
    source = SCENE.format(loader=kind, line=f"found = {line}")
    source = source.replace("import Scene", "import File, Scene")
    card = scene(own, source.replace("    panels = ()\n", f"    panels = ()\n{parameter}"))
    assert not card.broken, card.broken
    settings = {} if whose == "bundled" else {"mine": str(own / kind)}
    result = run(card.id, scenes=own, device="cpu", **settings)
    assert result.holds, (result.message, result.log)
    text = written(card, settings)
    assert ("# It needs torch, numpy and Pillow," in text) == (kind in ("image", "images"))
    assert_same(forked(text, own / "script.py"), result)
