"""dlplay: a deep-learning laboratory in the terminal.

What a scene file imports: Scene, Try, Float, Int, Choice, Toggle, Text, File. For notebooks: run.
Names are loaded when they are first used, so that importing dlplay costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "Scene": "dlplay.author.scene",
    "Float": "dlplay.author.parameters.numbers",
    "Int": "dlplay.author.parameters.numbers",
    "Choice": "dlplay.author.parameters.words",
    "Toggle": "dlplay.author.parameters.words",
    "Text": "dlplay.author.parameters.words",
    "File": "dlplay.author.parameters.file",
    "Try": "dlplay.author.tries",
    "claim": "dlplay.author.claims",
    "run": "dlplay.engine.headless",
}
__all__ = ["Choice", "File", "Float", "Int", "Scene", "Text", "Toggle", "Try", "claim", "run"]

if TYPE_CHECKING:
    from dlplay.author.claims import claim
    from dlplay.author.parameters.file import File
    from dlplay.author.parameters.numbers import Float, Int
    from dlplay.author.parameters.words import Choice, Text, Toggle
    from dlplay.author.scene import Scene
    from dlplay.author.tries import Try
    from dlplay.engine.headless import run


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'dlplay' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
