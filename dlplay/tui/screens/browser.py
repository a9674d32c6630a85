"""The browser: chapters and their scenes on the left, what they are about on the right."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from rich.text import Text
from textual import events as input_events
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Footer, Input, Static, Tree
from textual.widgets.tree import TreeNode

from dlplay.course.catalog import Chapter, SceneCard
from dlplay.engine.sweeps.runs import SweepRun
from dlplay.tui.actions import BROWSER, bindings
from dlplay.tui.model.progress import MARKS
from dlplay.tui.screens.full import FullScreen
from dlplay.tui.screens.stage import StageScreen
from dlplay.tui.sweeps.model import LiveSweep, Wish
from dlplay.tui.sweeps.screen import open_sweep
from dlplay.tui.themes import inks
from dlplay.tui.widgets import prose
from dlplay.tui.widgets.text import Scroll

if TYPE_CHECKING:
    from textual.timer import Timer

Entry = Chapter | SceneCard
WELCOME = "A deep-learning laboratory. Choose a scene; enter opens and runs it."


class SceneTree(Tree[Entry], inherit_bindings=False):
    """The tree; the screen has the keys. A double click opens."""

    def on_click(self, event: input_events.Click) -> None:
        if event.chain == 2 and isinstance(self.screen, Browser):
            self.screen.action_open()

    def render_label(self, node: TreeNode[Entry], base_style: object, style: object) -> Text:
        text = super().render_label(node, base_style, style)  # type: ignore[arg-type]
        text.no_wrap = True
        return text


class Browser(FullScreen):
    """All chapters and scenes."""

    ACTIONS = BROWSER
    BINDINGS = bindings(BROWSER)
    WIDTHS = {"-wide": 110}
    HEADING = "Keys of the browser"
    AUTO_FOCUS = "#tree"

    def __init__(self) -> None:
        super().__init__()
        self._words = ""
        self._reading: Timer | None = None

    def compose(self) -> ComposeResult:
        yield Static(classes="too-small")
        yield Static(f" [b]dlplay[/b]  {WELCOME}", id="top")
        with Horizontal(id="body"):
            with Vertical(id="shelf") as shelf:
                shelf.border_title = "scenes"
                yield Input(placeholder="/ words of title, section, lesson", id="filter")
                tree = SceneTree("course", id="tree")
                tree.show_root = False
                tree.guide_depth = 2
                yield tree
            with Scroll(id="page-box"):
                yield Static(id="page")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.fill()
        tree = self.query_one(SceneTree)
        tree.focus()
        self.to_first()

    def on_screen_resume(self) -> None:
        """Back from the stage: the marks may have changed."""
        self.dlplay.progress.refresh()
        self.relabel()
        self.read_later()

    # The tree

    def fill(self) -> None:
        """Build the tree of what the filter lets through."""
        tree = self.query_one(SceneTree)
        tree.clear()
        for chapter in self.dlplay.catalog.chapters:
            scenes = [card for card in chapter.scenes if self._passes(chapter, card)]
            if scenes:
                branch = tree.root.add(Text(chapter.title, "bold"), data=chapter, expand=True)
                for card in scenes:
                    branch.add_leaf(self._label(card), data=card)
        box = self.query_one("#shelf", Vertical)
        box.border_subtitle = f"filter: {self._words}" if self._words else ""

    def _passes(self, chapter: Chapter, card: SceneCard) -> bool:
        every = " ".join([chapter.title, card.id, card.title, card.lesson, *card.covers]).lower()
        return all(word in every for word in self._words.lower().split())

    def _label(self, card: SceneCard) -> Text:
        colours = inks(self.app)
        if card.broken:
            return Text(f"! {card.title}", colours["error"])
        mark = self.dlplay.progress.mark(card.id)
        ink = {"": "muted", "run": "warning", "held": "success"}[mark]
        return Text.assemble((f"{MARKS[mark]} ", colours[ink]), card.title)

    def relabel(self) -> None:
        for branch in self.query_one(SceneTree).root.children:
            for leaf in branch.children:
                leaf.set_label(self._label(cast(SceneCard, leaf.data)))

    @property
    def entry(self) -> Entry | None:
        node = self.query_one(SceneTree).cursor_node
        return node.data if node is not None else None

    def to_first(self) -> None:
        """Put the cursor on the first entry; on the first scene, if a filter is on."""
        tree = self.query_one(SceneTree)
        first = tree.root.children[0] if tree.root.children else None
        self.move_to(first.children[0] if first is not None and self._words else first)
        self.read_later()

    def move_to(self, node: TreeNode[Entry] | None) -> None:
        """Put the cursor on a node, also of a tree that has just been filled."""
        tree = self.query_one(SceneTree)
        if node is not None and tree.last_line >= 0:  # asking for the last line numbers all
            tree.move_cursor(node)

    def select(self, id: str) -> None:
        """Put the cursor on a scene."""
        tree = self.query_one(SceneTree)
        for branch in tree.root.children:
            for leaf in branch.children:
                if isinstance(leaf.data, SceneCard) and leaf.data.id == id:
                    self.move_to(leaf)

    # The page

    @on(Tree.NodeHighlighted)
    def read_later(self) -> None:
        """Show the page of the entry, once the cursor rests: moving on must not wait for it."""
        if self._reading is not None:
            self._reading.stop()
        self._reading = self.set_timer(0.05, self.read)

    def read(self) -> None:
        entry, colours = self.entry, inks(self.app)
        page = self.query_one("#page", Static)
        if isinstance(entry, SceneCard):
            mark, ascii = self.dlplay.progress.mark(entry.id), self.dlplay.look.ascii
            page.update(prose.scene_page(entry, mark, colours, ascii=ascii))
        elif entry is not None:
            page.update(prose.chapter_page(entry, colours))
        elif self._words:
            page.update(f"Nothing here has all of: {self._words}\n\nesc shows everything again.")
        else:
            page.update("No scenes found. `dlplay doctor` shows where they are looked for.")
        self.query_one("#page-box", Scroll).scroll_home(animate=False)

    # What the keys do

    def action_open(self) -> None:
        entry = self.entry
        node = self.query_one(SceneTree).cursor_node
        if isinstance(entry, SceneCard):
            if entry.broken:
                self.notify(entry.broken, title="This file cannot be read", severity="error")
            else:
                self.app.push_screen(StageScreen(self.dlplay.session(entry)))
        elif node is not None and not node.is_expanded:
            node.expand()
        elif node is not None and node.children:
            self.query_one(SceneTree).move_cursor(node.children[0])

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Inside the filter, its key is a character like any other."""
        return not (action == "filter" and isinstance(self.focused, Input))

    def action_filter(self) -> None:
        self.set_focus(self.query_one("#filter", Input))

    @on(Input.Changed)
    def narrow(self, event: Input.Changed) -> None:
        self._words = event.value.strip()
        self.fill()
        self.to_first()

    @on(Input.Submitted)
    def leave_filter(self) -> None:
        self.query_one(SceneTree).focus()

    def action_clear_filter(self) -> None:
        box = self.query_one("#filter", Input)
        entry = self.entry
        box.value = ""
        self.query_one(SceneTree).focus()
        if self._words:
            self._words = ""
            self.fill()
        if isinstance(entry, SceneCard):
            self.select(entry.id)

    def action_up(self) -> None:
        self.query_one(SceneTree).action_cursor_up()

    def action_down(self) -> None:
        self.query_one(SceneTree).action_cursor_down()

    def action_fold(self) -> None:
        tree = self.query_one(SceneTree)
        node = tree.cursor_node
        if node is None:
            return
        branch = node if node.children else node.parent
        if branch is not None and branch is not tree.root:
            branch.collapse()
            tree.move_cursor(branch)

    def action_unfold(self) -> None:
        tree = self.query_one(SceneTree)
        node = tree.cursor_node
        if node is not None and node.children:
            node.expand() if not node.is_expanded else tree.move_cursor(node.children[0])

    def action_page_down(self) -> None:
        self.query_one("#page-box", Scroll).scroll_page_down(animate=False)

    def action_page_up(self) -> None:
        self.query_one("#page-box", Scroll).scroll_page_up(animate=False)

    def action_edit(self) -> None:
        entry = self.entry
        if isinstance(entry, SceneCard) and self.edit_file(entry.path):
            self.dlplay.reread()
            self.fill()
            self.select(entry.id)

    async def action_sweep(self) -> None:
        """The sweep of the chosen scene, or the dialog for one."""
        entry = self.entry
        if not isinstance(entry, SceneCard):
            self.notify("A scene can be swept, a chapter cannot.", severity="warning")
        elif entry.broken:
            self.notify(entry.broken, title="This file cannot be read", severity="error")
        else:
            wish = Wish(entry, entry.defaults)
            await open_sweep(self.dlplay, wish, self.take_run)

    def take_run(self, sweep: LiveSweep, run: SweepRun) -> None:
        """Show a run of a sweep on a stage of its own."""
        session = self.dlplay.session_of(sweep, run)
        self.app.push_screen(StageScreen(session, start=False))

    def action_quit(self) -> None:
        self.app.exit()
