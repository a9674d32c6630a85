"""From a scene to a script."""

from __future__ import annotations

import ast
import base64
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dlplay
from dlplay.course.catalog import SceneCard
from dlplay.export.script import known, prelude
from dlplay.export.script.bundled import embed, files_in
from dlplay.export.script.effects import stage_call
from dlplay.export.script.looks import without_looks
from dlplay.export.script.parts import Import, Parts, is_ours, read, standard
from dlplay.export.script.prune import pruned, used
from dlplay.export.script.scene import plain, refuse_what_has_no_counterpart, scene_class
from dlplay.export.script.text import NotTranslatable, Text, comment, literal
from dlplay.wire.events import Tweaked

ALWAYS = (Import("torch", "", "torch"), Import("numpy", "", "np"), Import("random", "", "random"))


@dataclass(frozen=True)
class Plan:
    """The run that a script repeats.

    `address`: what `dlplay run` takes. `device`: "auto" or where it ran. `ends`: the step at
    which a recorded run was stopped.
    """

    card: SceneCard
    values: Mapping[str, Any]
    address: str
    seed: int = 0
    device: str = "auto"
    tweaks: Sequence[Tweaked] = field(default=())
    ends: int | None = None


def script(plan: Plan) -> str:
    """The scene as a plain torch file that prints what this run measures.

    Raises NotTranslatable, with the line, for what has no counterpart.
    """
    card = plan.card
    if card.broken:
        raise NotTranslatable(card.broken)
    module = read(card.source, card.path.name, card.path.parent)
    refuse_what_has_no_counterpart(module)
    parts, imports, aliases = _parts(module)
    scene = plain(module, card.parameters, plan.values)
    inlined = embed(parts.source())
    head = HEADING.format(comment(card.path.name))
    body = "\n\n".join(filter(None, [inlined, aliases, head + scene]))
    name = scene_class(module).name
    roots = {name, *known.CALLED, *(claim.name for claim in card.claims)} | _unused(body)
    if card.is_page:
        body = _remaining(without_looks(body, roots))
    else:
        body = _remaining(pruned(body, {n: i.path for n, i in imports.items()}, roots))
    return _assembled(plan, module.text, name, body, imports)


HEADING = "# ---- The scene: {}\n\n"


def _unused(body: str) -> set[str]:
    """What is defined and not used even before anything is taken out: it may be used unseen."""
    tree = ast.parse(body)
    defined = {n.name for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.ClassDef))}
    return defined - used(tree)


def _parts(module: Any) -> tuple[Parts, dict[str, Import], str]:
    """What the scene needs of dlplay, what both import of libraries, and names given anew."""
    parts = Parts()
    taken = dict.fromkeys(prelude.NAMES, "prelude")
    imports: dict[str, Import] = {}
    wanted = []
    for alias, given in module.imports.items():
        if given.module == "__future__" or given.module == "dlplay":
            continue
        if not is_ours(given.module):
            imports[alias] = given
            taken[alias] = given.path
        elif not given.name:
            raise NotTranslatable(f"{module.text.name} imports the module {given.module} as such")
        else:
            home, real = parts.want(alias, module, module.text.name)
            wanted.append((alias, home, real))
            taken[alias] = f"{home.text.name}:{real}"
    for name in module.definitions:
        if taken.setdefault(name, "scene") != "scene":
            raise NotTranslatable(f"{module.text.name} defines {name!r}, a name scripts need")
    for home in parts.order:
        for alias, given in home.imports.items():
            if not is_ours(given.module):
                taken.setdefault(alias, given.path)
    parts.settle(taken)
    for alias, given in parts.foreign().items():
        if alias in module.definitions or imports.setdefault(alias, given) != given:
            raise NotTranslatable(f"{alias!r} means two things in {module.text.name} and dlplay")
    renamed = [(a, h.renamed.get(r, r)) for a, h, r in wanted]
    aliases = "\n".join(f"{alias} = {real}" for alias, real in renamed if alias != real)
    for given in (*ALWAYS, Import("io", "BytesIO", "BytesIO")):
        if imports.setdefault(given.alias, given).path != given.path:
            raise NotTranslatable(f"{module.text.name} means something else by {given.alias!r}")
    return parts, imports, aliases


def _remaining(body: str) -> str:
    """Curves that stay only watch over the numbers; pictures that stay are computed unseen."""
    text = Text(body)
    edits = []
    for node in ast.walk(text.tree):
        method = stage_call(node)
        if method not in known.SHOWN:
            continue
        assert isinstance(node, ast.Call)
        assert isinstance(node.func, ast.Attribute)
        end = text.end(node.func)
        new = "check_finite" if method == "curve" else "unseen"
        edits.append((end - len(method), end, new))
        for keyword in node.keywords:
            if method == "curve" and keyword.arg == "x":
                start = text.data.rindex(b",", 0, text.start(keyword))
                edits.append((start, text.end(keyword), ""))
    return text.edited(edits)


