"""Every action of the interface in one table.

Bindings, footer, help and command palette are made from it, so that they cannot disagree.
"""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding, BindingType


@dataclass(frozen=True)
class Action:
    """`name`: the method `action_name` of the screen, one of its parts, or the app. `keys`: as
    Textual calls them. `label`: a word for the footer. `help`: what it does. `footer`: always
    shown in the footer; what the stage shows there follows how things stand (see `footing`).
    `steers`: a recording cannot do it. `anywhere`: the key works over a dialog, too.
    """

    name: str
    keys: str
    label: str
    help: str
    group: str
    footer: bool = False
    shown: str = ""  # how the keys are written; made from `keys` if empty
    steers: bool = False
    anywhere: bool = False

    @property
    def written(self) -> str:
        return self.shown or " ".join(KEY_NAMES.get(key, key) for key in self.keys.split(","))

    def explained(self, in_a_browser: bool) -> str:
        """What it does, or why not."""
        return NO_EDITOR.capitalize() if in_a_browser and self.name == "edit" else self.help


NO_EDITOR = "no editor in a browser: the file lies on the server"
KEY_NAMES = {
    "space": "space",
    "full_stop": ".",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "left_parenthesis": "(",
    "right_parenthesis": ")",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "question_mark": "?",
    "slash": "/",
    "minus": "-",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "escape": "esc",
    "pagedown": "pgdn",
    "pageup": "pgup",
    "backspace": "⌫",
    "enter": "enter",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "ctrl+q": "ctrl+q",
    "shift+left": "shift+←",
    "shift+right": "shift+→",
}

EVERYWHERE = (
    Action("help", "question_mark,f1", "Help", "Show all keys", "Program", True, "?"),
    Action("command_palette", "ctrl+p", "Palette", "Find any action or scene by name", "Program"),
    Action("next_theme", "T", "Theme", "Next theme", "Program"),
    Action(
        "picture", "f12", "Picture", "Save the screen as an SVG picture", "Program", anywhere=True
    ),
    Action(
        "quit",
        "ctrl+q",
        "Quit",
        "Leave dlplay at once; a run is ended",
        "Program",
        anywhere=True,
    ),
)

BROWSER = (
    Action("open", "enter", "Open", "Open the scene and start it", "Scenes", True),
    Action(
        "filter",
        "slash",
        "Filter",
        "Filter by words of title, section, panel, claim, text; section: WORDS",
        "Scenes",
        True,
    ),
    Action("clear_filter", "escape", "Show all", "Leave the filter", "Scenes"),
    Action("up", "k,up", "Up", "Previous chapter or scene", "Scenes"),
    Action("down", "j,down", "Down", "Next chapter or scene", "Scenes"),
    Action("fold", "h,left", "Fold", "Fold the chapter or part", "Scenes"),
    Action("unfold", "l,right", "Unfold", "Unfold the chapter or part", "Scenes"),
    Action("page_down", "pagedown,J", "Page", "Scroll the page on the right", "Scenes"),
    Action("page_up", "pageup,K", "Page back", "Scroll it back", "Scenes"),
    Action("sweep", "S", "Sweep", "Run it at several values of a parameter", "Scenes"),
    Action("edit", "e", "Edit", "Open the scene's file in $EDITOR", "Scenes"),
    Action("tries", "t,R,b", "Tries", "Tries, riddle, game: where to find them", "Scenes"),
    Action("quit", "q", "Quit", "Leave dlplay", "Scenes", True),
)

