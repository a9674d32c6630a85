"""What a scene uses of dlplay and of its own folder, as source text to be put into one file."""

from __future__ import annotations

import ast
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

import dlplay
from dlplay.export.script.scopes import Scopes
from dlplay.export.script.text import NotTranslatable, Text, dotted, first_line

HOME = Path(dlplay.__file__).resolve().parent
REMARKS = re.compile(r"[ \t]+# (type: ignore|noqa)\S*.*$", re.MULTILINE)

EMPTY = re.compile(r"^[ \t]+\n(?=[ \t]+(@|def ))", re.MULTILINE)


@dataclass(frozen=True)
class Import:
    """`from module import name as alias`; `import module as alias` where `name` is empty."""

    module: str
    name: str
    alias: str

    @property
    def path(self) -> str:
        """What the alias stands for: `torch.nn`."""
        plain = self.module if self.name or self.alias != self.module.split(".")[0] else self.alias
        return f"{plain}.{self.name}" if self.name else plain


@dataclass
class Module:
    """A file with what it imports and defines. `text.name` is what messages call it."""

    text: Text
    folder: Path
    imports: dict[str, Import] = field(default_factory=dict)
    definitions: dict[str, ast.stmt] = field(default_factory=dict)
    chosen: set[str] = field(default_factory=set)
    renamed: dict[str, str] = field(default_factory=dict)


def is_ours(module: str) -> bool:
    return module.split(".")[0] in ("dlplay", "")


def where(module: Module, node: ast.AST) -> str:
    return f"line {getattr(node, 'lineno', '?')} of {module.text.name}"


class Parts:
    """Modules of dlplay, and of a scene's folder, of which definitions were asked for."""

    def __init__(self) -> None:
        self.modules: dict[Path, Module] = {}
        self.order: list[Module] = []

    def module(self, name: str, folder: Path, asked: str) -> Module:
        """The module of that name; a relative one (`.common`) is looked for in `folder`."""
        if name.startswith("."):
            path = folder.joinpath(*name[1:].split("."))
        else:
            path = HOME.joinpath(*name.split(".")[1:])
        file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        if not file.is_file():
            raise NotTranslatable(f"{asked} imports {name}, of which there is no source here")
        if file not in self.modules:
            self.modules[file] = read(file.read_text(encoding="utf-8"), file.name, file.parent)
        return self.modules[file]

    def want(self, name: str, module: Module, asked: str) -> tuple[Module, str]:
        """Take a definition with all that it needs; the module that defines it, and its name."""
        given = module.imports.get(name)
        if given is not None and is_ours(given.module) and given.name:
            home = self.module(given.module, module.folder, module.text.name)
            return self.want(given.name, home, module.text.name)
        if name not in module.definitions:
            raise NotTranslatable(f"{asked} imports {name!r}, which cannot be found as source")
        if name not in module.chosen:
            module.chosen.add(name)
            self._take_needs(module, module.definitions[name])
            if module not in self.order:
                self.order.append(module)
        return module, name

    def _take_needs(self, module: Module, definition: ast.stmt) -> None:
        refuse_inner_imports(module, definition)
        for name in sorted(names_in(definition)):
            given = module.imports.get(name)
            if name in module.definitions or (given is not None and is_ours(given.module)):
                home, real = self.want(name, module, module.text.name)
                if real != name:
                    module.renamed[name] = real
                if home.renamed.get(real):
                    module.renamed[name] = home.renamed[real]

    def settle(self, taken: dict[str, str]) -> None:
        """Rename what would clash. `taken`: names at the top of the scene -> what they are."""
        for module in self.order:
            for name in sorted(module.chosen):
                whose = f"{module.text.name}:{name}"
                if taken.setdefault(name, whose) != whose:
                    stem = (
                        Path(module.text.name).stem.upper()
                        if name.isupper()
                        else (Path(module.text.name).stem)
                    )
                    module.renamed[name] = f"{'_' * name.startswith('_')}{stem}_{name.lstrip('_')}"
        for module in self.order:  # and where it was imported
            for name, given in module.imports.items():
                if is_ours(given.module) and given.name and name in _all_names(module):
                    home, real = self.want(name, module, module.text.name)
                    new = home.renamed.get(real, real)
                    if new != name:
                        module.renamed[name] = new

    def source(self) -> str:
        """The chosen definitions, each module's under a heading."""
        found = []
        for module in self.order:
            scopes = Scopes(module.text.tree)
            chosen = [s for s in module.text.tree.body if _name(s) in module.chosen]
            texts = [definition(module, statement, scopes) for statement in chosen]
            found.append("".join(_spaced(texts)))
        return "\n\n".join(found)

    def foreign(self) -> dict[str, Import]:
        """What the chosen definitions import of libraries."""
        found: dict[str, Import] = {}
        for module in self.order:
            for name in _all_names(module):
                given = module.imports.get(name)
                if given is None or is_ours(given.module):
                    continue
                if found.setdefault(name, given) != given:
                    raise NotTranslatable(f"two modules mean different things by {name!r}")
        return found


