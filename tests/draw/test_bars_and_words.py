"""Bars, histograms, text, tokens, tables and the X-ray."""

import pytest

from dlplay.draw import Look, draw, figures
from dlplay.wire import events
from dlplay.wire.events import Layer, Spread

from .examples import NAN, layers, typical

PLAIN = Look("none")


def rows(content, width: int = 60, height: int = 16, look: Look = PLAIN) -> list[str]:
    return draw(content, width, height, look).plain.split("\n")


def bars(labels, log=False, **series) -> events.Bars:
    return events.Bars(panel="b", labels=labels, series=series, log=log)


def length(row: str) -> int:
    return sum(row.count(fill) for fill in "█▓▒░")


def test_bars_are_as_long_as_their_values() -> None:
    one, two, four, *_ = rows(bars(["a", "b", "c"], s=[1.0, 2.0, 4.0]), height=3)
    assert length(four) > 40
    assert length(two) == pytest.approx(length(four) / 2, abs=1)
    assert length(one) == pytest.approx(length(four) / 4, abs=1)
    assert four.split()[0] == "c"
    assert four.split()[-1] == "4"


def test_log_bars_are_as_long_as_their_powers() -> None:
    short, middle, long = (
        length(r) for r in rows(bars("abc", True, s=[10, 100, 1000.0]), height=3)
    )
    assert long - middle == pytest.approx(middle - short, abs=1)


def test_negative_bars_go_the_other_way() -> None:
    up, down = rows(bars(["a", "b"], s=[1.0, -1.0]), height=2)
    assert up.index("█") >= down.rindex("█")
    assert length(up) == pytest.approx(length(down), abs=1)


def test_a_missing_bar_is_not_available() -> None:
    _, row = rows(bars(["a", "b"], s=[1.0, NAN]), height=2)
    assert "n/a" in row
    assert length(row) == 0


def test_groups_of_bars_differ_without_colour() -> None:
    text = rows(bars(["a", "b"], tanh=[1.0, 0.5], relu=[0.7, 0.2]))
    assert "●" in text[0]
    assert "▲" in text[0]
    assert any("█" in row and "● 1" in row for row in text)
    assert any("▓" in row and "▲ 0.7" in row for row in text)


def test_many_bars_stand_up() -> None:
    values = [float(i + 1) for i in range(20)]
    text = rows(bars([chr(97 + i) for i in range(20)], s=values))
    assert text[-1].split() == [chr(97 + i) for i in range(20)]
    columns = [text[-1].index(chr(97 + i)) for i in range(20)]
    heights = [sum(row[x] != " " for row in text[:-1]) for x in columns]
    assert heights == sorted(heights)
    assert heights[-1] > 2 * heights[5] - 2


def test_more_bars_than_rows_are_counted() -> None:
    text = rows(bars([f"a long label {i}" for i in range(50)], s=[1.0] * 50), 30, 10)
    assert text[-1].strip() == "+41 more"


def test_a_histogram_is_highest_where_the_counts_are() -> None:
    content = events.Histogram(
        panel="h", edges=[0, 1, 2, 3, 4], series={"w": [1.0, 2.0, 8.0, 4.0]}, x="weight"
    )
    text = rows(content, 60, 16)
    heights = [sum(row[x] in "▁▂▃▄▅▆▇█" for row in text) for x in (10, 24, 38, 52)]
    assert heights[0] < heights[1] < heights[3] < heights[2]
    assert "weight" in text[-2]
    assert text[-1].split() == ["0", "1", "2", "3", "4"]


def test_histograms_over_one_another_have_their_marks() -> None:
    text = rows(typical()["histograms"])
    assert "● a" in text[0]
    assert "▲ b" in text[0]
    assert "●" in "".join(text[1:])
    assert "▲" in "".join(text[1:])


def test_text_wraps_at_words_and_keeps_newlines() -> None:
    text = rows(events.Text(panel="t", text="one two three\n\nfour"), 9, 5)
    assert [row.rstrip() for row in text] == ["one two", "three", "", "four", ""]


def test_the_tail_of_a_text_stays_in_sight() -> None:
    lines = "\n".join(f"line {i}" for i in range(50))
    tail = rows(events.Text(panel="t", text=lines, tail=True), 20, 5)
    head = rows(events.Text(panel="t", text=lines), 20, 5)
    assert [row.strip() for row in tail] == [f"line {i}" for i in range(45, 50)]
    assert head[0].strip() == "line 0"
    assert head[-1].strip() == "… 46 more lines"


def test_tokens_have_the_colour_of_their_values() -> None:
    content = events.Tokens(panel="t", tokens=["a", "b", "c"], values=[0.0, 0.5, 1.0], prompt=0)
    line = draw(content, 20, 1, Look()).lines[0]
    backs = [segment.style.bgcolor for segment in line[:3]]
    assert len(set(backs)) == 3
    plain = draw(content, 20, 1, PLAIN).lines[0]
    assert plain[0].style.underline
    assert not plain[1].style.underline
    assert plain[2].style.bold