def _assembled(plan: Plan, scene: Text, name: str, body: str, imports: Mapping[str, Import]) -> str:
    text = Text(body)
    names = used(text.tree)
    uses = set(map(stage_call, ast.walk(text.tree)))
    files, ends = files_in(text.tree), plan.ends is not None
    claims = (
        any(
            isinstance(node, ast.FunctionDef) and node.decorator_list
            for node in ast.walk(text.tree)
        )
        and "claim" in names
    )
    if plan.card.is_page:
        sentences = {claim.name: claim.text for claim in plan.card.claims}
        top = prelude.stage(uses, ends) + prelude.claims(sentences)
        main = prelude.main_of_page(name, ends)
    else:
        top = prelude.stage(uses, ends) + prelude.CLAIM * claims
        main = prelude.main(name, claims, ends)
    top += prelude.EMBEDDED * bool(files)
    needed = {alias: given for alias, given in imports.items() if alias in names}
    needed |= {given.alias: given for given in ALWAYS}
    for word, given in (
        ("math.", Import("math", "", "math")),
        ("@contextmanager", Import("contextlib", "contextmanager", "contextmanager")),
        ("base64.", Import("base64", "", "base64")),
        ("monotonic(", Import("time", "monotonic", "monotonic")),
        ("sys.", Import("sys", "", "sys")),
        ("SimpleNamespace(", Import("types", "SimpleNamespace", "SimpleNamespace")),
    ):
        if word in top + main and needed.setdefault(given.alias, given) != given:
            raise NotTranslatable(f"{given.alias!r} means something else in {scene.name}")
    lesson = scene.tree.body[0]
    is_lesson = isinstance(lesson, ast.Expr) and isinstance(lesson.value, ast.Constant)
    head = scene.segment(lesson) + "\n\n" if is_lesson else ""
    head += _tries(plan.card)
    chunks = [
        head
        + _origin(plan, needed.values())
        + "\nfrom __future__ import annotations\n\n"
        + prelude.ENVIRONMENT,
        _import_lines(list(needed.values())),
        _settings(plan),
        top.rstrip("\n") + "\n",
        body.strip("\n") + "\n",
        main,
    ]
    whole = "\n\n".join(chunk.strip("\n") + "\n" for chunk in chunks[1:])
    data = _files(plan, files)
    return f'{chunks[0].rstrip()}\n\n{whole}{data}\n\nif __name__ == "__main__":\n    main()\n'


def _origin(plan: Plan, imports: Iterable[Import]) -> str:
    images = any(given.module.split(".")[0] == "PIL" for given in imports)
    libraries = "torch, numpy and Pillow" if images else "torch and numpy"
    lines = [
        f"# dlplay {dlplay.__version__} wrote this as a plain torch script of the run",
        f"#     dlplay run {comment(plan.address)}",
        f"# It needs {libraries}, and prints the same measures, to the last bit where the",
        "# versions and the device are the same. What dlplay draws has been left out.",
    ]
    return "\n".join(lines) + "\n"


def _tries(card: SceneCard) -> str:
    """The tries of a page as comments: what to set below, what to ask, and the answer."""
    lines = ["# Tries: set it below, say what will happen, run.", "#"] if card.tries else []
    for each in card.tries:
        answer = f"{each.options[each.right - 1]}. {each.why}"
        for first, text in ((f"{each.setting}: ", each.question), ("   ", f"→ {answer}")):
            words = comment(" ".join((first + text).split()))
            lines += textwrap.wrap(
                words, 95, initial_indent="# ", subsequent_indent="#     ", break_on_hyphens=False
            )
    return "\n".join(lines) + "\n\n" if lines else ""


def _settings(plan: Plan) -> str:
    auto = '"cuda" if torch.cuda.is_available() else "cpu"'
    tweaks = "".join(
        f"    ({t.tick}, {literal(t.name)}, {literal(t.value)}),\n" for t in plan.tweaks
    )
    remark = "# turned on the way: (after so many steps, parameter, value)"
    return prelude.SETTINGS.format(
        seed=plan.seed,
        device=auto if plan.device == "auto" else literal(plan.device),
        tweaks=f"TWEAKS = [  {remark}\n{tweaks}]\n" if tweaks else f"TWEAKS = []  {remark}\n",
        ends=f"ENDS = {plan.ends}  # the recorded run was stopped after so many steps\n"
        if plan.ends is not None
        else "",
    )


def _import_lines(imports: list[Import]) -> str:
    """The imports as a tidy head of a file has them."""
    groups: list[str] = []
    for own in (True, False):
        lines = sorted(_plainly(i) for i in imports if not i.name and standard(i.module) == own)
        names: dict[str, list[str]] = {}
        for given in imports:
            if given.name and standard(given.module) == own:
                alias = f" as {given.alias}" if given.alias != given.name else ""
                names.setdefault(given.module, []).append(given.name + alias)
        for module in sorted(names):
            line = f"from {module} import {', '.join(sorted(names[module]))}"
            if len(line) > 100:
                inner = "".join(f"    {name},\n" for name in sorted(names[module]))
                line = f"from {module} import (\n{inner})"
            lines.append(line)
        if lines:
            groups.append("\n".join(lines))
    return "\n\n".join(groups)


def _plainly(given: Import) -> str:
    alias = f" as {given.alias}" if given.alias != given.module.split(".")[0] else ""
    return f"import {given.module}{alias}"


def _files(plan: Plan, files: Mapping[str, Path]) -> str:
    """Data files as base64, at the end, where they disturb nobody."""
    if not files:
        return ""
    parts = []
    for name, path in files.items():
        letters = base64.b64encode(path.read_bytes()).decode()
        rows = "\n".join(letters[i : i + 100] for i in range(0, len(letters), 100))
        parts.append(f'    {literal(name)}: """\n{rows}\n""",\n')
    return "\n\n# Data files, compressed as dlplay has them, in base64\nFILES = {\n" + (
        "".join(parts) + "}\n"
    )