def read(source: str, name: str, folder: Path) -> Module:
    """What a file imports and defines."""
    module = Module(Text(source, name), folder)
    for statement in module.text.tree.body:
        inner = [statement]
        if isinstance(statement, ast.If) and dotted(statement.test) == "TYPE_CHECKING":
            inner = statement.body
        for node in inner:
            for given in imports_of(node):
                module.imports[given.alias] = given
        if defined := _name(statement):
            module.definitions[defined] = statement
    return module


def imports_of(node: ast.stmt) -> list[Import]:
    match node:
        case ast.Import(names=names):
            return [Import(a.name, "", a.asname or a.name.split(".")[0]) for a in names]
        case ast.ImportFrom(module=module, names=names, level=level):
            source = "." * level + (module or "")
            return [Import(source, a.name, a.asname or a.name) for a in names]
    return []


def refuse_inner_imports(module: Module, node: ast.AST) -> None:
    for part in ast.walk(node):
        if isinstance(part, (ast.Import, ast.ImportFrom)):
            for given in imports_of(part):
                if is_ours(given.module) or given.module.startswith("."):
                    raise NotTranslatable(
                        f"{where(module, part)}: dlplay is imported inside a function"
                    )


def names_in(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def _all_names(module: Module) -> set[str]:
    return {
        name
        for statement in module.text.tree.body
        if _name(statement) in module.chosen
        for name in names_in(statement)
    }


def _name(statement: ast.stmt) -> str:
    match statement:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return name
        case ast.Assign(targets=[ast.Name(id)]) | ast.AnnAssign(target=ast.Name(id)):
            return id
    return ""


def definition(module: Module, statement: ast.stmt, scopes: Scopes) -> str:
    """A definition with the comments above it, under its new names."""
    text = module.text
    begin = first_line(statement)
    while begin - 1 in text.comments:
        begin -= 1
    names = []
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and node.id in module.renamed:
            if scopes.owner(node, node.id) is None:
                names.append((text.start(node), text.end(node), module.renamed[node.id]))
        elif node is statement and isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            if new := module.renamed.get(node.name):
                names.append(_header(text, node, new))
        elif isinstance(node, ast.FunctionDef) and _is_overload(node):  # for type checkers alone
            start = text.start(node.decorator_list[0]) - 1
            names.append((start, text.end(node), ""))
    before = sum(len(line.encode()) for line in text.lines[: begin - 1])
    stop = sum(len(line.encode()) for line in text.lines[: statement.end_lineno])
    edited = text.data[before:stop]
    for start, end, new in sorted(names, reverse=True):
        edited = edited[: start - before] + new.encode() + edited[end - before :]
    return EMPTY.sub("", REMARKS.sub("", edited.decode()))


def _is_overload(node: ast.FunctionDef) -> bool:
    return any(dotted(d).split(".")[-1] == "overload" for d in node.decorator_list)


def _header(text: Text, node: ast.FunctionDef | ast.ClassDef, new: str) -> tuple[int, int, str]:
    word = b"def " if isinstance(node, ast.FunctionDef) else b"class "
    start = text.data.index(word + node.name.encode(), text.start(node)) + len(word)
    return start, start + len(node.name.encode()), new


def _spaced(texts: list[str]) -> list[str]:
    """Functions and classes two lines apart, constants together."""
    found: list[str] = []
    for place, text in enumerate(texts):
        long = text.count("\n") > 1 or (place and texts[place - 1].count("\n") > 1)
        found.append(("\n\n" if long and place else "") + text)
    return found


def standard(module: str) -> bool:
    return module.split(".")[0] in sys.stdlib_module_names
