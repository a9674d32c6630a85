"""Display formulas of a lesson, `$$ ... $$`, drawn in two dimensions with TeXicode."""

from __future__ import annotations

import re

FENCE = re.compile(r"^(```|~~~).*?^\1[^\n]*$", re.MULTILINE | re.DOTALL)
DISPLAY = re.compile(r"\$\$(.+?)\$\$", re.DOTALL)
# An operator with a space on both sides stands apart in print, too: TeXicode sets it close.
APART = re.compile(r"(?<=\s)(?:[-+=<>/|]|:=|\\[a-zA-Z]+)(?=\s)")
WORDS = re.compile(r"(\\(?:log|exp|max|min|arg|sin|cos|tan|ln|Pr|det|dim|lim))\s+(?=[a-zA-Z\\])")
RELATIONS = re.compile(
    r"\\(approx|cdot|equiv|geq?|gets|gg|in|leq?|leftarrow|ll|mapsto|mid|neq?|notin|odot|otimes|pm"
    r"|propto|rightarrow|sim|subset|times|to)"
)


def render(markdown: str, *, ascii: bool = False) -> str:
    """Markdown in which every display formula is a fenced block of drawn text.

    What TeXicode cannot draw, and everything if `ascii`, stays as the TeX that was written.
    Code blocks are left alone.
    """
    pieces, end = [], 0
    for fence in FENCE.finditer(markdown):
        pieces += [_blocks(markdown[end : fence.start()], ascii), fence.group()]
        end = fence.end()
    return "".join([*pieces, _blocks(markdown[end:], ascii)])


def formula(tex: str) -> str:
    """One formula as lines of text without trailing spaces; the TeX itself if it won't draw."""
    source = " ".join(tex.split())
    try:
        from texicode.pipeline import render_tex

        drawn = render_tex(_spaced(source), False, False, "raw", {"fonts": "normal"})
    except Exception:  # it raises whatever its tables raise
        return source
    # It tells of errors, and of commands that it does not know, in the drawing itself.
    if drawn.startswith("TeXicode:") or drawn.count("?") > source.count("?"):
        return source
    lines = [line.rstrip() for line in drawn.split("\n")]
    return "\n".join(line for line in lines if line) or source


def _blocks(text: str, ascii: bool) -> str:
    def block(found: re.Match[str]) -> str:
        tex = found.group(1)
        return f"\n\n```text\n{' '.join(tex.split()) if ascii else formula(tex)}\n```\n\n"

    return re.sub(r"\n{3,}", "\n\n", DISPLAY.sub(block, text)) if "$$" in text else text


def _spaced(tex: str) -> str:
    """Room around the operators that the author set apart, except in sub- and superscripts."""
    pieces, end = [], 0
    for start, stop in _scripts(tex):
        pieces += [_apart(tex[end:start]), tex[start:stop]]
        end = stop
    return "".join([*pieces, _apart(tex[end:])])


def _apart(tex: str) -> str:
    def space(found: re.Match[str]) -> str:
        sign = found.group()
        return rf"\; {sign} \;" if sign[0] != "\\" or RELATIONS.fullmatch(sign) else sign

    return WORDS.sub(r"\1 \; ", APART.sub(space, tex))


def _scripts(tex: str) -> list[tuple[int, int]]:
    """Where the outermost `_{...}` and `^{...}` begin and end."""
    spans, depth, start = [], 0, -1
    for place, char in enumerate(tex):
        if char == "{":
            if start < 0 and place and tex[place - 1] in "_^":
                start, depth = place, 0
            depth += 1
        elif char == "}":
            depth -= 1
            if start >= 0 and depth == 0:
                spans.append((start, place + 1))
                start = -1
    return spans
