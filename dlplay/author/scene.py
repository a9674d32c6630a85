"""The Scene class: what the author of a scene writes against."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from dlplay.author.claims import Claim
from dlplay.author.parameters.base import Parameter
from dlplay.author.parameters.settings import checked
from dlplay.wire.events import ClaimResult

if TYPE_CHECKING:
    from dlplay.author.tries import Try
    from dlplay.stage.stage import Stage

RESERVED = {
    "seed", "device", "run", "covers", "panels", "quick", "pace", "tries", "parameters", "claims",
}  # fmt: skip


class Scene:
    """One question, one experiment: parameters, a run, claims, tries.

    Subclass it once in a file. The module's docstring is the page of text. Class attributes, all
    written as literals so that they can be listed without importing torch:

    - `covers`: the sections of the course whose question this scene asks
    - `panels`: what is drawn, by name, each with a caption that says what to see; the first leads
    - `claims`: what the scene asserts, by name, each a sentence; `stage.claim` holds them
    - `tries`: experiments that one predicts before one sees them
    - `quick`: settings of a complete run of a second or two
    - `pace`: steps a second at which it is shown, where each is to be followed

    Scenes of the old form name panels in a tuple, decorate methods as claims, and say in `covers`
    which of them show a section.
    """

    covers: ClassVar[Sequence[str] | Mapping[str, tuple[str, ...]]] = ()
    panels: ClassVar[Mapping[str, str] | tuple[str, ...]] = ()
    quick: ClassVar[Mapping[str, Any]] = {}
    pace: ClassVar[float] = 0
    tries: ClassVar[tuple[Try, ...]] = ()
    parameters: ClassVar[Mapping[str, Parameter[Any]]] = {}
    claims: ClassVar[tuple[Claim, ...]] = ()

    def __init_subclass__(cls) -> None:
        found = dict(cls.parameters)
        declared = vars(cls).get("claims", cls.claims)
        if isinstance(declared, Mapping):
            declared = tuple(Claim(name, text) for name, text in declared.items())
        claims = {claim.name: claim for claim in declared}
        for name, value in vars(cls).items():
            if isinstance(value, Parameter):
                if name in RESERVED:
                    raise TypeError(f"a parameter cannot be named {name!r}: the word is taken")
                found[name] = value
            elif isinstance(value, Claim):
                claims[name] = value
        cls.parameters, cls.claims = found, tuple(claims.values())

    def __init__(self, **settings: Any) -> None:
        """Parameters at their defaults, but for `settings`; ParameterError for a bad one."""
        values = {name: parameter.default for name, parameter in self.parameters.items()}
        values.update(checked(self.parameters, settings))
        self.__dict__["_values"] = values
        self.__dict__["_asked"] = set()

    @contextmanager
    def noting(self, asked: set[str]) -> Iterator[None]:
        """Add to `asked` the names of the parameters that are read meanwhile."""
        now: set[str] = self.__dict__["_asked"]
        now.clear()
        yield
        asked |= now

    @property
    def values(self) -> dict[str, Any]:
        """The value of every parameter at this moment."""
        return dict(self.__dict__["_values"])

    def tweak(self, name: str, value: object) -> None:
        """Give a parameter another value. Only the stage calls this, between two steps."""
        self.__dict__["_values"].update(checked(self.parameters, {name: value}))

    def share(self, name: str, values: Sequence[object]) -> None:
        """Give a parameter a value for each run of a batch, which `stage.each` alone can read. Only
        the engine calls this."""
        self.__dict__["_values"][name] = tuple(values)

    def judge(self, measures: Mapping[str, float]) -> list[ClaimResult]:
        """Claims of the old form held against the measures reported so far."""
        return [claim.judge(self, measures) for claim in self.claims if claim.test is not None]

    def run(self, stage: Stage) -> None:
        """The experiment itself."""
        raise NotImplementedError(f"{type(self).__name__} has no run(self, stage)")
