"""The cache of what scene files declare: never wrong, and never in the way."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import msgspec
import pytest

from dlplay.author.parameters.kinds import KINDS
from dlplay.course import cache, facts
from dlplay.course.cache import Cache, NotKept, freeze, thaw
from dlplay.course.cards import card_of
from dlplay.course.catalog import Catalog, built_in, describe

PAGE = '''
"""# {title}

The lesson, with θ.
"""
from dlplay import Choice, Float, Scene, Try

class Thing(Scene):
    covers = ("First section",)
    panels = {{"loss": "it falls"}}
    claims = {{"falls": "the loss falls below 0.1"}}
    tries = (
        Try("rate=0.9", "And now?", ("it falls", "it stays"), right=2, why="so", breaks="falls"),
    )
    quick = {{"rate": 0.5, "odd": (1, [2.5, None, True], {{3: "x"}})}}
    pace = 3
    rate = Float(0.5, min=0.1, max=1, live=True, help="share that is kept")
    rule = Choice("plain", ["plain", "signed"])

    def run(self, stage):
        stage.curve("loss", train=1.0)
        stage.claim("falls", 0.05, below=0.1)
'''
OLD = '''
"""# Old"""
from dlplay import Scene, Int, claim

class Old(Scene):
    covers = {"Second section": ("loss",)}
    panels = ("loss",)
    steps = Int(20, min=1, max=1_000_000_000)

    @claim("it works", breaks={"steps": 1})
    def works(self, measured):
        return measured.loss < 1e-3
