"""The settings of a scene: values for its parameters, by their names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dlplay.author.parameters.base import Parameter, ParameterError
from dlplay.author.parameters.file import File
from dlplay.words.nearest import did_you_mean


def checked(
    parameters: Mapping[str, Parameter[Any]], settings: Mapping[str, Any]
) -> dict[str, Any]:
    """The settings in the parameters' own types; ParameterError for a wrong name or value."""
    return {name: find(parameters, name).check(value) for name, value in settings.items()}


def checked_live(parameters: Mapping[str, Parameter[Any]], name: str, value: object) -> Any:
    """The value, for a parameter that may be turned while the scene runs; else ParameterError."""
    parameter = find(parameters, name)
    if not parameter.live:
        live = ", ".join(n for n, p in parameters.items() if p.live) or "none"
        raise ParameterError(f"{name} cannot change during a run; live parameters: {live}")
    return parameter.check(value)


def own_files(
    parameters: Mapping[str, Parameter[Any]], values: Mapping[str, Any]
) -> dict[str, str]:
    """SHA-256 of each file of the user's own among the values, by the parameter's name.

    What is bundled, and what cannot be read, is left out.
    """
    digests = {
        name: parameter.digest(values[name])
        for name, parameter in parameters.items()
        if isinstance(parameter, File)
    }
    return {name: digest for name, digest in digests.items() if digest}


def find(parameters: Mapping[str, Parameter[Any]], name: str) -> Parameter[Any]:
    """The parameter of that name; ParameterError with the nearest match if there is none."""
    if name not in parameters:
        names = ", ".join(parameters) or "none"
        raise ParameterError(
            f"there is no parameter {name!r}; this scene has {names}."
            f"{did_you_mean(name, parameters)}"
        )
    return parameters[name]
