"""The reader's own text, pictures and tables in the scenes that take them."""

from __future__ import annotations

import random
import shlex

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A folder in which dlplay was started, with what a reader might have there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    dice = random.Random(0)
    kinds = [chr(0x4E00 + n) for n in range(300)]  # more than the GPT tells apart; no line feed
    words = "".join(dice.choice(kinds) for _ in range(16_000))
    (tmp_path / "my.txt").write_text(words, encoding="utf-8")
    (tmp_path / "short.txt").write_text("to be", encoding="utf-8")
    ties = "".join(f"person {a},person {dice.randrange(a)}\n" for a in range(1, 60))
    (tmp_path / "ties.txt").write_text(ties, encoding="utf-8")
    pixels = np.random.default_rng(0).integers(0, 256, (104, 12, 9, 3), np.uint8)
    (tmp_path / "pictures").mkdir()
    (tmp_path / "few").mkdir()
    for number, each in enumerate(pixels):
        folder = "few" if number < 4 else "pictures"
        Image.fromarray(each).save(tmp_path / folder / f"{number}.png")

    def table(name, header, row):
        lines = [header, *(",".join(map(str, row(n, dice))) for n in range(60))]
        (tmp_path / f"{name}.csv").write_text("\n".join(lines), encoding="utf-8")

    table("mine", "a,b,c", lambda n, dice: (dice.random(), dice.random(), 3 + 4 * (n % 2)))
    table("one", "a,b,c", lambda n, dice: (dice.random(), dice.random(), 1))
    table("three", "a,b,c", lambda n, dice: (dice.random(), dice.random(), n % 3))
    table("thin", "a,c", lambda n, dice: (dice.random(), n % 2))
    table("gaps", "a,b,c", lambda n, dice: (dice.random() if n < 9 else "", n, n % 2))
    table("flat", "a,b,c", lambda n, dice: (dice.random(), 7, n % 2))
    return tmp_path


QUICK = "steps=12 context=32"
FEW = "it holds 4 images that can be read, and 100 are needed"


@pytest.mark.parametrize(
    ("words", "measured"),
    [
        (f"language-models/char-gpt corpus=my.txt {QUICK}", "fivegram"),
        ("language-models/cut book=my.txt steps=12", ""),
        ("language-models/temperature book=my.txt steps=12", ""),
        ("language-models/probable-text book=my.txt steps=12", ""),
        ("vaes/random-codes pictures=pictures steps=20", ""),
        ("diffusion/walk-back pictures=pictures steps=3 passes=5", ""),
        ("convolutional/filter photo=pictures/9.png steps=20", ""),
        ("introduction/first-net data=mine.csv steps=10", ""),
        ("autoencoders/history data=pictures steps=10 pretrain_steps=5", "tuned"),
        ("autoencoders/constraints data=pictures steps=10", "active"),
        ("autoencoders/bottleneck data=pictures steps=10", "deep_two"),
        ("costs/regression-losses data=thin.csv steps=20", "l1_error"),
        ("graphs/three-steps society=ties.txt", ""),
        ("graphs/karate people=ties.txt steps=10", ""),
    ],
)
def test_a_scene_runs_on_the_readers_own_data(dlplay, own, words, measured):
    result = dlplay("run", *words.split(), "--device", "cpu")
    assert result.exit_code in (0, 3), result.stderr  # its claims are not made of this data
    assert f"  {measured}" in result.stdout
    (address,) = [row for row in result.stdout.splitlines() if row.startswith("dlplay open")]
    assert words.split()[1] in shlex.split(address)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("language-models/char-gpt corpus=short.txt", "it has 5 characters, and 15,000 are needed"),
        ("graphs/karate people=short.txt", "it has 2 nodes, and 3 are needed"),
        ("vaes/random-codes pictures=few", FEW),
        ("diffusion/walk-back pictures=few", FEW),
        ("vaes/random-codes pictures=photos", FEW.replace("4", "6")),
        ("autoencoders/history data=few", FEW),
        ("autoencoders/constraints data=few", FEW),
        ("autoencoders/bottleneck data=few", FEW),
        ("costs/regression-losses data=one.csv", "'c' has the same value in all rows, so there is "
         "nothing to tell"),
        ("introduction/first-net data=one.csv", "'c' needs two values, one for each class, and "
         "has 1"),
        ("introduction/first-net data=three.csv", "'c' needs two values, one for each class, and "
         "has 3"),
        ("introduction/first-net data=thin.csv", "it needs 3 columns with numbers, and has 2"),
        ("introduction/first-net data=gaps.csv", "it has 9 whole rows, and 30 are needed"),
        ("introduction/first-net data=flat.csv", "'b' has the same value in all rows, so it tells "
         "nothing"),
    ],
)  # fmt: skip
def test_data_that_will_not_do_is_one_sentence(dlplay, own, words, said):
    id, setting = words.split()
    result = dlplay("run", id, setting, "--device", "cpu")
    assert result.exit_code == 1
    path = setting.partition("=")[2]
    # What the run said of the data before may stand above it.
    assert result.stderr.splitlines()[-1] == f"dlplay: {path!r} cannot be used: {said}"
