"""Data files that a script carries along."""

from __future__ import annotations

import ast
from pathlib import Path

from dlplay.export.script.parts import HOME
from dlplay.export.script.scopes import Scopes
from dlplay.export.script.text import NotTranslatable, Text

FOLDER = HOME / "data" / "files"


def embed(source: str) -> str:
    """The same definitions, reading their data files from `embedded(name)`."""
    text = Text(source)
    folders = {
        node.targets[0].id
        for node in text.tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        if any(isinstance(n, ast.Name) and n.id == "__file__" for n in ast.walk(node.value))
    }
    parents = Scopes(text.tree).parents
    return text.edited(
        [
            _edit(text, node, parents)
            for node in ast.walk(text.tree)
            if isinstance(node, ast.Name) and node.id in folders and isinstance(node.ctx, ast.Load)
        ]
    )


def _edit(text: Text, node: ast.Name, parents: dict[ast.AST, ast.AST]) -> tuple[int, int, str]:
    path = parents[node]
    match path:
        case ast.BinOp(op=ast.Div(), right=ast.Constant(str(name))):
            data = f'embedded("{name}")'
        case _:
            raise NotTranslatable(
                f"dlplay reads a data file by {ast.unparse(path)}: what is not written out as "
                "a name cannot be put into a script"
            )
    method = parents[path]
    if not isinstance(method, ast.Attribute):
        return text.start(path), text.end(path), f"BytesIO({data})"
    call = parents[method]
    if isinstance(call, ast.Call) and method.attr in ("read_bytes", "read_text"):
        plain = data if method.attr == "read_bytes" else f"{data}.decode()"
        return text.start(call), text.end(call), plain
    raise NotTranslatable(
        f"dlplay reads a data file by {ast.unparse(method)}: only whole files can be put into "
        "a script"
    )


def files_in(tree: ast.Module) -> dict[str, Path]:
    """The data files that are still read, by name."""
    found = {}
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name("embedded"), args=[ast.Constant(str(name))]):
                found[name] = FOLDER / name
    return found
