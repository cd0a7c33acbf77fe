"""The block diagram of a plan: its stages from left to right, with what is on the arrows between them, as SVG."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from ..plan import Plan
from ..plan.stages import Stage, needed
from ..report.numbers import counted
from .numbers_on_arrows import Numbers, entering, numbers_behind

__all__ = ["Box", "Group", "diagram", "groups_of"]

WIDE, TALL, GAP, LINE = 118, 58, 62, 96
"""Of a box, of the arrow behind it, and of a row of them."""
MARGIN, TITLE = 16, 26
IN_A_ROW = 5
TEXT = 11.5
LETTER = 7.6
"""Of a bold letter, in a wide font."""


@dataclass(frozen=True)
class Box:
    """A stage, and what leaves it."""

    stage: Stage
    behind: Numbers

    @property
    def cycles(self) -> str:
        return counted(self.stage.cycles, "cycle")

    @property
    def cost(self) -> str:
        """What it takes of a device."""
        count = self.stage.multipliers.lanes
        bits = sum(memory.words * memory.bits for memory in self.stage.memories)
        told = [counted(count, "multiplier")] * bool(count)
        return ", ".join([*told, *([f"{bits} bits"] if bits else [])])

    @property
    def purpose(self) -> str:
        """The first sentence of what its class says of itself."""
        return " ".join((type(self.stage).__doc__ or "").split("\n\n")[0].split())


@dataclass(frozen=True)
class Group:
    """The boxes of one credit domain: between two of them nothing stalls."""

    title: str
    entering: Numbers
    boxes: tuple[Box, ...]
    rate: str


def groups_of(plan: Plan) -> list[Group]:
    """Each core, and what stands in front of cores, between and behind them, in the order of the plan's stages."""
    rate = plan.paced(plan.design.element)
    results = Numbers.of(plan.copies, plan.design.outputs, plan.design.output_format)
    groups: list[Group] = []
    around: list[Stage] = []
    cores, at = list(plan.cores), 0
    several = len(cores) > 1

    def gathered() -> None:
        """Ends the group of what stands around the cores."""
        if not needed(*around):
            around.clear()
            return
        title, numbers = ("Behind the cores", results) if groups else ("In front of the cores", entering(plan))
        groups.append(Group(title, numbers, _boxes(around, [numbers] * len(around)), rate))
        around.clear()

    while at < len(plan.stages):
        if cores and plan.stages[at : at + len(cores[0].stages)] == cores[0].stages:
            gathered()
            core = cores.pop(0)
            told = core.design.describe()
            title = f"core {len(plan.cores) - len(cores)}: {told}" if several else told
            own = core.paced(core.design.element)
            groups.append(Group(title, entering(core), _boxes(core.stages, numbers_behind(core)), own))
            at += len(core.stages)
        else:
            around.append(plan.stages[at])
            at += 1
    gathered()
    return groups


def _boxes(stages: Sequence[Stage], behind: Sequence[Numbers]) -> tuple[Box, ...]:
    timed = set(map(id, needed(*stages)))
    found: list[Box] = []
    for stage, numbers in zip(stages, behind, strict=True):
        if id(stage) in timed:
            found.append(Box(stage, numbers))
        elif found:  # wiring, such as a shift of no cycles, changes what leaves the box in front of it
            found[-1] = Box(found[-1].stage, numbers)
    return tuple(found)


def diagram(plan: Plan) -> str:
    """The diagram as an SVG element, whose colours are the page's; its text is read by screen readers as its description."""
    groups = groups_of(plan)
    rows = [-(-len(group.boxes) // IN_A_ROW) for group in groups]
    width = 2 * MARGIN + IN_A_ROW * (WIDE + GAP) + GAP
    height = sum(TITLE + count * LINE for count in rows) + MARGIN
    elements: list[str] = []
    top = MARGIN
    for number, (group, count) in enumerate(zip(groups, rows, strict=True)):
        elements += _group(group, top, last=number == len(groups) - 1)
        top += TITLE + count * LINE
    stages = "; ".join(f"{group.title}: {', '.join(box.stage.name for box in group.boxes)}" for group in groups)
    return (
        f'<svg class="diagram" viewBox="0 0 {width} {height}" role="img" aria-labelledby="diagram-title diagram-text"'
        f' xmlns="http://www.w3.org/2000/svg">'
        f'<title id="diagram-title">Block diagram</title><desc id="diagram-text">{escape(stages)}</desc>'
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0 L8 4 L0 8 z" class="tip"/></marker></defs>' + "".join(elements) + "</svg>"
    )


def _group(group: Group, top: int, *, last: bool) -> Iterator[str]:
    yield _text(MARGIN, top + 4, f"{group.title}. {group.rate}.", "group", "start")
    left = MARGIN
    top += TITLE
    middle = top + TALL / 2
    yield _arrow(left, middle, left + GAP, middle)
    yield _text(left + GAP / 2, middle - 7, str(group.entering), "width")
    for place, box in enumerate(group.boxes):
        row, column = divmod(place, IN_A_ROW)
        x, y = left + GAP + column * (WIDE + GAP), top + row * LINE
        yield from _box(box, x, y)
        middle = y + TALL / 2
        end = place == len(group.boxes) - 1
        if column == IN_A_ROW - 1 and not end:
            yield from _turn(x + WIDE, middle, left + GAP, middle + LINE, str(box.behind))
        else:
            yield _arrow(x + WIDE, middle, x + WIDE + GAP, middle)
            yield _text(x + WIDE + GAP / 2, middle - 7, str(box.behind), "width")
            if end and last:
                yield _text(x + WIDE + GAP + 4, middle + 4, "results", "cycles", "start") if column < IN_A_ROW - 1 else ""


def _box(box: Box, x: float, y: float) -> Iterator[str]:
    yield f'<g><title>{escape(box.purpose)}</title><rect x="{x}" y="{y}" width="{WIDE}" height="{TALL}" rx="6" class="box"/>'
    lines = [(box.stage.name, "name"), (box.cycles, "cycles"), *([(box.cost, "cost")] if box.cost else [])]
    first = y + TALL / 2 - 7.5 * (len(lines) - 1) + 4
    for number, (text, kind) in enumerate(lines):
        yield _text(x + WIDE / 2, first + 15 * number, text, kind, most=WIDE - 12)
    yield "</g>"


def _turn(x: float, y: float, to: float, below: float, text: str) -> Iterator[str]:
    """An arrow from the end of a row to the beginning of the next one."""
    middle = below - TALL / 2 - 12
    points = f"M{x} {y} h14 V{middle} H{to - 24} V{below} H{to}"
    yield f'<path d="{points}" class="arrow" marker-end="url(#tip)"/>'
    yield _text((x + to) / 2, middle - 5, text, "width")


def _arrow(x: float, y: float, to: float, down: float) -> str:
    return f'<path d="M{x} {y} L{to} {down}" class="arrow" marker-end="url(#tip)"/>'


def _text(x: float, y: float, text: str, kind: str, anchor: str = "middle", most: float | None = None) -> str:
    """A text; one that a wide font would make longer than `most` is made so long in every font."""
    fitted = "" if most is None or LETTER * len(text) <= most else f' textLength="{most}" lengthAdjust="spacingAndGlyphs"'
    return f'<text x="{x}" y="{y}" class="{kind}" text-anchor="{anchor}" font-size="{TEXT}"{fitted}>{escape(text)}</text>'
