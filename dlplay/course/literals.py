"""Reads a scene's declarations from its source, without running it.

Listing the course must not import torch, and scene files do. So what is declared (parameters,
claims, sections, panels) is written as literals, and read here from the syntax tree.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

from dlplay.author.claims import Claim
from dlplay.author.parameters import KINDS, Parameter
from dlplay.author.tries import Try

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


class NotLiteral(ValueError):
    """A declaration that cannot be read without running the file."""


def evaluate(node: ast.AST, names: Mapping[str, Any]) -> Any:
    """The value of a literal expression; `names` are the module's literal constants."""
    match node:
        case ast.Constant(value):
            return value
        case ast.Name(id) if id in names:
            return names[id]
        case ast.Tuple(elts):
            return tuple(evaluate(e, names) for e in elts)
        case ast.List(elts):
            return [evaluate(e, names) for e in elts]
        case ast.Dict(keys, values):
            return {
                evaluate(k, names): evaluate(v, names)
                for k, v in zip(keys, values, strict=True)
                if k is not None
            }
        case ast.UnaryOp(op, operand) if type(op) in OPERATORS:
            return OPERATORS[type(op)](evaluate(operand, names))
        case ast.BinOp(left, op, right) if type(op) in OPERATORS:
            return OPERATORS[type(op)](evaluate(left, names), evaluate(right, names))
        case ast.Call(func=ast.Name(id), args=args, keywords=keywords) if id in CALLS:
            return CALLS[id](
                *(evaluate(a, names) for a in args),
                **{k.arg: evaluate(k.value, names) for k in keywords if k.arg},
            )
    raise NotLiteral(
        f"line {getattr(node, 'lineno', '?')}: {ast.unparse(node)!r} is not a literal; parameters, "
        "claims, tries, covers, panels and quick are read without running the file"
    )


def constants(body: list[ast.stmt], names: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The names that a body assigns literals to; `names` are those that it sees beside them."""
    found: dict[str, Any] = {}
    for statement in body:
        match statement:
            case ast.Assign(targets=[ast.Name(id)], value=value):
                try:
                    found[id] = evaluate(value, {**(names or {}), **found})
                except (NotLiteral, ArithmeticError):
                    if id in DECLARED:
                        raise
    return found


def parameters(body: list[ast.stmt], names: Mapping[str, Any]) -> dict[str, Parameter[Any]]:
    """The parameters that a class body declares. Raises NotLiteral or ParameterError."""
    found: dict[str, Parameter[Any]] = {}
    for statement in body:
        match statement:
            case ast.Assign(
                targets=[ast.Name(id)],
                value=ast.Call(func=ast.Name(kind), args=args, keywords=keywords),
            ) if kind in KINDS:
                given = {k.arg: evaluate(k.value, names) for k in keywords if k.arg}
                parameter = KINDS[kind](*(evaluate(a, names) for a in args), **given)
                parameter.name = id
                found[id] = parameter
    return found


def claims(body: list[ast.stmt], names: Mapping[str, Any]) -> tuple[Claim, ...]:
    """The claims that a class body declares, untested. Raises NotLiteral."""
    found = []
    for statement in body:
        match statement:
            case ast.FunctionDef(
                name=name,
                decorator_list=[ast.Call(func=ast.Name("claim"), args=[text], keywords=ks)],
            ):
                breaks: Mapping[str, Any] = next(
                    (evaluate(k.value, names) for k in ks if k.arg == "breaks"), {}
                )
                found.append(
                    Claim(name, evaluate(text, names), breaks or {}, None, _condition(statement))
                )
    return tuple(found)


def _condition(method: ast.FunctionDef) -> str:
    """What a claim compares, as the reader would write it: `speedup > 2`."""
    match method.body[-1]:
        case ast.Return(value) if value is not None:
            return ast.unparse(value).replace("measured.", "")
    return ""
