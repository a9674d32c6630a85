"""What a page promises and what its code does, compared without running it.

A panel that is drawn must be declared, and the reverse; a claim that is made must be a declared
sentence, with a bound that can be read; a try must fit the parameters and claims. Each mistake is
told with its line and the nearest match.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any

from dlplay.author.claims import RELATIONS, Bound, Claim, ClaimError, relation_of
from dlplay.author.parameters.base import Parameter
from dlplay.author.parameters.numbers import Float
from dlplay.author.tries import Try
from dlplay.course.literals import Names, NotLiteral
from dlplay.wire.contents import DRAWS
from dlplay.words.nearest import did_you_mean
from dlplay.words.numbers import bound as bound_in_words

NAMED = DRAWS | {"axes"}


class PageError(ValueError):
    """A page whose declarations and code do not agree."""


class Page:
    """The declarations of a scene of the new form, held against the calls in its file."""

    def __init__(self, tree: ast.Module, declared: Mapping[str, Any], names: Names):
        """`declared`: the literals of the class; `names`: those of the module."""
        self._names = names
        self.panels: dict[str, str] = _texts("panels", declared.get("panels", {}))
        self.sentences: dict[str, str] = _texts("claims", declared.get("claims", {}))
        self.covers = _covers(declared.get("covers", ()))
        self.tries = _tries(declared.get("tries", ()))
        self._calls = list(_stage_calls(tree))

    def claims(self, parameters: Mapping[str, Parameter[Any]]) -> tuple[Claim, ...]:
        """The claims with their conditions, each with the first try that breaks it.

        Raises PageError, TryError or ParameterError where something does not agree.
        """
        self._check_panels()
        bounds = self._bounds()
        for each in self.tries:
            each.check(parameters, list(self.sentences))
        found = []
        for name, text in self.sentences.items():
            breaker = next((t for t in self.tries if name in t.breaks), None)
            relation, limit = bounds[name]
            breaks = breaker.settings(parameters) if breaker else {}
            limits = bound_in_words(RELATIONS[relation][0], limit)
            condition = f"{name} is {limits}" if relation == "within" else f"{name} {limits}"
            found.append(Claim(name, text, breaks, condition=condition))
        return tuple(found)

    def each(
        self, body: list[ast.stmt], parameters: Mapping[str, Parameter[Any]]
    ) -> tuple[str, ...]:
        """The parameters that the scene gives to `stage.each`: runs that differ in one of them can
        be trained as one batch.

        Outside looks, such a parameter is read nowhere else. Raises PageError.
        """
        found: dict[str, int] = {}
        given = set()
        for method, call, _ in self._calls:
            if method != "each":
                continue
            match call:
                case ast.Call(
                    args=[ast.Attribute(ast.Name("self"), name) as value], keywords=[]
                ) if isinstance(parameters.get(name), Float):
                    found.setdefault(name, call.lineno)
                    given.add(value)
                case _:
                    raise PageError(
                        f"line {call.lineno}: stage.each takes a Float of the scene as it is: "
                        "stage.each(self.learning_rate)"
                    )
        for node, in_look in _walk(ast.Module(body, [])):
            match node:
                case ast.Attribute(ast.Name("self"), name) if (
                    name in found and not in_look and node not in given
                ):
                    raise PageError(
                        f"line {node.lineno}: {name} is given to stage.each in line {found[name]}; "
                        f"outside looks read it as stage.each(self.{name}) here too"
                    )
        return tuple(found)

    def _check_panels(self) -> None:
        drawn = set()
        for method, call, _ in self._calls:
            if method not in NAMED:
                continue
            name = self._text(call, f"the panel of stage.{method}")
            if name not in self.panels:
                hint = did_you_mean(name, self.panels)
                raise PageError(f"line {call.lineno}: panels has no {name!r}.{hint}")
            if method in DRAWS:
                drawn.add(name)
        for name in self.panels:
            if name not in drawn:
                hint = did_you_mean(name, drawn)
                raise PageError(f"the panel {name!r} is declared and never drawn.{hint}")

    def _bounds(self) -> dict[str, tuple[str, Bound]]:
        """The relation and bound of every claim."""
        found: dict[str, tuple[str, Bound]] = {}
        made = set()
        for method, call, in_look in self._calls:
            if method != "claim":
                continue
            name = self._text(call, "the name of a claim")
            if name not in self.sentences:
                hint = did_you_mean(name, self.sentences)
                raise PageError(f"line {call.lineno}: claims has no {name!r}.{hint}")
            given = self._bound(name, call)
            if found.setdefault(name, given) != given:
                raise PageError(f"line {call.lineno}: {name!r} is claimed with two bounds")
            if not in_look:
                made.add(name)
        for name in self.sentences:
            if name not in found:
                hint = did_you_mean(name, found)
                raise PageError(f"the claim {name!r} is declared and never made.{hint}")
            if name not in made:
                raise PageError(
                    f"the claim {name!r} is made in a look alone: make it after the loop too, "
                    "where it is made without looks"
                )
        return found

    def _bound(self, name: str, call: ast.Call) -> tuple[str, Bound]:
        try:
            bounds = {k.arg: self._names.evaluate(k.value) for k in call.keywords if k.arg}
            return relation_of(name, bounds)
        except (NotLiteral, ClaimError) as error:
            raise PageError(f"line {call.lineno}: {error}") from None

    def _text(self, call: ast.Call, what: str) -> str:
        try:
            name = self._names.evaluate(call.args[0])
        except (NotLiteral, IndexError):
            name = None
        if not isinstance(name, str):
            raise PageError(f"line {call.lineno}: {what} is written out, as a text")
        return name


def is_page(declared: Mapping[str, Any]) -> bool:
    """Whether these class attributes are those of the new form."""
    return isinstance(declared.get("panels"), dict) or isinstance(declared.get("claims"), dict)


def _texts(what: str, declared: object) -> dict[str, str]:
    if isinstance(declared, dict) and all(
        isinstance(text, str) for pair in declared.items() for text in pair
    ):
        return declared
    raise PageError(f"{what} is a dict of texts: {{name: sentence}}")


def _covers(declared: object) -> tuple[str, ...]:
    if isinstance(declared, (tuple, list)) and all(isinstance(text, str) for text in declared):
        return tuple(declared)
    raise PageError(_no_tuple("covers", "section titles", declared, str, "('Momentum',)"))


def _tries(declared: object) -> tuple[Try, ...]:
    if isinstance(declared, (tuple, list)) and all(isinstance(each, Try) for each in declared):
        return tuple(declared)
    raise PageError(_no_tuple("tries", "Try(...)", declared, Try, "(Try(...),)"))


def _no_tuple(what: str, of: str, declared: object, kind: type, alone: str) -> str:
    """Why this is not what is declared so, by the mistake that was made."""
    said = f"{what} of a page is a tuple of {of}"
    if isinstance(declared, kind):
        return f"{said}; one alone needs its comma: {alone}"
    if isinstance(declared, (tuple, list)):
        other = next(each for each in declared if not isinstance(each, kind))
        return f"{said}, and {type(other).__name__} is none"
    return f"{said}, not a {type(declared).__name__}: {alone}"


def _stage_calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call, bool]]:
    """Calls of the stage, as they stand in the file: the method, the call, whether it is in a
    look."""
    for node, in_look in _walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name("stage"), attr=method)):
                yield method, node, in_look


def _walk(tree: ast.AST) -> Iterator[tuple[ast.AST, bool]]:
    """All nodes, in the file's order, and whether each is in a look."""
    waiting = [(tree, False)]
    while waiting:
        node, in_look = waiting.pop()
        match node:
            case ast.FunctionDef(decorator_list=decorators):
                in_look = in_look or any(map(is_look, decorators))
        yield node, in_look
        waiting += [(child, in_look) for child in reversed(list(ast.iter_child_nodes(node)))]


def is_look(decorator: ast.AST) -> bool:
    """Whether a decorator is `@stage.look(...)`."""
    match decorator:
        case ast.Call(func=ast.Attribute(value=ast.Name("stage"), attr="look")):
            return True
    return False
