"""The interface in ASCII alone: the last step before the terminal, whatever was drawn."""

from __future__ import annotations

from functools import lru_cache

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

TABLE = str.maketrans(
    {
        **dict.fromkeys("│┃║┆┊▏▎▍▌▋▊▐▕", "|"),
        **dict.fromkeys("─━═╌┄┈▁▂▃▔⎯", "-"),
        **dict.fromkeys("┌┐└┘╭╮╰╯├┤┬┴┼╞╡╪┏┓┗┛┣┫", "+"),
        **dict.fromkeys("█▉▇▆▅▄▀■▶▸►", "#"),
        **dict.fromkeys("●◉⬤", "@"),
        **dict.fromkeys("○◌◯", "o"),
        **dict.fromkeys("◐◑", "%"),
        **dict.fromkeys("•·∙▪◦", "."),
        **dict.fromkeys("▼▾", "v"),
        "✓": "+", "✗": "x", "…": "~", "Ⅱ": "=", "‹": "<", "›": ">", "←": "<", "→": ">",
        "↑": "^", "↓": "v", "⌫": "<", "−": "-", "×": "x", "≥": ">", "≤": "<", "≈": "~",
        "≠": "!", "∞": "8", "√": "V", "∑": "S", "∏": "P", "∫": "S", "∂": "d", "∇": "V",
        "α": "a", "β": "b", "γ": "g", "δ": "d", "ε": "e", "η": "n", "θ": "0", "κ": "k",
        "λ": "l", "μ": "u", "ν": "v", "π": "p", "ρ": "r", "σ": "s", "τ": "t", "φ": "f",
        "χ": "x", "ψ": "y", "ω": "w", "Δ": "D", "Σ": "S", "Ω": "W", "²": "2", "³": "3",
        "₀": "0", "₁": "1", "₂": "2", "₃": "3", "ᵢ": "i", "ₜ": "t", "½": "/", "—": "-",
        "–": "-", "“": '"', "”": '"', "’": "'", "‘": "'",
    }
)  # fmt: skip


@lru_cache(4096)
def plain(text: str) -> str:
    """The text in ASCII, as wide as it was."""
    if text.isascii():
        return text
    return "".join(
        char if char.isascii() else "?" * cell_len(char) for char in text.translate(TABLE)
    )


class Ascii(LineFilter):
    """Every line of the screen, in ASCII."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [Segment(plain(text), style, control) for text, style, control in segments]
