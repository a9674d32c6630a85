"""Boxes: how they agree, which are kept, how many are right; and a small detector on a grid.

Boxes are [..., 4]: left, top, right, bottom in pixels. A detector's answer for B images is boxes
[B, M, 4], scores [B, M] and kinds [B, M] (classes); the truth is boxes [B, T, 4] and kinds [B, T],
-1 where an image has fewer than T objects, as `dlplay.data.objects` gives them.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional


def iou(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Intersection over union of each of [..., N, 4] with each of [..., M, 4]: [..., N, M]."""
    a, b = a[..., :, None, :], b[..., None, :, :]
    sides = torch.minimum(a[..., 2:], b[..., 2:]) - torch.maximum(a[..., :2], b[..., :2])
    both = sides.clamp(min=0).prod(-1)
    area_a = (a[..., 2:] - a[..., :2]).clamp(min=0).prod(-1)
    area_b = (b[..., 2:] - b[..., :2]).clamp(min=0).prod(-1)
    return both / (area_a + area_b - both).clamp(min=1e-9)


def suppressed(
    boxes: torch.Tensor, scores: torch.Tensor, kinds: torch.Tensor, above: float
) -> torch.Tensor:
    """Scores [B, M] after non-maximum suppression: 0 for a box that has an IoU `above` this with a
    better one of its kind that is kept."""
    order = scores.argsort(dim=1, descending=True, stable=True)  # [B, M], the best first
    boxes = boxes.gather(1, order[..., None].expand(-1, -1, 4))
    kinds = kinds.gather(1, order)
    rivals = (iou(boxes, boxes) > above) & (kinds[:, :, None] == kinds[:, None])  # [B, M, M]
    rivals = rivals.triu(1)  # of each box those that are worse
    kept = torch.ones_like(kinds, dtype=torch.bool)
    for place in range(kinds.shape[1]):
        kept = kept & ~(rivals[:, place] & kept[:, place, None])
    return scores * torch.zeros_like(kept).scatter(1, order, kept)


def right(
    boxes: torch.Tensor,
    scores: torch.Tensor,
    kinds: torch.Tensor,
    true_boxes: torch.Tensor,
    true_kinds: torch.Tensor,
    at: float = 0.5,
) -> torch.Tensor:
    """Which boxes find an object [B, M]: of its kind, with an IoU of `at` or more, that no better
    box has found."""
    order = scores.argsort(dim=1, descending=True, stable=True)
    boxes = boxes.gather(1, order[..., None].expand(-1, -1, 4))
    kinds = kinds.gather(1, order)
    agree = iou(boxes, true_boxes) * (kinds[:, :, None] == true_kinds[:, None])  # [B, M, T]
    free = true_kinds >= 0  # [B, T]
    found = torch.zeros_like(kinds, dtype=torch.bool)
    for place in range(kinds.shape[1]):
        value, which = (agree[:, place] * free).max(dim=1)
        hit = value >= at
        found[:, place] = hit
        free = free & ~(hit[:, None] & functional.one_hot(which, free.shape[1]).bool())
    return torch.zeros_like(found).scatter(1, order, found)


def average_precision(found: torch.Tensor, scores: torch.Tensor, total: int) -> torch.Tensor:
    """The area under the curve of precision over recall, of boxes [N] that are right or not:
    at each recall the best precision that is reached there or later."""
    found = found[scores.argsort(descending=True, stable=True)].float()
    hits = found.cumsum(0)
    precision = hits / torch.arange(1, len(hits) + 1, device=hits.device)
    best = precision.flip(0).cummax(0).values.flip(0)
    return (best * found).sum() / max(1, total)


def mean_average_precision(
    boxes: torch.Tensor,
    scores: torch.Tensor,
    kinds: torch.Tensor,
    true_boxes: torch.Tensor,
    true_kinds: torch.Tensor,
    at: float = 0.5,
) -> torch.Tensor:
    """The mean over the kinds that there are of their average precision at this IoU; boxes with a
    score of 0 do not count."""
    found = right(boxes, scores, kinds, true_boxes, true_kinds, at)
    areas = []
    for kind in range(int(true_kinds.max()) + 1):
        some, total = (kinds == kind) & (scores > 0), int((true_kinds == kind).sum())
        if total:
            areas.append(average_precision(found[some], scores[some], total))
    return torch.stack(areas).mean()


