"""Takes out of a module what only draws: calls, looks around them, and what they alone used."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from dlplay.export.script import known
from dlplay.export.script.effects import (
    CHANGE,
    NORM,
    RANDOM,
    Analysis,
    Effects,
    is_probe,
    stage_call,
)
from dlplay.export.script.scopes import Function
from dlplay.export.script.text import Text, blocks, first_line


def pruned(source: str, imports: Mapping[str, str], roots: set[str]) -> str:
    """The module without what only draws.

    `imports`: names with what they stand for. `roots`: names and attributes that were not used
    before either, or are used from outside: they stay.
    """
    while True:
        text = Text(source)
        pruner = _Pruner(text, imports, roots)
        pruner.mark()
        if not pruner.removed and not pruner.edits:
            return source
        if pruner.edits:
            source = text.edited(pruner.edits)
        else:
            source = text.without(pruner.removed, pruner.filled)


def used(tree: ast.AST) -> set[str]:
    """All names and attributes that are read in a tree."""
    return {
        node.id if isinstance(node, ast.Name) else node.attr
        for node in ast.walk(tree)
        if isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Load)
    }


class _Pruner:
    def __init__(self, text: Text, imports: Mapping[str, str], roots: set[str]) -> None:
        self.text, self.roots = text, roots
        self.analysis = Analysis(text.tree, imports)
        self.scopes = self.analysis.scopes
        self.removed: set[int] = set()  # lines
        self.filled: dict[int, str] = {}  # what comes in place of some
        self.edits: list[tuple[int, int, str]] = []
        self._lenient = False  # what is drawn at random in a probe does not matter just now
        self._looks = self._only_looks()
        self._trained = {
            panel
            for node in ast.walk(text.tree)
            if stage_call(node) == "curve" and not self.in_probe(node)
            if (panel := _panel(node))
        }
        self._dead = self._unread()
        while still := {key for key, places in self._dead.items() if all(map(self._goes, places))}:
            if len(still) == len(self._dead):
                break
            self._dead = {key: self._dead[key] for key in still}
        else:
            self._dead = {}

    def mark(self) -> None:
        for node in ast.walk(self.text.tree):
            if isinstance(node, ast.FunctionDef) and node.lineno not in self.removed:
                self._mark_block(node.body, node)
        self._mark_definitions()

    # Where things stand

    def in_probe(self, node: ast.AST) -> bool:
        for up in self.scopes.above(node):
            if isinstance(up, ast.With) and is_probe(up):
                return True
            if isinstance(up, ast.FunctionDef) and up.name in self._looks:
                return True
        return False

    def _only_looks(self) -> set[str]:
        """Functions and methods that are called within probes and nowhere else."""
        uses: dict[str, list[ast.AST]] = {}
        for node in ast.walk(self.text.tree):
            if isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Load):
                name = node.id if isinstance(node, ast.Name) else node.attr
                uses.setdefault(name, []).append(node)
        self._looks = {
            name
            for name in (*self.analysis.functions, *self.analysis.methods)
            if name in uses and not name.startswith("__") and name not in ("forward", "run")
        }
        while True:
            still = {n for n in self._looks if all(map(self.in_probe, uses[n]))}
            if still == self._looks:
                return still
            self._looks = still

    def _unread(self) -> dict[tuple[Function, str], list[ast.stmt]]:
        """Local names that are read only to give them another value; where they occur."""
        places: dict[tuple[Function, str], list[ast.stmt]] = {}
        alive = set()
        for node in ast.walk(self.text.tree):
            if not isinstance(node, ast.Name):
                continue
            owner = self.scopes.owner(node, node.id)
            if owner is None or isinstance(owner, ast.Lambda):
                continue
            key = (owner, node.id)
            around = next(up for up in self.scopes.above(node) if isinstance(up, ast.stmt))
            places.setdefault(key, []).append(around)
            if not isinstance(node.ctx, ast.Store) and not self._is_own(node, around, owner):
                alive.add(key)
        return {key: found for key, found in places.items() if key not in alive}

    def _is_own(self, node: ast.Name, around: ast.stmt, owner: Function) -> bool:
        """Whether a name is read for its own sake: `x = f(x)`, `x[i] = ...`, `x.append(...)`."""
        match around:
            case ast.Assign(targets=[ast.Name(id)]) if id == node.id:
                return True
        if node.id not in self.analysis.fresh(owner):
            return False
        match self.scopes.parents[node]:
            case ast.Subscript(value=value, ctx=ast.Store()) if value is node:
                return True
            case ast.Attribute(attr=attr) as method if attr in known.MUTATORS:
                call = self.scopes.parents[method]
                return isinstance(call, ast.Call) and isinstance(
                    self.scopes.parents[call], ast.Expr
                )
        return False

    def is_dead(self, name: ast.Name) -> bool:
        owner = self.scopes.owner(name, name.id)
        return owner is not None and (owner, name.id) in self._dead

    # What may go

    def _mark_block(self, body: list[ast.stmt], around: ast.AST) -> None:
        going = [node for node in body if self._goes(node)]
        for node in body:
            if node not in going and not isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                for block in blocks(node):
                    self._mark_block(block, node)
        if len(going) == len(body):
            if isinstance(around, ast.If) and body is around.orelse:
                self._drop_else(around)
                return
            first = body[0]
            self.filled[first_line(first)] = " " * first.col_offset + "pass\n"
            if len(body) == 1 and isinstance(first, ast.Pass):
                del self.filled[first_line(first)]
                return
        for node in going:
            self._drop(node)

    def _drop(self, node: ast.stmt) -> None:
        span = self.text.span(node)
        if span is not None:
            lines = range(span[0], span[1] + 1)
            self.removed.update(lines)
            if first_line(node) not in self.filled:
                self.filled = {at: text for at, text in self.filled.items() if at not in lines}
        elif not isinstance(node, ast.Pass):
            self.edits.append((self.text.start(node), self.text.end(node), "pass"))

    def _drop_else(self, node: ast.If) -> None:
        """Remove `else:` with all that is in it."""
        first = (node.body[-1].end_lineno or 0) + 1
        last = node.orelse[-1].end_lineno or 0
        self.removed.update(range(first, last + 1))

    def _goes(self, node: ast.stmt) -> bool:
        """Whether the statement, with all in it, can be removed and no number changes."""
        match node:
            case ast.Pass():
                return True
            case ast.Expr(ast.Constant()):
                return False
            case ast.Expr(value):
                return self._call_goes(node, value)
            case ast.Assign(targets=targets, value=value):
                return all(map(self._target_goes, targets)) and self._quiet(node, value)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                return self._target_goes(target) and self._quiet(node, value)
            case ast.AugAssign(target=target, value=value):
                # `x += 1` changes a tensor that others may hold, too
                own = not isinstance(target, ast.Name) or self._is_fresh(target)
                return own and self._target_goes(target) and self._quiet(node, value)
            case ast.FunctionDef(name=name):
                owner = self.scopes.owner(node, name)
                return owner is not None and owner is not node and self._is_unused(owner, name)
            case ast.If(test=test):
                inside = [*node.body, *node.orelse]
                return self._quiet(node, test) and all(map(self._goes, inside))
            case ast.For(target=target, iter=values):
                return (
                    stage_call(values) != "loop"
                    and self._quiet(node, values)
                    and self._only_inside(node, target)
                    and all(map(self._goes, [*node.body, *node.orelse]))
                )
            case ast.With():
                harmless = is_probe(node) or self.analysis.statement(node) == frozenset()
                return harmless and all(map(self._goes, node.body))
        return False

    def _is_unused(self, owner: Function, name: str) -> bool:
        return not any(
            isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load)
            for node in ast.walk(owner)
        )

    def _call_goes(self, node: ast.stmt, value: ast.expr) -> bool:
        method = stage_call(value)
        if method == "curve" and not self._curve_goes(value):
            return False
        if not isinstance(value, ast.Call):
            return False
        func = value.func
        if isinstance(func, ast.Attribute) and func.attr in known.MUTATORS and not method:
            base = func.value
            changed = isinstance(base, ast.Name) and self.is_dead(base)
            return changed and all(self._quiet(node, part) for part in value.args)
        # A call whose value nobody takes is there for what it does, such as that of a model for
        # its hooks. What the functions of this module do is known.
        name = func.id if isinstance(func, ast.Name) else getattr(func, "attr", "")
        ours = name in self.analysis.functions or name in self.analysis.methods
        return (bool(method) or ours) and self._quiet(node, value)

    def _curve_goes(self, call: ast.expr) -> bool:
        """Whether the curve is one of a look, and the run's own curve in that panel stays."""
        return self.in_probe(call) and _panel(call) in self._trained

    def _target_goes(self, target: ast.expr) -> bool:
        match target:
            case ast.Name():
                return self.is_dead(target)
            case ast.Tuple(elts=parts):
                return all(map(self._target_goes, parts))
            case ast.Subscript(value=ast.Name() as base):
                return self.is_dead(base)
            case ast.Attribute():
                return self.analysis.is_unread(target)
        return False

    def _is_fresh(self, name: ast.Name) -> bool:
        owner = self.scopes.owner(name, name.id)
        return owner is not None and name.id in self.analysis.fresh(owner)

    def _only_inside(self, node: ast.For, target: ast.expr) -> bool:
        """Whether the names of a loop are read nowhere but in it."""
        inside = set(ast.walk(node))
        names = {part.id for part in ast.walk(target) if isinstance(part, ast.Name)}
        function = self.scopes.function(node)
        return function is not None and not any(
            isinstance(part, ast.Name) and part.id in names and part not in inside
            and isinstance(part.ctx, ast.Load)
            for part in ast.walk(function)
        )  # fmt: skip

    def _quiet(self, node: ast.stmt, value: ast.expr) -> bool:
        """Whether evaluating this, where the statement stands, changes no number."""
        found: Effects = self.analysis.expression(value)
        for call in ast.walk(value):
            if stage_call(call) == "curve" and not self._curve_goes(call):  # type: ignore[arg-type]
                found |= CHANGE
        if self._calls_curves(value):
            found |= CHANGE
        if self.in_probe(node):
            found -= NORM
            if found >= RANDOM and (self._lenient or not self._draws_for_good(node)):
                found -= RANDOM
        return not found

    def _draws_for_good(self, node: ast.stmt) -> bool:
        """Whether something that stays draws random numbers in the same probe: what it draws
        would be other numbers without the statement."""
        probes = (up for up in self.scopes.above(node) if isinstance(up, ast.With) and is_probe(up))
        simple = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr)
        self._lenient = True
        try:
            return any(
                self.analysis.statement(part) >= RANDOM and not self._goes(part)
                for part in ast.walk(next(probes, self.text.tree))
                if isinstance(part, simple) and self.in_probe(part)
            )
        finally:
            self._lenient = False

    def _calls_curves(self, value: ast.AST) -> bool:
        """Whether a function that is called draws a curve that has to stay."""
        todo, seen = [value], set()
        while todo:
            for node in ast.walk(todo.pop()):
                if stage_call(node) == "curve" and not self._curve_goes(node):  # type: ignore[arg-type]
                    return True
                if not isinstance(node, (ast.Name, ast.Attribute)):
                    continue
                name = node.id if isinstance(node, ast.Name) else node.attr
                if name in seen:
                    continue
                seen.add(name)
                todo += self.analysis.methods.get(name, [])
                if name in self.analysis.functions:
                    todo.append(self.analysis.functions[name])
        return False

    # Definitions that nothing needs any more

    def _mark_definitions(self) -> None:
        for node in self.text.tree.body:
            names = _defined(node)
            if names and not any(name in self.roots or self._used(name, node) for name in names):
                self._drop(node)
        for owner in self.analysis.classes.values():
            for member in owner.body:
                if isinstance(member, ast.FunctionDef) and not (
                    member.name in self.roots
                    or member.name.startswith("__")
                    or self._used(member.name, member)
                ):
                    self._drop(member)

    def _used(self, name: str, definition: ast.stmt) -> bool:
        inside = set(ast.walk(definition))
        return any(
            node not in inside
            and (
                (isinstance(node, ast.Name) and node.id == name)
                or (isinstance(node, ast.Attribute) and node.attr == name)
            )
            for node in ast.walk(self.text.tree)
        )


def _panel(call: ast.AST) -> str:
    """The panel of a drawing call, where it is written out."""
    match call:
        case ast.Call(args=[ast.Constant(str(name)), *_]):
            return name
    return ""


def _defined(node: ast.stmt) -> list[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Assign(targets=[ast.Name(id)]):
            return [id]
        case ast.AnnAssign(target=ast.Name(id)):
            return [id]
    return []
