"""What a script needs in place of dlplay: its stage, in a few lines, and what prints the result."""

from __future__ import annotations

from collections.abc import Mapping

from dlplay.export.script.text import literal

SETTINGS = """\
SEED = {seed}
DEVICE = {device}
{tweaks}{ends}"""

STAGE = '''\
class Diverged(Exception):
    """The run's numbers are no longer finite."""


{stopped}def number(value):
    """A float of a number or of a one-element tensor."""
    return float(value.detach() if torch.is_tensor(value) else value)


class Stage:
    """What the experiment runs on: it counts steps, turns parameters, keeps measures."""

    def __init__(self, scene):
        self.scene, self.seed, self.device = scene, SEED, DEVICE
        self.step, self.total = 0, 1  # of the innermost loop{copies}
        self.tick = 0  # steps begun in all loops
        self.turned, self.trouble, self.measures = set(), "", {{}}{held}
        self.said = monotonic()  # when progress was told last

    def loop(self, total, phase=""):
        """Count to `total`. Parameters are turned between two steps, as TWEAKS says."""
        outer = self.step, self.total
        for step in range(total):
            self.step, self.total = step, total
            self.check()
            if monotonic() - self.said > 2:  # seconds
                self.said = monotonic()
                print(f"{{phase}} step {{step}} of {{total}}".strip(), file=sys.stderr, flush=True)
{ending}            due = [(name, value) for tick, name, value in TWEAKS if tick == self.tick]
            for name, value in due:
                setattr(self.scene, name, value)
            self.turned = {{name for name, _ in due}}
            self.tick += 1
            yield step
        self.step, self.total = outer
        self.check()

    def check(self):
        if self.trouble:
            raise Diverged(self.trouble)

    def measure(self, **values):
        """Keep measures: numbers or one-element tensors, by name."""
        self.measures.update({{name: number(value) for name, value in values.items()}})
'''
STOPPED = '''\
class Stopped(Exception):
    """The recorded run was stopped here."""


'''
ENDING = """\
            if self.tick == ENDS:
                raise Stopped
"""
EVERY = '''
    def every(self, steps):
        """Whether this is a step for a look: each `steps`-th, and the last."""
        return self.step % steps == 0 or self.step == self.total - 1
'''
CHANGED = '''
    def changed(self, *names):
        """Whether one of these parameters was turned just before this step."""
        return not self.turned.isdisjoint(names)
'''
CHECK_FINITE = '''
    def check_finite(self, what, values=None, **named):
        """End the run before the next step if none of these numbers is finite."""
        numbers = [number(value) for value in {**(values or {}), **named}.values()]
        if numbers and not any(map(math.isfinite, numbers)):
            self.trouble = f"{what} is no longer a finite number at step {self.tick - 1}"
'''
UNSEEN = '''
    def unseen(self, *shown, **how):
        """Here dlplay draws a picture. What is computed for it moves random numbers or state."""
'''
EACH = """
    def each(self, value):
        return torch.tensor([value], dtype=torch.float32, device=self.device)
"""
LOG = """
    def log(self, text):
        print(text)
"""
PROBE = '''
    @contextmanager
    def probe(self, *models):
        """For all that only looks: no gradients, `models` in evaluation mode, and afterwards the
        random state and the modes as they were."""
        modes = [(module, module.training) for model in models for module in model.modules()]
        states = random.getstate(), np.random.get_state(), torch.get_rng_state()
        cuda = torch.cuda.get_rng_state_all() if self.device == "cuda" else None
        for model in models:
            model.eval()
        try:
            with torch.no_grad():
                yield
        finally:
            for module, training in modes:
                module.training = training
            random.setstate(states[0])
            np.random.set_state(states[1])
            torch.set_rng_state(states[2])
            if cuda is not None:
                torch.cuda.set_rng_state_all(cuda)
'''
CLAIM = '''

CLAIMS = []


def claim(text, breaks=None):
    """Declare a test of the theory; `breaks` are settings at which it fails."""

    def declare(test):
        CLAIMS.append((text, test))
        return test

    return declare
'''
HOLD = """
    def claim(self, name, value, **bound):
        \"\"\"Hold a claim against its number, which is a measure too; the last word counts.\"\"\"
        self.measure(**{name: value})
        ((relation, limit),) = bound.items()
        self.held[name] = HOLDS[relation](self.measures[name], limit)
"""
CLAIMS = """

CLAIMS = {{
{sentences}}}
HOLDS = {{
    "above": lambda value, limit: value > limit,
    "below": lambda value, limit: value < limit,
    "at_least": lambda value, limit: value >= limit,
    "at_most": lambda value, limit: value <= limit,
    "within": lambda value, ends: ends[0] <= value <= ends[1],
    "equal": lambda value, limit: value == limit,
}}
"""
EMBEDDED = '''

def embedded(name):
    """The bytes of a data file; they stand at the end of this script."""
    return base64.b64decode("".join(FILES[name].split()))
'''
MAIN = """\
def main():
    # One thread, full precision, seeded: what makes the numbers repeat to the last bit
    torch.set_num_threads(1)
    torch.set_float32_matmul_precision("highest")
    torch.set_deterministic_debug_mode("warn")
    random.seed(SEED)
    np.random.seed(SEED % 2**32)
    torch.manual_seed(SEED)

    scene = {scene}()
    stage = Stage(scene)
    try:
        scene.run(stage)
        stage.check()
        print(f"done: {{stage.tick}} steps")
    except Diverged as end:
        print(f"diverged: {{end}}")
{stopped}
    print("\\nmeasures")
    for name, value in stage.measures.items():
        print(f"  {{name}} = {{value!r}}")
{claims}"""
MAIN_STOPPED = """\
    except Stopped:
        print(f"stopped: after {stage.tick} steps")
"""
MAIN_CLAIMS = """
    print("\\nclaims")
    measured = SimpleNamespace(**{k: np.float64(v) for k, v in stage.measures.items()})
    for text, test in CLAIMS:
        try:
            with np.errstate(all="ignore"):
                verdict = "holds" if test(scene, measured) else "fails"
        except AttributeError:
            verdict = "not measured"
        print(f"  {verdict}: {text}")
"""
ENVIRONMENT = """\
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # these are read when torch is imported
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
"""
MAIN_PAGE_CLAIMS = """
    print("\\nclaims")
    for name, sentence in CLAIMS.items():
        verdict = {True: "holds", False: "fails", None: "not measured"}[stage.held.get(name)]
        print(f"  {verdict}: {sentence}")
"""
NAMES = ("Stage", "Diverged", "Stopped", "CLAIMS", "TWEAKS", "SEED", "DEVICE", "ENDS", "FILES",
         "HOLDS", "monotonic", "sys", "claim", "embedded", "main", "number")  # fmt: skip
