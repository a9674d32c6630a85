"""No text of a user, a scene, a recording or a file is markup, wherever the interface shows it."""

from __future__ import annotations

import ast
import random
from pathlib import Path

import pytest
from textual.content import Content

import dlplay.tui
from dlplay.tui import texts

FILES = sorted(Path(dlplay.tui.__file__).parent.rglob("*.py"))
# What takes a string for markup, and is made in `texts.py` alone.
MAKERS = {
    "Static", "Label", "Button", "Markdown", "Checkbox", "RadioButton", "Option", "OptionList",
    "SelectionList", "DataTable", "Tree", "Select", "Tab", "TabPane", "Collapsible", "Link",
    "Hit", "DiscoveryHit", "SystemCommand", "Toast", "RichLog", "ToggleButton", "Switch", "Rule",
}  # fmt: skip
READERS = {"from_markup", "from_ansi", "render_str", "escape", "render_markup"}
NAMED = {"border_title", "border_subtitle", "tooltip"}


def raw_calls(tree: ast.AST) -> list[str]:
    """What hands a text to Textual by another way than `texts.py`, with its line."""
    found = []
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in MAKERS:
                found.append(f"{node.lineno}: {name}(...)")
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in READERS:
                found.append(f"{node.lineno}: {name}(...)")
            case (
                ast.keyword(arg="markup", value=ast.Constant(value=True))
                | ast.keyword(arg="tooltip" | "border_title" | "border_subtitle")
            ):
                found.append(f"{node.lineno}: {node.arg}=")
            case ast.ClassDef(name=name, bases=bases):
                made = [base.id for base in bases if isinstance(base, ast.Name)]
                found += [f"{node.lineno}: class {name}({b})" for b in made if b in MAKERS]
            case ast.Assign(targets=[ast.Attribute(attr=name)], value=value) if name in NAMED:
                if not _safe(value):
                    found.append(f"{node.lineno}: {name} = {ast.unparse(value)}")
    return found


def _safe(value: ast.expr) -> bool:
    match value:
        case ast.Constant(value=str(text)):
            return "[" not in text
        case ast.Constant(value=None):
            return True
        case ast.Call(func=ast.Name(id="title")):
            return True
    return False


# A tree draws what `process_label` makes of a label, and this one's is safe.
# What a run printed is shown in its colours, after all else in it has become signs.
# A pattern of `re` is no text on a screen.
ALLOWED = {
    "shelf.py": {"class SceneTree(Tree)"},
    "text_pages.py": {"from_ansi(...)"},
    "veil.py": {"escape(...)"},
    "editing.py": {"escape(...)"},
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_text_goes_through_one_place(path):
    if path.name == "texts.py":
        return
    found = raw_calls(ast.parse(path.read_text()))
    allowed = ALLOWED.get(path.name, set())
    assert [each for each in found if each.partition(": ")[2] not in allowed] == []


@pytest.mark.parametrize(
    "line",
    [
        "Static(name)",
        "widgets.Label(name)",
        "box.border_title = name",
        "box.border_title = f'[b]{name}'",
        "self.border_subtitle = '[b]x'",
        "view.tooltip = name",
        "self.notify(name, markup=True)",
        "Text.from_markup(name)",
        "class Mine(Static): pass",
    ],
)
def test_a_raw_call_is_found(line):
    assert raw_calls(ast.parse(line))


def test_what_the_palette_takes_for_markup_means_the_text():
    by_chance = random.Random(0)
    for _ in range(2000):
        text = "".join(
            by_chance.choice("[]\\/@=a#$ x(')\"") for _ in range(by_chance.randint(1, 9))
        )
        command = texts.command("name", text, print)
        assert Content.from_markup(command.help).plain == text


def test_a_notice_is_text_and_of_bounded_length():
    assert texts.notice("a\x1b[2Jb") == "a␛[2Jb"
    assert len(texts.notice("x" * 1_000_000)) <= texts.LONGEST + 1
