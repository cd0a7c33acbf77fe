"""What a kind of filter must have: a list of what it lacks.

The parts are looked for where CONTRIBUTING.md says they are; the stages of plans in the cores that are made of them.
"""

import functools
import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from amaranth.hdl import Fragment

from convolver.designs import Design, of_kind
from convolver.hw.cores.core import create
from convolver.plan.lowering import lower
from convolver.plan.shell import shelled
from convolver.plan.stages import Stage
from convolver.shell import FULL, Shell

__all__ = ["CLOCKS", "DOCS", "EXAMPLES", "README", "examples_of", "lacking"]

DOCS = Path(__file__).parents[2] / "docs"
README = Path(__file__).parents[2] / "README.md"
EXAMPLES = 12
"""Random designs of a kind whose stages are looked for."""

CORE, CLOCKS = "{Kind}Core", "clocks for a limit of multipliers"


def lacking(cls: type[Design]) -> list[str]:
    """What a kind hasn't got, in words; nothing of one that is complete."""
    return [*_without_designs(cls), *_with_designs(cls)]


def _without_designs(cls: type[Design]) -> Iterator[str]:
    layers = {
        "golden model": ("convolver.sim.golden", "{kind}"),
        "plan": ("convolver.plan", "lower_{kind}"),
        "core": ("convolver.hw.cores", CORE),
        "report": ("convolver.report", "{Kind}Report"),
    }
    for what, (layer, name) in layers.items():
        if _found(cls, layer, name) is None:
            yield what
    if _is_planned(cls) and not _is_limited(cls):
        yield CLOCKS
    if not _has_proof(cls):
        yield "proof with a seeded bug in its core"
    cases = _of_tests(cls, "named_designs")
    if cases is None or not all(type(design) is cls for design in cases.DESIGNS.values()) or not cases.DESIGNS:
        yield "named design whose Verilog is simulated"
    page = DOCS / f"{cls.kind}.md"
    if not page.exists() or cls.__name__ not in page.read_text(encoding="utf-8"):
        yield "page in docs"
    if f"docs/{cls.kind}.md" not in README.read_text(encoding="utf-8"):
        yield "link from README.md to its page"


def _with_designs(cls: type[Design]) -> Iterator[str]:
    """What only an example shows."""
    generator = _of_tests(cls, "random_designs")
    if not hasattr(generator, "random_design"):
        yield "generator of random designs"
        return
    if not _is_planned(cls) or not _is_limited(cls):  # a design asks its plan for the clocks that multipliers take
        return
    designs = _some(generator.random_design)
    if any(type(design) is not cls for design in designs):
        yield "generator of random designs of its own"
    if cls.worst_windows is Design.worst_windows or not all(design.worst_windows() for design in designs):
        yield "worst case"
    if _found(cls, "convolver.hw.cores", CORE) is None:
        return
    found = examples_of(cls)
    made = {stage for example in found.values() for block in blocks_of(*example) for stage in getattr(block, "makes", ())}
    yield from sorted(f"block for the stage {stage.name}" for stage in found.keys() - made)


@functools.cache
def _some(random_design: Callable[[Random], Design]) -> tuple[Design, ...]:
    """What a generator makes of the first seeds."""
    return tuple(random_design(Random(number)) for number in range(EXAMPLES))


@functools.cache
def examples_of(cls: type[Design]) -> dict[type[Stage], tuple[Design, Shell]]:
    """The classes of stages in the plans of a kind's examples, random and named ones, in the full shell, else in the one that
    they get by themselves; each with a design that has it, and the shell."""
    random, named = (importlib.import_module(f"{folder}.{cls.kind}") for folder in ("random_designs", "named_designs"))
    designs = (*_some(random.random_design), *named.DESIGNS.values())
    found: dict[type[Stage], tuple[Design, Shell]] = {}
    for design, shell in (*((design, FULL) for design in designs), *((design, Shell().of(design)) for design in designs)):
        for stage in shelled(lower(design), shell).stages:
            found.setdefault(type(stage), (design, shell))
    return found


@functools.cache
def blocks_of(design: Design, shell: Shell) -> frozenset[type]:
    """The classes of the blocks in a design's core."""
    blocks: set[type] = set()
    todo = [Fragment.get(create(design, shell=shell), None)]
    while todo:
        fragment = todo.pop()
        todo += [inner for inner, *_ in fragment.subfragments]
        blocks |= {type(block) for block in fragment.origins or ()}
    return frozenset(blocks)


def _has_proof(cls: type[Design]) -> bool:
    """Whether a proof sees a bug in the kind's own core: then it is one of it."""
    proofs, core = _of_tests(cls, "formal.kinds"), _found(cls, "convolver.hw.cores", CORE)
    return proofs is not None and any(seed.component is core for proof in proofs.PROOFS for seed in proof.seeds)


def _is_planned(cls: type[Design]) -> bool:
    return _found(cls, "convolver.plan", "lower_{kind}") is not None


def _is_limited(cls: type[Design]) -> bool:
    """Whether the clocks that a limit of multipliers takes are found, where a design can have one."""
    return not cls.cycles_field or _found(cls, "convolver.plan", "{kind}_clocks") is not None


def _found(cls: type[Design], layer: str, name: str) -> object:
    try:
        found: object = of_kind(cls, layer, name, "to look for")
    except (ImportError, AttributeError):
        return None
    return found


def _of_tests(cls: type[Design], folder: str) -> object:
    try:
        return importlib.import_module(f"{folder}.{cls.kind}")
    except ImportError:
        return None
