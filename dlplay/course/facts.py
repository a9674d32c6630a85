"""What the files of a course declare, as plain data: read from their source, kept in the cache."""

from __future__ import annotations

import ast
import hashlib
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from dlplay.author.claims import Claim
from dlplay.author.parameters.base import Parameter
from dlplay.author.parameters.kinds import KINDS
from dlplay.author.tries import Try
from dlplay.course import files
from dlplay.course.literals import Names, NotLiteral
from dlplay.course.pages import Page, is_page
from dlplay.words.foreign import is_text

INIT = "__init__.py"
LONGEST = 500  # characters of a message
QUOTED = 80  # characters of a line that cannot be read


class Declared(msgspec.Struct, array_like=True, frozen=True):
    """A parameter as its file declares it."""

    kind: str
    args: list[Any]
    named: dict[str, Any]

    def build(self, name: str) -> Parameter[Any]:
        """The parameter. Raises ParameterError or TypeError."""
        parameter = KINDS[self.kind](*self.args, **self.named)
        parameter.name = name
        return parameter


class ClaimFacts(msgspec.Struct, array_like=True, frozen=True):
    """A claim of a file."""

    name: str
    text: str
    breaks: dict[str, Any]
    condition: str


class SceneFacts(msgspec.Struct, array_like=True, frozen=True, tag="scene"):
    """What a scene's file declares. `digest`: SHA-256 of its text. `broken`: why it cannot be read.

    `tries`: what each is made of, in the order of Try's fields.
    """

    title: str
    digest: str = ""
    broken: str = ""
    lesson: str = ""
    covers: dict[str, tuple[str, ...]] = {}
    panels: dict[str, str] = {}
    quick: dict[str, Any] = {}
    pace: float = 0
    parameters: dict[str, Declared] = {}
    claims: list[ClaimFacts] = []
    tries: list[tuple[Any, ...]] = []
    is_page: bool = False
    each: tuple[str, ...] = ()


class FolderFacts(msgspec.Struct, array_like=True, frozen=True, tag="folder"):
    """What the `__init__.py` of a folder declares. `broken`: why it cannot be read.

    `chapters`, `scenes`: the names of its parts with what is in them; one name "" for no parts.
    """

    lesson: str = ""
    broken: str = ""
    chapters: dict[str, tuple[str, ...]] = {}
    scenes: dict[str, tuple[str, ...]] = {}


class Helper(msgspec.Struct, array_like=True, frozen=True, tag="helper"):
    """A file without a scene, which scenes may import."""


Facts = SceneFacts | FolderFacts | Helper


class Reading(msgspec.Struct, frozen=True):
    """A file that has been read: what it declares, and its text (None: it was not read for that).

    `stamp`: that of the file; None where the outcome does not depend on the file alone.
    """

    facts: Facts
    text: str | None = ""
    stamp: files.Stamp | None = None


def read(path: Path) -> Reading:
    """What a file declares; whatever is wrong with it, its facts say so."""
    text, stamp, tree = "", None, ast.Module([], [])
    try:
        if files.shown(path.name) != path.name:
            raise ValueError("its name holds what cannot be shown; give it another")
        stamp, source = files.read(path)
        text = files.text_of(source)
        tree = _parse(text)
        facts = _folder(tree) if path.name == INIT else _scene(tree, text, path)
    except (RecursionError, MemoryError):
        return Reading(_broken(path, tree, text, "it is nested too deeply"), text)
    except OSError as error:
        return Reading(_broken(path, tree, text, error.strerror or str(error)), text)
    except SyntaxError as error:
        facts = _broken(path, tree, text, _where(error))
    except Exception as error:  # whatever is wrong with a file, it breaks its own scene alone
        facts = _broken(path, tree, text, str(error))
    return Reading(facts, text, stamp)


def heading(lesson: str, name: str) -> tuple[str, str]:
    """A lesson's first heading, and what follows it."""
    first, _, rest = lesson.partition("\n")
    if first.startswith("# "):
        return first[2:].strip(), rest.strip()
    return name.replace("_", " ").capitalize(), lesson


def _parse(text: str) -> ast.Module:
    with warnings.catch_warnings():  # a lesson's `\d` is its author's matter, not the reader's
        warnings.simplefilter("ignore")
        return ast.parse(text)


def _broken(path: Path, tree: ast.Module, text: str, why: str) -> Facts:
    why = why if len(why) <= LONGEST else f"{why[: LONGEST - 1]}…"
    if path.name == INIT:
        return FolderFacts(broken=f"{files.shown(path)}: {why}")
    try:
        title, _ = heading(_docstring(tree), files.shown(path.stem))
    except ValueError:
        title, _ = heading("", files.shown(path.stem))
    return SceneFacts(title, _digest(text), f"{files.shown(path.name)}: {why}")


def _where(error: SyntaxError) -> str:
    """What is wrong, in which line, and what stands there."""
    written = (error.text or "").strip()
    written = written if len(written) <= QUOTED else f"{written[: QUOTED - 1]}…"
    shown = f": {files.shown(written)}" if written else ""
    return f"line {error.lineno}: {error.msg}{shown}" if error.lineno else error.msg


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _folder(tree: ast.Module) -> FolderFacts:
    declared = Names(tree.body).own
    chapters = _order("chapters", declared.get("chapters", ()))
    return FolderFacts(_docstring(tree), "", chapters, _order("scenes", declared.get("scenes", ())))


