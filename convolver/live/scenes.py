"""What of a core is shown, in which order: its registers as columns, stage by stage.

A column's registers belong to one result: that of the valid bit which stands beside them.
"""

import re
from typing import TYPE_CHECKING, Any

from ..designs import Design

if TYPE_CHECKING:
    from ..sim.wasm.module import Module

__all__ = ["scene_of"]

_LANE = re.compile(r"array\.array\.lane_(\d+)\.p_pipeline_(\d+)")
_LEVEL = re.compile(r"array\.array\.sum_0_(\d+)_(\d+)")
_BESIDE = re.compile(r"array\.beside\.valid_\d+")

Column = tuple[str, list[str]]


def scene_of(design: Design, module: "Module") -> dict[str, Any]:
    """`columns` of a core with one plain array, each `what` it is, its `cells`, its `valid` bit and how many clocks it is
    `behind` the first; and in all cases `modules`: registers by the module that they are in.

    A plain array is that of multipliers, one each for the operands of a clock, and of one tree of sums. Of what else there is
    the registers' names don't tell to which result they belong.
    """
    names = {entry.name for entry in module.entries if entry.role == "register"}
    scene: dict[str, Any] = {"modules": _modules(names)}
    array, rest = _array(names), _rest(names)
    beside = sum(bool(_BESIDE.fullmatch(name)) for name in names)
    first = beside - len(array) - len(rest)  # clocks from the operands to the multipliers
    if not array or first < 0:
        return scene
    columns = [*array, *rest]
    valid = [f"array.beside.valid_{first + place}" for place in range(len(columns))]
    operands, stands = _operands(names, len(design.weights))
    if operands and first == 0 and len(operands) == len(array[0][1]):
        columns.insert(0, ("operands", operands))
        valid.insert(0, stands)
    scene["columns"] = [
        {"what": what, "cells": cells, "behind": place, "valid": bit}
        for place, ((what, cells), bit) in enumerate(zip(columns, valid, strict=True))
    ]
    scene["columns"] += _lines(module)
    return scene


def _array(names: set[str]) -> list[Column]:
    """From what enters the multipliers to the sum; nothing of an array that isn't plain."""
    stages: dict[int, set[int]] = {}
    for name in names:
        if found := _LANE.fullmatch(name):
            stages.setdefault(int(found[1]), set()).add(int(found[2]))
    lanes = [f"array.array.lane_{lane}." for lane in sorted(stages)]
    if any(found != {0, 1} for found in stages.values()) or not all(f"{lane}a_input" in names for lane in lanes):
        return []
    if "array.array.accumulator" in names:  # a folded one: a result takes several of its sums
        return []
    levels: dict[int, list[tuple[int, str]]] = {}
    for name in names:
        if found := _LEVEL.fullmatch(name):
            levels.setdefault(int(found[1]), []).append((int(found[2]), name))
    tree: list[Column] = [("sums", [name for _, name in sorted(level)]) for _, level in sorted(levels.items())]
    if "array.array.sum" in names:
        tree.append(("sum", ["array.array.sum"]))
    sizes, left = [], len(lanes)
    while left > 1:
        left = -(-left // 2)
        sizes.append(left)
    if [len(cells) for _, cells in tree] != sizes:
        return []  # several trees in a chain, whose lanes are clocks apart
    loaded = [f"{lane}b_input" for lane in lanes]
    return [
        ("coefficients", loaded) if set(loaded) <= names else ("inputs", [f"{lane}a_input" for lane in lanes]),
        ("products", [f"{lane}p_pipeline_0" for lane in lanes]),
        ("products kept", [f"{lane}p_pipeline_1" for lane in lanes]),
        *tree,
    ]


def _rest(names: set[str]) -> list[Column]:
    """Behind the sum."""
    stages = ("quotient", "rounded", "clipped")
    return [(stage, [f"array.requantiser.{stage}"]) for stage in stages if f"array.requantiser.{stage}" in names]


def _operands(names: set[str], taps: int) -> tuple[list[str], str]:
    """The registers of the delay line, or of the window, in the order of the taps, and the bit that says that they count."""
    for form, valid in (("feeder.line_0.samples__{}", "feeder.o__valid"), ("window.places__{}", "window.o__valid")):
        found = [form.format(place) for place in range(taps)]
        if {*found, valid} <= names:
            return found, valid
    return [], ""


def _lines(module: "Module") -> list[dict[str, Any]]:
    """The line buffer's memory, which has a word for each column."""
    return [
        {"what": "lines", "memory": entry.name, "depth": entry.depth}
        for entry in module.entries
        if entry.role == "memory" and entry.name.startswith("lines.") and entry.depth <= 64
    ]


def _modules(names: set[str]) -> dict[str, list[str]]:
    """All registers that have a name, by the module that they are in; in the order of their numbers."""
    modules: dict[str, list[str]] = {}
    for name in sorted(names, key=lambda name: re.sub(r"\d+", lambda digits: digits[0].zfill(6), name)):
        if "$" not in name:
            modules.setdefault(name.rpartition(".")[0] or "core", []).append(name)
    return modules
