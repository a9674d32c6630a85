"""ASCII in place of everything else, for terminals that have no more."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

# Written out where there is room: in lessons, titles, claims.
_WORDS = {
    "∇": "grad ", "∂": "d", "√": "sqrt", "∑": "sum", "Σ": "sum", "∏": "prod", "∫": "int",
    "≤": "<=", "≥": ">=", "≠": "!=", "≈": "~=", "∼": "~", "∝": " prop. to ", "∈": " in ",
    "±": "+-", "×": "x", "·": "*", "⋅": "*", "∞": "inf", "→": "->", "←": "<-", "↔": "<->",
    "⇒": "=>", "…": "...", "ᵀ": "^T", "⊤": "^T", "‖": "||", "⊙": "(*)", "⊗": "(x)", "°": " deg",
    "ℝ": "R", "𝔼": "E", "−": "-", "–": "-", "—": "-", "½": "1/2", "✓": "yes", "✗": "no",
    "“": '"', "”": '"', "‘": "'", "’": "'", "•": "*", "▸": ">", "∣": "|", "≡": "==",
}  # fmt: skip
# One for one, where the place of what follows matters.
_SINGLE = {
    "•": "*", "·": ".", "…": "~", "→": ">", "←": "<", "↑": "^", "↓": "v", "✓": "+", "✗": "x",
    "×": "x", "●": "@", "○": "o", "◌": "o", "◐": "%", "■": "#", "▸": ">", "▶": ">", "▼": "v",
    "▾": "v", "Ⅱ": "=", "‹": "<", "›": ">", "⌫": "<", "≤": "<", "≥": ">", "≠": "!", "≈": "~",
    "∞": "8", "√": "V", "∇": "V", "∑": "S", "∂": "d", "▁": "_", "▔": "-", "—": "-", "▎": "|",
    "▏": "|", "▊": "|", "▌": "|", "▐": "|",
}  # fmt: skip


@lru_cache(maxsize=512)
def _word(char: str) -> str:
    if char in _WORDS:
        return _WORDS[char]
    name = unicodedata.name(char, "")
    if name.startswith("GREEK"):
        letter = name.split()[3] if "LETTER" in name else name.split()[1]
        return letter.capitalize() if "CAPITAL" in name else letter.lower()
    kind, _, rest = unicodedata.decomposition(char).partition(" ")
    if kind in ("<super>", "<sub>"):
        inner = "".join(_word(chr(int(code, 16))) for code in rest.split())
        return ("^" if kind == "<super>" else "_") + inner
    simple = "".join(c for c in unicodedata.normalize("NFKD", char) if c.isascii())
    return simple or ("" if unicodedata.combining(char) else "?")


@lru_cache(maxsize=2048)
def _single(char: str) -> str:
    if char in _SINGLE:
        return _SINGLE[char]
    if 0x2500 <= ord(char) < 0x2580:  # box drawing
        name = unicodedata.name(char, "")
        if " AND " in name:
            return "+"
        return "-" if "HORIZONTAL" in name else "|" if "VERTICAL" in name else "+"
    if 0x2580 <= ord(char) < 0x2590:  # blocks
        return "#"
    word = _word(char)
    wide = unicodedata.east_asian_width(char) in "WF"
    return word if len(word) == 1 and not wide else "??" if wide else "?"


def to_ascii(text: str) -> str:
    """Text with Greek letters, signs and superscripts spelt out: `x² ≤ θ` is `x^2 <= theta`."""
    return text if text.isascii() else "".join(c if c < "\x7f" else _word(c) for c in text)


@lru_cache(maxsize=4096)
def as_wide(text: str) -> str:
    """Text in ASCII that takes as many cells as before, for screens and tables."""
    return text if text.isascii() else "".join(c if c < "\x7f" else _single(c) for c in text)
