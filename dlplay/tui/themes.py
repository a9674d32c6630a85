"""Our two themes, and the colours that widgets draw their own text with."""

from __future__ import annotations

from textual.app import App
from textual.theme import Theme

DARK = Theme(
    name="dlplay-dark",
    primary="#56b4e9",
    secondary="#cc79a7",
    accent="#f0c04c",
    warning="#e69f00",
    error="#ff6b57",
    success="#2fbf92",
    foreground="#d8dee6",
    background="#10141a",
    surface="#10141a",
    panel="#1b222c",
    dark=True,
    variables={
        "border": "#3a4656",
        "border-blurred": "#3a4656",
        "footer-key-foreground": "#f0c04c",
    },
)
LIGHT = Theme(
    name="dlplay-light",
    primary="#0a5f93",
    secondary="#9c3d74",
    accent="#8a5a00",
    warning="#a85f00",
    error="#b3261e",
    success="#00724f",
    foreground="#1d232b",
    background="#fbfbf8",
    surface="#fbfbf8",
    panel="#eceae2",
    dark=False,
    variables={
        "border": "#b9b6aa",
        "border-blurred": "#b9b6aa",
        "footer-key-foreground": "#8a5a00",
    },
)
CYCLE = ("dlplay-dark", "dlplay-light", "textual-dark", "nord", "gruvbox", "solarized-light")


def inks(app: App[object]) -> dict[str, str]:
    """Rich colours by meaning, of the theme in force."""
    theme = app.current_theme
    base = DARK if theme.dark else LIGHT
    return {
        "accent": theme.accent or base.accent or "",
        "success": theme.success or base.success or "",
        "warning": theme.warning or base.warning or "",
        "error": theme.error or base.error or "",
        "muted": "#8793a3" if theme.dark else "#6b6f76",
        "cursor": theme.panel or base.panel or "",
    }
