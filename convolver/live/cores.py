"""The cores of the lessons: which there are, and what a browser needs of each."""

import dataclasses
import json
import zlib
from collections.abc import Mapping
from typing import Any, get_args

from ..designs import Conv2DDesign, Design, FIRDesign, Pipeline
from ..formats import Format, Overflow, Rounding, s8, s16, u8
from ..plan.lowering import lower
from ..progress import Advance
from .scenes import scene_of

__all__ = ["EIGHT_BITS", "EXACT", "lesson_cores", "packed", "variant"]

TAPS = 7
"""Of the filter whose registers are shown: so many rows fit a telephone."""

SIDE = 32
"""Rows and columns of the largest picture."""

EXACT, EIGHT_BITS = "exact", "8bit"
SHIFT = 4

ECHO = 255
"""Samples from a sound to its echo: the longest that one filter has."""

EQUALISER_TAPS = 33


def variant(base: str, rounding: Rounding, overflow: Overflow) -> str:
    """The name of a core whose results are cut to eight bits in this way."""
    return f"{base} {EIGHT_BITS} {rounding} {overflow}"


def lesson_cores() -> dict[str, Design]:
    """Each core of the lessons by its name. Rounding and saturation are gateware: each choice is a core of its own."""
    identity = (1, *[0] * (TAPS - 1))
    signal = FIRDesign(identity, data=s8, coefficient=s8, loadable=True, symmetry="none")
    spot = ((0, 0, 0), (0, 1, 0), (0, 0, 0))
    picture = Conv2DDesign(spot, pixel=u8, coefficient=s8, loadable=True, switchable=True, rows=SIDE, columns=SIDE)
    cores: dict[str, Design] = {f"signal {EXACT}": signal, f"picture {EXACT}": picture}
    for rounding in get_args(Rounding):
        for overflow in get_args(Overflow):
            cut: dict[str, Any] = {"shift": SHIFT, "rounding": rounding, "overflow": overflow}
            cores[variant("signal", rounding, overflow)] = signal.replace(output=s8, **cut)
            cores[variant("picture", rounding, overflow)] = picture.replace(output=u8, **cut)
    patch = tuple(tuple(int(row == column == 2) for column in range(5)) for row in range(5))
    cores["patch"] = Conv2DDesign(
        patch, pixel=u8, coefficient=s8, loadable=True, operation="correlate", boundary="edge", rows=SIDE, columns=SIDE
    )
    side = (0,) * (EQUALISER_TAPS // 2)
    flat = (*side, 1 << 14, *side)
    cores["equaliser"] = FIRDesign(flat, data=s16, coefficient=s16, output=s16, shift=14, loadable=True, symmetry="symmetric")
    once = FIRDesign((16, *[0] * (ECHO - 1), 9), data=s16, output=s16, shift=5)
    cores["echo"] = Pipeline((once, once.replace(shift=4)))
    return dict(sorted(cores.items(), key=lambda item: item[0]))


def packed(cores: Mapping[str, Design], advance: Advance) -> bytes:
    """What the browser reads, deflated: the length of a JSON text, that text, and the cores' WebAssembly one behind the other.

    Raises
    ------
    ToolError
        If Amaranth or its Yosys isn't installed.
    """
    from ..sim.wasm.module import modules_of_designs

    advance("making the cores")
    modules = modules_of_designs(list(cores.values()))
    table: dict[str, Any] = {}
    binaries: list[bytes] = []
    begin = 0
    for (name, design), module in zip(cores.items(), modules, strict=True):
        assert module.ports is not None
        plan = lower(design)
        table[name] = {
            "at": [begin, begin + len(module.binary)],
            "entries": [
                [entry.name, entry.role, entry.address, entry.width, int(entry.signed), entry.depth] for entry in module.entries
            ],
            "ports": {
                "input": _fields(module.ports.input),
                "output": _fields(module.ports.output),
                "coefficients": _fields(module.ports.coefficients),
                "sizes": list(module.ports.sizes),
            },
            "latency": plan.latency,
            "multipliers": plan.multipliers,
            "sample": _format(design.sample),
            "result": _format(design.output_format),
            "shift": getattr(design, "shift", 0),
            "rounding": getattr(design, "rounding", ""),
            "overflow": getattr(design, "overflow", ""),
            "scene": scene_of(design, module),
        }
        binaries.append(module.binary)
        begin += len(module.binary)
    text = json.dumps(table, separators=(",", ":")).encode()
    return zlib.compress(len(text).to_bytes(4, "little") + text + b"".join(binaries), 9)


def _fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: dataclasses.asdict(field) for name, field in fields.items()}


def _format(form: Format) -> dict[str, int]:
    return {"width": form.width, "signed": int(form.signed), "min": form.min, "max": form.max}