IMPORTS = ("random", "torch", "numpy as np")


def stage(uses: set[str], ends: bool) -> str:
    """The stage with what the script uses of it."""
    held = "\n        self.held = {}" if "claim" in uses else ""
    copies = "\n        self.copies = 1  # runs that are trained as one" if "each" in uses else ""
    text = STAGE.format(stopped=STOPPED * ends, ending=ENDING * ends, held=held, copies=copies)
    more = (
        ("every", EVERY), ("changed", CHANGED), ("check_finite", CHECK_FINITE),
        ("unseen", UNSEEN), ("each", EACH), ("log", LOG), ("probe", PROBE), ("claim", HOLD),
    )  # fmt: skip
    return text + "".join(part for name, part in more if name in uses)


def claims(sentences: Mapping[str, str]) -> str:
    """The claims of a page, by name, and the relations in which they are made."""
    rows = [f"    {literal(name)}: {literal(sentence)},\n" for name, sentence in sentences.items()]
    return CLAIMS.format(sentences="".join(rows))


def main_of_page(scene: str, ends: bool) -> str:
    return MAIN.format(scene=scene, stopped=MAIN_STOPPED * ends, claims=MAIN_PAGE_CLAIMS)


def main(scene: str, claims: bool, ends: bool) -> str:
    return MAIN.format(
        scene=scene, stopped=MAIN_STOPPED * ends, claims=MAIN_CLAIMS if claims else ""
    )
