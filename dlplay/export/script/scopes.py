"""Whose a name is: a function's own, or the module's."""

from __future__ import annotations

import ast
from collections.abc import Iterator

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


class Scopes:
    """Parents and owners of all nodes of a tree."""

    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        self.parents: dict[ast.AST, ast.AST] = {}
        for node in ast.walk(tree):
            for child in ast.iter_child_nodes(node):
                self.parents[child] = node
        self.bound = {
            node: set(_bound(node)) for node in ast.walk(tree) if isinstance(node, Function)
        }

    def above(self, node: ast.AST) -> Iterator[ast.AST]:
        """Parent, grandparent and so on."""
        while (parent := self.parents.get(node)) is not None:
            yield parent
            node = parent

    def function(self, node: ast.AST) -> Function | None:
        """The innermost function around a node."""
        return next((up for up in self.above(node) if isinstance(up, Function)), None)

    def owner(self, node: ast.AST, name: str) -> Function | None:
        """The function whose own this name is where the node stands; None for the module's."""
        around = [node, *self.above(node)] if isinstance(node, Function) else self.above(node)
        for up in around:
            if isinstance(up, Function) and name in self.bound[up]:
                return up
        return None


def _bound(function: Function) -> Iterator[str]:
    """The names that a function binds: parameters, and whatever is assigned in it."""
    args = function.args
    for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg):
        if arg is not None:
            yield arg.arg
    if isinstance(function, ast.Lambda):
        return
    foreign: set[str] = set()
    found = []
    todo: list[ast.AST] = list(function.body)
    while todo:
        node = todo.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.append(node.name)
            continue
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            foreign.update(node.names)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
            found.append(node.id)
        elif isinstance(node, ast.alias):
            found.append((node.asname or node.name).split(".")[0])
        elif isinstance(node, ast.ExceptHandler) and node.name:
            found.append(node.name)
        elif isinstance(node, ast.Lambda):
            continue
        todo += ast.iter_child_nodes(node)
    yield from (name for name in found if name not in foreign)
