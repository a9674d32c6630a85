"""Whatever lies in a chapter's folder: it is read within bounds, and takes only itself down."""

from __future__ import annotations

import ast
import errno
import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from dlplay.course import cache, facts, files, literals
from dlplay.course.catalog import BrokenScene, Catalog, describe, load
from dlplay.course.literals import Names, NotLiteral
from dlplay.words.nearest import nearest

FINE = '"""# Fine"""\nfrom dlplay import Scene\nclass Fine(Scene):\n    pass\n'
LAUGHS = "A = ['ha'] * 10\n" + "A = [A, A, A, A, A, A, A, A, A, A]\n" * 12
CHAIN = "A = [1]\n" + "A = [A]\n" * 5000


@pytest.fixture
def chapter(tmp_path):
    folder = tmp_path / "course" / "odd"
    folder.mkdir(parents=True)
    (folder / "fine.py").write_text(FINE)
    return folder


def catalog(chapter, *others):
    return Catalog([chapter.parent, *others], chapter.parents[1] / "cache")


def listed(chapter):
    """What is wrong with each scene, by its id; the fine one is there, whatever the others are."""
    found = {card.id: card.broken for card in catalog(chapter).scenes}
    assert found.pop("odd/fine") == ""
    return found


# What may stand in a file

NUMBERS = {
    "1/0": "cannot be worked out",
    "10**10**10": "is too large",
    "2**-10**400": "is too large",
    "10.0**400": "cannot be worked out",
    "0xf" + "f" * 1000: "is too large",
    "(2**1000)*(2**1000)": "is too large",
    "1 << 10**12": "is not a literal",
    "'a' * 10**12": "is too large",
    "10**12 * 'a'": "is too large",
    "'a' * 50_000 + 'b' * 60_000": "is too large",
    "b'a' * 10**12": "is too large",
    "[0] * 10**12": "is too large",
    "(0, [1] * 1000) * 1000": "is too large",
    "[[0] * 1000] * 1000": "is too large",
    "'a' + 1": "cannot be worked out",
    "-'a'": "cannot be worked out",
    "{[]: 1}": "cannot be a key",
    "{**{}}": "is not written out",
    "dict(**{})": "is not written out",
    "'\\ud800'": "half a character",
    "+".join(["1"] * 900): "nested too deeply",
    "[" * 150 + "]" * 150: "nested too deeply",
}


@pytest.mark.parametrize("value", NUMBERS)
def test_values_are_bounded(chapter, value):
    path = chapter / "scene.py"
    path.write_text(FINE.replace("class", f"X = {value}\nclass"))
    assert listed(chapter) == {"odd/scene": ""}  # nobody asks for it
    path.write_text(f"from dlplay import Scene\nclass T(Scene):\n    quick = dict(x={value})\n")
    assert NUMBERS[value] in listed(chapter)["odd/scene"]
    assert len(listed(chapter)["odd/scene"]) < 400


@pytest.mark.parametrize(("lines", "words"), [(LAUGHS, "not a literal"), (CHAIN, "not a literal")])
def test_values_made_of_values_are_bounded(chapter, lines, words):
    path = chapter / "scene.py"
    path.write_text(lines + FINE)
    assert listed(chapter) == {"odd/scene": ""}
    path.write_text(lines + FINE.replace("pass", "quick = dict(x=A)"))
    assert words in listed(chapter)["odd/scene"]


def test_the_work_that_a_file_asks_for_is_bounded(chapter, monkeypatch):
    monkeypatch.setattr(literals, "WORK", 50_000)
    large = "A = 'a' * 20_000\n" + "B = (A,)\n" * 4
    (chapter / "scene.py").write_text(large + FINE.replace("pass", "quick = dict(x=1)"))
    assert "comes after too much" in listed(chapter)["odd/scene"]


def test_what_is_refused_costs_no_more_than_what_is_taken(chapter):
    (chapter / "scene.py").write_text(
        "A = 'a' * 10**12\n" + FINE.replace("pass", "quick = dict(x=1)")
    )
    assert listed(chapter) == {"odd/scene": ""}


def test_a_name_that_is_set_anew_has_no_old_value(chapter):
    (chapter / "scene.py").write_text(
        "A = 1\nA = open('x')\n" + FINE.replace("pass", "quick = dict(x=A)")
    )
    assert "'A' is not a literal" in listed(chapter)["odd/scene"]


@pytest.mark.parametrize("value", ["3", "-2.5", "'a' * 3", "(1, [2], {'a': None})", "2 ** 10 / 4"])
def test_literals_are_what_python_makes_of_them(value):
    made = Names([]).evaluate(ast.parse(value, mode="eval").body)
    assert (made, type(made)) == (eval(value), type(eval(value)))


