"""Drawings and the sentences that go with them."""

import pytest
import torch

from dlplay.data.captions import (
    CAPTION_LENGTH,
    CAPTION_WORDS,
    COLOURS,
    DRAWN,
    TEMPLATES,
    caption_tokens,
    captioned,
    sentence,
)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_a_caption_names_what_is_drawn():
    kinds = torch.arange(36)
    made = captioned(kinds, generator=seeded())
    assert made.images.shape == (36, 3, 16, 16)
    assert made.images.min() >= 0
    assert made.images.max() <= 1
    for kind, caption in zip(kinds.tolist(), made.captions, strict=True):
        words = caption.split()
        assert COLOURS[kind // 6] in words
        assert DRAWN[kind % 6] in words


def test_the_brightest_channel_is_the_colour():
    made = captioned(torch.tensor([0, 6, 12]), noise=0, generator=seeded())  # red, green, blue
    assert made.images.amax(dim=(2, 3)).argmax(dim=1).tolist() == [0, 1, 2]


def test_the_same_generator_draws_the_same():
    kinds = torch.arange(36)
    a, b = captioned(kinds, generator=seeded(1)), captioned(kinds, generator=seeded(1))
    assert torch.equal(a.images, b.images)
    assert a.captions == b.captions


def test_strange_kinds_are_refused():
    with pytest.raises(ValueError, match="0 to 35"):
        captioned(torch.tensor([36]))
    assert captioned(torch.tensor([], dtype=torch.int64)).images.shape == (0, 3, 16, 16)


def test_sentences_leave_out_a_size_that_is_not_given():
    said = [sentence(template, "red", "ring") for template in TEMPLATES]
    assert said[:3] == ["a photo of a red ring", "a red ring", "the ring is red"]
    assert sentence(TEMPLATES[2], "red", "ring", "small") == "the ring is small and red"


def test_tokens_have_a_start_and_an_end_whatever_is_typed():
    end = CAPTION_WORDS.index("⟨end⟩")
    rows = caption_tokens(["the ring is red", "", "漢字 xyz", "a " * 30])
    assert rows.shape == (4, CAPTION_LENGTH)
    assert rows[:, 0].eq(0).all()
    assert rows[:, -1].eq(end).all()
    assert [CAPTION_WORDS[n] for n in rows[0, 1:5].tolist()] == ["the", "ring", "is", "red"]
    assert torch.equal(rows[1], rows[2])
    assert caption_tokens([]).shape == (0, CAPTION_LENGTH)


def test_every_caption_fits_and_is_known():
    for template in TEMPLATES:
        words = sentence(template, "purple", "triangle", "large").split()
        assert len(words) <= CAPTION_LENGTH - 2
        assert set(words) <= set(CAPTION_WORDS)
