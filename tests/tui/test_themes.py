"""Themes: seen at once everywhere, and every word can be read in each of them."""

from __future__ import annotations

import pytest

from dlplay.tui.themes import CYCLE, DARK, LIGHT
from tests.tui.conftest import until

LEAST = 1.7  # ratio of contrast; what is dim on purpose has more


def luminance(color):
    parts = (part / 255 for part in color.get_truecolor())
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(style):
    low, high = sorted((luminance(style.color), luminance(style.bgcolor)))
    return (high + 0.05) / (low + 0.05)


def segments(app):
    return [part for strip in app.screen._compositor.render_strips() for part in strip]


def unreadable(app):
    return [
        (part.text, round(contrast(part.style), 2))
        for part in segments(app)
        if any(character.isalnum() for character in part.text)
        and (not part.style or not part.style.color or contrast(part.style) < LEAST)
    ]


@pytest.mark.parametrize("name", [None, "fine"])
async def test_each_theme_is_seen_at_once_and_can_be_read(open_app, name):
    async with open_app(name, {"steps": 5}) as (app, pilot):
        if name:
            await until(pilot, lambda: app.screen.session.state == "done", "the end")
        for theme in CYCLE[1:] + CYCLE[:1]:
            await pilot.press("T")
            assert app.theme == theme
            await until(pilot, lambda: not unreadable(app), f"{theme}: every word")


async def test_what_draws_its_own_text_follows_without_a_key(open_app):
    async with open_app("fine", {"steps": 5}) as (app, pilot):
        await until(pilot, lambda: app.screen.session.state == "done", "the end")
        app.theme = LIGHT.name
        inks = {LIGHT.success.lower(), LIGHT.accent.lower()}

        def colours():
            return {p.style.color.get_truecolor().hex for p in segments(app) if p.style.color}

        await until(pilot, lambda: inks <= colours(), "the colours of the light theme")
        assert not {DARK.success.lower(), DARK.accent.lower()} & colours()
