"""Event files, read back by TensorBoard's own reader."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData
from tensorboard.util.tensor_util import make_ndarray

from dlplay.export import FORMATS, Options
from dlplay.wire import events
from dlplay.wire.events import ClaimResult

ALL = {"scalars": 0, "images": 0, "tensors": 0, "histograms": 0}


@pytest.fixture
def read(tmp_path):
    def read(source, panel=None):
        folder = tmp_path / "board"
        folder.mkdir(exist_ok=True)
        data = FORMATS["tensorboard"].write(source, Options(panel))
        (folder / "events.out.tfevents.0.dlplay").write_bytes(data)
        accumulator = EventAccumulator(str(folder), size_guidance=ALL)
        accumulator.Reload()
        return accumulator

    return read


def test_every_point_of_the_curves(read, run_of):
    board = read(run_of.source)
    for panel, series in run_of.source.curves().items():
        for name, points in series.items():
            if not points.ticks:
                continue
            scalars = board.Scalars(f"{panel}/{name}")
            assert [scalar.step for scalar in scalars] == [int(tick) for tick in points.ticks]
            given = [scalar.value for scalar in scalars]
            assert given == np.array(points.y).astype(np.float32).tolist()


def test_measures_words_and_hyperparameters(read, real):
    board = read(real.source)
    for name, value in real.result.measures.items():
        assert board.Scalars(f"measures/{name}")[-1].value == np.float32(value)
    tags = board.Tags()["tensors"]
    text = make_ndarray(board.Tensors("lesson")[0].tensor_proto)[0].decode()
    assert text.startswith("# The optimizer race")
    claims = make_ndarray(board.Tensors("claims")[0].tensor_proto)[0].decode()
    assert all(claim.claim in claims for claim in real.result.claims)
    assert "_hparams_/session_start_info" in tags
    content = board.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    hparams = HParamsPluginData.FromString(content).session_start_info.hparams
    assert hparams["steps"].number_value == 40
    assert hparams["surface"].string_value == "rotated"


def test_a_sabotaged_run_says_so_beside_healthy_ones(read, by_hand):
    board = read(by_hand([events.Measured(tick=1, values={"x": 1.0})], sabotage="labels", rate=0.5))
    content = board.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    hparams = HParamsPluginData.FromString(content).session_start_info.hparams
    assert hparams["sabotage"].string_value == "labels"
    text = make_ndarray(board.Tensors("run")[0].tensor_proto)[0].decode()
    assert text.startswith("sabotaged: the labels are shuffled\n\n")


def test_pictures_histograms_and_texts(read, by_hand):
    pixels = np.arange(2 * 3 * 4 * 3, dtype=np.uint8).reshape(2, 3, 4, 3)
    matrix = np.array([[[0.0, 1.0], [0.5, np.nan]]], np.float32)
    board = read(
        by_hand(
            [
                events.Image(tick=2, panel="im", pixels=events.Array.of(pixels)),
                events.Heatmap(tick=3, panel="map", values=events.Array.of(matrix), names=["h"]),
                events.Histogram(tick=4, panel="hist", edges=[0, 1, 2], series={"a": [3, 5]}),
                events.Text(tick=5, panel="words", text="hello"),
                events.Tokens(tick=6, panel="tokens", tokens=["a", "b"], gap=True),
                events.Table(tick=7, panel="table", columns=["x", "y"], rows=[["a|b", 1]]),
                events.Bars(tick=8, panel="bars", labels=["p"], series={"": [2.0]}),
                events.Points(
                    tick=9, panel="c", series="s", ticks=[1, 2], x=[0, 1],
                    y=[float("nan"), float("inf")],
                ),
                events.Claims(tick=9, claims=[ClaimResult("n", "c", 1.0, ">", 0.0, True)]),
            ],
            learning_rate=0.5,
            on=True,
        )
    )  # fmt: skip
    (shown,) = board.Images("im/1")
    assert shown.step == 2
    picture = np.asarray(Image.open(io.BytesIO(shown.encoded_image_string)))
    assert (picture == pixels[1]).all()
    (shown,) = board.Images("map/h")
    picture = np.asarray(Image.open(io.BytesIO(shown.encoded_image_string)))
    assert picture.tolist() == [[0, 255], [128, 0]]
    (histogram,) = board.Histograms("hist/a")
    assert list(histogram.histogram_value.bucket) == [0, 3, 5]
    assert histogram.histogram_value.num == 8

    def text(tag):
        (event,) = board.Tensors(tag)
        return make_ndarray(event.tensor_proto)[0].decode()

    assert text("words") == "hello"
    assert text("tokens") == "a b"
    assert "| a\\|b | 1 |" in text("table")
    assert "| p | 2.0 |" in text("bars")
    values = [scalar.value for scalar in board.Scalars("c/s")]
    assert np.isnan(values[0])
    assert np.isinf(values[1])


def test_one_panel(read, real):
    board = read(real.source, "loss")
    assert {tag.split("/")[0] for tag in board.Tags()["scalars"]} == {"loss"}
    assert board.Tags()["tensors"] == []


def test_hostile_names(read, hostile):
    assert len(read(hostile).Tags()["scalars"]) == 2
