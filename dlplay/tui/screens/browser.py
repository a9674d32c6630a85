"""The browser: chapters, parts and scenes on the left, what they are about on the right."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import ActiveBinding
from textual.containers import Horizontal, Vertical
from textual.widgets import Footer, Input, Static, Tree

from dlplay.course.catalog import Chapter, SceneCard
from dlplay.engine.sweeps.runs import SweepRun
from dlplay.tui.actions import BROWSER, EVERYWHERE, bindings
from dlplay.tui.editing import line_of
from dlplay.tui.model.progress import MARKS
from dlplay.tui.model.stills import Still, Stills
from dlplay.tui.screens.full import NOTE_SECONDS, FullScreen, only
from dlplay.tui.screens.stage import StageScreen
from dlplay.tui.sweeps.model import LiveSweep, Wish
from dlplay.tui.sweeps.screen import open_sweep
from dlplay.tui.texts import Words, title
from dlplay.tui.themes import inks
from dlplay.tui.widgets import course_pages
from dlplay.tui.widgets.shelf import PartOf, SceneTree, parts_of
from dlplay.tui.widgets.text import Scroll

if TYPE_CHECKING:
    from textual.timer import Timer

WELCOME = "A deep-learning laboratory. Choose a scene; enter opens and runs it."
TYPING = {"submit": "To the scenes", "clear_filter": "Show all"}  # the footer meanwhile
PICTURE = 0.45  # of the page's rows, which a still may have at most


class Browser(FullScreen):
    """All chapters and scenes."""

    ACTIONS = BROWSER
    BINDINGS = bindings(BROWSER)
    WIDTHS = {"-wide": 110, "-widest": 180}
    HEADING = "Keys of the browser"
    AUTO_FOCUS = "#tree"

    def __init__(self) -> None:
        super().__init__()
        self._words = ""
        self._left = ""  # the scene that was chosen before the filter
        self._last = ""  # the scene that was opened last, as far as is known here
        self._reading: Timer | None = None
        self._stills: Stills | None = None
        self._still: tuple[str, Still | None] = ("", None)  # of the scene of this id
        self._loading = False
        self._noted: Timer | None = None

    def compose(self) -> ComposeResult:
        yield Words(classes="too-small")
        yield Words(self._top(), id="top")
        with Horizontal(id="body"):
            with Vertical(id="shelf") as shelf:
                shelf.border_title = "scenes"
                yield Input(placeholder="/ words of title, section, text", id="filter")
                yield SceneTree(self._label)
            with Scroll(id="page-box"):
                yield Words(id="page")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self._stills = Stills(self.dlplay.library)
        self.fill()
        self.scenes.focus()
        self._last = self.dlplay.place.last
        if not self.scenes.select(self._last):
            self.scenes.to_first()
        self.read_later()

    def on_screen_resume(self) -> None:
        """Back from the stage: the marks may have changed, and another scene been opened."""
        if not self.query(SceneTree):  # being taken down
            return
        self.dlplay.progress.refresh()
        self.scenes.relabel()
        if self._last != self.dlplay.place.last:
            self._last = self.dlplay.place.last
            self.select(self._last)
        self.read_later()

    @property
    def scenes(self) -> SceneTree:
        return self.query_one(SceneTree)

    # The tree

    def fill(self) -> None:
        """Fill the tree with the course, or with what the filter finds."""
        chapters = self.dlplay.catalog.chapters
        box = self.query_one("#shelf", Vertical)
        self.refresh_bindings()
        if not self._words:
            self.scenes.show_course(chapters)
            box.border_subtitle = ""
            return
        matches = self.dlplay.index.find(self._words)
        self.scenes.show_found(matches)
        found = f"{len(matches)} found" if matches else "nothing found"
        box.border_subtitle = title(f"{self._words}: {found}")

    def _label(self, entry: Chapter | PartOf | SceneCard) -> Text:
        colours = inks(self.app)
        if isinstance(entry, PartOf):
            return Text(entry.title)
        if isinstance(entry, Chapter):
            seen = sum(bool(self.dlplay.progress.mark(card.id)) for card in entry.scenes)
            return Text.assemble((entry.title, "bold"), (f"  {seen}/{len(entry.scenes)}", "dim"))
        if entry.broken:
            return Text(f"! {entry.title}", colours["error"])
        mark = self.dlplay.progress.mark(entry.id)
        ink = {"": "muted", "run": "warning", "held": "success"}[mark]
        return Text.assemble((f"{MARKS[mark]} ", colours[ink]), entry.title)

    @property
    def entry(self) -> Chapter | PartOf | SceneCard | None:
        """What is chosen; nothing once the screen has been taken down."""
        return next((tree.entry for tree in self.query(SceneTree)), None)

    def select(self, id: str) -> None:
        """Put the cursor on a scene."""
        self.scenes.select(id)

    def footed(self, found: dict[str, ActiveBinding]) -> dict[str, ActiveBinding]:
        """While words are typed no key but two is a command; of a filter the way back is shown."""
        if isinstance(self.focused, Input):
            return only(found, TYPING)
        labels = {action.name: action.label for action in BROWSER if action.footer}
        labels |= {action.name: action.label for action in EVERYWHERE if action.footer}
        if self._words:
            labels["clear_filter"] = "Show all"
        if not all(tree.root.children for tree in self.query(SceneTree)):
            del labels["open"]
        return only(found, labels)

    # The page

    @on(Tree.NodeHighlighted)
    def read_later(self) -> None:
        """Show the page of the entry, once the cursor rests: moving on must not wait for it."""
        if self._reading is not None:
            self._reading.stop()
        self._reading = self.set_timer(0.05, self.read)

    def read(self) -> None:
        if not self.query("#page"):  # the timer was faster than the end
            return
        self.query_one("#page", Static).update(self._page())
        self.query_one("#page-box", Scroll).scroll_home(animate=False)
        if isinstance(self.entry, SceneCard) and not self._loading:
            self._loading = True
            self.run_worker(self._load())

    def _page(self) -> RenderableType:
        entry, colours, ascii = self.entry, inks(self.app), self.dlplay.look.ascii
        mark_of = self.dlplay.progress.mark
        if isinstance(entry, SceneCard):
            mark, picture = mark_of(entry.id), self._picture(entry)
            return course_pages.scene_page(entry, mark, colours, ascii=ascii, picture=picture)
        if isinstance(entry, Chapter):
            parts = parts_of(entry)
            return course_pages.chapter_page(entry, parts, mark_of, colours, ascii=ascii)
        if entry is not None:
            return course_pages.part_page(entry, mark_of, colours)
        if self._words and self.scenes.root.children:
            return Text("These scenes have the words that you look for.")
        if self._words:
            words = f"Nothing here has all of: {self._words}"
            return Text(f"{words}\n\nesc shows everything again.")
        return Text("No scenes found. `dlplay doctor` shows where they are looked for.")

    def _picture(self, card: SceneCard) -> RenderableType | None:
        id, still = self._still
        if id != card.id or still is None:
            return None
        rows = round(self.query_one("#page-box").size.height * PICTURE)
        return course_pages.Picture(card, still, self.dlplay.look, rows)

    async def _load(self) -> None:
        """Read the still of the chosen scene beside the interface, one at a time: the cursor may
        have gone on to another one meanwhile."""
        assert self._stills is not None
        try:
            read = None
            while isinstance(card := self.entry, SceneCard) and card is not read:
                read = card
                still = await asyncio.to_thread(self._stills.of, card)
                before, self._still = self._still, (card.id, still)
                if self.entry is card and self._still != before:
                    self.query_one("#page", Static).update(self._page())
        finally:
            self._loading = False

    def _top(self, note: str = "") -> Text:
        return Text.assemble(
            " ", ("dlplay", "bold"), "  ", (note, inks(self.app)["accent"]) if note else WELCOME
        )

    def repaint(self) -> None:
        if self.query(SceneTree):
            self.scenes.relabel()
            self.query_one("#page", Static).update(self._page())
            self.query_one("#top", Static).update(self._top())

    def note(self, text: str) -> None:
        """Say for a while in the line at the top what a key did."""
        if self._noted is not None:
            self._noted.stop()
        top = self.query_one("#top", Static)
        top.update(self._top(text))
        self._noted = self.set_timer(NOTE_SECONDS, lambda: top.update(self._top()))

    # What the keys do

    @on(SceneTree.Opened)
    def action_open(self) -> None:
        entry = self.entry
        if isinstance(entry, SceneCard):
            self.dlplay.open_scene(entry)
        else:
            self.scenes.unfold()

    def action_filter(self) -> None:
        self.set_focus(self.query_one("#filter", Input))

    @on(Input.Changed)
    def narrow(self, event: Input.Changed) -> None:
        words = event.value.strip()
        if words != self._words:
            if not self._words and isinstance(self.entry, SceneCard):
                self._left = self.entry.id
            self._words = words
            self.fill()
            if words:
                self.scenes.to_first(scene=True)
            else:
                self._to_where_it_was()
            self.read_later()

    @on(Input.Submitted)
    def leave_filter(self) -> None:
        self.scenes.focus()

    def action_clear_filter(self) -> None:
        box = self.query_one("#filter", Input)
        entry = self.entry
        box.value = ""
        self.scenes.focus()
        if self._words:
            self._words = ""
            self.fill()
            if not isinstance(entry, SceneCard) or not self.scenes.select(entry.id):
                self._to_where_it_was()
            self.read_later()

    def _to_where_it_was(self) -> None:
        """Put the cursor where it was before the filter."""
        if not self.scenes.select(self._left):
            self.scenes.to_first()

    def action_up(self) -> None:
        self.scenes.move(-1)

    def action_down(self) -> None:
        self.scenes.move(1)

    def action_fold(self) -> None:
        self.scenes.fold()

    def action_unfold(self) -> None:
        self.scenes.unfold()

    def action_page_down(self) -> None:
        self.query_one("#page-box", Scroll).scroll_page_down(animate=False)

    def action_page_up(self) -> None:
        self.query_one("#page-box", Scroll).scroll_page_up(animate=False)

    def action_edit(self) -> None:
        entry = self.entry
        if isinstance(entry, SceneCard) and not self.no_editor:
            self.edit_file(entry.path, line_of(entry.path, entry.broken))
            self.dlplay.reread()
            self.fill()
            self.select(entry.id)

    def action_tries(self) -> None:
        self.note("a page asks once it is open: enter")

    async def action_sweep(self) -> None:
        """The sweep of the chosen scene, or the dialog for one."""
        entry = self.entry
        if not isinstance(entry, SceneCard):
            self.note("choose a scene to sweep: a chapter has no parameters")
        elif entry.broken:
            self.dlplay.tell_broken(entry)
        else:
            wish = Wish(entry, entry.defaults)
            await open_sweep(self.dlplay, wish, self.take_run)

    def take_run(self, sweep: LiveSweep, run: SweepRun) -> None:
        """Show a run of a sweep on a stage of its own."""
        session = self.dlplay.session_of(sweep, run)
        self.app.push_screen(StageScreen(session, start=False))

    def action_quit(self) -> None:
        self.app.exit()
