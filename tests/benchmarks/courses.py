"""A course of any size, made of files like those of the course: pages of 150 lines."""

from __future__ import annotations

from pathlib import Path

from dlplay.course.catalog import SceneCard, describe

PER_CHAPTER = 25
SENTENCES = (
    "A gradient says where the loss grows fastest, so one takes a small step the other way. ",
    "What is true of all samples must be told from the accidents of this one. ",
    "Each layer multiplies the signal by its weights, and the error on its way back too. ",
    "Nobody writes down by hand what an eye is made of; a net is given pixels and answers. ",
)
PANELS = ("loss", "weights", "field", "samples")


def write(folder: Path, scenes: int) -> list[SceneCard]:
    """Write so many scenes below the folder; their cards, none of which is broken."""
    cards = []
    for number in range(scenes):
        chapter = folder / f"part_{number // PER_CHAPTER:02}"
        if not chapter.exists():
            chapter.mkdir()
            (chapter / "__init__.py").write_text(_opening(number // PER_CHAPTER))
        path = chapter / f"scene_{number:03}.py"
        path.write_text(page(number))
        card = describe(path, folder)
        assert card is not None, path
        assert not card.broken, card.broken
        cards.append(card)
    return cards


def page(number: int) -> str:
    """The source of a scene of the new form."""
    claims = range(5)
    return "\n".join(
        [
            f'"""# Question {number}: how far does it go?',
            *_lesson(number),
            '"""',
            "",
            "import torch",
            "from dlplay import Choice, Float, Int, Scene, Toggle, Try",
            "",
            "RATES = (0.01, 0.1, 1.0)",
            "",
            f"class Question{number}(Scene):",
            f'    covers = ("Section {number}", "Section {number}, continued")',
            "    panels = {",
            *(f'        "{name}": "what {name} do while it trains",' for name in PANELS),
            "    }",
            "    claims = {",
            *(f'        "claim_{n}": "the number {n} of this run is above {n}",' for n in claims),
            "    }",
            "    tries = (",
            *(line for n in claims[:4] for line in _try(n)),
            "    )",
            '    quick = {"steps": 20}',
            '    rate = Float(0.1, min=0.001, max=10, log=True, live=True, help="step size")',
            '    units = Int(16, min=1, max=256, log=True, help="hidden units")',
            '    steps = Int(200, min=1, max=100_000, log=True, help="training steps")',
            '    rule = Choice("plain", ("plain", "momentum", "Adam"), help="how it steps")',
            '    biased = Toggle(True, help="whether units have a bias")',
            "",
            "    def run(self, stage):",
            "        net = torch.nn.Sequential(torch.nn.Linear(2, self.units), torch.nn.Tanh())",
            "        x = torch.randn(100, 2)",
            "        for step in stage.loop(self.steps):",
            *(line for n in range(20) for line in _statements(n)),
            *(f'            stage.curve("{name}", train=float(loss))' for name in PANELS),
            *(f'        stage.claim("claim_{n}", float(loss) + {n}, above={n})' for n in claims),
            "",
        ]
    )


def _opening(number: int) -> str:
    names = range(number * PER_CHAPTER, (number + 1) * PER_CHAPTER)
    lesson = "\n".join(_lesson(number))
    return f'"""\n# Part {number}\n{lesson}\n"""\n\nscenes = {[f"scene_{n:03}" for n in names]}\n'


def _lesson(number: int) -> list[str]:
    lines = []
    for paragraph in range(7):
        lines += ["", *(SENTENCES[(number + paragraph + n) % 4].strip() for n in range(4))]
    return lines


def _try(n: int) -> list[str]:
    knob = ("rate=1.0", "units=2", "rule=Adam", "biased=off")[n]
    return [
        f'        Try("{knob}", "What will the number {n} do now, and why?",',
        '            ("it stays", "it falls to nothing", "it grows without end"), right=2,',
        f'            why="{SENTENCES[n]}", breaks="claim_{n}", keeps=("claim_4",)),',
    ]


def _statements(n: int) -> list[str]:
    return [
        f"            hidden_{n} = net(x * RATES[{n % 3}] + {n}) @ torch.ones(self.units, 1)",
        f"            loss = (hidden_{n}.square().mean() - x.sum(1).abs().mean()) / (1 + {n})",
    ]
