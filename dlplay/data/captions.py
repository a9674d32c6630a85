"""Small coloured drawings, and sentences that say what is on them."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import torch

COLOURS = ("red", "green", "blue", "yellow", "purple", "white")
DRAWN = ("circle", "square", "triangle", "cross", "ring", "bar")
SIZES = ("small", "large")
# What a caption can say of a drawing, or of a kind of it.
TEMPLATES = (
    "a photo of a {size} {colour} {shape}",
    "a {colour} {shape} that is {size}",
    "the {shape} is {size} and {colour}",
    "here you see a {colour} {shape}",
    "the {shape} is {colour}",
    "a photo of a {colour} {shape}",
)
CAPTION_WORDS = (
    "⟨start⟩", "⟨end⟩", *COLOURS, *DRAWN, *SIZES,
    "a", "and", "here", "is", "of", "photo", "see", "that", "the", "you",
)  # fmt: skip
CAPTION_LENGTH = 10  # tokens, with the start and the end

RGB = (
    (0.95, 0.15, 0.15), (0.15, 0.75, 0.2), (0.2, 0.35, 0.95), (0.95, 0.85, 0.15),
    (0.65, 0.2, 0.8), (0.95, 0.95, 0.95),
)  # fmt: skip
SIDES = {"small": (6, 7), "large": (9, 10)}  # of a drawing, in pixels


class Captioned(NamedTuple):
    """Drawings and their captions.

    `images` [N, 3, 16, 16], values 0 to 1; `captions`: N sentences; `kinds` [N]: which of the 36
    pairs of a colour and a shape is drawn, 6 · colour + shape, in the order of COLOURS and DRAWN.
    """

    images: torch.Tensor
    captions: list[str]
    kinds: torch.Tensor


def captioned(
    kinds: torch.Tensor,
    *,
    noise: float = 0.06,
    generator: torch.Generator | None = None,
) -> Captioned:
    """A drawing and a caption for each of these kinds [N]: 6 · colour + shape.

    Size, place, ground, the shade of the colour and the template are drawn by chance for each.
    `noise`: standard deviation of what is added to each value of each pixel. Random numbers come
    from `generator`, else from the global state. ValueError if a kind is none of the 36.
    """
    if len(kinds) and (int(kinds.min()) < 0 or int(kinds.max()) >= len(COLOURS) * len(DRAWN)):
        raise ValueError(f"kinds are 0 to {len(COLOURS) * len(DRAWN) - 1}")
    count = len(kinds)
    large = torch.randint(2, (count,), generator=generator).tolist()
    wider = torch.randint(2, (count,), generator=generator).tolist()
    said = torch.randint(len(TEMPLATES), (count,), generator=generator).tolist()
    place = torch.rand(count, 2, generator=generator).tolist()
    ground = 0.25 * torch.rand(count, 1, 1, 1, generator=generator)
    shade = 1 - 0.25 * torch.rand(count, 3, generator=generator)
    images = ground.expand(count, 3, 16, 16).clone()
    colours = torch.tensor(RGB)[kinds.cpu() // len(DRAWN)] * shade  # [N, 3]
    captions = []
    for n, kind in enumerate(kinds.tolist()):
        colour, shape = divmod(kind, len(DRAWN))
        size = SIZES[large[n]]
        side = SIDES[size][wider[n]]
        top, left = (int(at * (17 - side)) for at in place[n])
        images[n, :, top : top + side, left : left + side][:, _mask(shape, side)] = colours[
            n, :, None
        ]
        captions.append(sentence(TEMPLATES[said[n]], COLOURS[colour], DRAWN[shape], size))
    images += noise * torch.randn(images.shape, generator=generator)
    return Captioned(images.clamp(0, 1), captions, kinds)


def sentence(template: str, colour: str, shape: str, size: str = "") -> str:
    """One of TEMPLATES filled in; without a size nothing is said of it."""
    if not size:
        template = template.replace(" that is {size}", "").replace("{size} and ", "")
    return " ".join(template.format(size=size, colour=colour, shape=shape).split())


def caption_tokens(captions: list[str]) -> torch.Tensor:
    """The words of captions as numbers [N, CAPTION_LENGTH], on the CPU.

    A start, the words, an end; then ends again. What is none of CAPTION_WORDS is left out, and so
    are words for which there is no room.
    """
    numbers = _numbers()
    end = numbers["⟨end⟩"]
    rows = []
    for caption in captions:
        known = [numbers[word] for word in caption.lower().split() if word in numbers]
        row = [numbers["⟨start⟩"], *known[: CAPTION_LENGTH - 2]]
        rows.append(row + [end] * (CAPTION_LENGTH - len(row)))
    return torch.tensor(rows, dtype=torch.int64).reshape(-1, CAPTION_LENGTH)


@cache
def _numbers() -> dict[str, int]:
    return {word: n for n, word in enumerate(CAPTION_WORDS)}


@cache
def _mask(shape: int, side: int) -> torch.Tensor:
    """Which pixels of its square a drawing covers: [side, side]."""
    at = torch.arange(side) + 0.5  # middles of pixels
    row, column = at[:, None], at[None]
    middle, thick = side / 2, max(2.0, side / 4)
    away = ((row - middle) ** 2 + (column - middle) ** 2).sqrt()
    if DRAWN[shape] == "circle":
        return away <= middle
    if DRAWN[shape] == "square":
        return torch.ones(side, side, dtype=torch.bool)
    if DRAWN[shape] == "triangle":
        return (column - middle).abs() <= row / 2
    if DRAWN[shape] == "cross":
        return ((row - middle).abs() <= thick / 2) | ((column - middle).abs() <= thick / 2)
    if DRAWN[shape] == "ring":
        return (away <= middle) & (away > middle - thick * 0.75)
    return ((row - middle).abs() <= thick / 2).expand(side, side).clone()