def test_a_literal_that_is_none_tells_its_line_and_is_cut_short():
    node = ast.parse("\n\nf(" + "1, " * 200 + ")").body[0]
    with pytest.raises(NotLiteral, match=r"^line 3: 'f\(1, 1.{60,80}…' is not a literal") as raised:
        Names([]).evaluate(node.value)
    assert len(str(raised.value)) < 250


SOURCES = {
    "sum": ("X = " + "+".join(["1"] * 20_000), "nested too deeply"),
    "minus": ("X = " + "-" * 100_000 + "1", "nested too deeply"),
    "attributes": ("x" + ".a" * 50_000, "nested too deeply"),
    "brackets": ("(" * 1000, "too many nested parentheses"),
    "unfinished": ("class T(Scene:", "line 1"),
    "indents": ("\n".join(" " * n + "if 1:" for n in range(150)), "indentation"),
    "digits": ("X = " + "9" * 5000, "integer string conversion"),
    "covers": ("class T(Scene):\n    covers = {1: ('loss',)}", "covers must be a dict"),
    "names": ("class T(Scene):\n    covers = {'One': (1,)}", "names in a tuple"),
    "panels": ("class T(Scene):\n    panels = 'loss'", "names in a tuple"),
    "quick": ("class T(Scene):\n    quick = 5", "quick is a dict"),
    "pace": ("class T(Scene):\n    pace = 'fast'", "fast"),
    "breaks": ("class T(Scene):\n    @claim('x', breaks=5)\n    def c(self, m): ...", "breaks is"),
    "sentence": ("class T(Scene):\n    @claim(5)\n    def c(self, m): ...", "is no sentence"),
    "stars": ("class T(Scene):\n    x = Int(1, **{})", "not written out"),
    "two": ("class A(Scene): ...\nclass B(dlplay.Scene): ...", "two scenes, A and B"),
    "lesson": ('"""# \\ud800"""\nclass T(Scene): ...', "half a character"),
}


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_breaks_its_own_scene(chapter, name):
    text, words = SOURCES[name]
    (chapter / "scene.py").write_text(text)
    assert words in listed(chapter)["odd/scene"]
    with pytest.raises(BrokenScene):
        load(describe(chapter / "scene.py", chapter.parent))


def test_names_of_any_length_make_short_messages(chapter):
    """And to look for the nearest of them is no work without end."""
    long = "a" * 90_000
    (chapter / "scene.py").write_text(
        f"class T(Scene):\n    panels = {{'{long}b': 'x'}}\n"
        f"    def run(self, stage):\n        stage.text('{long}', '')\n"
    )
    assert len(listed(chapter)["odd/scene"]) < 600
    assert "panels has no 'aaa" in listed(chapter)["odd/scene"]
    assert nearest(long, [f"{long}b", "a"]) is None
    assert nearest("a", [long, "a"]) == "a"


def test_a_broken_scene_keeps_its_title(chapter):
    (chapter / "scene.py").write_text(FINE.replace("pass", "quick = 5").replace("# Fine", "# Mine"))
    assert catalog(chapter).find("odd/scene").title == "Mine"


def test_warnings_about_a_source_are_not_the_reader_s(chapter):
    (chapter / "scene.py").write_text(FINE.replace("# Fine", "# Mine\\d"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert listed(chapter) == {"odd/scene": ""}


# What a file is made of

BYTES = {
    "nul": (b"x = 1\0", "NUL bytes"),
    "latin": ("# Größe".encode("latin-1"), "encoding declaration"),
    "unknown": (b"# coding: klingon\n", "klingon"),
    "no text": (b"# coding: zlib\n", "not a text encoding"),
    "disagree": (b"\xef\xbb\xbf# coding: latin-1\n", "coding"),
    "half": (b"# coding: unicode_escape\nX = '\\ud800'\n", "half a character"),
    "zero": (b"# coding: unicode_escape\nX = '\\x00'\n", "null"),
}


@pytest.mark.parametrize("name", BYTES)
def test_bytes_that_are_no_source(chapter, name):
    content, words = BYTES[name]
    (chapter / "scene.py").write_bytes(content)
    assert words in listed(chapter)["odd/scene"]


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + FINE.replace("# Fine", "# Größe").encode(),
        b"# -*- coding: latin-1 -*-\n" + FINE.replace("# Fine", "# Größe").encode("latin-1"),
        b"#!/usr/bin/python\n# coding=cp1252\n" + FINE.replace("Fine", "Größe").encode("cp1252"),
        FINE.replace("# Fine", "# Größe").replace("\n", "\r\n").encode(),
    ],
)
def test_what_python_reads_is_read(chapter, content):
    path = chapter / "scene.py"
    path.write_bytes(content)
    card = describe(path, chapter.parent)
    assert (card.title, card.broken) == ("Größe", "")
    assert load(card).__name__ in ("Fine", "Größe")
    assert "\r" not in card.source


