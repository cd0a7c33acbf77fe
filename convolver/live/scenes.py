"""What of a core is shown, in which order: its registers as columns, stage by stage.

A column's registers belong to one result. `behind` is how many clocks they are behind the operands, which are the delay line or
the window; the valid bit that travels with them is `valid`.
"""

import re
from typing import TYPE_CHECKING, Any

from ..designs import Design

if TYPE_CHECKING:
    from ..sim.wasm.module import Module

__all__ = ["scene_of"]

_LEVEL = re.compile(r"array\.array\.sum_0_(\d+)_(\d+)")


def scene_of(design: Design, module: "Module") -> dict[str, Any]:
    """The columns of a plain filter of one sample a clock, `{}` of others; and all other registers by the part they are in."""
    names = {entry.name for entry in module.entries if entry.role == "register"}
    scene: dict[str, Any] = {"parts": _parts(names)}
    taps = len(design.weights)
    lanes = [f"array.array.lane_{lane}." for lane in range(taps)]
    operands = _operands(names, taps)
    if not operands or not all(f"{lane}p_pipeline_1" in names and f"{lane}b_input" in names for lane in lanes):
        return scene
    sums: dict[int, list[tuple[int, str]]] = {}
    for name in names:
        if found := _LEVEL.fullmatch(name):
            sums.setdefault(int(found[1]), []).append((int(found[2]), name))
    columns = [
        ("operands", operands, 0),
        ("coefficients", [f"{lane}b_input" for lane in lanes], 1),
        ("products", [f"{lane}p_pipeline_0" for lane in lanes], 2),
        ("products kept", [f"{lane}p_pipeline_1" for lane in lanes], 3),
    ]
    behind = 3
    for _, level in sorted(sums.items()):
        behind += 1
        columns.append(("sums", [name for _, name in sorted(level)], behind))
    columns.append(("sum", ["array.array.sum"], behind + 1))
    behind += 1
    for stage in ("quotient", "rounded", "clipped"):
        if f"array.requantiser.{stage}" in names:
            behind += 1
            columns.append((stage, [f"array.requantiser.{stage}"], behind))
    valid = ["window.o__valid" if "window.o__valid" in names else "feeder.o__valid"]
    valid += [f"array.beside.valid_{place}" for place in range(behind)]
    scene["columns"] = [
        {"what": what, "cells": cells, "behind": place, "valid": valid[place]}
        for what, cells, place in columns
        if valid[place] in names
    ]
    scene["columns"] += _lines(module)
    return scene


def _operands(names: set[str], taps: int) -> list[str]:
    """The registers of the delay line, or of the window, in the order of the lanes."""
    for form in ("feeder.line_0.samples__{}", "window.places__{}"):
        found = [form.format(place) for place in range(taps)]
        if all(name in names for name in found):
            return found
    return []


def _lines(module: "Module") -> list[dict[str, Any]]:
    """The line buffer's memory, which has a word for each column."""
    return [
        {"what": "lines", "memory": entry.name, "depth": entry.depth}
        for entry in module.entries
        if entry.role == "memory" and entry.name.startswith("lines.")
    ]


def _parts(names: set[str]) -> dict[str, list[str]]:
    """All registers that have a name, by the part that they are in; in the order of their numbers."""
    parts: dict[str, list[str]] = {}
    for name in sorted(
        names, key=lambda name: [int(piece) if piece.isdigit() else piece for piece in re.split(r"(\d+)", name)]
    ):
        if "$" not in name:
            parts.setdefault(name.rpartition(".")[0] or "core", []).append(name)
    return parts
