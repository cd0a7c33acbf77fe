"""What every report has: latency, throughput, frames and memory of a design's core, by its plan."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

from ..designs import Design, of_kind
from ..plan import Family, Plan
from ..plan.shell import block_latency, shelled
from ..shell import FULL, Shell
from .numbers import counted, plain

__all__ = ["Report", "reported"]

Line = tuple[str, str]
"""A name, and a sentence."""


@dataclass(frozen=True)
class Report:
    """The numbers of a design. Each kind says what it computes, of what, and what a frame takes.

    Parameters
    ----------
    plan : Plan
        The plan that the core is elaborated from; it states latency and cost.
    shell : Shell, optional
        What is around the core in its Verilog; by default everything.
    clock : float, optional
        The clock that was asked for, in hertz; by default none was.

    Raises
    ------
    DesignError
        If the core needs more than its shell has.
    """

    plan: Plan
    shell: Shell = FULL
    clock: float | None = None

    def __post_init__(self) -> None:
        block_latency(self.plan, self.shell)

    gaps: ClassVar[str] = "without gaps between frames"
    """How frames follow one another."""

    @property
    def design(self) -> Design:
        """What is reported on."""
        return self.plan.design

    @property
    def family(self) -> Family | None:
        """Device family that it is planned for; None is any."""
        return self.plan.target.family

    def to_dict(self) -> dict[str, Any]:
        """The numbers by name, in plain values; clocks, bits and samples, fractions as float."""
        design, plan = self.design, self.plan
        return {
            "kind": design.kind,
            "family": self.family,
            "clock": self.clock,
            "latency": plan.latency,
            "block_latency": list(block_latency(plan, self.shell)),
            "block_memory_bits": self._block_memory,
            "shell": {
                "registers": self.shell.registers,
                "description": self.shell.description,
                "handshake": self.shell.handshake,
                "frame": self.shell.frame,
            },
            "clocks_per_sample": plain(Fraction(plan.cycles, plan.pixels)),
            "multipliers": plan.multipliers,
            "hard_multipliers": plan.hard_multipliers,
            "lanes": plan.multiplications,
            "memory_bits": plan.memory_bits(),
            "line_buffer_bits": plan.memory_bits("line buffer"),
            "sample_memory_bits": plan.memory_bits("samples"),
            "coefficient_memory_bits": plan.memory_bits("coefficients"),
            "output_buffer_bits": plan.memory_bits("output buffer"),
            "output": str(design.output_format),
            "outputs": design.outputs,
            **dict(self.own_numbers()),
        }

    def own_numbers(self) -> Iterator[tuple[str, Any]]:
        """The numbers that only this kind has."""
        return iter(())

    def lines(self) -> list[Line]:
        """The numbers as pairs of a name and a sentence, for people."""
        design, plan = self.design, self.plan
        return [
            ("design", self.what()),
            ("input", f"{design.sample}, {design.sample.min} to {design.sample.max}"),
            *self.values(),
            ("latency", f"{plan.latency} clocks from the {design.element} that completes a result to the result"),
            ("in Verilog", self._block()),
            *self._pace(),
            ("throughput", f"{self._throughput()}, {self.gaps}"),
            ("a frame", self.frame_clocks()),
            *self.cost(),
            ("memory", self._memory()),
        ]

    def what(self) -> str:
        """What it computes."""
        raise NotImplementedError

    def values(self) -> Iterator[Line]:
        """What becomes of samples on their way to results."""
        raise NotImplementedError

    def frame_clocks(self) -> str:
        """What a frame takes."""
        raise NotImplementedError

    def cost(self) -> Iterator[Line]:
        """What it is made of, but for memories."""
        raise NotImplementedError

    def text(self) -> str:
        """`lines` as aligned text."""
        pairs = self.lines()
        width = max(len(name) for name, _ in pairs) + 2
        return "\n".join(f"{name:<{width}}{value}" for name, value in pairs)

    def _block(self) -> str:
        """Latency of what is around the core in emitted Verilog, and the core's memory there."""
        least, most = block_latency(self.plan, self.shell)
        bare = "" if self.shell.has_registers else "; no registers"
        if (bits := self._block_memory) != self.plan.memory_bits():
            bare += f"; memory {bits} bits" if bits else "; no memory"
        if not self.shell.waits:
            return f"latency {least}; no back-pressure{bare}"
        if least == most:
            return f"latency {least}, with a register slice in front{bare}"
        waits = f"the more, the more {self.design.element}s wait in it"
        return f"latency {least} to {most}, with a register slice in front: {waits}{bare}"

    @property
    def _block_memory(self) -> int:
        """Bits of the core's memories in its shell."""
        return shelled(self.plan, self.shell).memory_bits()

    def _pace(self) -> Iterator[Line]:
        """The clock that the core has registers for, where one is asked for."""
        if self.clock is not None:
            hertz = self.plan.target.pace.hertz
            clocks = "the devices' full speed" if hertz is None else f"a clock of up to {hertz / 1e6:g} MHz"
            yield "registers", f"as many as {clocks} needs"

    def _throughput(self) -> str:
        plan = self.plan
        return f"{counted(plan.pixels, self.design.element)} in {counted(plan.cycles, 'clock')}{plan.beat.rounded}"

    def _memory(self) -> str:
        plan = self.plan
        memories = {
            "line buffer": plan.memory_bits("line buffer"),
            "samples": plan.memory_bits("samples"),
            "coefficients": plan.memory_bits("coefficients"),
            "output buffer": plan.memory_bits("output buffer"),
            "queues": plan.memory_bits("queue"),
        }
        told = [f"{name} {bits}" for name, bits in memories.items() if bits]
        total = f"{plan.memory_bits()} bits"
        return f"{total}, the output buffer" if len(told) == 1 else f"{total}: {', '.join(told)}"


def reported(plan: Plan, shell: Shell, clock: float | None = None) -> Report:
    """The report of a design by its plan: the ``...Report`` of its kind's file here. The parameters are those of `Report`."""
    report: Report = of_kind(type(plan.design), __package__, "{Kind}Report", "to report on")(plan, shell, clock)
    return report
