"""Connections between a composite core and its parts: sizes, borders, silence, coefficients and states."""

from collections.abc import Sequence
from itertools import product
from typing import Any

from amaranth.hdl import Cat, Module, Signal, Value

from ..window.boundaries import border_ports
from ..window.signal_entry import start_of
from ..window.size_gate import sized_axes
from .loading import part_sets_of
from .part_ports import PART_STATE

__all__ = ["connect_borders", "connect_gate", "connect_parts", "connect_silence"]


def connect_gate(m: Module, whole: Any, gate: Any) -> None:
    """Connects sizes and borders of a composite core to its gate, if the gate has such ports."""
    names = (*sized_axes(whole.design), *border_ports(whole.design))
    m.d.comb += [getattr(gate, name).eq(getattr(whole, name)) for name in names if name in gate.signature.members]


def connect_borders(m: Module, source: Any, cores: Sequence[Any]) -> None:
    """Connects the border ports of a composite core, or of its gate, to its parts."""
    first = 1
    for core in cores:
        for name, own in product(("boundary", "fill"), core.design.switchable_parts):
            port = f"{name}_{own}" if own else name  # a single filter has no number
            m.d.comb += getattr(core, port).eq(getattr(source, f"{name}_{first + max(own - 1, 0)}"))
        first += len(core.design.parts) or 1


def connect_silence(m: Module, whole: Any, gate: Any, cores: Sequence[Any]) -> None:
    """Connects `silence` of a core for continuous signals to its gate, and the gate's output to all parts."""
    for name in start_of(whole.design).ports:
        m.d.comb += getattr(gate, name).eq(getattr(whole, name))
        m.d.comb += [getattr(core, port).eq(gate.starts) for core in cores for port in start_of(core.design).ports]


def connect_parts(m: Module, whole: Any, cores: Sequence[Any]) -> None:
    """Connects states and coefficients of a composite core to its parts, in the order of the design's members."""
    states, first = [], 1
    for core in cores:
        parts = core.design.parts
        count = len(parts) or 1
        if parts:
            states += [core.parts[place] for place in range(count)]
        else:
            # From a register: no output may depend combinationally on `o.ready`.
            state = Signal(PART_STATE, name=f"state_{first}")
            m.d.sync += [
                state.busy.eq(core.busy),
                state.waits.eq(core.o.valid & ~core.o.ready),
                state.holds.eq(core.i.valid & ~core.i.ready),
            ]
            states.append(state)
        first += count
    m.d.comb += Value.cast(whole.parts).eq(Cat(states))
    part_sets_of(whole.design).connect(m, whole, cores)
