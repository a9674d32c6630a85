"""dlplay in browsers: the page, its visitors, what they download, and who may come."""

from __future__ import annotations

import os

DRIVER = "dlplay.tui.served:BrowserDriver"  # as Textual is told, in TEXTUAL_DRIVER
VISIT = "DLPLAY_VISIT"  # the variable that names the visitor's folder


def in_a_browser() -> bool:
    """Whether this process draws a page of `dlplay serve`."""
    return os.environ.get("TEXTUAL_DRIVER") == DRIVER
