"""The headline of a run, under the title of its scene."""

from __future__ import annotations

from rich.text import Text

from dlplay.tui.model.watching import Watched
from dlplay.tui.texts import Words
from dlplay.tui.widgets.part import Part
from dlplay.tui.widgets.text import put
from dlplay.words.foreign import one_line


class Headline(Words, Part):
    """What the run says of itself at the step that is looked at."""

    def __init__(self, session: Watched) -> None:
        super().__init__(id="headline")
        self.session = session

    def show(self) -> None:
        said = one_line(self.session.history.headline(self.session.at))
        if self.session.veil is not None:
            said = self.session.veil.text(said)
        # A page will say something: its place is kept, so that nothing moves when it does.
        self.set_class(bool(said) or self.session.card.is_page, "-open")
        put(self, Text(said, "bold", no_wrap=True, overflow="ellipsis"))
