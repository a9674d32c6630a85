"""Every kind of parameter, by the name under which a scene declares it."""

from __future__ import annotations

from typing import Any

from dlplay.author.parameters.base import Parameter
from dlplay.author.parameters.file import File
from dlplay.author.parameters.numbers import Float, Int
from dlplay.author.parameters.words import Choice, Text, Toggle

KINDS: dict[str, type[Parameter[Any]]] = {
    "Float": Float,
    "Int": Int,
    "Choice": Choice,
    "Toggle": Toggle,
    "Text": Text,
    "File": File,
}
