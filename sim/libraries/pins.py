"""The pins of a board twin, a clocked device with a link, and C++ that accesses them for board.h or board_fifo.h."""

from dataclasses import asdict, dataclass
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING, Any, ClassVar, Self

from . import ports
from .ports import Ports

if TYPE_CHECKING:
    from convolver.hw.link.one_clock import OneClockTop

__all__ = ["FabricPins", "FifoPins", "Pins", "TablePins", "TimedPins", "UartPins", "glue", "pins_of", "ports_from_dict"]

ANSWER, RECOVERY = 14e-9, 49e-9
"""Seconds from an FT2232H's strobe to data and status, at most; shortest inactive time of its status after a strobe."""


@dataclass(frozen=True)
class Pins(Ports):
    """The pins of a component without streams. `units` bits or bytes take `clocks` clocks on the line."""

    clocks: int = 4
    units: int = 1

    functions: ClassVar[tuple[str, ...]] = ("new", "delete", "run")

    @classmethod
    def of_rate(cls, clocks: Fraction, **more: int) -> Self:
        """Pins at a rate of `clocks` clocks for one unit."""
        rate = {"clocks": clocks.numerator, "units": clocks.denominator}
        return cls(
            input={}, output={}, coefficients={}, errors={}, sizes={}, flags=(), latency=None, borders={}, **rate, **more
        )

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> Self:
        """The inverse of `to_dict`."""
        return cls(**{name: value for name, value in plain.items() if name != "kind"} | {"flags": ()})

    def further(self, device: str, number: int) -> list[str]:
        """Functions that only the device of these pins has; `device` is C++ for it, from a pointer `s`."""
        del device, number
        return []

    def to_dict(self) -> dict[str, Any]:
        return {"kind": type(self).__name__} | asdict(self)


@dataclass(frozen=True)
class UartPins(Pins):
    """`rx` and `tx`; `units` are bits."""

    header: ClassVar[str] = "board.h"
    lines = "uart_lines"

    @property
    def constants(self) -> str:
        """Constants for the C++ at the far end of the pins."""
        return f"clocks = {self.clocks}, bits = {self.units}"

    def accessors(self) -> list[str]:
        """C++ functions that access the pins."""
        return [
            "static void set_rx(top &t, bool level) { t.p_rx = value<1>::of(level); }",
            "static bool tx(const top &t) { return t.p_tx.low(); }",
        ]


@dataclass(frozen=True)
class TablePins(UartPins):
    """UART pins of a circuit given as a table of numbers."""

    functions: ClassVar[tuple[str, ...]] = (*UartPins.functions, "load", "levels")

    def further(self, device: str, number: int) -> list[str]:
        return [
            f"void twin_load_{number}(void *s, const std::uint32_t *table) {{ {device}->top.load(table); }}",
            f"void twin_levels_{number}(void *s, const char *in, char *out, i64 n) {{ {device}->top.levels(in, out, n); }}",
        ]


@dataclass(frozen=True)
class FabricPins(TablePins):
    """UART pins of a circuit in a bitstream."""

    functions: ClassVar[tuple[str, ...]] = (*TablePins.functions, "unstable", "drive", "watch", "saw")

    def further(self, device: str, number: int) -> list[str]:
        return [
            *super().further(device, number),
            f"void twin_drive_{number}(void *s, std::uint32_t net, const char *in, i64 n)",
            f"{{ {device}->top.drive(net, in, n); }}",
            f"void twin_watch_{number}(void *s, const std::uint32_t *nets, i64 count, i64 ticks)",
            f"{{ {device}->top.watch(nets, count, ticks); }}",
            f"i64 twin_saw_{number}(void *s, std::uint32_t *out) {{ return {device}->top.saw(out); }}",
            f"i64 twin_unstable_{number}(void *s) {{ return twin::i64({device}->top.unstable); }}",
        ]


@dataclass(frozen=True)
class TimedPins(TablePins):
    """UART pins of a circuit with delays."""

    functions: ClassVar[tuple[str, ...]] = (*TablePins.functions, "put", "violations")

    def further(self, device: str, number: int) -> list[str]:
        return [
            *super().further(device, number),
            f"void twin_put_{number}(void *s, std::uint32_t net, std::uint32_t level, i64 tick, std::uint32_t delay)",
            f"{{ {device}->top.put(net, level, tick, delay); }}",
            f"void twin_violations_{number}(void *s, std::uint32_t *out) {{ {device}->top.violations(out); }}",
        ]


@dataclass(frozen=True)
class FifoPins(Pins):
    """The pins of an FT245 FIFO; `units` are bytes. `answer` and `recovery` are the chip's times, in clocks.

    The device's outputs are seen one clock late: an answer takes at least two clocks, too long for a device below 71
    MHz.
    """

    answer: int = 2
    recovery: int = 1

    header: ClassVar[str] = "board_fifo.h"
    lines = "fifo_lines"

    @property
    def constants(self) -> str:
        """Constants for the C++ at the far end of the pins."""
        return f"clocks = {self.clocks}, bytes = {self.units}, answer = {self.answer}, recovery = {self.recovery}"

    def accessors(self) -> list[str]:
        """C++ functions that access the pins."""
        return [
            "static void set(top &t, bool rxf_n, bool txe_n, unsigned data) {",
            "\tt.p_rxf__n = value<1>::of(rxf_n);",
            "\tt.p_txe__n = value<1>::of(txe_n);",
            "\tt.p_data__i = value<8>::of(data);",
            "}",
            "static bool rd_n(const top &t) { return t.p_rd__n.low(); }",
            "static bool wr_n(const top &t) { return t.p_wr__n.low(); }",
            "static bool driven(const top &t) { return t.p_data__oe.low() == 0xff; }",
            "static unsigned data(const top &t) { return t.p_data__o.low(); }",
        ]


def pins_of(top: "OneClockTop") -> UartPins | FifoPins:
    """The pins of a board twin's top, at its rate."""
    if top.pins == "uart":
        bit = top.byte_clocks / 10
        return UartPins.of_rate(bit)
    answer, recovery = (ceil(time * top.clock_hz) for time in (ANSWER, RECOVERY))
    return FifoPins.of_rate(top.byte_clocks, answer=max(answer, 2), recovery=recovery)


def ports_from_dict(plain: dict[str, Any]) -> Ports:
    """The inverse of `Ports.to_dict` and `Pins.to_dict`."""
    kinds = {kind.__name__: kind for kind in (UartPins, FabricPins, TimedPins, FifoPins)}
    return kinds[plain["kind"]].from_dict(plain) if "kind" in plain else Ports.from_dict(plain)


def glue(of: Ports, number: int) -> str:
    """C++ that gives a driver access to the ports of design `number`, and the functions that Python calls."""
    if not isinstance(of, UartPins | FifoPins):
        return ports.glue(of, number)
    lines = f"{of.lines}<board_{number}>"
    this = f"static_cast<{lines} *>(s)"
    return "\n".join(
        [
            "namespace {",
            "using namespace twin;",
            f"struct board_{number} {{",
            f"\tusing top = design_{number}::top;",
            f"\tstatic constexpr i64 {of.constants};",
            *("\t" + line.replace("static ", "TWIN_INLINE static ") for line in of.accessors()),
            "};",
            "} // namespace",
            'extern "C" {',
            f"void *twin_new_{number}() {{ return new {lines}; }}",
            f"void twin_delete_{number}(void *s) {{ delete {this}; }}",
            f"void twin_run_{number}(void *s, line_job *j) {{ {this}->run(*j); }}",
            *of.further(this, number),
            "}",
            "",
        ]
    )
