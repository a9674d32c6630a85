"""File parameters: which files they take, and what they say to the others."""

from __future__ import annotations

import gzip
import hashlib
import os
import random
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from PIL import Image

from dlplay import File
from dlplay.author import files
from dlplay.author.contents import FORMATS, Unfit, as_table, as_text
from dlplay.author.parameters.base import ParameterError
from dlplay.data import text

UNWRITABLE = "a path with control characters, or not in UTF-8, cannot be recorded."


def parameter(kind):
    made = File(files.FILE_KINDS[kind].bundled[0], kind=kind)
    made.name = "mine"
    return made


def refusal(kind, value):
    with pytest.raises(ParameterError) as told:
        parameter(kind).check(value)
    said = str(told.value)
    what, bundled = files.FILE_KINDS[kind].what, ", ".join(files.FILE_KINDS[kind].bundled)
    assert said.startswith(f"mine takes {bundled}, or the path of {what}, not ")
    return said.partition("': ")[2]


def answer(kind, value):
    try:
        return parameter(kind).check(value)
    except ParameterError:
        return "refused"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder in which dlplay was started, with one file of each kind."""
    (tmp_path / "book.txt").write_text("to be\n", encoding="utf-8")
    (tmp_path / "data.csv").write_text("x,y\n1,2\n", encoding="utf-8")
    (tmp_path / "pictures").mkdir()
    Image.new("RGB", (3, 2), "red").save(tmp_path / "pictures" / "red.png")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


FILES = {"text": "book.txt", "image": "pictures/red.png", "images": "pictures", "table": "data.csv"}


@pytest.mark.parametrize("kind", FILES)
def test_a_path_is_kept_as_it_was_given_and_read_back(folder, kind):
    mine, path = parameter(kind), str(folder / FILES[kind])
    for typed in (FILES[kind], f"./{FILES[kind]}", f"~/{FILES[kind]}", path):
        assert mine.check(typed) == typed
        assert mine.parse(mine.show(typed)) == typed
    assert mine.check(Path(FILES[kind])) == FILES[kind]


@pytest.mark.parametrize("kind", FILES)
def test_every_bundled_name_is_a_value_wherever_one_is(folder, kind):
    for name in files.FILE_KINDS[kind].bundled:
        (folder / name).write_text("another", encoding="utf-8")
        assert parameter(kind).check(name) == name


def test_a_file_that_is_called_as_what_is_bundled_is_named_by_its_path(folder):
    (folder / "names").write_text("another", encoding="utf-8")
    assert parameter("text").check("names") == "names"
    assert parameter("text").check("./names") == "./names"
    assert text("./names") == "another"


def test_an_absolute_path_holds_from_another_folder(folder, monkeypatch):
    mine = parameter("text")
    value = mine.check(str(folder / "book.txt"))
    (folder / "elsewhere").mkdir()
    monkeypatch.chdir(folder / "elsewhere")
    assert mine.check(value) == value


def test_a_folder_above_a_link_is_the_folder_above_where_it_leads(folder):
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "a" / "book.txt").write_text("inner", encoding="utf-8")
    (folder / "link").symlink_to(folder / "a" / "b")
    assert text(parameter("text").check("link/../book.txt")) == "inner"


def test_what_was_begun_is_completed_with_bundled_names_and_files(folder):
    (folder / "notes").mkdir()
    (folder / ".hidden").write_text("x", encoding="utf-8")
    assert parameter("text").completions("n") == ["names", "notes/"]
    assert parameter("text").completions("./b") == ["./book.txt"]
    assert parameter("text").completions("~/b") == ["~/book.txt"]
    assert parameter("text").completions(".h") == [".hidden"]
    assert parameter("image").completions("pictures/") == ["pictures/red.png"]
    assert parameter("image").completions("b") == []  # a book is no image
    assert parameter("images").completions("p") == ["photos", "pictures/"]
    assert parameter("images").completions("pictures/") == []
    assert ".hidden" not in parameter("text").completions("")
    assert parameter("text").completions("/no/such/") == []
    assert parameter("text").completions("a\0b") == []


def test_a_scene_may_have_names_of_its_own_in_place_of_what_is_bundled(folder):
    mine = File("rings", kind="table", names=("rings", "moons"))
    mine.name = "mine"
    assert mine.check("moons") == "moons"
    assert mine.nudge("rings", 1) == "moons"
    assert mine.completions("m") == ["moons"]
    assert mine.check("data.csv") == "data.csv"
    with pytest.raises(
        ParameterError, match=r"^mine takes rings, moons, or the path of a CSV file"
    ):
        mine.check("nile")
    with pytest.raises(ParameterError, match="Did you mean 'moons'"):
        mine.check("moon")
    with pytest.raises(ParameterError, match="one of rings, moons, not 'nile'"):
        File("nile", kind="table", names=("rings", "moons"))


def test_a_digest_tells_one_file_from_another(folder):
    assert files.digest("text", "book.txt") == hashlib.sha256(b"to be\n").hexdigest()
    assert files.digest("text", "~/book.txt") == files.digest("text", "book.txt")
    before = files.digest("images", "pictures")
    assert before != files.digest("images", ".") == ""  # a folder without images
    Image.new("RGB", (30, 20), "blue").save(folder / "pictures" / "blue.png")
    assert files.digest("images", "pictures") not in ("", before)
    assert files.digest("text", "no such") == ""
    assert parameter("text").digest("names") == ""


@pytest.mark.parametrize(
    ("kind", "typed", "said"),
    [
        ("text", "/no/such", "there is no such file."),
        ("text", "book.txt/x", "there is no such file."),
        ("text", "bok.txt", "there is no such file. Did you mean 'book.txt'?"),
        ("text", "~/bok.txt", "there is no such file. Did you mean '~/book.txt'?"),
        ("image", "cofee", "there is no such file. Did you mean 'coffee'?"),
        ("images", "fotos", "there is no such folder. Did you mean 'photos'?"),
        ("images", "./pictrues", "there is no such folder. Did you mean './pictures'?"),
        ("images", "book.txt/x", "there is no such folder."),
        ("text", "pictures", "it is a folder, not a file."),
        ("table", "pictures", "it is a folder, not a file."),
        ("image", "pictures", "it is a folder, not a file."),
        ("images", "book.txt", "it is a file, not a folder."),
        ("text", "/dev/zero", "it is a device or a pipe, not a file."),
        ("text", "x" * 5000, "it cannot be read (File name too long)."),
        ("text", "", "nothing is named."),
        ("text", " ", "nothing is named."),
        ("text", "a\x1b[1mb", UNWRITABLE),
        ("text", "a\0b", UNWRITABLE),
        ("text", "a\udcffb", UNWRITABLE),
        ("image", "book.txt", f"it is no image that can be read; {FORMATS} can."),
        ("table", "book.txt", "it has a first line, which names the columns, and no rows."),
        ("text", "pictures/red.png", "line 1 is not UTF-8; save it as UTF-8."),
    ],
)  # fmt: skip
def test_what_will_not_do_is_told(folder, kind, typed, said):
    assert refusal(kind, typed) == said


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("url", ["https://example.org/a", "FTP://x/y", "file:///etc/passwd"])
def test_nothing_is_read_from_a_network(kind, url):
    assert refusal(kind, url).startswith("dlplay reads nothing from a network")


@pytest.mark.parametrize("value", [3, None, True, b"book.txt", ["a"]])
def test_a_file_is_named_by_a_text(value):
    with pytest.raises(ParameterError, match="mine takes shakespeare"):
        parameter("text").check(value)


def test_a_file_is_looked_at_again_once_it_has_changed(folder, monkeypatch):
    seen = []
    monkeypatch.setattr(files, "as_text", lambda data: seen.append(data))
    mine = parameter("text")
    for _ in range(3):
        mine.check("book.txt")
    (folder / "book.txt").write_text("not to be\n", encoding="utf-8")
    mine.check("book.txt")
    assert seen == [b"to be\n", b"not to be\n"]
    (folder / "book.txt").unlink()
    assert refusal("text", "book.txt").startswith("there is no such file.")


def test_a_link_that_leads_nowhere_or_to_itself_is_no_file(folder):
    (folder / "lost.txt").symlink_to(folder / "gone.txt")
    (folder / "loop.txt").symlink_to(folder / "loop.txt")
    (folder / "good.txt").symlink_to(folder / "book.txt")
    assert refusal("text", "lost.txt").startswith("there is no such file.")
    assert refusal("text", "loop.txt").startswith("it cannot be read (Too many levels")
    assert parameter("text").check("good.txt") == "good.txt"


def test_a_pipe_is_not_waited_for(folder):
    os.mkfifo(folder / "pipe")
    assert refusal("text", "pipe") == "it is a device or a pipe, not a file."


def test_what_may_not_be_read_is_told(folder, monkeypatch):
    def refuse(*words, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files, "open", refuse, raising=False)
    assert refusal("text", "book.txt") == "it cannot be read (Permission denied)."
    monkeypatch.setattr(os, "scandir", refuse)
    assert refusal("images", "pictures") == "it cannot be read (Permission denied)."


@pytest.mark.parametrize(("kind", "limit"), [("text", 5), ("image", 20), ("table", 20)])
def test_a_file_may_be_no_larger(folder, kind, limit):
    path = folder / "large"
    with path.open("wb") as file:
        file.truncate(limit * 10**6 + 1)
    assert refusal(kind, "large") == f"it is larger than {limit} MB."


def test_a_text_may_be_as_large_as_it_says(folder):
    (folder / "large").write_bytes(b"a\n" * 2_500_000)
    assert parameter("text").check("large") == "large"


def test_an_image_may_have_so_many_pixels_and_no_more(folder):
    Image.new("1", (8000, 5000)).save("fits.png")
    Image.new("1", (8000, 5001)).save("large.png")
    assert parameter("image").check("fits.png") == "fits.png"
    assert refusal("image", "large.png") == "it has more than 40 megapixels."


def chunk(name, data):
    return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")


def test_a_decompression_bomb_is_refused_unopened_and_without_a_warning(folder, recwarn):
    for name, side in (("warns.png", 12_000), ("raises.png", 30_000)):
        header = side.to_bytes(4, "big") * 2 + bytes([8, 2, 0, 0, 0])
        chunks = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(9)))
        (folder / name).write_bytes(b"\x89PNG\r\n\x1a\n" + chunks)
        assert refusal("image", name) == "it has more than 40 megapixels."
    assert not recwarn.list


def test_a_folder_may_hold_so_many_images_and_no_more(folder):
    for number in range(2000):
        (folder / "pictures" / f"{number:04}.jpg").touch()
    assert refusal("images", "pictures") == "it holds more than 2,000 images."
    (folder / "pictures" / "red.png").unlink()
    assert parameter("images").check("pictures") == "pictures"


def test_hidden_files_folders_and_other_files_are_no_images(folder):
    inside = folder / "pictures"
    for name in (".hidden.png", "notes.txt", "Thumbs.db", "png"):
        (inside / name).touch()
    (inside / "folder.png").mkdir()
    (inside / "to_folder.png").symlink_to(inside / "folder.png")
    (inside / "to_nothing.png").symlink_to(inside / "nothing")
    (inside / "to_itself.png").symlink_to(inside / "to_itself.png")
    (inside / "blue.JPEG").symlink_to(inside / "red.png")
    found = files.image_files(str(inside))
    assert [os.path.basename(path) for path in found] == ["blue.JPEG", "red.png"]
    (inside / "empty").mkdir()
    assert refusal("images", "pictures/empty") == "it holds no image file."


def test_file_names_that_are_not_utf8_do_no_harm(folder):
    Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.txt")).touch()
    assert refusal("text", "cafe.txt").startswith("there is no such file. Did you mean 'caf")


def test_one_looks_for_neighbours_in_a_folder_of_any_size(folder):
    for number in range(files.NEIGHBOURS + 50):
        (folder / f"other{number}").touch()
    assert refusal("text", "zzz.txt").startswith("there is no such file.")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "it is empty"),
        (b" \n", "it is empty"),
        (b"one\ntwo\nthr\xe9\n", "line 3 is not UTF-8; save it as UTF-8"),
        (b"\xef\xbb\xbfone\n\xff", "line 2 is not UTF-8; save it as UTF-8"),
        ("one".encode("utf-16"), "it is UTF-16; save it as UTF-8"),
        ("one".encode("utf-16-le"), "line 1 has a NUL in it, so it is no text"),
        (b"one\ntwo\0\n", "line 2 has a NUL in it, so it is no text"),
        (gzip.compress(b"one", mtime=0), "line 1 is not UTF-8; save it as UTF-8"),
    ],
)
def test_what_is_no_text_is_told_with_its_line(data, said):
    with pytest.raises(Unfit) as told:
        as_text(data)
    assert str(told.value) == said


def test_a_text_has_line_feeds_and_no_byte_order_mark():
    assert as_text("\ufeffeins\r\nzwö\rdrei\n".encode()) == "eins\nzwö\ndrei\n"


TABLES = {
    "x,y\n1,2\n3,4.5\n": {"x": [1, 3], "y": [2, 4.5]},
    "\ufeffx;y\r\n1;2\r\n": {"x": [1], "y": [2]},
    "x\ty\n1e-3\t-.5\n": {"x": [0.001], "y": [-0.5]},
    "x\n1\n\n  \n2\n": {"x": [1, 2]},
    '"x, of all","y"\n"1","+2."\n': {"x, of all": [1], "y": [2]},
    "x,\n1,2\n": {"x": [1], "column 2": [2]},
    " x , y \n 1 , 2 \n": {"x": [1], "y": [2]},
    "x,name,when\n1,ann,2001-02-03\n2,bo,2001-02-04\n": {"x": [1, 2]},
    "country,1990,1991\nA,1,2\n": {"1990": [1], "1991": [2]},
    "x,name\n1,\n2,\n": {"x": [1, 2]},
    'x,name\n1,"one, two\nlines"\n2,b\n': {"x": [1, 2]},
    'x,name\n1,"2,5"\n2,b\n': {"x": [1, 2]},
}


@pytest.mark.parametrize("text", TABLES, ids=range(len(TABLES)))
def test_columns_of_numbers_are_found(text):
    found = as_table(text.encode())
    assert dict(zip(found.names, found.columns, strict=True)) == TABLES[text]


def test_empty_cells_are_nan_and_columns_of_words_are_named():
    found = as_table(b"x,y,name\n1,,a\nNaN,2,b\n3,NA,\n")
    assert [[n if n == n else None for n in column] for column in found.columns] == [
        [1, None, 3],
        [None, 2, None],
    ]
    assert found.others == ["name"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x,y\n", "it has a first line, which names the columns, and no rows"),
        ("1,2\n3,4\n", "its first line must name the columns, and it holds numbers alone"),
        ("0\n3\n", "its first line must name the columns, and it holds numbers alone"),
        ("x,y\n1,2\n3\n", "line 3 has 1 cells, the first line 2"),
        ("x,y\n\n1,2,3\n", "line 3 has 3 cells, the first line 2"),
        ("x,x\n1,2\n", "2 of its columns are called 'x'"),
        ("x,y\n1,2\n3,four\n", "line 3 has 'four' in 'y', which is no number"),
        ("x\n1\n1_000\n", "line 3 has '1_000' in 'x', which is no number"),
        ("x\n1\ninf\n", "line 3 has 'inf' in 'x', which is no number"),
        ("x\n1\n1e999\n", "line 3 has '1e999' in 'x', which is no number"),
        ("x\n1\n1e39\n", "line 3 has '1e39' in 'x', which is no number"),
        ("x\n1\n١\n", "line 3 has '١' in 'x', which is no number"),
        ("x;y\n1;3,14\n", "line 2 has '3,14' in 'y'; write 3.14 and 1000, without commas"),
        ('x,y\n1,"1,000"\n', "line 2 has '1,000' in 'y'; write 3.14 and 1000, without commas"),
        ("x;y\n1;2\n1;2,5\n", "line 3 has '2,5' in 'y'; write 3.14 and 1000, without commas"),
        ("name,when\nann,today\n", "none of its columns holds numbers"),
        ("x,y\n,a\n", "none of its columns holds numbers"),
        (f'x\n"{"1" * 10**6}"\n', "line 2 cannot be read: field larger than field limit (131072)"),
    ],
    ids=lambda value: value[:30],
)  # fmt: skip
def test_what_is_no_table_is_told_with_its_line(text, said):
    with pytest.raises(Unfit) as told:
        as_table(text.encode())
    assert str(told.value) == said


def test_of_a_large_table_only_the_head_is_looked_at(folder, monkeypatch):
    seen = []
    monkeypatch.setattr(files, "as_table", lambda data, whole: seen.append((len(data), whole)))
    (folder / "data.csv").write_text("x,y\n" + "1,2\n" * 100_000, encoding="utf-8")
    parameter("table").check("data.csv")
    (folder / "data.csv").write_text("x,y\n" + "1,2\n" * 100, encoding="utf-8")
    parameter("table").check("data.csv")
    ((first, whole), (second, all_of_it)) = seen
    assert first < 65_000
    assert not whole
    assert (second, all_of_it) == (404, True)


@pytest.mark.parametrize(
    "text",
    [
        "x,y\n" + '1,"two\nlines, of words"\n' * 10_000,  # the cut goes through a quotation
        "x,y\n" + ",\n" * 40_000 + "1,2\n",  # nothing is known from the head
        ",".join(f"x{i}" for i in range(20_000)) + "\n" + ",".join("1" * 20_000) + "\n",
        "x\n1\n" + "# no line feed to cut at" * 4_000,
    ],
    ids=["quoted", "empty", "wide", "unbroken"],
)
def test_a_head_that_says_little_is_no_mistake(folder, text):
    (folder / "data.csv").write_text(text, encoding="utf-8")
    if "# no" in text:
        assert "which is no number" in refusal("table", "data.csv")
    else:
        assert parameter("table").check("data.csv") == "data.csv"


@pytest.mark.parametrize("kind", ["text", "image", "table"])
def test_broken_files_never_raise_anything_else(folder, kind):
    generator = random.Random(0)
    Image.new("P", (9, 7)).save("whole.gif")
    Image.new("I;16", (9, 7)).save("whole.tif")
    Image.new("RGB", (9, 7)).save("whole.webp")
    whole = [path.read_bytes() for path in folder.glob("whole.*")]
    whole += [b'x,y\n"1",2\n3,4\n' * 5, "grün\r\n".encode() * 9, bytes(range(256))]
    for turn in range(300):
        data = bytearray(generator.choice(whole))
        for _ in range(generator.randrange(1, 8)):
            data[generator.randrange(len(data))] = generator.randrange(256)
        (folder / "broken").write_bytes(data[: generator.choice([len(data), turn])])
        assert answer(kind, "broken") in ("broken", "refused")


def test_paths_of_any_characters_never_raise_anything_else(folder):
    generator = random.Random(1)
    signs = [
        "/",
        ".",
        "..",
        "~",
        "\0",
        "\n",
        "\x1b",
        "\udc80",
        "é",
        "💡",
        " ",
        ":",
        "//",
        "a",
        "%s",
    ]
    for _ in range(500):
        typed = "".join(generator.choices(signs, k=generator.randrange(1, 12)))
        for kind in FILES:
            assert answer(kind, typed).startswith(("/", "refused"))


def test_to_check_a_file_loads_neither_torch_nor_numpy(folder):
    checks = "; ".join(
        f"File({files.FILE_KINDS[kind].bundled[0]!r}, kind={kind!r}).check({name!r})"
        for kind, name in FILES.items()
    )
    words = f"import sys; from dlplay import File; {checks}; print(*sys.modules)"
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", words], env=environment, stdout=subprocess.PIPE)
    assert done.returncode == 0
    assert not {b"torch", b"numpy"} & set(done.stdout.split())


def test_where_strangers_are_served_no_file_is_taken(folder, monkeypatch):
    monkeypatch.setenv(files.ALLOWED, "none")
    one = parameter("text")
    assert one.check("names") == "names"
    assert text("names")
    assert one.allowed == "one of shakespeare, names, smiles"
    assert one.completions("na") == ["names"]
    for path in ("book.txt", str(folder / "book.txt"), "/etc/passwd", "/no/such", "~"):
        with pytest.raises(ParameterError) as told:
            one.check(path)
        assert str(told.value).endswith(
            "files of the server are not read; what is named here comes with dlplay."
        )
        assert one.digest(path) == ""
        with pytest.raises(ValueError, match="not read"):
            text(path)
