"""What a worker of a cluster does: it runs one tool on what it is sent, and sends back what came out."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from ..boards.alone import Alone, Circuit, limits_of, placed, split, synthesised
from ..boards.cell_counts import Size, size_of
from ..boards.timing import Limit
from ..boards.toolchain import versions
from ..errors import BoardError, ToolError

__all__ = ["Placed", "Synthesised", "place", "synthesise"]


@dataclass(frozen=True)
class Synthesised:
    """A netlist, packed; the circuit's size, and the lowest limit of its blocks, if any is known."""

    packed: bytes
    size: Size
    limit: Limit | None


@dataclass(frozen=True)
class Placed:
    """nextpnr's clock in Hz, and the slowest path; or why there was no room."""

    hertz: float
    path: str
    refused: str = ""


def synthesise(circuit: Circuit, device: Alone, wanted: Mapping[str, str]) -> Synthesised:
    """Synthesises a circuit, with Yosys in the version that is wanted."""
    _check(["yosys"], wanted)
    netlist = synthesised(circuit)
    inside, _ = split(netlist.module)
    known = limits_of(device, inside)
    return Synthesised(zlib.compress(netlist.text.encode()), size_of(cell.type for cell in inside), known[0] if known else None)


def place(found: Synthesised, device: Alone, aim: float, seed: int, tool: str, wanted: Mapping[str, str]) -> Placed:
    """Places and routes a netlist with a seed, with nextpnr in the version that is wanted."""
    _check([tool], wanted)
    try:
        clock, path = placed(zlib.decompress(found.packed).decode(), device, [], aim, seed)
    except BoardError as error:
        return Placed(0.0, "", str(error))
    return Placed(clock.reported, path)


def _check(tools: list[str], wanted: Mapping[str, str]) -> None:
    for name, version in versions(tools).items():
        if wanted.get(name) != version:
            raise ToolError(f"A worker must have {name} {wanted.get(name)}, not {version}")
