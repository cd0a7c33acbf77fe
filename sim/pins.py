"""The ports of a board twin, a clocked device with a UART, and the C++ that reaches them for board.h."""

from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any, Self

from . import ports
from .ports import Ports

__all__ = ["Pins", "glue", "ports_from_dict"]


@dataclass(frozen=True)
class Pins(Ports):
    """The pins `rx` and `tx` of a component without streams; so many `bits` take so many `clocks`."""

    clocks: int = 4
    bits: int = 1

    @classmethod
    def at(cls, divisor: Fraction) -> Self:
        """The pins of a UART of this divisor, clocks a bit."""
        return cls({}, {}, {}, {}, {}, (), None, divisor.numerator, divisor.denominator)

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> Self:
        return cls.at(Fraction(plain["clocks"], plain["bits"]))

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def ports_from_dict(plain: dict[str, Any]) -> Ports:
    """Reads what `Ports.to_dict` or `Pins.to_dict` gave."""
    return Pins.from_dict(plain) if "bits" in plain else Ports.from_dict(plain)


def glue(of: Ports, number: int) -> str:
    """C++ that gives a driver the ports of design `number`, and the functions that Python calls."""
    if not isinstance(of, Pins):
        return ports.glue(of, number)
    this = f"static_cast<lines<board_{number}> *>(s)"
    return "\n".join(
        [
            "namespace {",
            "using namespace twin;",
            f"struct board_{number} {{",
            f"\tusing top = design_{number}::top;",
            f"\tstatic constexpr i64 clocks = {of.clocks}, bits = {of.bits};",
            "\tTWIN_INLINE static void set_rx(top &t, bool level) { t.p_rx = value<1>::of(level); }",
            "\tTWIN_INLINE static bool tx(const top &t) { return t.p_tx.low(); }",
            "};",
            "} // namespace",
            'extern "C" {',
            f"void *twin_new_{number}() {{ return new lines<board_{number}>; }}",
            f"void twin_delete_{number}(void *s) {{ delete {this}; }}",
            f"void twin_run_{number}(void *s, line_job *j) {{ {this}->run(*j); }}",
            "}",
            "",
        ]
    )
