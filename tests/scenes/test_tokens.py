"""Byte-pair encoding, as written out on its page."""

import random
import sys
from itertools import pairwise

import pytest
import torch

from dlplay import run
from dlplay.course.catalog import Catalog, built_in, load

# Letters, what joins and what does not stand alone, surrogates, the last there are
RANGES = ((97, 100), (32, 127), (0, 32), (0x300, 0x370), (0x4E00, 0x4E10), (0x1F600, 0x1F610),
          (0xD800, 0xE000), (0x10FFF0, 0x110000))  # fmt: skip


@pytest.fixture(scope="module")
def scene():
    return sys.modules[load(Catalog([built_in()]).find("recurrent/tokens")).__module__]


def texts(count, longest, ranges=RANGES):
    lot = random.Random(0)
    for _ in range(count):
        yield "".join(
            chr(lot.randrange(*lot.choice(ranges))) for _ in range(lot.randrange(longest))
        )


def learnt(scene, text, count):
    """The slow way, for short texts: ranks and vocabulary of so many merges."""
    ids, ranks, vocabulary = list(scene.data_of(text)), {}, [bytes([n]) for n in range(256)]
    for _ in range(count):
        pairs = {}
        for pair in pairwise(ids):
            pairs[pair] = pairs.get(pair, 0) + 1
        if not pairs:
            break
        a, b = max(pairs, key=pairs.get)
        ranks[a, b] = len(vocabulary)
        ids = scene.merged(torch.tensor(ids), a, b, len(vocabulary)).tolist()
        vocabulary.append(vocabulary[a] + vocabulary[b])
    return ids, ranks, vocabulary


def test_a_round_trip_is_exact_for_any_text(scene):
    for read, written in pairwise(texts(60, 50)):
        _, ranks, vocabulary = learnt(scene, read, 40)
        for text in (read, written):
            back = b"".join(vocabulary[i] for i in scene.encode(text, ranks))
            assert back == scene.data_of(text)
            assert back.decode("utf-8", "surrogatepass") == text


def test_learning_and_encoding_cut_alike(scene):
    for text in texts(60, 40, [(97, 100), (32, 33)]):
        ids, ranks, _ = learnt(scene, text, 20)
        assert scene.encode(text, ranks) == ids


def test_a_merge_goes_from_left_to_right(scene):
    for text in texts(60, 30, [(97, 98), (97, 99)]):
        ids = scene.merged(torch.tensor(list(text.encode()), dtype=torch.long), 97, 97, 256)
        assert ids.tolist() == [256 if c == "A" else ord(c) for c in text.replace("aa", "A")]


def test_what_is_no_whole_character_is_spelt_as_bytes(scene):
    assert scene.spelt(" ö\n".encode()) == "␣ö⏎"
    assert scene.spelt("🙂".encode()[:2]) == "‹f0 9f›"


@pytest.mark.parametrize(
    "sentence", ["", " ", "\ud800", "\x00\x1b[31m", "漢字" * 100, "e\u0301\u200d"]
)
def test_any_sentence_is_cut(sentence):
    result = run("recurrent/tokens", sentence=sentence, merges=10, device="cpu")
    assert result.status == "done", result.message


@pytest.mark.parametrize(
    "text", ["a" * 1000, "\n" * 999 + ".", "漢字" * 600, "".join(map(chr, range(256, 1500)))]
)
@pytest.mark.parametrize("rule", ["words", "anything"])
def test_any_file_will_do(tmp_path, text, rule):
    file = tmp_path / "own.txt"
    file.write_text(text, encoding="utf-8")
    result = run("recurrent/tokens", text=str(file), rule=rule, merges=20, device="cpu")
    assert result.status == "done", result.message
    assert next(claim for claim in result.claims if claim.name == "round_trip").holds
