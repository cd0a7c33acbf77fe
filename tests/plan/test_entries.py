"""Who asks for a plan: the functions that are given a design and a target, and no plan; whoever has one passes it on."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]

USERS = {
    "boards/flow.py build",
    "boards/simulated.py simulated_top",
    "convolver/cli/report.py report",
    "convolver/demo.py plan",
    "convolver/exploring/trial.py samples_a_clock",
    "convolver/live/cores.py packed",
    "convolver/page/board_table.py boards_of",
    "convolver/report/__init__.py report_of",
    "hw/export/verilog.py generate",
}
"""What a user, or a command, calls for a design."""

BLOCKS = {"hw/bus/axi.py __init__", *(f"hw/cores/{path.name} __init__" for path in (ROOT / "hw" / "cores").glob("*.py"))}
"""Gateware that is made of a design and a target."""

SEARCHES = {
    "convolver/chain_stages.py _products",
    "convolver/folding.py _at",
    "convolver/plan/composite.py lowered",
    "convolver/plan/fit.py _cheapest",
    "convolver/plan/fit.py _multipliers",
    "convolver/plan/fit.py in_adders",
    "convolver/plan/fit.py what_would_fit",
}
"""What makes a design of another, and compares the plans; a design's parts have plans of their own."""


def entries(folder: Path) -> Iterator[str]:
    """The functions in a folder that call `lower`, as often as they do."""
    for path in sorted(folder.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
            calls = (node.func for node in ast.walk(function) if isinstance(node, ast.Call))
            yield from (
                f"{path.relative_to(ROOT).as_posix()} {function.name}"
                for called in calls
                if isinstance(called, ast.Name) and called.id == "lower"
            )


def test_a_plan_is_asked_for_once_and_passed_on() -> None:
    found = [entry for name in ("convolver", "hw", "host", "sim", "boards") for entry in entries(ROOT / name)]
    assert len(found) == len(set(found))
    assert set(found) - BLOCKS == USERS | SEARCHES
