"""Works out literals from a syntax tree, without running anything, within bounds.

Listing the course must not import torch, and scene files do. So what is declared (parameters,
claims, sections, panels) is written as literals. A file may say anything, `10**10**10` too: how
large a value may be, how deep, and how much work a file may ask for, is bounded.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Sequence
from typing import Any

from dlplay.author.tries import Try
from dlplay.words.foreign import is_text

OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.USub: operator.neg,
}
CALLS: dict[str, Callable[..., Any]] = {"dict": dict, "tuple": tuple, "list": list, "Try": Try}

DECLARED = frozenset({"covers", "panels", "claims", "tries", "quick", "pace"})

BITS = 1024  # of a whole number, as many as the largest float has
SIZE = 100_000  # of a value: its items and the characters of its texts
DEPTH = 100  # of lists within lists, and of a sum of sums
WORK = 2_000_000  # of a file: the sizes of all values that it asks for
SHOWN = 80  # characters of an expression in a message


class NotLiteral(ValueError):
    """A declaration that cannot be read without running the file."""

    def __init__(self, node: ast.AST, why: str = "is not a literal") -> None:
        super().__init__(node, why)
        self.node, self.why = node, why

    def __str__(self) -> str:  # written out only if somebody reads it: most constants are none
        return (
            f"line {getattr(self.node, 'lineno', '?')}: {_shown(self.node)!r} {self.why}; "
            "parameters, claims, tries, covers, panels and quick are read without running the file"
        )


class Names:
    """The literal constants that a body has, those of the body around it among them."""

    def __init__(self, body: Sequence[ast.stmt], around: Names | None = None) -> None:
        """Raises NotLiteral for what is DECLARED and cannot be read."""
        self.own: dict[str, Any] = {}
        self._values: dict[str, Any] = dict(around._values) if around else {}
        self._extents: dict[str, tuple[int, int]] = dict(around._extents) if around else {}
        self._work: list[int] = around._work if around else [WORK]
        self._size = self._depth = 0
        for statement in body:
            match statement:
                case ast.Assign(targets=[ast.Name(id)], value=value):
                    self._assign(id, value)

    def evaluate(self, node: ast.AST) -> Any:
        """The value of a literal expression. Raises NotLiteral, or what a Try raises."""
        self._size = self._depth = 0
        return self._value(node, 1)

    def _assign(self, name: str, node: ast.AST) -> None:
        for known in (self.own, self._values, self._extents):
            known.pop(name, None)
        try:
            value = self.evaluate(node)
        except NotLiteral:
            if name in DECLARED:
                raise
        else:
            self.own[name] = self._values[name] = value
            self._extents[name] = self._size, self._depth

    def _take(self, size: int, depth: int, node: ast.AST) -> None:
        """Account for a part of the value, before it is made."""
        self._size += size
        self._depth = max(self._depth, depth)
        self._work[0] -= min(size, SIZE)
        if self._depth > DEPTH:
            raise NotLiteral(node, "is nested too deeply")
        if self._size > SIZE:
            raise NotLiteral(node, "is too large")
        if self._work[0] < 0:
            raise NotLiteral(node, "comes after too much to be worked out")

    def _value(self, node: ast.AST, depth: int) -> Any:
        self._take(1, depth, node)
        deeper = depth + 1
        match node:
            case ast.Constant(value):
                return self._constant(value, node)
            case ast.Name(id) if id in self._values:
                size, depth_of = self._extents[id]
                self._take(size, depth + depth_of, node)
                return self._values[id]
            case ast.Tuple(elts):
                return tuple([self._value(each, deeper) for each in elts])
            case ast.List(elts):
                return [self._value(each, deeper) for each in elts]
            case ast.Dict(keys, values):
                return self._dict(keys, values, deeper)
            case ast.UnaryOp(op, operand) if type(op) in OPERATORS:
                return _operate(node, OPERATORS[type(op)], self._value(operand, deeper))
            case ast.BinOp(left, op, right) if type(op) in OPERATORS:
                return self._binary(node, left, op, right, deeper)
            case ast.Call(func=ast.Name(id), args=args, keywords=keywords) if id in CALLS:
                given, named = self._arguments(args, keywords, deeper)
                return CALLS[id](*given, **named)
        raise NotLiteral(node)

    def arguments(self, call: ast.Call) -> tuple[list[Any], dict[str, Any]]:
        """What a call is given. Raises NotLiteral."""
        self._size = self._depth = 0
        return self._arguments(call.args, call.keywords, 1)

    def _arguments(
        self, args: list[ast.expr], keywords: list[ast.keyword], depth: int
    ) -> tuple[list[Any], dict[str, Any]]:
        given = [self._value(each, depth) for each in args]
        named = {}
        for keyword in keywords:
            if keyword.arg is None:
                raise NotLiteral(keyword.value, "is not written out, name by name")
            named[keyword.arg] = self._value(keyword.value, depth)
        return given, named

    def _constant(self, value: Any, node: ast.AST) -> Any:
        if isinstance(value, (str, bytes)):
            self._take(len(value), 0, node)
        if isinstance(value, str) and not is_text(value):
            raise NotLiteral(node, "holds half a character")
        return _number(value, node)

    def _dict(
        self, keys: Sequence[ast.expr | None], values: list[ast.expr], depth: int
    ) -> dict[Any, Any]:
        found = {}
        for key, value in zip(keys, values, strict=True):
            if key is None:
                raise NotLiteral(value, "is not written out, name by name")
            found[_hashable(self._value(key, depth), key)] = self._value(value, depth)
        return found

    def _binary(
        self, node: ast.AST, left: ast.AST, op: ast.operator, right: ast.AST, depth: int
    ) -> Any:
        before = self._size
        one = self._value(left, depth)
        size = self._size - before
        two = self._value(right, depth)
        if isinstance(op, ast.Mult):
            if _repeats(one, two):
                self._take(size * max(two, 0), 0, node)
            elif _repeats(two, one):
                self._take((self._size - before - size) * max(one, 0), 0, node)
        whole = isinstance(one, int) and isinstance(two, int)
        if isinstance(op, ast.Pow) and whole and (one.bit_length() - 1) * two > BITS:
            raise NotLiteral(node, "is too large")
        return _operate(node, OPERATORS[type(op)], one, two)


def _repeats(items: object, times: object) -> bool:
    return isinstance(items, (str, bytes, list, tuple)) and isinstance(times, int)


def _operate(node: ast.AST, operate: Callable[..., Any], *values: Any) -> Any:
    try:
        return _number(operate(*values), node)
    except (ArithmeticError, TypeError) as error:
        raise NotLiteral(node, f"cannot be worked out ({error})") from None


def _number(value: Any, node: ast.AST) -> Any:
    if isinstance(value, int) and value.bit_length() > BITS:
        raise NotLiteral(node, "is too large")
    return value


def _hashable(key: Any, node: ast.AST) -> Any:
    try:
        hash(key)
    except TypeError as error:
        raise NotLiteral(node, f"cannot be a key ({error})") from None
    return key


def _shown(node: ast.AST) -> str:
    try:
        text = ast.unparse(node)
    except (RecursionError, ValueError):
        return "…"
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
