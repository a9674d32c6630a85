"""The user's own files as tensors and texts, and what becomes of those that cannot be."""

from __future__ import annotations

import math
import os
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from dlplay.author.contents import FORMATS
from dlplay.author.files import FILE_KINDS
from dlplay.author.parameters.base import ParameterError
from dlplay.data import image, images, names, own, photo, series, shakespeare, smiles, table, text

LOADERS = {"text": text, "image": image, "images": images, "table": table}
RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def colors(x):
    """A small image [3, H, W] as rows of (r, g, b), 0 to 255."""
    return [
        [tuple(pixel) for pixel in row] for row in (x * 255).round().int().permute(1, 2, 0).tolist()
    ]


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind in LOADERS for name in FILE_KINDS[kind].bundled]
)
def test_everything_bundled_can_be_loaded(kind, name):
    found = LOADERS[kind](name)
    if kind == "text":
        assert len(found) > 30_000
    elif kind == "image":
        assert found.shape == (3, 128, 128)
    elif kind == "images":
        assert found[0].shape == (len(found[1]), 3, 32, 32)
        assert len(set(found[1])) == len(found[1])
    else:
        assert found[1].shape[1] == len(found[0]) == 2
        assert not found[1].isnan().any()


@pytest.mark.parametrize("kind", ["image", "images"])
@pytest.mark.parametrize("grey", [False, True])
@pytest.mark.parametrize("size", [8, 40])
def test_what_is_bundled_has_the_wanted_size_and_channels(kind, grey, size):
    for name in FILE_KINDS[kind].bundled:
        found = LOADERS[kind](name, size=size, grey=grey)
        x = found if kind == "image" else found[0]
        assert x.shape[-3:] == (1 if grey else 3, size, size)
        assert 0 <= x.min() < x.max() <= 1


def test_bundled_texts_are_what_their_own_loaders_give():
    assert text("shakespeare") == shakespeare()
    for name, lines in (("names", names()), ("smiles", smiles())):
        assert sorted(text(name).splitlines()) == sorted(lines[0] + lines[1])
        assert text(name) == text(name)
        assert text(name).splitlines() != sorted(text(name).splitlines())


def test_a_text_of_ones_own(folder):
    (folder / "book.txt").write_bytes("\ufeffto be\r\nor nöt".encode())
    assert text("book.txt") == text(str(folder / "book.txt")) == "to be\nor nöt"


def test_an_image_of_ones_own_is_what_was_saved():
    stripes = np.array([[RED, GREEN], [BLUE, (10, 20, 30)]], np.uint8)
    Image.fromarray(stripes).save("a.png")
    assert colors(image("a.png", size=None)) == [[RED, GREEN], [BLUE, (10, 20, 30)]]
    assert image("a.png", size=None).dtype == torch.float32
    assert image("a.png", size=None).is_contiguous()
    assert image("a.png").shape == (3, 128, 128)
    assert image("a.png", size=6, grey=True).shape == (1, 6, 6)


def test_a_bundled_photo_saved_and_loaded_is_the_same_in_colour_and_grey():
    pixels = (photo("coffee") * 255).round().byte().permute(1, 2, 0).numpy()
    Image.fromarray(pixels).save("coffee.png")
    assert torch.equal(image("./coffee.png"), image("coffee"))
    assert (image("./coffee.png", grey=True) - image("coffee", grey=True)).abs().max() < 0.01
    assert (image("./coffee.png", size=32) - image("coffee", size=32)).abs().mean() < 0.02