def test_the_prompt_is_set_apart_and_newlines_are_kept() -> None:
    content = events.Tokens(panel="t", tokens=["To", " be", "\n", "or"], values=[1.0] * 4, prompt=2)
    drawing = draw(content, 20, 3, PLAIN)
    assert [row.rstrip() for row in drawing.plain.split("\n")] == ["To be", "or", ""]
    assert drawing.lines[0][0].style.italic
    assert not drawing.lines[1][0].style.italic


def test_the_last_tokens_stay_in_sight() -> None:
    content = events.Tokens(panel="t", tokens=[f" w{i}" for i in range(300)])
    assert "w299" in rows(content, 20, 4)[-1]


def test_tables_align_numbers_and_star_the_best() -> None:
    head, first, best, last, *_ = rows(typical()["table"])
    assert best.startswith("★ momentum")
    assert not first.startswith("★")
    ends = [row.rstrip() for row in (head, first, best, last)]
    assert len({len(row) for row in ends}) == 1
    lines = draw(typical()["table"], 60, 16, PLAIN).lines
    assert all(part.style.bold for part in lines[2] if part.text.strip())


def test_a_narrow_table_cuts_words_not_numbers() -> None:
    table = events.Table(
        panel="t", columns=["optimizer", "learning rate", "note"],
        rows=[["momentum", 0.00123, "zig-zags across the valley"]],
    )  # fmt: skip
    head, row, *_ = rows(table, 30, 4)
    assert "0.00123" in row
    assert "…" in head
    assert "…" in row


@pytest.mark.parametrize("best", range(80))
def test_a_best_row_far_down_is_in_sight(best: int) -> None:
    table = events.Table(panel="t", columns=["i"], rows=[[i] for i in range(80)], best=[best])
    for height in (4, 8, 40):
        shown = rows(table, 20, height)
        assert any(row.startswith("★") and row.split()[1] == str(best) for row in shown)
        assert shown[-1].strip() == f"+{80 - height + 2} more rows"


def test_xray_names_sizes_and_warns() -> None:
    bad = Spread(NAN, NAN, 0, 0, [], bad=37)
    content = events.XRay(
        panel="x-ray",
        layers=[*layers(2), Layer("head", "Linear", [64, 65], 4225, gradient=bad, dead=0.9)],
    )
    text = rows(content, 120, 8)
    assert "weight mean±std" in text[0]
    assert "blocks.0.attention.query" in text[1]
    assert "64×64" in text[1]
    assert "±0.1" in text[1]
    assert "█" in text[1]
    assert "37 not finite" in text[3]
    assert "90%!" in text[3]
    narrow = rows(content, 38, 8)
    assert "█" in narrow[1]
    assert "✗37" in narrow[3]


def test_more_layers_than_rows_are_counted() -> None:
    text = rows(events.XRay(panel="x", layers=layers(20)), 80, 10)
    assert text[-1].strip() == "+12 more"


def test_a_table_never_shows_a_part_of_a_number():
    rows = [["a long name", 1234.5, 1.25e-9, 7.5e12], ["another", -3.25e-7, 0.5, 1e-300]]
    table = events.Table(panel="t", columns=["who", "first", "second", "third"], rows=rows)
    whole = {figures.number(cell) for row in rows for cell in row[1:]}
    for width in range(12, 60):
        lines = draw(table, width, 6, Look()).plain.split("\n")[1:3]
        for line in lines:
            words = [word for word in line.split() if word[0] in "-0123456789"]
            assert set(words) <= whole, (width, line)


def test_columns_for_which_there_is_no_room_are_counted():
    names = [f"surface {i}" for i in range(9)]
    rows_ = [["momentum", *range(100, 109)], ["Nesterov", *["–"] * 9]]
    head, first, second, *_ = rows(events.Table(panel="t", columns=["", *names], rows=rows_), 30, 4)
    assert head.split() == ["s…0", "s…1", "s…2", "s…3", "s…4", "+4"]
    assert first.split() == ["momen…", "100", "101", "102", "103", "104"]
    assert second.split() == ["Neste…", "–", "–", "–", "–", "–"]
    assert second.index("–") == first.index("100") + 2  # no number, but in a column of numbers
    assert "+" not in draw(events.Table(panel="t", columns=["a"], rows=[[1]]), 30, 4, PLAIN).plain


def test_row_names_that_begin_alike_keep_their_ends():
    kinds = [["AdamW with decay 0.1", 1.0], ["AdamW with decay 0.01", 2.0], ["SGD", 3.0]]
    text = rows(events.Table(panel="t", columns=["", "loss"], rows=kinds), 18, 4)
    assert len({line.split("  ")[0] for line in text[1:]}) == 3
    assert all(line.split()[0].startswith("Ad") for line in text[1:3])
    assert "0.1 " in text[1]
    assert "0.01 " in text[2]
