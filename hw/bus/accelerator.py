"""The accelerator: a core and its register bank, for any front: AXI (`convolver.hw.bus.axi`) or the link."""

from typing import Any

from amaranth.hdl import Module, Signal, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from convolver.designs import Design
from convolver.shell import FULL, Shell

from ..cores.core import create
from ..stream.layouts import beat_layout, result_layout
from .registers import BUS, RegisterBank, described, frame_members

__all__ = ["Accelerator"]


class Accelerator(wiring.Component):
    """A design's core and its registers.

    Samples go straight to and from the core: throughput, `latency` and back-pressure are the core's. The bus answers as
    described in `RegisterBank`, and delays no sample.

    Parameters
    ----------
    design : Design
        What to compute.
    core : Component, optional
        A core to use instead of ``convolver.hw.cores.core.create(design)``, for example one for a device family. It has
        the same ports, and a plan.
    shell : Shell, optional
        Which registers it has; by default all.

    Members
    -------
    i, o : the core's streams
        Samples in, results out.
    bus : In(BUS)
        Registers.
    rows, columns : Out, 2-D only
        Size of the next frame, as written.
    boundary, fill : Out, switchable only
        Its border, as written.
    length : Out(32), FIR only
        Samples of the next frame, as written; the core doesn't need it.

    Raises
    ------
    DesignError
        If the description is too long; see `convolver.hw.bus.registers.description`.
    """

    def __init__(self, design: Design, core: Any = None, shell: Shell = FULL) -> None:
        described(design, shell)  # raises here instead of in `elaborate`
        self.design = design
        self._frame = frame_members(design, shell)
        self._shell = shell
        self._core = create(design) if core is None else core
        streams = {
            "i": In(stream.Signature(beat_layout(design))),
            "o": Out(stream.Signature(result_layout(design))),
        }
        super().__init__({**streams, "bus": In(BUS), **self._frame})

    @property
    def latency(self) -> int:
        """Cycles from the acceptance of a beat to the offer of the result that it completes, without stalls."""
        return int(self._core.latency)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.core = core = self._core
        m.submodules.bank = bank = RegisterBank(core.plan, self._shell)
        connect(m, flipped(self.i), core.i)
        connect(m, core.o, flipped(self.o))
        connect(m, flipped(self.bus), bank.bus)
        m.d.comb += [
            bank.errors.eq(Value.cast(core.errors)),
            bank.i_stb.eq(core.i.valid & core.i.ready),
            bank.o_stb.eq(core.o.valid & core.o.ready),
        ]
        for name, member in self._frame.items():
            m.d.comb += getattr(self, name).eq(getattr(bank, name))
            if name in core.signature.members:
                # A register near the core, which compares sizes at its input: the bank may be placed anywhere.
                near = Signal(member.shape, name=f"{name}_near", init=member.init)
                m.d.sync += near.eq(getattr(bank, name))
                m.d.comb += getattr(core, name).eq(near)
        fixed = {name: member.init for name, member in frame_members(self.design).items() if name not in self._frame}
        m.d.comb += [getattr(core, name).eq(value) for name, value in fixed.items() if name in core.signature.members]
        for name in ("silence", "restart", "coefficients", "pending", "busy", "parts"):
            if {name} <= bank.signature.members.keys() & core.signature.members.keys():
                _join(m, getattr(bank, name), getattr(core, name), bank.signature.members[name])
        return m


def _join(m: Module, bank: Any, core: Any, member: wiring.Member) -> None:
    """Connects a port, or a stream, of the bank to that of the core."""
    if member.is_signature:
        connect(m, bank, core)
    else:
        m.d.comb += core.eq(bank) if member.flow is Out else bank.eq(core)
