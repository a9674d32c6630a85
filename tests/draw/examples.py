"""Contents of every kind: as scenes draw them, and as no scene should but some will."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlplay.draw import Curves, Line
from dlplay.stage import arrays
from dlplay.stage.drawings import Drawings
from dlplay.wire import events
from dlplay.wire.events import Array, Axes, Cloud, Layer, Spread, Trail

Content = events.AnyContent | Curves

NAN, INF = float("nan"), float("inf")


def floats(values: Any) -> Array:
    return Array.of(np.ascontiguousarray(np.asarray(values, np.float32)))


def curves(series: dict[str, Any], **axes: Any) -> Curves:
    lines = {name: Line.of(np.arange(len(y)), y) for name, y in series.items()}
    return Curves(Axes(panel="loss", **axes), lines)


def heatmap(values: Any, **fields: Any) -> events.Heatmap:
    array = np.asarray(values, np.float32)
    finite = array[np.isfinite(array)]
    fields.setdefault("low", float(finite.min()) if finite.size else 0.0)
    fields.setdefault("high", float(finite.max()) if finite.size else 1.0)
    return events.Heatmap(panel="map", values=floats(array), **fields)


def matrices(named: dict[str, Any], **windows: dict[str, tuple[int, int, int, int]]) -> Any:
    drawings = Drawings()
    drawings.matrices("grids", named, windows=windows, grey=[n for n in named if n == "photo"])
    (content,) = drawings.take_drawn()
    return content


def image(count: int, height: int, width: int, channels: int = 1, **fields: Any) -> events.Image:
    pixels = np.random.default_rng(0).integers(0, 256, (count, height, width, channels))
    return events.Image(panel="image", pixels=Array.of(pixels.astype(np.uint8)), **fields)


def outlines(name: str, boxes: Any, labels: Any = None) -> events.Outlines:
    return arrays.outlines(name, boxes, labels, len(boxes))


def spread(values: Any) -> Spread:
    array = np.asarray(values, float)
    counts = np.histogram(array, 24)[0].tolist()
    return Spread(float(array.mean()), float(array.std()), array.min(), array.max(), counts)


def boxes(groups: Any, **fields: Any) -> events.Boxes:
    labels = [f"group {i}" for i in range(len(groups))]
    found = [arrays.box(numbers) for numbers in groups]
    return events.Boxes(panel="x", labels=labels, boxes=found, **fields)


def layers(count: int = 4) -> list[Layer]:
    random = np.random.default_rng(0)
    out = []
    for i in range(count):
        numbers = random.standard_normal((3, 500)) * (0.1, 1e-6, 2)[i % 3]
        name = f"blocks.{i}.attention.query"
        out.append(Layer(name, "Linear", [64, 64], 4160, *map(spread, numbers), dead=i / 8))
    return out


def typical() -> dict[str, Content]:
    """One content of each kind and style."""
    random = np.random.default_rng(0)
    grid_x, grid_y = np.meshgrid(np.linspace(-2, 2, 60), np.linspace(-1, 3, 50))
    valley = np.log1p((1 - grid_x) ** 2 + 30 * (grid_y - grid_x**2) ** 2)
    walk = np.stack([np.linspace(-1.5, 1, 80), np.linspace(-1.5, 1, 80) ** 2], axis=1)
    points = random.standard_normal((60, 2))
    classes = [i % 3 for i in range(60)]
    words = ["The", "cat", "sat", "on", "the", "mat", "because", "it", "was", "tired"]
    attention = random.dirichlet(np.ones(10), (3, 10))
    plane = {"x": (-2.0, 2.0), "y": (-1.0, 3.0)}
    x = np.linspace(-3, 3, 80)
    return {
        "curves": curves(
            {"train": 2 * 0.97 ** np.arange(150) + 0.1, "test": 2 * 0.98 ** np.arange(150)},
            y="loss",
            lines={"chance": 2.3},
        ),
        "curves log": curves({"sgd": 0.9 ** np.arange(60), "adam": 0.8 ** np.arange(60)}, log="y"),
        "plot": events.Plot(
            panel="p", series={"tanh": (x.tolist(), np.tanh(x).tolist()), "x": (x.tolist(),) * 2}
        ),
        "scatter": events.Plot(
            panel="p", series={"a": (points[:, 0].tolist(), points[:, 1].tolist())}, scatter=True
        ),
        "digits": image(20, 8, 8, captions=[str(i) for i in range(20)]),
        "photo": image(1, 64, 64, 3),
        "boxes on a picture": image(
            1,
            48,
            48,
            boxes=[
                outlines("truth", [[[4, 5, 20, 21], [30, 30, 44, 40.5]]]),
                outlines("predicted", [[[6, 5.5, 20, 19]]], [["circle .9"]]),
            ],
        ),
        "boxes on pictures": image(
            6,
            48,
            48,
            3,
            captions=[str(i) for i in range(6)],
            boxes=[outlines("", [[[i, i, 9 + i, 20]] for i in range(6)])],
        ),
        "attention": heatmap(
            attention,
            names=["head 0", "head 1", "head 2"],
            rows=words,
            columns=words,
            x="key",
            y="query",
            low=0,
        ),
        "weights": heatmap(random.standard_normal((1, 48, 64)), low=-3, high=3, diverging=True),
        "window": matrices(
            {
                "photo": random.random((64, 64)),
                "patch": random.random((3, 3)),
                "× filter": [[-1, 0, 1]] * 3,
                "map": [[NAN, 1.0] * 30] * 60,
            },
            photo={"window": (3, 61, 3, 3)},
            patch={"window": (1, 1, 2, 2)},
        ),
        "three grids": matrices({n: random.standard_normal((3, 3)) for n in "abc"}),
        "race": events.Plane(
            panel="r",
            **plane,
            field=floats(valley),
            kind="contour",
            x_label="w1",
            y_label="w2",
            trails=[Trail("sgd", floats(walk[:40])), Trail("momentum", floats(walk + 0.05))],
        ),
        "signed": events.Plane(
            panel="s",
            **plane,
            field=floats(np.sin(3 * grid_x) + grid_y - 1),
            kind="signed",
            clouds=[Cloud("", floats(points), classes)],
        ),
        "classes": events.Plane(
            panel="k",
            **plane,
            field=floats(np.floor(grid_x + 2)),
            kind="classes",
            clouds=[Cloud("", floats(points), classes)],
        ),
        "heat": events.Plane(panel="h", **plane, field=floats(np.exp(-(grid_x**2)))),
        "clouds": events.Plane(
            panel="c",
            **plane,
            clouds=[Cloud("real", floats(points)), Cloud("fake", floats(-points))],
        ),
        "bars": events.Bars(
            panel="b", labels=["tree", "knn", "mlp"], series={"": [0.7, 0.8, 0.99]}, unit="%"
        ),
        "bar groups": events.Bars(
            panel="b",
            labels=["layer 1", "layer 2"],
            series={"tanh": [0.4, -0.1], "relu": [0.8, NAN]},
        ),
        "bars log": events.Bars(
            panel="b", labels=["SGD", "Adam"], series={"": [4e6, 1.2e7]}, log=True, unit="B"
        ),
        "many bars": events.Bars(
            panel="b",
            labels=[chr(97 + i) for i in range(26)],
            series={"": random.random(26).tolist()},
        ),
        "histogram": events.Histogram(
            panel="h",
            edges=np.linspace(-3, 3, 31).tolist(),
            x="weight",
            series={"w": np.histogram(random.standard_normal(999), 30)[0].tolist()},
        ),
        "histograms": events.Histogram(
            panel="h",
            edges=np.linspace(-3, 3, 31).tolist(),
            series={n: np.histogram(random.standard_normal(999), 30)[0].tolist() for n in "ab"},
        ),
        "boxes": boxes([random.standard_normal(99) + i for i in range(4)]),
        "error bars": boxes([[0.7, 0.8, 0.9], [0.85], [0.2, 0.9]], unit="accuracy"),
        "stack": events.Stack(
            panel="s",
            labels=["layer 1", "layer 2", "head"],
            series={"weights": [40.0, 80.0, 10.0], "gradients": [40.0, 80.0, 10.0]},
            unit="kB",
        ),
        "events": events.Times(
            panel="e",
            series={"spikes": np.sort(random.random(40) * 90).tolist(), "resets": [5.0, 60.0]},
            low=0,
            high=90,
            x="step",
        ),
        "graph": events.Graph(
            panel="g",
            positions=floats(random.random((20, 2))),
            edges=[(i, i // 2) for i in range(20)],
            labels=[f"n{i}" for i in range(20)],
            groups=[i % 2 for i in range(20)],
            marked=[0, 5],
            values=np.linspace(0, 1, 20).tolist(),
        ),
        "text": events.Text(panel="t", text="To be, or not to be:\nthat is the question. " * 9),
        "tokens": events.Tokens(
            panel="t",
            tokens=["The", " cat", "\n", "sat", " on"] * 5,
            values=random.random(25).tolist(),
            prompt=3,
        ),
        "words": events.Tokens(
            panel="t", tokens=words, values=random.random(10).tolist(), gap=True
        ),
        "table": events.Table(
            panel="t",
            columns=["optimizer", "steps", "loss"],
            rows=[["sgd", 200, 0.2312], ["momentum", 87, 0.0123], ["adam", 112, NAN]],
            best=[1],
        ),
        "x-ray": events.XRay(panel="x-ray", layers=layers()),
    }


def strange() -> dict[str, Content]:
    """Empty, single, constant, huge, tiny, negative, not finite, not matching, not Latin."""
    bad = [1.0, NAN, INF, -INF, 2.0]
    out: dict[str, Content] = {}
    series: dict[str, list[float]] = {
        "none": [],
        "one": [3.0],
        "constant": [2.0] * 5,
        "zero": [0.0] * 5,
        "huge": [1e30, -1e30, 1e308, -1e308],
        "tiny": [1e-30, 2e-30, 1e-320],
        "negative": [-1.0, -5.0, -2.0],
        "bad": bad,
        "all bad": [NAN, NAN, INF],
        "close": [1e9, 1e9 + 1],
    }
    for name, values in series.items():
        for log in ("", "xy"):
            out[f"curves {name} {log}"] = curves(
                {"a": values, "b": values[::-1]},
                log=log,
                lines={"at": 1.0, "bad": NAN, "far": 1e30},
            )
        x = [float(i) for i in range(len(values))]
        out[f"plot {name}"] = events.Plot(panel="p", series={"": (values, x)})
        out[f"scatter {name}"] = events.Plot(panel="p", series={"": (x, values)}, scatter=True)
        out[f"bars {name}"] = events.Bars(
            panel="b", labels=["a"] * len(values), series={"": values}
        )
        out[f"bars log {name}"] = events.Bars(
            panel="b", labels=["a"] * len(values), series={"s": values, "t": values}, log=True
        )
        out[f"histogram {name}"] = events.Histogram(
            panel="h", edges=list(range(len(values) + 1)), series={"": values, "b": values}
        )
        out[f"histogram edges {name}"] = events.Histogram(
            panel="h", edges=values, series={"": [1.0] * max(0, len(values) - 1)}
        )
        out[f"boxes {name}"] = boxes([values, values[:1], values * 9], log=len(values) == 3)
        out[f"stack {name}"] = events.Stack(
            panel="s", labels=["a"] * len(values), series={"s": values, "t": values[:2]}
        )
        out[f"events {name}"] = events.Times(
            panel="e",
            series={"s": values, "t": []},
            low=min(values, default=0),
            high=max(values, default=1),
        )
        with np.errstate(over="ignore"):
            rows = floats([values, values])
            out[f"heatmap {name}"] = events.Heatmap(
                panel="m",
                values=floats([[values] * 3]),
                rows=["r"] * 9,
                columns=["c"] * 9,
                low=min(values, default=0),
                high=max(values, default=1),
                diverging=name == "bad",
            )
            out[f"matrices {name}"] = events.Matrices(
                panel="m",
                matrices=[
                    events.Matrix("m", rows, min(values, default=0), max(values, default=1)),
                    events.Matrix("n", floats([values] * 30), colors="diverging", low=-1),
                ],
            )
            xy = floats(np.stack([values, values[::-1]], axis=1) if values else np.zeros((0, 2)))
        for kind in ("heat", "contour", "signed", "classes"):
            out[f"plane {kind} {name}"] = events.Plane(
                panel="p",
                x=(0.0, 1.0),
                y=(1.0, 1.0),
                field=rows,
                kind=kind,
                clouds=[Cloud("c", xy, [0]), Cloud("d", xy)],
                trails=[Trail("t", xy)],
            )
        out[f"graph {name}"] = events.Graph(
            panel="g", positions=xy, edges=[(0, 1), (5, 99), (-1, 0)], values=values, marked=[0, 77]
        )
        out[f"tokens {name}"] = events.Tokens(panel="t", tokens=["a", "\n\n"], values=values)
        out[f"table {name}"] = events.Table(panel="t", columns=["x"], rows=[[v] for v in values])
    wide = "漢字 👩‍👩‍👧 🇩🇪 é नमस्ते \x1b[31m\x00\u200b\tend"
    out |= {
        "axes infinite": events.Plane(panel="p", x=(-INF, NAN), y=(5.0, -5.0)),
        "no series": Curves(Axes(panel="p"), {}),
        "many series": curves({f"a long name of series {i}": [i, i + 1.0] for i in range(40)}),
        "no images": image(0, 8, 8),
        "no pixels": image(3, 0, 8),
        "tall image": image(2, 300, 1),
        "wide image": image(2, 1, 300, 3, columns=2),
        "many images": image(99, 28, 28, captions=["a long caption"] * 3, columns=50),
        "boxes beyond the picture": image(
            2,
            8,
            8,
            boxes=[
                events.Outlines(
                    wide,
                    floats(
                        [
                            *([-5, -5, 99, 99], [2, 2, 2, 2], [5, 5, 1, 1], [-9, 0, -1, 4]),
                            *([1e30, 0, INF, 4], [0, NAN, 1, 1], [-1e30, 2, 1e30, 5]),
                            *([3, 3, 4, 4], [0, 0, 8, 8], [7, 7, 8, 8], [0, 0, 1, 8]),
                        ]
                    ),
                    [0] * 11,
                    [wide, ""] * 5 + ["a"],
                ),
                *(events.Outlines(f"{i}", floats([[1, 1, 7, 7]]), [1]) for i in range(30)),
            ],
        ),
        "boxes of no image": image(0, 8, 8, boxes=[events.Outlines("a", floats([]), [])]),
        "many boxes on a picture": image(
            1, 64, 64, boxes=[outlines("b", [[[i % 60, i % 50, 63, 63] for i in range(900)]])]
        ),
        "no matrix": events.Heatmap(panel="m", values=floats(np.zeros((0, 4, 4)))),
        "no rows": events.Heatmap(panel="m", values=floats(np.zeros((2, 0, 4)))),
        "flat array": events.Heatmap(panel="m", values=floats(np.zeros(4))),
        "large matrix": heatmap(np.random.default_rng(0).random((1, 300, 300)), rows=["r"] * 300),
        "wide labels": heatmap(
            np.eye(4)[None], rows=[wide] * 4, columns=[wide] * 4, x=wide, y=wide
        ),
        "no matrices": events.Matrices(panel="m", matrices=[]),
        "many matrices": matrices({f"a long name of matrix {i}": np.eye(4) for i in range(30)}),
        "wide matrices": matrices({wide: np.eye(3), "tall": np.zeros((300, 1))}),
        "far windows": events.Matrices(
            panel="m",
            matrices=[
                events.Matrix(
                    "m",
                    floats(np.eye(side)),
                    colors=colors,
                    windows=[
                        events.Window(wide, -(10**9), 10**9, 1, 1),
                        events.Window("", -1, -1, 10**9, 10**9),
                        events.Window("none", 1, 1, 0, -3),
                    ],
                )
                for side, colors in ((4, "grey"), (40, "diverging"))
            ],
        ),
        "no field": events.Plane(panel="p", x=(0, 1), y=(0, 1), field=floats(np.zeros((0, 5)))),
        "one value": events.Plane(panel="p", x=(0, 1), y=(0, 1), field=floats([[1.0]])),
        "no bars": events.Bars(panel="b", labels=[], series={}),
        "short bars": events.Bars(panel="b", labels=["a", "b"], series={"s": [1.0], "t": []}),
        "wide bars": events.Bars(
            panel="b", labels=[wide] * 3, series={wide: [1, 2, 3.0]}, unit=wide
        ),
        "no boxes": events.Boxes(panel="x", labels=[], boxes=[]),
        "wide boxes": events.Boxes(
            panel="x", labels=[wide] * 2, boxes=[arrays.box([1, 2.0])] * 2, unit=wide
        ),
        "many boxes": boxes([[i, i + 1.0, i + 3, i + 4, i + 9] for i in range(70)]),
        "boxes in disorder": events.Boxes(
            panel="x",
            labels=["a", "b", "c"],
            boxes=[
                events.Box(9, INF, NAN, -3, 1e308, -1e308, count=9),
                events.Box(-1e308, 1, 5, -INF, NAN, 0, count=99, bad=3),
                events.Box(0, 0, 0, 0, 1e-320, NAN, count=3),
            ],
        ),
        "no stack": events.Stack(panel="s", labels=[], series={}),
        "wide stack": events.Stack(
            panel="s",
            labels=[wide] * 30,
            series={f"{wide}{i}": [1e308, -1.0] * 15 for i in range(14)},
        ),
        "no events": events.Times(panel="e", series={}),
        "events beyond": events.Times(
            panel="e", series={wide: [-5.0, 2, 1e308], "b": [0.5] * 999}, low=1, high=-INF
        ),
        "many series of events": events.Times(
            panel="e", series={f"s{i}": [i / 99] for i in range(99)}
        ),
        "no counts": events.Histogram(panel="h", edges=[], series={}),
        "no text": events.Text(panel="t", text=""),
        "foreign text": events.Text(panel="t", text=(wide + "\r\n") * 9, tail=True),
        "long word": events.Text(panel="t", text="x" * 30_000),
        "no tokens": events.Tokens(panel="t", tokens=[]),
        "foreign tokens": events.Tokens(panel="t", tokens=[wide, ""] * 4, prompt=1, gap=True),
        "no table": events.Table(panel="t", columns=[], rows=[]),
        "ragged table": events.Table(
            panel="t", columns=["a", wide], rows=[[1], [], [wide, 2.5, "c", True]], best=[9, 0]
        ),
        "wide table": events.Table(
            panel="t", columns=["column"] * 40, rows=[[0.5] * 40] * 70, best=[60]
        ),
        "no layers": events.XRay(panel="x", layers=[]),
        "strange layers": events.XRay(
            panel="x",
            layers=[
                Layer(wide, wide, [], 0, dead=NAN),
                Layer("", "", [10**9] * 4, 10**20, Spread(NAN, INF, 0, 0, [], bad=10**12)),
                Layer("x", "y", [1], 1, Spread(1e30, 1e-30, 0, 0, [0, 0]), dead=1.0),
                *layers(30),
            ],
        ),
    }
    return out