# What is no file, or none to be read


def test_a_pipe_a_folder_a_device_and_a_dead_link(chapter):
    os.mkfifo(chapter / "pipe.py")
    (chapter / "folder.py").mkdir()
    (chapter / "device.py").symlink_to("/dev/zero")
    (chapter / "link.py").symlink_to("nowhere.py")
    (chapter / "ring.py").symlink_to("ring.py")
    assert listed(chapter) == {
        "odd/device": "device.py: it is a device or a pipe, not a file",
        "odd/folder": "folder.py: it is a folder, not a file",
        "odd/link": f"link.py: {os.strerror(errno.ENOENT)}",
        "odd/pipe": "pipe.py: it is a device or a pipe, not a file",
        "odd/ring": f"ring.py: {os.strerror(errno.ELOOP)}",
    }


@pytest.mark.parametrize("size", [50_000_000, files.LIMIT + 1])
def test_a_file_that_is_too_large(chapter, size):
    with (chapter / "large.py").open("wb") as file:
        file.truncate(size)
    assert listed(chapter) == {
        "odd/large": "large.py: it is larger than 200 kB, the most that a scene may have"
    }


def test_a_file_that_grows_while_it_is_read(tmp_path, monkeypatch):
    (tmp_path / "small").touch()
    (tmp_path / "large").write_bytes(bytes(1001))
    monkeypatch.setattr(files.os, "fstat", lambda fd: os.stat(tmp_path / "small"))
    with pytest.raises(files.Unreadable, match="larger than 1 kB"):
        files.read(tmp_path / "large", 1000)


def test_a_file_at_the_limit_is_read(chapter):
    (chapter / "scene.py").write_text(FINE + "#" * (files.LIMIT - len(FINE)))
    assert listed(chapter) == {"odd/scene": ""}


def test_a_file_without_permission(chapter, monkeypatch):
    closed = chapter / "closed.py"
    closed.write_text(FINE)
    closed.chmod(0)
    if os.access(closed, os.R_OK):  # root reads everything
        opened = os.open

        def refuse(path, *flags):
            if Path(path) == closed:
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
            return opened(path, *flags)

        monkeypatch.setattr(files.os, "open", refuse)
    assert listed(chapter) == {"odd/closed": f"closed.py: {os.strerror(errno.EACCES)}"}


def test_a_folder_without_permission_is_told_of(chapter, monkeypatch):
    scan = os.scandir

    def refuse(path):
        if Path(path).name == "closed":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return scan(path)

    (chapter.parent / "closed").mkdir()
    root = chapter.parents[1] / "closed"
    root.mkdir()
    monkeypatch.setattr("dlplay.course.catalog.os.scandir", refuse)
    found = catalog(chapter, root)
    assert [card.id for card in found.scenes] == ["odd/fine"]
    assert [notice.text for notice in found.notices] == [
        f"{chapter.parent / 'closed'} cannot be read: {os.strerror(errno.EACCES)}",
        f"{root} cannot be read: {os.strerror(errno.EACCES)}",
    ]


NAMES = [b"x\xff.py", b"a\nb.py", b"\x1b[31m.py"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_cannot_be_shown(chapter, name):
    (chapter / os.fsdecode(name)).write_text(FINE)
    ((id, broken),) = listed(chapter).items()
    assert (id + broken).isprintable()
    assert "give it another" in broken


def test_a_name_with_other_spaces_is_shown_as_it_is(chapter):
    (chapter / "no\u00a0break.py").write_text(FINE)
    assert listed(chapter) == {"odd/no\u00a0break": ""}
    assert files.shown(chapter / "no\u00a0break.py") == f"{chapter}/no\u00a0break.py"


def test_a_chapter_whose_name_cannot_be_shown(tmp_path, chapter):
    odd = chapter.parent / os.fsdecode(b"c\xff")
    odd.mkdir()
    (odd / "fine.py").write_text(FINE)
    found = catalog(chapter).chapters
    assert sorted(each.id for each in found) == ["c\ufffd", "odd"]
    assert all((each.id + each.title).isprintable() for each in found)


def test_hidden_and_private_files_are_no_scenes(chapter):
    for name in (".#fine.py", "._fine.py", "_private.py", "fine.py~"):
        (chapter / name).write_text("class T(Scene")
    assert listed(chapter) == {}


# __init__.py


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("scenes = 5", "scenes is a list of names"),
        ("scenes = {'Part': 5}", "scenes is a list of names"),
        ("scenes = [", "was never closed"),
        ("chapters = [1]", "chapters is a list of names"),
        ('"""# \\ud800"""', "half a character"),
        ("X = " + "+".join(["1"] * 20_000), "nested too deeply"),
    ],
)
def test_an_init_that_cannot_be_read_is_told_of(chapter, text, words):
    (chapter / "__init__.py").write_text(text)
    assert listed(chapter) == {}
    (notice,) = catalog(chapter).notices
    assert words in notice.text
    assert str(chapter / "__init__.py") in notice.text