'''
DECLARED = {
    "Float": "Float(0.1, min=1e-3, max=10, log=True, live=True, help='θ', unit='s')",
    "Int": "Int(2, min=-5, max=2**40, step=2)",
    "Choice": "Choice('a', ('a', 'b'), help='which')",
    "Toggle": "Toggle(True, live=True)",
    "Text": "Text('ab', max_length=10)",
    "File": "File('shakespeare', kind='text', help='what is read')",
}


@pytest.fixture
def settled(monkeypatch):
    """Files count as unchanged for long, those that have just been written too."""
    monkeypatch.setattr(cache, "SETTLED", -(10**15))


@pytest.fixture
def read(monkeypatch):
    """The names of the files that have been read."""
    names: list[str] = []
    read = facts.read
    monkeypatch.setattr(facts, "read", lambda path: names.append(path.name) or read(path))
    return names


@pytest.fixture
def course(tmp_path):
    folder = tmp_path / "course" / "first_steps"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text('"""# First steps\n\nHere."""\nscenes = ["b", "a"]\n')
    (folder / "a.py").write_text(PAGE.format(title="A title"))
    (folder / "b.py").write_text(OLD)
    (folder / "helpers.py").write_text("x = 1\n")
    return folder.parent


@pytest.fixture
def catalog(course, tmp_path):
    """Makes the catalog of the course anew, with one cache."""
    return lambda *roots: Catalog(list(roots) or [course], tmp_path / "kept" / "scenes.msgpack")


def plain(card):
    """All that is in a card, in a form that can be compared."""
    parameters = {name: (type(each), vars(each)) for name, each in card.parameters.items()}
    return {**vars(card), "parameters": parameters, "text": None}


def types(value):
    """The types of a value, all the way down: 1 == 1.0 and (1,) != [1]."""
    if isinstance(value, dict):
        return [(types(key), types(each)) for key, each in value.items()]
    if isinstance(value, (tuple, list)):
        return type(value), [types(each) for each in value]
    return type(value)


# The same card


def same(path, root):
    fresh = describe(path, root)
    kept = card_of(thaw(freeze(facts.read(path).facts)), path, root, None)
    assert plain(kept) == plain(fresh)
    for one, other in zip(plain(kept).values(), plain(fresh).values(), strict=True):
        assert types(one) == types(other)
    assert kept == kept and kept.source == fresh.source  # noqa: PT018
    return kept


@pytest.mark.parametrize(
    "path", sorted(built_in().glob("*/[!_]*.py")), ids=lambda p: f"{p.parent.name}/{p.stem}"
)
def test_every_scene_of_the_course_comes_back_the_same(path):
    assert not same(path, built_in()).broken


def test_pages_and_scenes_of_the_old_form_come_back_the_same(course):
    page = same(course / "first_steps" / "a.py", course)
    assert page.quick["odd"] == (1, [2.5, None, True], {3: "x"})
    assert page.claims[0].breaks == {"rate": 0.9}
    assert page.tries[0].options == ("it falls", "it stays")
    assert same(course / "first_steps" / "b.py", course).claims[0].condition == "loss < 0.001"


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_kind_of_parameter_comes_back_the_same(course, kind):
    path = course / "first_steps" / "kind.py"
    path.write_text(f'"""# K"""\nclass K(Scene):\n    knob = {DECLARED[kind]}\n')
    knob = same(path, course).parameters["knob"]
    assert (type(knob), knob.name) == (KINDS[kind], "knob")


@pytest.mark.parametrize("value", ["b'x'", "2**70", "1j", "..."])
def test_what_would_not_come_back_the_same_is_not_kept(course, catalog, settled, read, value):
    path = course / "first_steps" / "odd.py"
    path.write_text(f'"""# Odd"""\nclass Odd(Scene):\n    quick = {{"x": {value}}}\n')
    with pytest.raises((NotKept, OverflowError)):
        freeze(facts.read(path).facts)
    first = catalog().find("first-steps/odd")
    assert catalog().chapters
    read.clear()
    assert plain(catalog().scenes[-1]) == plain(first)
    assert read == ["odd.py"]


# When a file is read again


def test_what_is_known_is_not_read_again(course, catalog, settled, read):
    first = catalog().chapters
    assert sorted(read) == ["__init__.py", "a.py", "b.py", "helpers.py"]
    read.clear()
    again = catalog().chapters
    assert read == []
    assert [chapter.title for chapter in again] == ["First steps"]
    assert [plain(card) for card in again[0].scenes] == [plain(card) for card in first[0].scenes]
    card, path = again[0].scenes[1], course / "first_steps" / "a.py"
    assert card.source == path.read_text()
    path.unlink()
    assert card.source.startswith('\n"""# A title')  # once read, it stays
    assert again[0].scenes[0].text is None


def test_the_source_of_a_file_that_is_gone_is_empty(course, catalog, settled):
    assert catalog().chapters
    (card, _) = catalog().scenes
    card.path.unlink()
    assert card.source == ""
    assert len(card.digest) == 64


def test_a_file_that_changed_of_late_is_not_kept(course, catalog, read):
    later = 2**33
    for path in course.rglob("*.py"):
        os.utime(path, (later, later))
    assert catalog().chapters
    read.clear()
    assert len(catalog().scenes) == 2
    assert sorted(read) == ["__init__.py", "a.py", "b.py", "helpers.py"]


def test_an_edit_of_the_same_size_and_time_is_seen(course, catalog, settled, read):
    path = course / "first_steps" / "a.py"
    times = path.stat().st_mtime_ns, path.stat().st_mtime_ns
    assert catalog().scenes[1].title == "A title"
    before = path.stat().st_ctime_ns
    while path.stat().st_ctime_ns == before:  # until the clock of the file system has moved
        path.write_text(PAGE.format(title="B title"))
        os.utime(path, ns=times)
    assert catalog().scenes[1].title == "B title"
    assert path.stat().st_mtime_ns == times[0]


def test_a_renamed_scene_and_a_moved_folder_are_seen(course, catalog, settled):
    assert [card.id for card in catalog().scenes] == ["first-steps/b", "first-steps/a"]
    (course / "first_steps" / "a.py").rename(course / "first_steps" / "c.py")
    assert [card.id for card in catalog().scenes] == ["first-steps/b", "first-steps/c"]
    moved = course.rename(course.with_name("moved"))
    (card, _) = catalog(moved).scenes
    assert (card.path, card.root) == (moved / "first_steps" / "b.py", moved)


def test_another_file_in_its_place_is_seen(course, catalog, settled, tmp_path):
    path = course / "first_steps" / "a.py"
    other = tmp_path / "other.py"
    other.write_text(PAGE.format(title="B title"))
    shutil.copystat(path, other)
    assert catalog().scenes[1].title == "A title"
    other.rename(path)
    assert catalog().scenes[1].title == "B title"


def test_another_version_or_python_or_code_reads_all_again(course, catalog, settled, monkeypatch):
    one = cache._fingerprint()
    assert cache._fingerprint() == one
    with monkeypatch.context() as patch:
        patch.setattr("dlplay.__version__", "0.0.0")
        assert cache._fingerprint() != one
    with monkeypatch.context() as patch:
        patch.setattr(sys, "version", "3.99")
        assert cache._fingerprint() != one
    with monkeypatch.context() as patch:
        patch.setattr(cache, "READERS", cache.READERS[1:])
        assert cache._fingerprint() != one


def test_code_that_reads_counts_in_folders_below_too(tmp_path, monkeypatch):
    module = tmp_path / "author" / "parameters" / "base.py"
    module.parent.mkdir(parents=True)
    module.write_text("one = 1\n")
    monkeypatch.setattr(cache, "__file__", str(tmp_path / "course" / "cache.py"))
    one = cache._fingerprint()
    module.write_text("one = 2\n")
    assert cache._fingerprint() != one


def test_the_cache_of_another_version_is_not_used(catalog, settled, read, monkeypatch):
    assert catalog().chapters
    read.clear()
    monkeypatch.setattr(cache, "_fingerprint", lambda: b"another")
    assert len(catalog().scenes) == 2
    assert len(read) == 4


# The file


@pytest.fixture
def kept(catalog, settled, read, tmp_path):
    """The cache's file, and a check that all was read anew and the file is whole again."""
    assert catalog().chapters
    file = tmp_path / "kept" / "scenes.msgpack"
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    read.clear()
    return file


@pytest.mark.parametrize(
    "content",
    [b"", b"short", b"\x80" * 100, b"\x91" * 5000, b"\xff" * 64, pickle.dumps({}), b"{}" * 40],
)
def test_foreign_content_is_ignored(catalog, read, kept, content):
    kept.write_bytes(content)
    assert len(catalog().scenes) == 2
    assert len(read) == 4
    assert len(catalog().scenes) == 2
    assert len(read) == 4  # it has been written anew


def test_damage_at_any_place_is_noticed(catalog, read, kept):
    whole = kept.read_bytes()
    for place in range(0, len(whole), len(whole) // 20):
        damaged = bytearray(whole)
        damaged[place] ^= 1
        kept.write_bytes(damaged)
        assert Cache(kept)._known == {}
    kept.write_bytes(whole[:-1])
    assert Cache(kept)._known == {}
    kept.write_bytes(whole)
    assert len(Cache(kept)._known) == 4


@pytest.mark.parametrize(
    "facts_",
    [[1], ["scene"], ["scene", 5], ["folder"], ["helper"],
     ["scene", "T", "", "", "", {}, {}, {"x": []}],
     ["scene", "T", "", "", "", {}, {}, {}, 0, {"x": ["NoKind", [], {}]}],
     ["scene", "T", "", "", "", {}, {}, {}, 0, {"x": ["Int", [], {}]}],
     ["scene", "T", "", "", "", {}, {}, {}, 0, {}, [], [[1, 2]]]],
)  # fmt: skip
def test_what_no_file_can_say_takes_nothing_down(catalog, kept, facts_):
    """Content with a right checksum that this program did not write."""
    known = Cache(kept)
    odd = msgspec.Raw(msgspec.msgpack.encode(facts_))
    entries = {key: cache.Entry(entry.stamp, odd) for key, entry in known._known.items()}
    body = msgspec.msgpack.encode(entries)
    kept.write_bytes(known._check(body) + body)
    assert all(card.id.startswith("first-steps/") for card in catalog().scenes)


@pytest.mark.parametrize("place", ["a file/in the way", "/proc/no/such", "", "folder", "pipe"])
def test_where_nothing_can_be_kept_all_is_read(course, settled, tmp_path, monkeypatch, place):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a file").touch()
    (tmp_path / "folder" / "inside").mkdir(parents=True)
    os.mkfifo(tmp_path / "pipe")
    file = tmp_path / place if place else Path("relative")
    for _ in range(2):
        assert len(Catalog([course], file).scenes) == 2
    assert not (tmp_path / "relative").exists()
    assert (tmp_path / "folder" / "inside").is_dir()
    assert not list(tmp_path.glob("*-*"))  # no part of a file is left behind


def test_other_courses_are_kept_and_what_is_gone_is_not(course, catalog, read, kept, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(course, other)
    assert catalog(other).chapters
    assert len(Cache(kept)._known) == 8
    shutil.rmtree(course)
    (other / "first_steps" / "new.py").write_text(OLD)
    assert catalog(other).chapters
    assert len(Cache(kept)._known) == 5


def test_the_number_of_files_is_bounded(course, catalog, settled, monkeypatch, tmp_path):
    monkeypatch.setattr(cache, "MOST_ENTRIES", 2)
    assert catalog().chapters
    assert len(Cache(tmp_path / "kept" / "scenes.msgpack")._known) == 2


def test_several_instances_at_once(course, tmp_path):
    program = textwrap.dedent(
        """
        import os
        import sys
        from pathlib import Path
        from dlplay.course import cache
        from dlplay.course.catalog import Catalog
        cache.SETTLED = -10**15
        root, file = map(Path, sys.argv[1:])
        for turn in range(30):
            draft = root / "first_steps" / f".draft-{os.getpid()}"
            draft.write_text(f"x = {turn}")
            draft.replace(root / "first_steps" / "helpers.py")  # never seen half written
            assert [card.broken for card in Catalog([root], file).scenes] == ["", ""]
        """
    )
    file = tmp_path / "kept" / "scenes.msgpack"
    words = [sys.executable, "-c", program, str(course), str(file)]
    running = [subprocess.Popen(words) for _ in range(3)]
    assert [each.wait() for each in running] == [0, 0, 0]
    assert len(Cache(file)._known) >= 3
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_it_is_in_the_user_s_cache_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache.default_file() == tmp_path / "dlplay" / "scenes.msgpack"