def test_an_oblong_image_gives_its_middle_square_or_the_whole():
    wide = np.zeros((10, 30, 3), np.uint8)
    wide[:, 10:20] = 255
    Image.fromarray(wide).save("wide.png")
    assert image("wide.png", size=10).min() == 1
    assert image("wide.png", size=None).shape == (3, 10, 30)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_image_stands_as_the_camera_was_held(orientation):
    """Turned as cameras do it, and told so in the file, it comes out upright every time."""
    upright = Image.fromarray(np.array([[RED, RED, GREEN], [BLUE, BLUE, GREEN]], np.uint8))
    upright = upright.resize((48, 32), Image.Resampling.NEAREST)
    turns = Image.Transpose
    undone = {
        2: turns.FLIP_LEFT_RIGHT, 3: turns.ROTATE_180, 4: turns.FLIP_TOP_BOTTOM,
        5: turns.TRANSPOSE, 6: turns.ROTATE_90, 7: turns.TRANSVERSE, 8: turns.ROTATE_270,
    }  # fmt: skip
    stored = upright if orientation == 1 else upright.transpose(undone[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save("photo.png", exif=exif)
    stored.save("photo.jpg", exif=exif, quality=100, subsampling=0)
    expected = torch.from_numpy(np.array(upright)).permute(2, 0, 1) / 255
    assert torch.equal(image("photo.png", size=None), expected)
    assert (image("photo.jpg", size=None) - expected).abs().mean() < 0.02


def test_a_broken_orientation_is_no_reason_to_refuse_an_image():
    Image.new("RGB", (4, 4), RED).save("a.jpg", exif=b"Exif\0\0II*\0\xff\xff\xff\xff broken")
    assert image("a.jpg", size=None).shape == (3, 4, 4)


def test_what_is_transparent_is_white():
    Image.fromarray(np.array([[[255, 0, 0, 0], [255, 0, 0, 255]]], np.uint8)).save("rgba.png")
    assert colors(image("rgba.png", size=None)) == [[(255, 255, 255), RED]]
    Image.fromarray(np.array([[[0, 0], [0, 255]]], np.uint8), "LA").save("la.png")
    assert image("la.png", size=None, grey=True).tolist() == [[[1, 0]]]
    Image.fromarray(np.array([[[0, 0, 255, 128]]], np.uint8)).save("half.webp", lossless=True)
    assert colors(image("half.webp", size=None)) == [[(127, 127, 255)]]


def test_palettes_are_looked_up():
    palette = Image.new("P", (2, 1))
    palette.putpalette([*RED, *BLUE])
    palette.putdata([0, 1])
    palette.save("plain.png")
    palette.save("plain.gif")
    palette.save("hole.png", transparency=1)
    assert colors(image("plain.png", size=None)) == [[RED, BLUE]]
    assert colors(image("plain.gif", size=None)) == [[RED, BLUE]]
    assert colors(image("hole.png", size=None)) == [[RED, (255, 255, 255)]]


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_sixteen_bits_keep_their_fineness(suffix):
    Image.fromarray(np.array([[0, 1000, 65535]], np.uint16)).save(f"a.{suffix}")
    grey = image(f"a.{suffix}", size=None, grey=True)
    assert grey.flatten().tolist() == pytest.approx([0, 1000 / 65535, 1])
    assert torch.equal(image(f"a.{suffix}", size=None), grey.expand(3, -1, -1))
    large = image(f"a.{suffix}", size=50)
    assert 0 <= large.min() < large.max() <= 1


def test_numbers_beyond_an_images_range_are_refused():
    Image.fromarray(np.array([[0.0, 0.5, 1.0]], np.float32)).save("fine.tif")
    assert image("fine.tif", size=None, grey=True).flatten().tolist() == [0, 0.5, 1]
    for name, values in (("a.tif", [0.0, 300.0]), ("b.tif", [math.nan, 0.5])):
        Image.fromarray(np.array([values], np.float32)).save(name)
        with pytest.raises(ParameterError, match="other values than 8 or 16 bits hold"):
            image(name)


@pytest.mark.parametrize(
    ("mode", "suffix"), [("1", "bmp"), ("L", "bmp"), ("CMYK", "jpg"), ("YCbCr", "jpg")]
)
def test_other_ways_to_write_colours_are_understood(mode, suffix):
    Image.new("RGB", (5, 4), "white").convert(mode).save(f"a.{suffix}")
    assert image(f"a.{suffix}", size=3).min() > 0.98


def test_of_an_animation_it_is_the_first_picture():
    frames = [Image.new("RGB", (3, 3), color) for color in (RED, GREEN, BLUE)]
    for name in ("a.gif", "a.png", "a.webp", "a.tif"):
        extra = {"lossless": True} if name == "a.webp" else {}
        frames[0].save(name, save_all=True, append_images=frames[1:], **extra)
        assert colors(image(name, size=None))[1][1] == RED


def test_a_large_jpeg_is_scaled_down_well():
    steps = np.linspace(0, 255, 1600).astype(np.uint8)
    Image.fromarray(np.broadcast_to(steps, (1600, 1600)).copy()).save("ramp.jpg", quality=95)
    ramp = image("ramp.jpg", size=16, grey=True)[0]
    expected = (torch.arange(16) + 0.5) / 16
    assert (ramp - expected).abs().max() < 0.02


def test_a_cut_image_is_told_by_its_loader(folder):
    noise = np.random.default_rng(0).integers(0, 256, (60, 60, 3), np.uint8)
    Image.fromarray(noise).save("whole.png")
    (folder / "cut.png").write_bytes((folder / "whole.png").read_bytes()[:4000])
    with pytest.raises(ParameterError, match=r"^'cut.png' cannot be used: it is broken"):
        image("cut.png")


def test_a_folder_gives_its_images_by_name(folder, capsys):
    (folder / "mine").mkdir()
    for place, name in enumerate(("b.png", "a.jpg", "c.gif")):
        Image.new("RGB", (9, 5 + place), (RED, GREEN, BLUE)[place]).save(folder / "mine" / name)
    (folder / "mine" / "d.png").write_bytes(b"no image")
    (folder / "mine" / ".e.png").write_bytes(b"hidden")
    (folder / "mine" / "f.png").symlink_to(folder / "mine" / "b.png")
    found, called = images("mine", size=4)
    assert called == ["a.jpg", "b.png", "c.gif", "f.png"]
    assert found.shape == (4, 3, 4, 4)
    assert found.mean(dim=(2, 3)).argmax(dim=1).tolist() == [1, 0, 2, 0]
    told = capsys.readouterr().out
    assert told == f"'d.png' is left out: it is no image that can be read; {FORMATS} can\n"
    assert images("mine", size=4, grey=True)[0].shape == (4, 1, 4, 4)


def test_names_that_are_not_utf8_can_be_shown(folder):
    (folder / "mine").mkdir()
    odd = os.fsdecode(os.fsencode(folder) + b"/mine/caf\xe9.png")
    Image.new("RGB", (2, 2)).save(folder / "a.png")
    Path(folder / "a.png").rename(odd)
    _, called = images("mine")
    assert called == ["caf\N{REPLACEMENT CHARACTER}.png"]


def test_a_folder_without_one_good_image_is_refused(folder, capsys):
    (folder / "mine").mkdir()
    (folder / "mine" / "d.png").touch()
    with pytest.raises(ParameterError, match=r"^'mine' cannot be used: none of its images"):
        images("mine")


def test_a_table_of_ones_own(folder, capsys):
    (folder / "a.csv").write_text("x;y;who\n1;2,5;ann\n".replace(",", ".") + "3;4;bo\n")
    called, x = table("a.csv")
    assert called == ("x", "y")
    assert x.tolist() == [[1, 2.5], [3, 4]]
    assert (x.dtype, x.is_contiguous()) == (torch.float32, True)
    assert capsys.readouterr().out == "left out: the column 'who', for it holds no numbers\n"


def test_rows_with_gaps_are_left_out_or_kept(folder, capsys):
    (folder / "a.csv").write_text("x,y\n1,2\n,3\n4,nan\n5,6\n", encoding="utf-8")
    assert table("a.csv")[1].tolist() == [[1, 2], [5, 6]]
    assert capsys.readouterr().out == "left out: 2 of 4 rows, for they have an empty cell\n"
    kept = table("a.csv", gaps=True)[1]
    assert kept.isnan().tolist() == [[0, 0], [1, 0], [0, 1], [0, 0]]
    assert capsys.readouterr().out == ""
    (folder / "b.csv").write_text("x,y\n1,\n,2\n", encoding="utf-8")
    with pytest.raises(ParameterError, match="every row has an empty cell"):
        table("b.csv")


def test_a_bundled_table_is_its_series(capsys):
    called, x = table("co2", gaps=True)
    years, values = series("co2")
    assert called == ("year", "co2")
    assert torch.equal(x[:, 0], years)
    known = ~x[:, 1].isnan()
    assert torch.equal(x[known, 1], values[known])
    assert (~known).sum() == 59


@pytest.mark.parametrize("kind", LOADERS)
@pytest.mark.parametrize("typed", ["gone", "", "http://x.org/y", "/dev/null", "a\0b"])
def test_what_will_not_do_is_one_sentence(kind, typed):
    with pytest.raises(ParameterError) as told:
        LOADERS[kind](typed)
    assert str(told.value).startswith(f"{typed!r} cannot be used: ")
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("kind", ["image", "table", "text"])
def test_broken_files_never_raise_anything_else(folder, kind):
    generator = random.Random(0)
    noise = np.random.default_rng(0).integers(0, 256, (9, 12, 4), np.uint8)
    for name in ("a.gif", "a.png", "a.webp", "a.tif", "a.bmp"):
        Image.fromarray(noise).save(name)
    Image.fromarray(noise[..., :3]).save("a.jpg", exif=Image.Exif())
    whole = [path.read_bytes() for path in sorted(folder.glob("a.*"))]
    whole += [b"x;y\n" + b'"1";2\n3;4\n;6\n' * 3] * 5
    ends = {"loaded": 0, "refused": 0}
    for turn in range(400):
        data = bytearray(generator.choice(whole))
        for _ in range(generator.randrange(6)):
            data[generator.randrange(len(data))] = generator.randrange(256)
        (folder / "broken").write_bytes(data[: turn if turn % 5 == 0 else len(data)])
        try:
            LOADERS[kind]("broken")
            ends["loaded"] += 1
        except ParameterError:
            ends["refused"] += 1
    assert min(ends.values()) > 0


def test_a_file_too_large_for_the_loader_is_told_as_for_the_parameter(folder, monkeypatch):
    (folder / "large").write_bytes(b"ab" * 3_000_000)
    with pytest.raises(ParameterError, match="it is larger than 5 MB"):
        text("large")
    monkeypatch.setattr(own, "TABLE_SIZE", 10**6)
    with pytest.raises(ParameterError, match="it is larger than 1 MB"):
        table("large")
