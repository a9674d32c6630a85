"""The tree of the browser: chapters, their parts and scenes; or what a filter found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from rich.text import Text
from textual import events as input_events
from textual.message import Message
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from dlplay.course.catalog import Chapter, SceneCard
from dlplay.tui.model.finding import Match
from dlplay.tui.texts import safe

MOST = 60  # matches that are listed: a tree takes its time to fill
ALL_OPEN = 40  # lines of a course that is shown with all its chapters open
FOUND = {
    "title": "in the title",
    "section": "in a section",
    "chapter": "in the chapter",
    "panel": "in a panel",
    "claim": "in a claim",
    "text": "in the text",
}


@dataclass(frozen=True)
class PartOf:
    """A part of a chapter."""

    chapter: Chapter
    title: str
    scenes: tuple[SceneCard, ...]


@dataclass(frozen=True)
class Why:
    """Why the scene above was found."""

    text: str


@dataclass(frozen=True)
class Group:
    """The scenes that were found in one place."""

    field: str


Entry = Chapter | PartOf | SceneCard | Why | Group
Node = TreeNode[Entry]
Label = Callable[[Chapter | PartOf | SceneCard], Text]


class SceneTree(Tree[Entry], inherit_bindings=False):
    """The tree; the screen has the keys. A double click opens."""

    class Opened(Message):
        """The user asks for the entry under the cursor."""

    def __init__(self, label: Label) -> None:
        """`label`: how a chapter, a part or a scene is written."""
        super().__init__("course", id="tree")
        self.show_root = False
        self.guide_depth = 2
        self._label = label
        self._open: set[str] | None = None  # chapters and parts, once they were shown

    def on_click(self, event: input_events.Click) -> None:
        if event.chain == 2:
            self.post_message(self.Opened())

    def process_label(self, label: str | Text) -> Text:
        text = safe(label if isinstance(label, Text) else Text(label))
        return text.split()[0]

    def render_label(self, node: Node, base_style: object, style: object) -> Text:
        text = super().render_label(node, base_style, style)  # type: ignore[arg-type]
        text.no_wrap = True
        room = self.scrollable_content_region.width - self._indent(node)
        text.truncate(max(room, 1), overflow="ellipsis")
        return text

    def get_label_width(self, node: Node) -> int:
        """No label is wider than the tree: nothing need be measured."""
        return 1

    def _indent(self, node: Node) -> int:
        """Columns of the lines that lead to a node."""
        depth = 0
        while (above := node.parent) is not None:
            node, depth = above, depth + 1
        return (depth - 1) * self.guide_depth

    # What it holds

    def show_course(self, chapters: Sequence[Chapter]) -> None:
        """All chapters: open as they were, or all of a small course."""
        self._remember()
        self.clear()
        if self._open is None:
            few = sum(1 + len(c.parts) + len(c.scenes) for c in chapters) <= ALL_OPEN
            self._open = {chapter.id for chapter in chapters} if few else set()
            self._open |= {_key(part) for chapter in chapters for part in parts_of(chapter)}
        for chapter in chapters:
            branch = self._branch(self.root, chapter)
            for part in parts_of(chapter):
                inner = self._branch(branch, part) if part.title else branch
                for card in part.scenes:
                    inner.add_leaf(self._label(card), data=card)

    def show_found(self, matches: Iterable[Match]) -> None:
        """What a filter found, the best places first, each with why it was found."""
        self._remember()
        self.clear()
        room = MOST
        for field, group in groupby(matches, key=lambda match: match.field):
            found = list(group)
            head = Text.assemble((FOUND[field], "bold"), (f"  {len(found)}", "dim"))
            branch = self.root.add(head, data=Group(field), expand=True)
            for match in found[:room]:
                self._add_match(branch, match)
            if len(found) > room:
                more = f"{len(found) - room} more: another word would tell them apart"
                branch.add_leaf(Text(more, "dim italic"), data=Why(more))
            room = max(room - len(found), 0)

    def _add_match(self, group: Node, match: Match) -> None:
        label = self._label(match.card)
        if match.why:
            leaf = group.add(label, data=match.card, expand=True, allow_expand=False)
            leaf.add_leaf(Text(match.why, "dim italic"), data=Why(match.why))
        else:
            group.add_leaf(label, data=match.card)

    def _branch(self, above: Node, entry: Chapter | PartOf) -> Node:
        expand = self._open is not None and _key(entry) in self._open
        return above.add(self._label(entry), data=entry, expand=expand)

    def _remember(self) -> None:
        """Keep which chapters and parts are open, if they are what is shown."""
        shown = [
            (entry, node) for node, entry in self.entries() if isinstance(entry, Chapter | PartOf)
        ]
        if shown:
            self._open = {_key(entry) for entry, node in shown if node.is_expanded}

    def relabel(self) -> None:
        """Write all labels again: marks may have changed."""
        for node, entry in self.entries():
            if isinstance(entry, Chapter | PartOf | SceneCard):
                label = self._label(entry)
                if label != node.label:
                    node.set_label(label)

    def entries(self, node: Node | None = None) -> Iterator[tuple[Node, Entry]]:
        """All nodes with what they stand for, from above to below."""
        for child in (node or self.root).children:
            if child.data is not None:
                yield child, child.data
            yield from self.entries(child)

    # The cursor

    @property
    def entry(self) -> Chapter | PartOf | SceneCard | None:
        """What is chosen."""
        node = self.cursor_node
        if node is not None and isinstance(node.data, Why):
            node = node.parent
        data = node.data if node is not None else None
        return data if isinstance(data, Chapter | PartOf | SceneCard) else None

    def to_first(self, *, scene: bool = False) -> None:
        """Put the cursor on the first entry, or on the first scene."""
        nodes = (n for n, entry in self.entries() if not scene or isinstance(entry, SceneCard))
        self.move_to(next(nodes, None))

    def move_to(self, node: Node | None) -> None:
        """Put the cursor on a node, also of a tree that has just been filled."""
        if node is None:
            return
        above = node.parent
        while above is not None and above is not self.root:
            above.expand()
            above = above.parent
        if self.last_line >= 0:  # asking for the last line numbers all
            self.move_cursor(node)

    def select(self, id: str) -> bool:
        """Put the cursor on a scene; whether it is there."""
        for node, entry in self.entries():
            if isinstance(entry, SceneCard) and entry.id == id:
                self.move_to(node)
                return True
        return False

    def move(self, by: int) -> None:
        """To the entry before or after; why a scene was found is no entry."""
        line = self.cursor_line
        while 0 <= line + by <= self.last_line:
            line += by
            node = self.get_node_at_line(line)
            if node is not None and not isinstance(node.data, Why):
                self.move_cursor(node)
                return

    def fold(self) -> None:
        """Fold what is open, or what it is in."""
        node = self.cursor_node
        if node is not None and not (node.allow_expand and node.is_expanded):
            node = node.parent
            while node is not None and not node.allow_expand:
                node = node.parent
        if node is not None and node is not self.root:
            node.collapse()
            self.move_cursor(node)

    def unfold(self) -> None:
        """Open it, or go to the first of what it holds."""
        node = self.cursor_node
        if node is None or not node.children or not node.allow_expand:
            return
        if node.is_expanded:
            self.move_cursor(node.children[0])
        else:
            node.expand()


def parts_of(chapter: Chapter) -> list[PartOf]:
    """The parts of a chapter that have scenes; what is in none comes last, without a title."""
    cards = {card.id: card for card in chapter.scenes}
    parts = []
    for title, ids in chapter.parts.items():
        scenes = tuple(cards.pop(id) for id in ids if id in cards)
        parts += [PartOf(chapter, title, scenes)] if scenes else []
    return [*parts, PartOf(chapter, "", tuple(cards.values()))] if cards else parts


def _key(entry: Chapter | PartOf) -> str:
    return entry.id if isinstance(entry, Chapter) else f"{entry.chapter.id}/{entry.title}"
