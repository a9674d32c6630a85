"""A reward model of the toy replies of `dlplay.data.replies`."""

from __future__ import annotations

import torch
from torch import nn

from dlplay.data.replies import END, REPLY_LONG
from dlplay.nn.transformer import Block


class ReplyJudge(nn.Module):
    """A score for each reply [N, 8] -> [N]: a block that looks in both directions, and a mean.

    Replies are `ids` of `dlplay.data.replies`, 0 to END. It comes untrained; it is trained on
    comparisons, as a reward model is (Ouyang et al., 2022).
    """

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.embed = nn.Embedding(END + 1, width)
        self.place = nn.Embedding(REPLY_LONG, width)
        self.block = Block(width, 4, causal=False, hidden=2 * width)
        self.score = nn.Linear(width, 1)
        nn.init.normal_(self.embed.weight, std=0.3)
        nn.init.normal_(self.place.weight, std=0.1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores [N] of replies [N, 8]."""
        h = self.block(self.embed(x) + self.place.weight)
        scores: torch.Tensor = self.score(h.mean(dim=1))[:, 0]
        return scores
