"""Makes the pictures of the author's guide: `python docs/make_pictures.py`, from the checkout.

Each panel of `docs/gallery/drawings.py` becomes `docs/pictures/NAME.svg`.
"""

from __future__ import annotations

from pathlib import Path

from dlplay.course.catalog import describe
from dlplay.draw import Look, View, draw, natural_height
from dlplay.engine import numerics
from dlplay.engine.execute import execute
from dlplay.engine.history import History
from dlplay.export.picture import console
from dlplay.export.svg import drawn

HERE = Path(__file__).parent
WIDTH, HIGHEST = 60, 14


def main() -> None:
    numerics.prepare_environment()
    card = describe(HERE / "gallery" / "drawings.py", HERE)
    assert card is not None, "the gallery has no scene"
    assert not card.broken, card.broken
    history, look = History(), Look()
    done = execute(card, device="cpu", sink=history.feed)
    assert done.status == "done", done.message
    for name in card.panels:
        content, axes = history.panel(name), history.axes.get(name)
        height = min(HIGHEST, natural_height(content, WIDTH, look))
        picture = draw(content, WIDTH, height, look, View(log=axes.log if axes else None))
        lines = console(WIDTH).render_lines(picture, pad=True)
        target = HERE / "pictures" / f"{name}.svg"
        target.write_text(drawn(lines, WIDTH, name), encoding="utf-8")
        print(target)


if __name__ == "__main__":
    main()
