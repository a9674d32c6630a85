"""A judge gives each reply a score of its own, from all of its words and their places."""

import torch

from dlplay.data import replies
from dlplay.nn.reply_judge import ReplyJudge


def test_each_reply_has_a_score_of_its_own():
    torch.manual_seed(0)
    judge = ReplyJudge()
    x = replies(20).ids
    scores = judge(x)
    assert scores.shape == (20,)
    assert torch.allclose(judge(x[3:5]), scores[3:5], atol=1e-6)


def test_every_word_counts_at_every_place():
    torch.manual_seed(0)
    judge = ReplyJudge()
    x = torch.arange(8)[None]
    changed = x.repeat(8, 1)
    changed[range(8), range(8)] = 12
    assert (judge(changed) != judge(x)).all()
    assert judge(x) != judge(x.flip(1))
