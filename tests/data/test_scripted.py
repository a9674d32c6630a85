"""What a scene loads, its script loads too, without dlplay."""

from __future__ import annotations

import pytest

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
