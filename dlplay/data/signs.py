"""Coloured signs, left or right in a picture, and a reader of them that learned nothing."""

from __future__ import annotations

from functools import cache

import torch

COLOURS = ("red", "green", "blue", "yellow")
SHAPES = ("bar", "square", "triangle", "cross")
PLACES = ("left", "right")
SIGN_WORDS = (*COLOURS, *SHAPES, *PLACES)
FIRST = (0, 4, 8)  # the first colour, shape and place among them
NO_WORD = len(SIGN_WORDS)

SIDE = 16  # pixels of a picture
SIGN = 10  # and of a sign
RGB = ((0.95, 0.15, 0.15), (0.15, 0.75, 0.2), (0.2, 0.35, 0.95), (0.95, 0.85, 0.15))


class Signs:
    """Their names and words, painting them, and reading them again."""

    no_word = NO_WORD  # stands for a word that is not told

    def names(self) -> torch.Tensor:
        """The 32 names [32, 3] of signs: a colour, a shape and a place, each by number."""
        return torch.cartesian_prod(
            torch.arange(len(COLOURS)), torch.arange(len(SHAPES)), torch.arange(len(PLACES))
        )

    def words(self, which: torch.Tensor) -> torch.Tensor:
        """Names [N, 3], each counted within its kind, as numbers of SIGN_WORDS."""
        return which + torch.tensor(FIRST)

    def asked(self, text: str) -> torch.Tensor:
        """The first colour, shape, place [3] in a text, as numbers of SIGN_WORDS, or NO_WORD."""
        known = [SIGN_WORDS.index(word) for word in text.lower().split() if word in SIGN_WORDS]
        kinds = [[k for k in known if a <= k < b] for a, b in zip(FIRST, (4, 8, 10), strict=True)]
        return torch.tensor([kind[0] if kind else NO_WORD for kind in kinds])

    def spelt(self, said: torch.Tensor) -> list[str]:
        """Three words [3] in letters; "any" where none was said."""
        return ["any" if k == NO_WORD else SIGN_WORDS[k] for k in said.tolist()]

    def swapped(self, said: torch.Tensor, slot: int) -> torch.Tensor:
        """Words [..., 3] with the next one of its kind in place of the word at 0, 1 or 2."""
        first, after = FIRST[slot], (*FIRST, NO_WORD)[slot + 1]
        word = said[..., slot]
        other = said.clone()
        other[..., slot] = torch.where(
            word < after, first + (word - first + 1) % (after - first), word
        )
        return other

    def paint(self, which: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        """A picture [N, 3, 16, 16], values 0 to 1, of each name [N, 3].

        The height of the sign, the shade of its colour and the grey of the ground are drawn by
        chance, from `generator` or the global state. ValueError for a name that there is not.
        """
        which = which.cpu()
        if len(which) and not ((which >= 0) & (which < torch.tensor([4, 4, 2]))).all():
            raise ValueError("a name is a colour 0 to 3, a shape 0 to 3 and a place 0 or 1")
        heights = SIDE - SIGN + 1
        height = torch.randint(heights, (len(which),), generator=generator)
        ground = 0.25 * torch.rand(len(which), 1, 1, 1, generator=generator)
        shade = 1 - 0.25 * torch.rand(len(which), 1, 1, 1, generator=generator)
        masks = _silhouettes()[0][(which[:, 1] * len(PLACES) + which[:, 2]) * heights + height]
        colours = torch.tensor(RGB)[which[:, 0]][:, :, None, None] * shade
        return torch.where(masks[:, None], colours, ground)

    def read(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The names [N, 3] of pictures [N, 3, 16, 16], and how well each is explained: [N], 0 to 1.

        Of all 56 silhouettes the one is taken that leaves least of the picture's variance when
        inside and outside are painted with one colour each; the share that it explains is the
        second answer. The colour is that of the four which points where the inside's does. On the
        images' device.
        """
        masks, labels = (part.to(images.device) for part in _silhouettes())
        flat, pixels = (
            images.flatten(2),
            masks.flatten(1).to(images.dtype),
        )  # [N, 3, 256], [56, 256]
        size, total = pixels.sum(dim=1), flat.sum(dim=2)[..., None]
        inside = flat @ pixels.T  # [N, 3, 56]
        outside = total - inside
        between = inside**2 / size + outside**2 / (SIDE**2 - size) - total**2 / SIDE**2
        whole = (flat - flat.mean(dim=2, keepdim=True)).square().sum(dim=(1, 2))
        most, best = between.sum(dim=1).max(dim=1)
        painted = inside.gather(2, best[:, None, None].expand(-1, 3, 1))[..., 0]  # [N, 3]
        colours = torch.nn.functional.normalize(torch.tensor(RGB), dim=1).to(images)
        colour = (painted @ colours.T).argmax(dim=1)
        found = torch.stack([colour, *labels[best].unbind(dim=1)], dim=1)
        return found, most / whole.clamp(min=1e-9)


@cache
def _silhouettes() -> tuple[torch.Tensor, torch.Tensor]:
    """All there are, [56, 16, 16], and the shape and the place of each [56, 2]."""
    masks, labels = [], []
    for shape in range(len(SHAPES)):
        for place in range(len(PLACES)):
            for top in range(SIDE - SIGN + 1):
                mask = torch.zeros(SIDE, SIDE, dtype=torch.bool)
                left = place * (SIDE - SIGN)
                mask[top : top + SIGN, left : left + SIGN] = _sign(SHAPES[shape])
                masks.append(mask)
                labels.append((shape, place))
    return torch.stack(masks), torch.tensor(labels)


def _sign(shape: str) -> torch.Tensor:
    """Which pixels of its square a sign covers: [10, 10]."""
    off = (torch.arange(SIGN) + 0.5 - SIGN / 2).abs()  # of a row or a column from the middle
    row, column = off[:, None], off[None]
    if shape == "bar":
        return (row < 2).expand(SIGN, SIGN)
    if shape == "square":
        return torch.ones(SIGN, SIGN, dtype=torch.bool)
    if shape == "triangle":
        return column <= (torch.arange(SIGN)[:, None] + 0.5) / 2
    return (row < 2) | (column < 2)
