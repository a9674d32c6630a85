"""What evaluating an expression does besides giving a value, as far as a script's numbers go.

Whatever is not known to be harmless counts as a change, so that it stays in the script.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping

from dlplay.export.script import known
from dlplay.export.script.scopes import Function, Scopes
from dlplay.export.script.text import dotted

Effects = frozenset[str]
NONE: Effects = frozenset()
RANDOM = frozenset({"random"})  # draws from the global random state: undone by a probe
NORM = frozenset({"norm"})  # may move running means: not so in evaluation mode
CHANGE = frozenset({"change"})  # anything else that others could notice

_Def = ast.FunctionDef | ast.AsyncFunctionDef


def stage_call(node: ast.AST) -> str:
    """`curve` for the expression `stage.curve(...)` or `self.stage.curve(...)`; else empty."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name("stage") | ast.Attribute(attr="stage"))):
            assert isinstance(node.func, ast.Attribute)
            return node.func.attr
    return ""


def is_probe(node: ast.stmt) -> bool:
    return isinstance(node, ast.With) and stage_call(node.items[0].context_expr) == "probe"


class Analysis:
    """Effects within one module. `imports`: names with what they stand for, such as torch.nn."""

    def __init__(self, tree: ast.Module, imports: Mapping[str, str]) -> None:
        self.tree, self.imports = tree, imports
        self.scopes = Scopes(tree)
        self.functions: dict[str, _Def] = {}
        self.classes: dict[str, ast.ClassDef] = {}
        self.methods: dict[str, list[_Def]] = {}
        self.assigned: set[str] = set()  # attributes that are set anywhere
        self.loaded: set[str] = set()  # attributes that are read anywhere
        names = set()
        for node in ast.walk(tree):
            match node:
                case ast.FunctionDef() if isinstance(self.scopes.parents[node], ast.ClassDef):
                    self.methods.setdefault(node.name, []).append(node)
                case ast.FunctionDef() if self.scopes.parents[node] is tree:
                    self.functions[node.name] = node
                case ast.ClassDef():
                    self.classes[node.name] = node
                case ast.Attribute(ctx=ast.Load()):
                    self.loaded.add(node.attr)
                    names.add(node.attr)
                case ast.Attribute():
                    self.assigned.add(node.attr)
                case ast.Name():
                    names.add(node.id)
        self.dynamic = bool(names & {"getattr", "vars", "__dict__"})
        self._known: dict[_Def, Effects] = {}
        self._fresh: dict[Function, frozenset[str]] = {}
        self.model = self._model(names)

    def _model(self, names: set[str]) -> Effects:
        """What calling some model may do."""
        found = RANDOM if any("dropout" in name.lower() for name in names) else NONE
        if any(word in name for name in names for word in ("BatchNorm", "InstanceNorm")):
            found |= NORM
        if any(
            word in name for name in names for word in ("spectral_norm", "weight_norm", "_hook")
        ):
            found |= CHANGE
        self.model = found
        for name in ("forward", "__call__"):
            for method in self.methods.get(name, ()):
                up = self.scopes.parents[method]
                if isinstance(up, ast.ClassDef) and up.name not in known.QUIET_MODELS:
                    found |= self.function(method)
        self._known.clear()
        return found

    # Expressions

    def expression(self, node: ast.AST, fresh: frozenset[str] = frozenset()) -> Effects:
        """What evaluating it does. `fresh`: local names of values that nobody else holds."""
        found = NONE
        for part in ast.walk(node):
            if isinstance(part, ast.Call):
                found |= self._call(part, fresh)
            elif isinstance(part, (ast.NamedExpr, ast.Yield, ast.YieldFrom, ast.Await)):
                found |= CHANGE
        return found

    def _call(self, call: ast.Call, fresh: frozenset[str]) -> Effects:
        if method := stage_call(call):
            return NONE if method in known.SHOWN | known.ASKED else CHANGE
        if any(keyword.arg == "out" for keyword in call.keywords):
            return CHANGE
        func = call.func
        path = dotted(func)
        root = path.split(".")[0]
        if path and root in self.imports and self.scopes.owner(func, root) is None:
            full = ".".join([self.imports[root], *path.split(".")[1:]])
            return _foreign(full, call, fresh)
        if isinstance(func, ast.Name):
            return self._named(func, call)
        if isinstance(func, ast.Attribute):
            return self._method(func, fresh)
        return self.model

    def _named(self, func: ast.Name, call: ast.Call) -> Effects:
        owner = self.scopes.owner(call, func.id)
        if owner is not None:
            inner = [
                node
                for node in ast.walk(owner)
                if isinstance(node, ast.FunctionDef) and node.name == func.id
            ]
            return self.function(inner[0]) if inner else self._held(owner, func, call)
        if func.id in self.functions:
            return NONE if func.id in known.QUIET else self.function(self.functions[func.id])
        if func.id in self.classes:
            return CHANGE
        return NONE if func.id in known.BUILTINS else CHANGE

    def _held(self, owner: Function, func: ast.Name, call: ast.Call) -> Effects:
        """What calling a local value may do: a model, or another name of a library's function."""
        found = self.model if call.args or call.keywords else CHANGE
        for node in ast.walk(owner):
            if not isinstance(node, ast.Assign) or not any(
                isinstance(target, ast.Name) and target.id == func.id for target in node.targets
            ):
                continue
            called = {id(part.func) for part in ast.walk(node.value) if isinstance(part, ast.Call)}
            for part in ast.walk(node.value):
                root, _, rest = dotted(part).partition(".")
                if id(part) not in called and rest and root in self.imports:
                    found |= _foreign(f"{self.imports[root]}.{rest}", call, frozenset())
        return found

    def _method(self, func: ast.Attribute, fresh: frozenset[str]) -> Effects:
        if func.attr in self.methods:
            found = CHANGE if func.attr in known.CHANGERS else NONE
            for method in self.methods[func.attr]:
                found |= self.function(method)
            return found
        if func.attr in known.METHODS:
            return NONE
        if func.attr in known.MUTATORS:
            return NONE if isinstance(func.value, ast.Name) and func.value.id in fresh else CHANGE
        return self.model if func.attr in self.assigned else CHANGE

    # Functions

    def function(self, node: _Def) -> Effects:
        """What calling it does, its own variables aside."""
        if node not in self._known:
            self._known[node] = NONE  # while it is looked into: a recursive call adds nothing
            self._known[node] = self.block(node.body, self.fresh(node))
        return self._known[node]

    def fresh(self, node: Function) -> frozenset[str]:
        """Local names that only ever hold values made here."""
        if isinstance(node, ast.Lambda):
            return frozenset()
        if node not in self._fresh:
            made: dict[str, bool] = {}
            for part in ast.walk(node):
                match part:
                    case ast.Assign(targets=[ast.Name(id)], value=value):
                        made[id] = made.get(id, True) and self._is_new(value)
                    case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
                        for name, value in zip(names, values, strict=False):
                            if isinstance(name, ast.Name):
                                made[name.id] = made.get(name.id, True) and self._is_new(value)
                    case ast.Name(id, ctx=ast.Store()) if not self._plainly_assigned(part):
                        made[id] = False
            self._fresh[node] = frozenset(name for name, new in made.items() if new)
        return self._fresh[node]

    def _plainly_assigned(self, name: ast.Name) -> bool:
        up = self.scopes.parents[name]
        if isinstance(up, ast.Tuple):
            return isinstance(self.scopes.parents[up], ast.Assign)
        return isinstance(up, (ast.Assign, ast.AugAssign))

    def _is_new(self, value: ast.expr) -> bool:
        match value:
            case ast.List() | ast.Dict() | ast.Set() | ast.ListComp() | ast.DictComp():
                return True
            case ast.Constant() | ast.SetComp() | ast.JoinedStr():
                return True
            case ast.Call(func=func):
                path = dotted(func)
                root, _, last = path.partition(".")
                full = f"{self.imports[root]}.{last}" if root in self.imports else path
                return full in known.MAKERS
        return False

    def block(self, body: Iterable[ast.stmt], fresh: frozenset[str] = frozenset()) -> Effects:
        found = NONE
        for statement in body:
            found |= self.statement(statement, fresh)
        return found

    def statement(self, node: ast.stmt, fresh: frozenset[str] = frozenset()) -> Effects:
        """What executing it does, assignments to local names aside."""
        match node:
            case ast.Expr(ast.Call(func=ast.Attribute(value=base, attr=attr))) if (
                attr in known.MUTATORS and attr not in self.methods
            ):  # `sort` gives a tensor, and changes a list
                own = isinstance(base, ast.Name) and base.id in fresh
                return self.expression(node, fresh) | (NONE if own else CHANGE)
            case ast.Expr(value) | ast.Return(value=ast.expr() as value):
                return self.expression(value, fresh)
            case ast.Assign(targets=targets, value=value):
                found = self.expression(value, fresh)
                for target in targets:
                    found |= self.target(target, fresh)
                return found
            case ast.AnnAssign(target=target, value=value):
                found = self.target(target, fresh)
                return found | (self.expression(value, fresh) if value else NONE)
            case ast.AugAssign(target=target, value=value):
                found = self.expression(value, fresh)
                if isinstance(target, ast.Name) and target.id not in fresh:
                    return found | CHANGE  # += changes a tensor in its place
                return found | self.target(target, fresh)
            case ast.If(test=test) | ast.While(test=test):
                inside = self.block(node.body, fresh) | self.block(node.orelse, fresh)
                return self.expression(test, fresh) | inside
            case ast.For(target=target, iter=values):
                found = self.expression(values, fresh) | self.target(target, fresh)
                return found | self.block(node.body, fresh) | self.block(node.orelse, fresh)
            case ast.With():
                inside = self.block(node.body, fresh)
                if is_probe(node):
                    return inside - RANDOM
                return inside if all(map(self._only_grad, node.items)) else CHANGE
            case ast.Try():
                parts = [*node.body, *node.orelse, *node.finalbody]
                parts += [statement for handler in node.handlers for statement in handler.body]
                return self.block(parts, fresh)
            case ast.Delete(targets=targets):
                return NONE if all(isinstance(t, ast.Name) for t in targets) else CHANGE
            case ast.Return() | ast.Raise() | ast.Assert() | ast.Pass() | ast.Break():
                return NONE
            case ast.Continue() | ast.Import() | ast.ImportFrom() | ast.FunctionDef():
                return NONE
        return CHANGE

    def target(self, node: ast.expr, fresh: frozenset[str] = frozenset()) -> Effects:
        """What assigning to this does, to others than the function at hand."""
        match node:
            case ast.Name():
                return NONE
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                found = NONE
                for part in parts:
                    found |= self.target(part, fresh)
                return found
            case ast.Starred(value=value):
                return self.target(value, fresh)
            case ast.Subscript(value=ast.Name(id), slice=place) if id in fresh:
                return self.expression(place, fresh)
            case ast.Attribute():
                return NONE if self.is_unread(node) else CHANGE
        return CHANGE

    def is_unread(self, node: ast.Attribute) -> bool:
        """Whether this is `self.x` of a plain class, and nothing reads any `x`."""
        if not isinstance(node.value, ast.Name) or node.value.id != "self" or self.dynamic:
            return False
        around = (up for up in self.scopes.above(node) if isinstance(up, ast.ClassDef))
        owner = next(around, None)
        return owner is not None and not owner.bases and node.attr not in self.loaded

    def _only_grad(self, item: ast.withitem) -> bool:
        call = item.context_expr
        return isinstance(call, ast.Call) and dotted(call.func).split(".")[-1] in (
            "no_grad",
            "enable_grad",
            "inference_mode",
            "set_grad_enabled",
            "load",  # np.load: an archive
        )


def _foreign(path: str, call: ast.Call, fresh: frozenset[str]) -> Effects:
    """What a function of a library does, by its full name."""
    package, last = path.split(".")[0], path.split(".")[-1]
    generators = [k.value for k in call.keywords if k.arg == "generator"]
    if package not in known.LIBRARIES or last.endswith("_") or path.startswith(known.CHANGING):
        return CHANGE
    if any(not (isinstance(g, ast.Name) and g.id in fresh) for g in generators):
        return CHANGE
    if generators:
        return NONE
    if path.startswith(("torch.nn.", "nn.")) and last[:1].isupper():
        return RANDOM  # its first weights
    if package == "networkx":
        given = any(keyword.arg == "seed" for keyword in call.keywords)
        return NONE if given or not ("random" in last or "layout" in last) else RANDOM
    drawn = path.startswith(("numpy.random.", "random.")) and last != "default_rng"
    return RANDOM if drawn or last in known.RANDOM or "dropout" in last else NONE
