"""The scene's own file, turned into a plain one: its class, parameters and claims."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from dlplay.author.parameters.base import Parameter
from dlplay.author.parameters.kinds import KINDS
from dlplay.export.script import known
from dlplay.export.script.parts import Module, imports_of, is_ours, where
from dlplay.export.script.scopes import Scopes
from dlplay.export.script.text import NotTranslatable, comment, dotted, literal

LISTED = ("covers", "panels", "claims", "tries", "quick", "pace")  # what only dlplay reads
STAGE = known.ASKED | {
    "loop",
    "copies",
    "measure",
    "claim",
    "headline",
    "log",
    "look",
    "device",
    "seed",
    "step",
    "total",
    "tick",
    "measures",
}
LOST = frozenset({"values", "tweak", "judge"})  # of a Scene
WIDEST = 100


def scene_class(module: Module) -> ast.ClassDef:
    for node in module.text.tree.body:
        names = [dotted(base) for base in getattr(node, "bases", ())]
        if isinstance(node, ast.ClassDef) and any(n.split(".")[-1] == "Scene" for n in names):
            return node
    raise NotTranslatable(f"{module.text.name} has no Scene class")


def refuse_what_has_no_counterpart(module: Module) -> None:
    """Raise NotTranslatable, with the line, for what a plain script cannot do."""
    scene = scene_class(module)
    declared = {
        name
        for name, given in module.imports.items()
        if given.module == "dlplay" or (given.name and given.module == "dlplay.author.scene")
    }
    allowed = set(_declarations(scene))
    parents = Scopes(module.text.tree).parents
    for node in ast.walk(module.text.tree):
        line = where(module, node)
        match node:
            case ast.Import() | ast.ImportFrom() if parents[node] is not module.text.tree:
                if any(is_ours(given.module) for given in imports_of(node)):
                    raise NotTranslatable(f"{line}: dlplay is imported inside a function")
            case ast.Name(id) if id in declared and node not in allowed:
                raise NotTranslatable(f"{line}: {id} of dlplay is used outside a declaration")
            case ast.Attribute(value=ast.Name("stage") | ast.Attribute(attr="stage"), attr=attr):
                if attr not in STAGE and attr not in known.SHOWN:
                    raise NotTranslatable(f"{line}: stage.{attr} has no counterpart in a script")
                call = parents[node]
                shows = isinstance(call, ast.Call) and call.func is node
                if attr in known.SHOWN and not (shows and isinstance(parents[call], ast.Expr)):
                    raise NotTranslatable(f"{line}: stage.{attr} is not called as a statement")
            case ast.Attribute(value=ast.Name("self" | "scene"), attr=attr) if attr in LOST:
                if scene in _above(node, parents):
                    raise NotTranslatable(f"{line}: {attr} of a Scene has no counterpart")


def _above(node: ast.AST, parents: Mapping[ast.AST, ast.AST]) -> Iterator[ast.AST]:
    while node in parents:
        node = parents[node]
        yield node


def _declarations(scene: ast.ClassDef) -> Iterator[ast.AST]:
    """The names of dlplay where they may stand: the base, parameters, claims."""
    yield from scene.bases
    for node in scene.body:
        match node:
            case ast.Assign(value=ast.Call(func=func)):
                yield func
            case ast.Assign(targets=[ast.Name("tries")], value=value):
                yield from ast.walk(value)
            case ast.FunctionDef(decorator_list=found):
                yield from (d.func for d in found if isinstance(d, ast.Call))


def plain(
    module: Module, parameters: Mapping[str, Parameter[Any]], values: Mapping[str, Any]
) -> str:
    """The file without docstring and imports; its class with parameters as constants."""
    text, scene = module.text, scene_class(module)
    edits: list[tuple[int, int, str]] = []
    removed: set[int] = set()
    for statement in text.tree.body:
        is_lesson = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        if is_lesson or isinstance(statement, (ast.Import, ast.ImportFrom)):
            removed.update(range(statement.lineno, (statement.end_lineno or 0) + 1))
    edits.append(_header(module, scene))
    for member in scene.body:
        match member:
            case ast.Assign(targets=[ast.Name(name)]) if name in LISTED and not _read(text, name):
                removed.update(range(member.lineno, (member.end_lineno or 0) + 1))
            case ast.Assign(targets=[ast.Name(name)], value=ast.Call(func=ast.Name(kind))) if (
                name in parameters and kind in KINDS
            ):
                new = constant(parameters[name], values[name])
                edits.append((text.start(member), text.end(member), new))
            case ast.FunctionDef(decorator_list=[ast.Call(func=ast.Name("claim")), *_]):
                edits += _ranges(module, member)
    if _asks_for_parameters(text.tree):
        first = next(m for m in scene.body if isinstance(m, ast.Assign) and m.lineno not in removed)
        listed = f"parameters = ({', '.join(map(literal, parameters))},)\n    "
        edits.append((text.start(first), text.start(first), listed))
    kept = [edit for edit in edits if text.data[: edit[0]].count(b"\n") + 1 not in removed]
    return _without_lines(text.edited(kept), text.source, removed, kept, text.data)


def _without_lines(
    edited: str, source: str, removed: set[int], edits: list[tuple[int, int, str]], data: bytes
) -> str:
    """The edited text without these lines of the original one."""
    from dlplay.export.script.text import Text

    moved: set[int] = set()
    for number in removed:
        shift = 0
        for start, end, new in edits:
            if data[:start].count(b"\n") + 1 < number:
                shift += new.count("\n") - data[start:end].count(b"\n")
        moved.add(number + shift)
    return Text(edited).without(moved).strip("\n") + "\n"


def _read(text: Any, name: str) -> bool:
    return any(
        isinstance(node, ast.Attribute) and node.attr == name for node in ast.walk(text.tree)
    )


def _asks_for_parameters(tree: ast.Module) -> bool:
    """Whether `self.parameters` of a Scene is meant anywhere, and not that of a model."""
    called = {node.func for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return any(
        isinstance(node, ast.Attribute) and node.attr == "parameters" and node not in called
        for node in ast.walk(tree)
    )


def _header(module: Module, scene: ast.ClassDef) -> tuple[int, int, str]:
    text = module.text
    start = text.data.index(b"class ", text.start(scene))
    others = [text.segment(b) for b in scene.bases if dotted(b).split(".")[-1] != "Scene"]
    last = max(text.end(base) for base in scene.bases)
    end = text.data.index(b":", last) + 1
    return start, end, f"class {scene.name}{'(' + ', '.join(others) + ')' if others else ''}:"


def constant(parameter: Parameter[Any], value: Any) -> str:
    """`name = value  # what it is`, as a class attribute."""
    line = f"{parameter.name} = {literal(value)}"
    remark = "; ".join(filter(None, [parameter.help, _allowed(parameter)]))
    remark = comment(re.sub(r"\s+", " ", remark))
    if len(line) + len(remark) + 8 <= WIDEST:
        return f"{line}  # {remark}"
    above = textwrap.wrap(remark, WIDEST - 6, break_on_hyphens=False)
    return "".join(f"# {part}\n    " for part in above) + line


def _allowed(parameter: Parameter[Any]) -> str:
    words = "True or False" if parameter.kind == "toggle" else parameter.allowed
    for article in ("a number from ", "a whole number from "):
        words = words.removeprefix(article)
    return f"{words} {parameter.unit}".strip()


def _ranges(module: Module, claim: ast.FunctionDef) -> Iterator[tuple[int, int, str]]:
    """`x.between(low, high)` in a claim, as Python writes it."""
    text = module.text
    for node in ast.walk(claim):
        match node:
            case ast.Call(func=ast.Attribute(value=value, attr="between"), args=[low, high]):
                middle = text.segment(value)
                yield (
                    text.start(node),
                    text.end(node),
                    f"{text.segment(low)} <= {middle} <= {text.segment(high)}",
                )