STAGE = (
    Action(
        "start_or_pause",
        "space",
        "Run",
        "Start, pause, go on; back in time or in a recording: play, pause",
        "Run",
    ),
    Action("step", "full_stop", "Step", "One step, then pause; also of what plays", "Run"),
    Action(
        "restart",
        "r",
        "Again",
        "Begin again with these settings; a recording: at its first step",
        "Run",
    ),
    Action("stop", "x", "Stop", "Stop the run and keep what it drew", "Run", steers=True),
    Action("new_seed", "n", "Seed", "Begin again with another seed", "Run", steers=True),
    Action("slower", "minus", "Slower", "Show fewer steps a second", "Run"),
    Action(
        "faster",
        "plus,equals_sign",
        "Faster",
        "More, up to as fast as it goes",
        "Run",
        shown="+",
    ),
    Action("tries", "t", "Tries", "What will happen if ...? Say, then see", "Tries", steers=True),
    Action("riddle", "R", "Riddle", "One knob is turned: which?", "Tries", steers=True),
    Action(
        "breaker",
        "b",
        "Break it",
        "Break a claim yourself, in few attempts; while you do: give up",
        "Tries",
        steers=True,
    ),
    Action("up", "k,up", "Previous", "Previous parameter (scrolls a page)", "Parameters"),
    Action("down", "j,down", "Next", "Next parameter (scrolls a page)", "Parameters"),
    Action("less", "h,left", "Less", "Turn the parameter down", "Parameters", steers=True),
    Action("more", "l,right", "More", "Turn the parameter up", "Parameters", steers=True),
    Action(
        "much_less",
        "H,shift+left",
        "Much less",
        "Turn it down in big steps",
        "Parameters",
        steers=True,
    ),
    Action(
        "much_more",
        "L,shift+right",
        "Much more",
        "Turn it up in big steps",
        "Parameters",
        steers=True,
    ),
    Action("type", "enter", "Type", "Type a value", "Parameters", steers=True),
    Action("default", "backspace", "Default", "Back to the default", "Parameters", steers=True),
    Action(
        "defaults",
        "D",
        "All defaults",
        "All parameters back to their defaults",
        "Parameters",
        steers=True,
    ),
    Action("next_panel", "tab", "Next panel", "Choose the next panel", "Panels"),
    Action("previous_panel", "shift+tab", "Previous panel", "Choose the previous", "Panels"),
    Action("zoom", "z", "Zoom", "Chosen panel on the whole screen, and back", "Panels"),
    Action("lead", "Z", "Lead", "Give the chosen panel the most room, and back", "Panels"),
    *(
        Action(f"zoom_to({n})", str(n), f"Panel {n}", f"Zoom panel {n}, and back", "Panels", False)
        for n in range(1, 10)
    ),
    Action("log_axis", "g", "Log/linear", "Curves: the y axis linear or logarithmic", "Panels"),
    Action("log_x_axis", "G", "Log/linear x", "Curves: the x axis linear or logarithmic", "Panels"),
    Action("previous_frame", "left_square_bracket", "Head back", "Heatmaps: last head", "Panels"),
    Action("next_frame", "right_square_bracket", "Next head", "Heatmaps: next head", "Panels"),
    Action("xray", "w", "X-ray", "Look into the layers of the model", "Panels", steers=True),
    Action("next_page", "pagedown,J", "More panels", "Next page of panels or text", "Panels"),
    Action("previous_page", "pageup,K", "Panels back", "Page back", "Panels"),
    Action("earlier", "less_than_sign", "Earlier", "Back through the run, by a hundredth", "Time"),
    Action("later", "greater_than_sign", "Later", "Forward again, by a hundredth", "Time"),
    Action("step_earlier", "left_parenthesis", "Step earlier", "Back by one step", "Time"),
    Action("step_later", "right_parenthesis", "Step later", "Forward by one step", "Time"),
    Action("much_earlier", "left_curly_bracket", "Far earlier", "Back by a tenth", "Time"),
    Action("much_later", "right_curly_bracket", "Far later", "Forward by a tenth", "Time"),
    Action("next_mark", "m", "Next mark", "To the next tweak, spike or divergence", "Time"),
    Action("previous_mark", "M", "Mark before", "To the mark before", "Time"),
    Action("beginning", "home", "Beginning", "To the first step", "Time"),
    Action("now", "end", "Now", "Back to now", "Time"),
    Action(
        "branch",
        "B",
        "Branch",
        "Go on from this step as a new run, beside this one",
        "Time",
        steers=True,
    ),
    Action("pin", "p", "Pin", "Keep this run, and draw the next ones over it", "Comparing"),
    Action("compare", "v", "Compare", "A table of this run and the pinned ones", "Comparing"),
    Action("beside", "V", "Side by side", "One panel of two runs at the same step", "Comparing"),
    Action(
        "sweep", "S", "Sweep", "Run it at several values of a parameter", "Comparing", steers=True
    ),
    Action("export", "E", "Export", "The run as picture, page, data, script ...", "Comparing"),
    Action("lesson", "i", "Lesson", "The lesson, and back", "Pages"),
    Action("claims", "c", "Claims", "All claims in full, and back", "Pages"),
    Action("next_claim", "C", "Next claim", "Show the next claim's sentence whole", "Pages"),
    Action("source", "s", "Source", "Its own file, and back", "Pages"),
    Action("log", "o", "Log", "What the run printed, and back", "Pages"),
    Action(
        "edit", "e", "Edit", "Open its file in $EDITOR, then read it again", "Scene", steers=True
    ),
    Action("address", "y", "Copy", "Copy the run's one-line address", "Scene"),
    Action("next_scene", "N", "Next scene", "Open the next scene of the course", "Scene"),
    Action("back", "q,escape", "Back", "Back: from zoom, from a page, from the stage", "Scene"),
)

SWEEP = (
    Action("value_before", "k,h,up,left", "Value before", "Value before", "Runs"),
    Action("value_after", "j,l,down,right", "Next value", "Next value", "Runs"),
    Action("seed_before", "left_square_bracket", "Seed before", "The seed before", "Runs"),
    Action("seed_after", "right_square_bracket", "Next seed", "The next seed", "Runs"),
    Action("open", "enter", "Open", "Make this run the current one of the stage", "Runs", True),
    Action("measure", "m", "Measure", "Chart the next measure", "Charts", True),
    Action("measure_before", "M", "Measure before", "Chart the measure before", "Charts"),
    Action("curve", "c", "Curve", "Chart the next curve", "Charts", True),
    Action("curve_before", "C", "Curve before", "Chart the curve before", "Charts"),
    Action("charts", "tab", "Charts", "Both charts, or one of them alone", "Charts", True),
    Action("alone", "o", "Only", "The curves of this value alone, one a seed, and back", "Charts"),
    Action("log_axis", "g", "Log/linear", "The y axis linear or logarithmic", "Charts"),
    Action("log_x_axis", "G", "Log/linear x", "The x axis linear or logarithmic", "Charts"),
    Action("stop", "x", "Stop", "End it; what has finished stays", "Sweep", True),
    Action("again", "n", "New", "Another sweep of this scene", "Sweep", True),
    Action("address", "y", "Copy", "Copy the command that makes this sweep", "Sweep"),
    Action("back", "q,escape", "Back", "Back; a sweep under way goes on", "Sweep", True),
)


def bindings(actions: tuple[Action, ...], run: str = "{}") -> list[BindingType]:
    """Textual's bindings for a table of actions. `run`: what a key runs, where the screen passes
    the name of the action on."""
    return [
        Binding(
            a.keys,
            run.format(a.name),
            a.label,
            show=a.footer,
            key_display=a.written.split()[0],
            priority=a.anywhere,
        )
        for a in actions
    ]
