"""Pages of text: the lesson, the source, what the run printed."""

from __future__ import annotations

from rich.console import RenderableType
from rich.style import Style
from rich.text import Text
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.strip import Strip
from textual.widgets import Log, Static

from dlplay.draw.lesson import lesson
from dlplay.engine.history import History
from dlplay.engine.timeline import log_at
from dlplay.tui.model.watching import Watched
from dlplay.tui.texts import Words, title
from dlplay.tui.widgets.changes import OnChange
from dlplay.tui.widgets.part import Part
from dlplay.tui.widgets.prose import class_line, source_part
from dlplay.tui.widgets.text import Scroll
from dlplay.wire import events
from dlplay.words.foreign import printed, uncoloured

EMPTY_LOG = "Nothing has been printed. What the run prints, and its warnings, appear here."
NO_LESSON = "There is no lesson here: it would be the docstring of the file."
EDGE = 8  # lines of the screen that a page does not have, and of its text that stay in sight


class Page(Scroll, Part):
    """A page of text, which the keys of up and down scroll."""

    def __init__(self, session: Watched, id: str, heading: str = "", classes: str = "page") -> None:
        super().__init__(id=id, classes=classes)
        self.border_title = title(heading or id)
        self.session = session

    @property
    def scrolled(self) -> Scroll | Log:
        return self

    def scroll_by(self, lines: int) -> None:
        self.scrolled.scroll_relative(y=lines, animate=False)

    def action_up(self) -> None:
        self.scroll_by(-2)

    def action_down(self) -> None:
        self.scroll_by(2)

    def action_next_page(self) -> None:
        self.scroll_by(self.screen.size.height - EDGE)

    def action_previous_page(self) -> None:
        self.scroll_by(EDGE - self.screen.size.height)


class TextPage(Page):
    """A page of one text."""

    def compose(self) -> ComposeResult:
        yield Words(id=f"{self.id}-text")

    def put(self, text: RenderableType) -> None:
        self.query_one(Static).update(text)


class LessonPage(TextPage):
    """The lesson."""

    def __init__(self, session: Watched, id: str = "lesson", classes: str = "page") -> None:
        super().__init__(session, id, "lesson", classes)
        self._painted = OnChange(self.paint)

    def show(self) -> None:
        self._painted.see(self.session.card, self.look.ascii)

    def paint(self) -> None:
        self.put(lesson(self.session.card.lesson or NO_LESSON, ascii=self.look.ascii))


class Dock(LessonPage):
    """The lesson beside the panels, where there is room; it scrolls when nothing else does."""

    def __init__(self, session: Watched) -> None:
        super().__init__(session, "dock", classes="")

    def show(self) -> None:
        if self.display:
            super().show()

    def scroll_by(self, lines: int) -> None:
        if not self.display:
            raise SkipAction
        super().scroll_by(lines)


class SourcePage(Page):
    """The scene's own file, opened at its class: the lesson above it has a page of its own."""

    def __init__(self, session: Watched) -> None:
        super().__init__(session, "source")
        self._painted = OnChange(self.paint)

    def compose(self) -> ComposeResult:
        yield Words(id="source-above")
        yield Words(id="source-class")

    def show(self) -> None:
        self._painted.see(self.session.card, self.app.current_theme.dark)

    def paint(self) -> None:
        card, dark = self.session.card, self.app.current_theme.dark
        self.border_title = title(str(card.path))
        above, below = self.query(Static)
        line = class_line(card.source)
        above.display = line > 1
        above.update(source_part(card.source, dark, 1, line - 1))
        below.update(source_part(card.source, dark, line))
        self.call_after_refresh(self.scroll_to_widget, below, animate=False, top=True)


class RunLog(Log, can_focus=False):
    """What the run printed, in its colours; the page has the keys."""

    @classmethod
    def _process_line(cls, line: str) -> str:
        return uncoloured(line).expandtabs()

    def _render_line_strip(self, y: int, rich_style: Style) -> Strip:
        if "\x1b" not in self._lines[y] or self.text_selection is not None:
            return super()._render_line_strip(y, rich_style)
        text = Text.from_ansi(self._lines[y].expandtabs(), no_wrap=True)
        text.stylize_before(rich_style)
        return Strip(text.render(self.app.console), text.cell_len)


class LogPage(Page):
    """What the run printed, up to the step that is looked at."""

    def __init__(self, session: Watched) -> None:
        super().__init__(session, "log")
        self._of: tuple[History, int | None] | None = None
        self._written = 0  # lines of this history

    def compose(self) -> ComposeResult:
        yield Words(EMPTY_LOG, id="log-empty")
        yield RunLog(id="log-lines", max_lines=5000)

    @property
    def scrolled(self) -> Log:
        return self.query_one(RunLog)

    def show(self) -> None:
        history, at = self.session.history, self.session.at
        if self._of != (history, at):
            self._of, self._written = (history, at), 0
            self.scrolled.clear()
            if at is not None:
                self._write(log_at(history, at))
        fresh = min(history.logged - self._written, len(history.log))
        if at is None and fresh:
            self._write(list(history.log)[-fresh:])
            self._written = history.logged
        empty = not self.scrolled.line_count
        self.scrolled.display = not empty
        self.query_one("#log-empty").display = empty

    def _write(self, lines: list[events.Logged]) -> None:
        texts = [text for line in lines for text in printed(line.text).split("\n")]
        self.scrolled.write_lines(text or " " for text in texts)  # it leaves empty lines out
