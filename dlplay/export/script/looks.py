"""Takes out of a page what only looks: its looks, as they are marked, and its drawing calls.

Nothing is inferred. What a page computes outside its looks stays, and is computed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from dlplay.course.pages import is_look
from dlplay.export.script.prune import used
from dlplay.export.script.text import Text, blocks, dotted, first_line
from dlplay.wire.contents import DRAWS

SHOWS = (DRAWS | {"axes", "headline", "watch"}) - {"curve"}  # a curve also ends a run


def without_looks(source: str, roots: set[str]) -> str:
    """The module without looks, drawing calls, and definitions that they alone used.

    `roots`: names that are used from outside: they stay.
    """
    text = Text(source)
    source = text.without(set(_lines(text, _shown(text.tree))), dict(_passes(text)))
    while True:
        text = Text(source)
        unused = set(_lines(text, _unused(text.tree, roots)))
        if not unused:
            return source
        source = text.without(unused)


def _shown(tree: ast.AST) -> Iterator[ast.stmt]:
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and _only_shows(node):
            yield node


def _only_shows(node: ast.stmt) -> bool:
    """Whether a statement is a look, a drawing call, or holds nothing else."""
    match node:
        case ast.FunctionDef(decorator_list=decorators):
            return any(map(is_look, decorators))
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name("stage"), attr=attr))):
            return attr in SHOWS
        case ast.With(items=[ast.withitem(context_expr=ast.Call(func=func))], body=body):
            return dotted(func) == "stage.probe" and all(map(_only_shows, body))
        case ast.If(body=body, orelse=[]):
            return all(map(_only_shows, body))
    return False


def _passes(text: Text) -> Iterator[tuple[int, str]]:
    """`pass`, by line, for loops and branches of which nothing is left; within what goes as a
    whole nothing is wanted."""
    waiting: list[ast.AST] = [text.tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.stmt) and _only_shows(node):
            continue
        waiting += ast.iter_child_nodes(node)
        for block in blocks(node):
            if block and all(map(_only_shows, block)) and not isinstance(node, ast.Module):
                line = first_line(block[0])
                yield line, " " * block[0].col_offset + "pass\n"


def _unused(tree: ast.Module, roots: set[str]) -> Iterator[ast.stmt]:
    """Functions, classes and constants, of the module and within functions, that nobody names."""
    names = used(tree) | roots
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            yield from (
                inner
                for inner in node.body
                if isinstance(inner, ast.FunctionDef) and inner.name not in names
            )
    for node in tree.body:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                if name not in names:
                    yield node
            case ast.Assign(targets=[ast.Name(name)]) if name not in names:
                yield node
            case ast.AnnAssign(target=ast.Name(name)) if name not in names:
                yield node


def _lines(text: Text, statements: Iterator[ast.stmt]) -> Iterator[int]:
    for node in statements:
        span = text.span(node)
        if span is not None:
            yield from range(span[0], span[1] + 1)