def test_an_init_that_is_a_pipe(chapter):
    os.mkfifo(chapter / "__init__.py")
    assert listed(chapter) == {}
    assert len(catalog(chapter).notices) == 1


def test_fine_folders_have_no_notices(chapter):
    (chapter / "__init__.py").write_text('"""# Odd"""\nscenes = {"One": ["fine"]}\n')
    assert catalog(chapter).notices == ()
    assert catalog(chapter).chapters[0].part_of("odd/fine") == "One"


# Names that are taken


def test_the_first_of_two_scenes_with_one_name_wins_and_the_other_is_told_of(chapter, tmp_path):
    other = tmp_path / "mine"
    (other / "odd").mkdir(parents=True)
    (other / "odd" / "fine.py").write_text(FINE.replace("# Fine", "# Mine"))
    (other / "odd" / "new.py").write_text(FINE)
    found = catalog(chapter, other)
    assert [card.id for card in found.scenes] == ["odd/fine", "odd/new"]
    assert found.scenes[0].title == found.find("odd/fine").title == "Fine"
    (notice,) = found.notices
    assert notice.text == f"not shown of {other}, as others have their names: odd/fine"


def test_two_files_of_one_folder_may_have_one_name(chapter):
    (chapter / "a_b.py").write_text(FINE)
    (chapter / "a-b.py").write_text(FINE)
    assert listed(chapter) == {"odd/a-b": ""}
    (notice,) = catalog(chapter).notices
    assert notice.text.endswith("names: odd/a-b")


def test_of_many_taken_names_some_are_named(chapter, tmp_path):
    for name in "abcde":
        (chapter / f"{name}.py").write_text(FINE)
    copy = tmp_path / "copy"
    (copy / "odd").mkdir(parents=True)
    for path in chapter.iterdir():
        (copy / "odd" / path.name).write_text(FINE)
    (notice,) = catalog(chapter, copy).notices
    assert notice.text.endswith("odd/a, odd/b, odd/c and 3 more")


# All of it at once, by the command


@pytest.mark.parametrize("words", [["list"], ["list", "--json"], ["list", "odd"]])
def test_list_comes_through_all_of_it(chapter, tmp_path, words):
    for name, (text, _) in SOURCES.items():
        (chapter / f"s_{name}.py").write_text(text)
    for name, (content, _) in BYTES.items():
        (chapter / f"b_{name}.py".replace(" ", "_")).write_bytes(content)
    for name in NAMES:
        (chapter / os.fsdecode(name)).write_text(FINE)
    os.mkfifo(chapter / "pipe.py")
    (chapter / "__init__.py").write_text("scenes = 5")
    (chapter / "fine_.py").write_text("X = 10**10**10\n" + FINE)
    env = {
        **os.environ,
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "DLPLAY_SCENES": str(chapter.parent),
    }
    for _ in range(2):  # without the cache and with it
        ended = subprocess.run(
            [sys.executable, "-m", "dlplay", *words], env=env, capture_output=True, text=True
        )
        assert ended.returncode == 0, ended.stderr
        assert ended.stderr.startswith("dlplay: titles and order are not read from")
        assert len(ended.stderr.splitlines()) == 1
        if "--json" in words:
            rows = {row["id"]: row for row in json.loads(ended.stdout)}
            assert rows["odd/s-two"]["broken"]
            assert "broken" not in rows["odd/fine"]
        else:
            assert "odd/pipe" in ended.stdout


def test_the_command_tells_of_names_that_are_taken(chapter, tmp_path):
    (chapter.parent / "introduction").mkdir()
    (chapter.parent / "introduction" / "graph.py").write_text(FINE)
    env = {**os.environ, "DLPLAY_SCENES": str(chapter.parent)}
    command = [sys.executable, "-m", "dlplay", "list", "introduction"]
    ended = subprocess.run(command, env=env, capture_output=True, text=True)
    assert ended.returncode == 0
    named = "as others have their names: introduction/graph"
    assert ended.stderr == f"dlplay: not shown of {chapter.parent}, {named}\n"


def test_reading_says_what_depends_on_the_file_alone(chapter):
    path = chapter / "fine.py"
    assert facts.read(path).stamp == files.stamp(path)
    path.write_text(SOURCES["sum"][0])  # how deep is too deep depends on who calls
    assert facts.read(path).stamp is None
    path.unlink()
    assert facts.read(path).stamp is None
    assert files.stamp(path) is None
    assert cache.SETTLED >= 10**9
