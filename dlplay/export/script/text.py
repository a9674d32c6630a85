"""Python source as text with a syntax tree: edits by position, so that comments survive."""

from __future__ import annotations

import ast
import io
import math
import tokenize
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

from dlplay.words.foreign import one_line, shown

Located = ast.stmt | ast.expr | ast.arg | ast.keyword | ast.alias


def literal(value: Any) -> str:
    """A value as Python source, in one line; texts in double quotes, and nothing in them is code:
    whatever is no plain character is escaped."""
    if isinstance(value, str):
        return '"' + "".join(map(_quoted, value)) + '"'
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    return repr(value)


def _quoted(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if one_line(character) == character:
        return character
    return character.encode("unicode_escape").decode()


def comment(text: str) -> str:
    """Text as it may stand behind a `#`: in one line, ends of lines as signs."""
    return shown(text.replace("\n", "\u240a").replace("\t", " "))


class NotTranslatable(Exception):
    """A construct of a scene that has no counterpart in a plain script; the message says where."""


class Text:
    """A module's source. Positions are bytes, as in syntax trees."""

    def __init__(self, source: str, name: str = "") -> None:
        self.name = name
        self.source = source
        self.data = source.encode()
        self.tree = ast.parse(source)
        self._starts = [0]
        for line in self.data.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))

    def start(self, node: Located) -> int:
        return self._starts[node.lineno - 1] + node.col_offset

    def end(self, node: Located) -> int:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self._starts[node.end_lineno - 1] + node.end_col_offset

    def segment(self, node: Located) -> str:
        return self.data[self.start(node) : self.end(node)].decode()

    @cached_property
    def lines(self) -> list[str]:
        """Lines with their ends; the first is number 0."""
        return [line.decode() for line in self.data.splitlines(keepends=True)]

    @cached_property
    def comments(self) -> set[int]:
        """The numbers, from 1, of lines that hold a comment and nothing else."""
        found = set()
        for token in tokenize.generate_tokens(io.StringIO(self.source).readline):
            if token.type == tokenize.COMMENT and not token.line[: token.start[1]].strip():
                found.add(token.start[0])
        return found

    @cached_property
    def within_strings(self) -> set[int]:
        """The numbers of lines that begin within a string."""
        found: set[int] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, (ast.Constant, ast.JoinedStr)) and node.end_lineno is not None:
                found.update(range(node.lineno + 1, node.end_lineno + 1))
        return found

    def span(self, statement: ast.stmt) -> tuple[int, int] | None:
        """First and last line of a statement; None if it shares one with another statement."""
        first, last = first_line(statement), statement.end_lineno or statement.lineno
        before = self.data[self._starts[first - 1] : self.start(statement)]
        after = self.data[self.end(statement) : self._starts[last]].strip()
        alone = not before.strip() or bool(decorators(statement))
        return (first, last) if alone and (not after or after.startswith(b"#")) else None

    def edited(self, edits: Iterable[tuple[int, int, str]]) -> str:
        """The source with each range of bytes replaced. They must not overlap."""
        data = self.data
        for start, end, new in sorted(edits, reverse=True):
            data = data[:start] + new.encode() + data[end:]
        return data.decode()

    def without(self, removed: set[int], filled: dict[int, str] | None = None) -> str:
        """The source without these lines, with text put in front of some; neighbours tidied.

        A comment goes with what it stands above, if nothing else of its paragraph is left.
        """
        filled, kept = filled or {}, []
        gone = removed | self._orphans(removed, filled)
        for number, line in enumerate(self.lines, 1):
            if number in filled:
                kept.append((False, filled[number]))
            if number not in gone:
                kept.append((number in self.within_strings, line))
        return "".join(_tidy(kept))

    def _orphans(self, removed: set[int], filled: dict[int, str]) -> set[int]:
        found: set[int] = set()
        for number in sorted(self.comments - removed, reverse=True):
            below = number + 1
            if below not in removed and below not in found:
                continue
            while below in removed or below in found:
                if below in filled:
                    break
                below += 1
            rest = self.lines[below - 1] if below <= len(self.lines) else ""
            deep = len(self.lines[number - 1]) - len(self.lines[number - 1].lstrip())
            if not rest.strip() or len(rest) - len(rest.lstrip()) < deep or below in filled:
                found.add(number)
        return found


def _tidy(lines: list[tuple[bool, str]]) -> Iterator[str]:
    """No more blank lines in a row than two, or one within a body, and none to begin a body."""
    blank, last = 0, ""
    for in_string, line in lines:
        if not line.strip() and not in_string:
            blank += 1
            continue
        if blank and not (last.rstrip().endswith(":") and line[:1].isspace()):
            deep = line[:1].isspace() or line.startswith((")", "]", "}"))
            yield "\n" * min(blank, 1 if deep else 2)
        blank, last = 0, line
        yield line


def decorators(statement: ast.stmt) -> list[ast.expr]:
    return list(getattr(statement, "decorator_list", []))


def first_line(statement: ast.stmt) -> int:
    """Where a statement begins, decorators included."""
    return min([statement.lineno, *(d.lineno for d in decorators(statement))])


def blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    """The lists of statements directly within a node."""
    for name in ("body", "orelse", "finalbody"):
        block = getattr(node, name, None)
        if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
            yield block
    for part in (*getattr(node, "handlers", []), *getattr(node, "cases", [])):
        yield part.body


def dotted(node: ast.AST) -> str:
    """`a.b.c` for such an expression; empty for any other."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (base := dotted(node.value)):
        return f"{base}.{node.attr}"
    return ""
