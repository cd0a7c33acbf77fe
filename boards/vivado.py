"""What Vivado is told of the crossings between a board's clocks.

By its precedence rules (AMD UG903, "Timing Exceptions Priority") set_clock_groups and set_false_path win over set_max_delay,
however narrow that is. So there is none of the first two between the domains, and every path is bounded: what crosses keeps
still for longer than the bound, and the bits of a FIFO's Gray-coded pointers are less than a clock of either side apart.
"""

from collections.abc import Iterable
from typing import Any

from amaranth.hdl import Module, Signal

from .clocks import Clocks, Domain

__all__ = ["bounded", "max_delays"]


def max_delays(clocks: Clocks, oscillator: str) -> str:
    """Tcl that bounds every path from one domain to another by a clock of the faster one.

    Parameters
    ----------
    clocks : Clocks
    oscillator : str
        Vivado's name of the clock that drives the domains that no PLL does.
    """

    def name(domain: Domain) -> str:
        return f"{domain.name}_clk" if domain in clocks.domains else oscillator

    def pairs() -> Iterable[tuple[Domain, Domain]]:
        return ((one, other) for one in clocks.all for other in clocks.all if one != other)

    return "\n".join(
        f"set_max_delay -datapath_only -from [get_clocks {name(one)}] -to [get_clocks {name(other)}]"
        f" {1e9 / float(max(one.hertz, other.hertz)):.3f}"
        for one, other in pairs()
    )


def bounded(platform: type) -> type:
    """The platform, whose synchronisers are left to `max_delays`: Amaranth's would have a false path each."""

    class Bounded(platform):
        def get_ff_sync(self, ff_sync: Any) -> Module:
            m = Module()
            value = ff_sync.i
            for index in range(ff_sync._stages):
                stage = Signal(
                    ff_sync.i.shape(),
                    name=f"stage{index}",
                    init=ff_sync._init,
                    reset_less=ff_sync._reset_less,
                    attrs={"ASYNC_REG": "TRUE"},
                )
                m.d[ff_sync._o_domain] += stage.eq(value)
                value = stage
            m.d.comb += ff_sync.o.eq(value)
            return m

    Bounded.__name__ = platform.__name__
    return Bounded