def _order(what: str, declared: object) -> dict[str, tuple[str, ...]]:
    """Parts in order, or one without a title."""
    parts: dict[Any, Any] = declared if isinstance(declared, dict) else {"": declared}
    if all(isinstance(part, str) and _are_texts(names) for part, names in parts.items()):
        return {part: tuple(names) for part, names in parts.items()}
    raise ValueError(f"{what} is a list of names, or a dict of such lists: {{part: [name, ...]}}")


def _docstring(tree: ast.Module) -> str:
    lesson = ast.get_docstring(tree) or ""
    if not is_text(lesson):
        raise ValueError("its docstring holds half a character")
    return lesson


def _scene(tree: ast.Module, text: str, path: Path) -> Facts:
    body = _scene_body(tree)
    if body is None:
        return Helper()
    title, lesson = heading(_docstring(tree), path.stem)
    names = Names(tree.body)
    declared = Names(body, names).own
    parameters = _parameters(body, names)
    built = {name: parameter.build(name) for name, parameter in parameters.items()}
    common: dict[str, Any] = {
        "title": title,
        "digest": _digest(text),
        "lesson": lesson,
        "quick": _settings("quick", declared.get("quick", {})),
        "pace": float(declared.get("pace", 0)),
        "parameters": parameters,
    }
    if is_page(declared):
        page = Page(tree, declared, names)
        return SceneFacts(
            covers=dict.fromkeys(page.covers, ()),
            panels=page.panels,
            claims=[_claim_facts(claim) for claim in page.claims(built)],
            tries=[_try_facts(each) for each in page.tries],
            is_page=True,
            each=page.each(body, built),
            **common,
        )
    return SceneFacts(
        covers=_covers(declared.get("covers", {})),
        panels=dict.fromkeys(_texts("panels", declared.get("panels", ())), ""),
        claims=_claims(body, names),
        **common,
    )


def _scene_body(tree: ast.Module) -> list[ast.stmt] | None:
    found = [each for each in tree.body if isinstance(each, ast.ClassDef) and _is_scene(each)]
    if len(found) > 1:
        one, other, *_ = (each.name for each in found)
        raise ValueError(f"it has two scenes, {one} and {other}; a scene has a file of its own")
    return found[0].body if found else None


def _is_scene(each: ast.ClassDef) -> bool:
    for base in each.bases:
        match base:
            case ast.Name("Scene") | ast.Attribute(attr="Scene"):
                return True
    return False


def _parameters(body: list[ast.stmt], names: Names) -> dict[str, Declared]:
    """The parameters that a class body declares. Raises NotLiteral."""
    found: dict[str, Declared] = {}
    for statement in body:
        match statement:
            case ast.Assign(
                targets=[ast.Name(id)], value=ast.Call(func=ast.Name(kind)) as call
            ) if kind in KINDS:
                found[id] = Declared(kind, *names.arguments(call))
    return found


def _claims(body: list[ast.stmt], names: Names) -> list[ClaimFacts]:
    """The claims of the old form that a class body declares. Raises NotLiteral."""
    found = []
    for statement in body:
        match statement:
            case ast.FunctionDef(
                name=name,
                decorator_list=[ast.Call(func=ast.Name("claim"), args=[text], keywords=ks)],
            ):
                sentence = names.evaluate(text)
                if not isinstance(sentence, str):
                    raise NotLiteral(text, "is no sentence")
                given = next((names.evaluate(k.value) for k in ks if k.arg == "breaks"), None)
                breaks = _settings("breaks", given or {})
                found.append(ClaimFacts(name, sentence, breaks, _condition(statement)))
    return found


def _condition(method: ast.FunctionDef) -> str:
    """What a claim compares, as the reader would write it: `speedup > 2`."""
    match method.body[-1]:
        case ast.Return(value) if value is not None:
            return ast.unparse(value).replace("measured.", "")
    return ""


def _claim_facts(claim: Claim) -> ClaimFacts:
    return ClaimFacts(claim.name, claim.text, dict(claim.breaks), claim.condition)


def _try_facts(each: Try) -> tuple[Any, ...]:
    return (
        each.setting, each.question, each.options, each.right, each.why, each.breaks, each.keeps,
    )  # fmt: skip


def _covers(declared: object) -> dict[str, tuple[str, ...]]:
    """Sections with the panels and claims that show them. Raises ValueError for anything else."""
    shown = "covers must be a dict: {section: (names of panels and claims that show it, ...)}"
    if not isinstance(declared, dict) or not _are_texts(list(declared)):
        raise ValueError(shown)
    if any(isinstance(names, str) for names in declared.values()):
        raise ValueError(f"{shown}; one name needs its comma: ('loss',)")
    return {section: _texts("covers", names) for section, names in declared.items()}


def _settings(what: str, declared: object) -> dict[str, Any]:
    if not isinstance(declared, Mapping) or not _are_texts(list(declared)):
        raise ValueError(f"{what} is a dict of settings: {{name: value}}")
    return dict(declared)


def _texts(what: str, declared: object) -> tuple[str, ...]:
    if not _are_texts(declared):
        raise ValueError(f"{what} takes names in a tuple; one alone needs its comma: ('loss',)")
    return tuple(declared)  # type: ignore[arg-type]


def _are_texts(declared: object) -> bool:
    return isinstance(declared, (tuple, list)) and all(isinstance(each, str) for each in declared)
