"""The bundled data are what their loaders say, and leave no label that cannot be shuffled."""

from __future__ import annotations

import pytest
import torch

from dlplay import data
from dlplay.data import (
    CLOTHES,
    PHOTOS,
    SERIES,
    digits,
    fashion,
    names,
    photo,
    series,
    shakespeare,
    smiles,
)
from dlplay.data.bundled import FOLDER
from dlplay.engine.sabotage import sabotaged


def test_clothes_are_balanced_pictures_of_sixteen_greys():
    x, y, x_test, y_test = fashion()
    assert (x.shape, x_test.shape) == ((3000, 1, 28, 28), (600, 1, 28, 28))
    assert (x.dtype, y.dtype) == (torch.float32, torch.int64)
    assert torch.equal((x * 15).round().unique(), torch.arange(16.0))
    assert y.bincount().tolist() == [300] * len(CLOTHES)
    assert y_test.bincount().tolist() == [60] * len(CLOTHES)


def test_clothes_look_as_their_class_says():
    """Pixels and labels belong together: the mean picture of a class tells more than chance."""
    x, y, x_test, y_test = fashion(flat=True)
    means = torch.stack([x[y == kind].mean(dim=0) for kind in range(10)])
    guess = torch.cdist(x_test, means).argmin(dim=1)
    assert (guess == y_test).float().mean() > 0.6
    # Trousers are tall, sandals flat: how many rows hold anything.
    rows = (means.reshape(10, 28, 28).mean(dim=2) > 0.1).sum(dim=1)
    assert rows[CLOTHES.index("trousers")] > 26
    assert rows[CLOTHES.index("sandal")] < 16


def test_fewer_clothes_are_the_first_of_all_and_can_be_standardised():
    few, labels_of_few, x_test, _ = fashion(500, flat=True, standard=True)
    assert few.shape == (500, 784)
    assert x_test.shape == (600, 784)
    assert torch.equal(labels_of_few, fashion()[1][:500])
    varied = fashion(500, flat=True)[0].std(dim=0) > 0
    assert few[:, varied].std(dim=0).sub(1).abs().max() < 1e-3
    assert few[:, ~varied].abs().max() < 1e-6


@pytest.mark.parametrize("loader", [digits, fashion])
def test_a_scene_may_change_what_it_was_given(loader):
    for part in loader():
        part.zero_()
    assert all(part.abs().sum() > 0 for part in loader())


def test_labels_can_be_shuffled_and_nothing_else_is():
    x, y, x_test, y_test = fashion()
    with sabotaged("labels"):
        changed = data.fashion()
        assert (data.CLOTHES, data.PHOTOS, data.SERIES) == (CLOTHES, PHOTOS, SERIES)
        assert torch.equal(data.images("digits", size=8)[0][:, :1], digits(1797)[0])
        assert torch.equal(data.table("nile")[1][:, 1], series("nile")[1])
    for same, part in ((x, changed[0]), (x_test, changed[2])):
        assert torch.equal(part, same)
    for before, after in ((y, changed[1]), (y_test, changed[3])):
        assert torch.equal(before.bincount(), after.bincount())
        assert (before == after).float().mean() < 0.2


@pytest.mark.parametrize(
    ("loader", "count", "characters"), [(names, 5163, 26), (smiles, 10000, 25)]
)
def test_lines_are_split_at_random_without_loss(loader, count, characters):
    first, rest = loader(1000)
    assert (len(first), len(rest)) == (1000, count - 1000)
    assert len(set(first + rest)) == count
    assert len(set("".join(first + rest))) == characters
    assert first == loader(1000)[0] != loader(1000, split_seed=1)[0]
    assert first != sorted(first)
    torch.manual_seed(3)
    state = torch.get_rng_state()
    loader()
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize(
    ("name", "count", "least", "most"),
    [
        ("sunspots", 309, 0, 191),
        ("co2", 2284, 313, 374),
        ("nile", 100, 456, 1370),
        ("elnino", 732, 18.9, 29.3),
    ],
)
def test_series_have_even_steps_and_no_gaps(name, count, least, most):
    years, values = series(name)
    assert years.shape == values.shape == (count,)
    assert (years.dtype, values.dtype) == (torch.float32, torch.float32)
    assert least <= values.min() < values.max() <= most  # and so no NaN
    steps = years.diff()
    assert steps.min() > 0.98 * steps.max()


def test_missing_weeks_lie_on_a_line_between_their_neighbours():
    years, values = series("co2")
    place = years.sub(1958 + 129 / 365).abs().argmin()  # May 10th of 1958 was not measured
    assert values[place - 1 : place + 2].tolist() == pytest.approx([316.9, 317.2, 317.5])


def test_the_years_of_a_series_are_right():
    assert [series(name)[0][0].item() for name in SERIES] == pytest.approx(
        [1700, 1958 + 87 / 365, 1871, 1950 + 1 / 24], abs=1e-3
    )
    years, values = series("sunspots")
    assert years[values.argmax()] == 1957  # the highest maximum on record


def test_photos_have_three_channels_or_one():
    assert {name: tuple(photo(name).shape) for name in PHOTOS} == {
        name: (1 if name in ("camera", "coins") else 3, 128, 128) for name in PHOTOS
    }
    assert photo("chelsea").is_contiguous()


def test_plays_are_plain_text():
    text = shakespeare()
    assert (len(text), len(set(text))) == (1122254, 78)
    assert text.isascii()


@pytest.mark.parametrize("loader", [photo, series])
def test_an_unknown_name_is_told_with_those_there_are(loader):
    with pytest.raises(ValueError, match=r"is one of .*, not 'chelsee'"):
        loader("chelsee")


def test_every_file_has_its_licence():
    said = (FOLDER.parent / "LICENSES.md").read_text(encoding="utf-8")
    for path in FOLDER.iterdir():
        assert f"| `{path.name}` |" in said