def trunk(cells: int) -> nn.Sequential:
    """[B, 1, 48, 48] -> [B, 48, cells, cells], for a grid of 3, 6 or 12 cells a side."""
    strides = {3: (2, 2, 2, 2), 6: (2, 2, 2, 1), 12: (2, 2, 1, 1)}[cells]
    widths = (1, 12, 24, 36, 48)
    layers: list[nn.Module] = []
    for stride, inputs, outputs in zip(strides, widths[:-1], widths[1:], strict=True):
        layers += [nn.Conv2d(inputs, outputs, 3, stride, padding=1), nn.BatchNorm2d(outputs)]
        layers += [nn.ReLU()]
    return nn.Sequential(*layers)


def detector(cells: int, kinds: int = 3) -> nn.Sequential:
    """[B, 1, 48, 48] -> [B, 5 + kinds, cells, cells]: for each cell whether there is something,
    four numbers of a box, and scores of the kinds."""
    return nn.Sequential(trunk(cells), nn.Conv2d(48, 5 + kinds, 1))


def middles(cells: int, size: int = 48, device: torch.device | str = "cpu") -> torch.Tensor:
    """The middle (x, y) of each cell of a grid over an image: [cells · cells, 2]."""
    along = (torch.arange(cells, device=device) + 0.5) * size / cells
    y, x = torch.meshgrid(along, along, indexing="ij")
    return torch.stack([x, y], dim=-1).reshape(-1, 2)


def decoded(maps: torch.Tensor, size: int = 48) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """From a detector's maps: boxes [B, M, 4] around the cells' middles, logits [B, M] of whether
    there is something, and of its kind [B, M, kinds]."""
    flat = maps.flatten(2).transpose(1, 2)  # [B, M, 5 + kinds]
    middle = middles(maps.shape[-1], size, maps.device)
    reach = 8 * functional.softplus(flat[..., 1:5])  # to the left, up, right, down
    boxes = torch.cat([middle - reach[..., :2], middle + reach[..., 2:]], dim=-1)
    return boxes, flat[..., 0], flat[..., 5:]


def assigned(
    boxes: torch.Tensor, kinds: torch.Tensor, cells: int, share: float = 0.0, size: int = 48
) -> torch.Tensor:
    """Which object each cell answers for [B, M], -1 for none: the one whose middle is in the cell,
    or that has the cell's middle within this `share` of the box around its own."""
    middle, wide = (boxes[..., :2] + boxes[..., 2:]) / 2, boxes[..., 2:] - boxes[..., :2]
    reach = torch.clamp(share * wide / 2, min=size / cells / 2 + 1e-3)  # [B, T, 2]
    away = (middles(cells, size, boxes.device)[:, None] - middle[:, None]).abs()  # [B, M, T, 2]
    inside = (away <= reach[:, None]).all(-1) & (kinds >= 0)[:, None]
    nearest = away.amax(-1).masked_fill(~inside, torch.inf).argmin(-1)
    return torch.where(inside.any(-1), nearest, -1)


def detection_loss(
    maps: torch.Tensor, boxes: torch.Tensor, kinds: torch.Tensor, answers: torch.Tensor
) -> torch.Tensor:
    """Of a detector's maps against the objects that its cells answer for."""
    guesses, there, scores = decoded(maps)
    busy, which = answers >= 0, answers.clamp(min=0)
    true = boxes.gather(1, which[..., None].expand(-1, -1, 4))
    something = functional.binary_cross_entropy_with_logits(there, busy.float(), reduction="sum")
    kind = functional.cross_entropy(scores[busy], kinds.gather(1, which)[busy])
    return something / busy.sum() + kind + functional.smooth_l1_loss(guesses[busy], true[busy])
