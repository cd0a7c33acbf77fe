"""A board's clocks as hardware: its oscillator, the PLL of each family, and the domains with their resets."""

from fractions import Fraction
from typing import Any

from amaranth.hdl import ClockDomain, ClockSignal, Const, Elaboratable, Instance, Module, Signal
from amaranth.lib import io
from amaranth.lib.cdc import FFSynchronizer, ResetSynchronizer

from .clocks import Clocks, Domain
from .pll import PLL

__all__ = ["ClockTree"]

POWER_ON = 15e-6
"""Seconds in reset after configuration. An iCE40's block RAMs read as zero for the first 3 us (YosysHQ/icestorm issue 76)."""

FILTER_RANGES = ((17e6, 1), (26e6, 2), (44e6, 3), (66e6, 4), (101e6, 5), (133e6, 6))
"""An iCE40 PLL's FILTER_RANGE up to each frequency of its phase detector, as icestorm's icepll sets it."""


class ClockTree(Elaboratable):
    """Drives the domains of `clocks`, which are defined above it, on a board; each is in reset until the PLL has locked.

    A platform's method `get_pll`, if it has one, gives what stands for the PLL, as for what Amaranth lets platforms override.

    Parameters
    ----------
    clocks : Clocks
    """

    def __init__(self, clocks: Clocks) -> None:
        self._clocks = clocks

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        clocks = self._clocks
        pad = platform.request(platform.default_clk, dir="-")
        outputs = [Signal(name=f"{domain.name}_clk") for domain in clocks.domains]
        locked = Signal()
        if clocks.pll.family == "ice40" and not hasattr(platform, "get_pll"):
            if clocks.at_pll:
                # The PLL takes its input straight from the pad, which nothing else can use then.
                source = {"io_PACKAGEPIN": pad.io}
            else:
                m.submodules.oscillator = buffer = io.Buffer("i", pad)
                source = {"i_REFERENCECLK": buffer.i}
            m.submodules.pll = _ice40(clocks.pll, source, outputs, locked)
            oscillator = outputs[-1]
        else:
            m.submodules.oscillator = buffer = io.Buffer("i", pad)
            oscillator = buffer.i
            if hasattr(platform, "get_pll"):
                m.submodules.pll = platform.get_pll(clocks.pll, oscillator, outputs, locked)
            elif clocks.pll.family == "ecp5":
                m.submodules.pll = _ecp5(clocks.pll, oscillator, outputs, locked)
            else:
                oscillator = _global(m, "oscillator", oscillator)
                _series7(m, clocks.pll, oscillator, outputs, locked)

        button = Signal()
        if platform.default_rst is not None:
            m.submodules.button = reset = io.Buffer("i", platform.request(platform.default_rst, dir="-"))
            m.d.comb += button.eq(reset.i)

        slow = clocks.link if oscillator is outputs[-1] else Domain("sync", Fraction(clocks.pll.input_hz))
        m.domains += ClockDomain("power_on", reset_less=True, local=True)
        m.d.comb += ClockSignal("power_on").eq(oscillator)
        ticks = int(POWER_ON * slow.hertz)
        timer, steady, ready = Signal(range(ticks + 1)), Signal(), Signal()
        m.submodules.locked = FFSynchronizer(locked, steady, o_domain="power_on")
        with m.If(~steady):
            m.d.power_on += [timer.eq(0), ready.eq(0)]
        with m.Elif(timer != ticks):
            m.d.power_on += timer.eq(timer + 1)
        with m.Else():
            m.d.power_on += ready.eq(1)

        for domain in clocks.all:
            place = next((place for place, one in enumerate(clocks.domains) if one.name == domain.name), None)
            clock = oscillator if place is None else outputs[place]
            m.d.comb += ClockSignal(domain.name).eq(clock)
            m.submodules[f"{domain.name}_reset"] = ResetSynchronizer(~ready | button, domain=domain.name)
            if place is not None:
                platform.add_clock_constraint(clock, float(domain.hertz))
        return m


def _ecp5(pll: PLL, clock: Signal, outputs: list[Signal], locked: Signal) -> Instance:
    """EHXPLLL: its first output, CLKOP, is also its feedback (Lattice FPGA-TN-02200)."""
    names = ("CLKOP", "CLKOS")[: len(outputs)]
    settings: dict[str, Any] = {}
    for name, divider, output in zip(names, pll.dividers, outputs, strict=True):
        settings |= {
            f"p_{name}_ENABLE": "ENABLED",
            f"p_{name}_DIV": divider,
            f"p_{name}_CPHASE": divider - 1,
            f"p_{name}_FPHASE": 0,
            f"o_{name}": output,
        }
    return Instance(
        "EHXPLLL",
        # Lattice's own tool sets these four for every PLL.
        a_ICP_CURRENT="12",
        a_LPF_RESISTOR="8",
        a_MFG_ENABLE_FILTEROPAMP="1",
        a_MFG_GMCREF_SEL="2",
        p_CLKI_DIV=pll.reference,
        p_CLKFB_DIV=pll.feedback // pll.dividers[0],
        p_FEEDBK_PATH="CLKOP",
        **settings,
        i_CLKI=clock,
        i_CLKFB=outputs[0],
        i_RST=Const(0),
        i_STDBY=Const(0),
        i_PHASESEL0=Const(0),
        i_PHASESEL1=Const(0),
        i_PHASEDIR=Const(0),
        i_PHASESTEP=Const(0),
        i_PHASELOADREG=Const(0),
        i_PLLWAKESYNC=Const(0),
        i_ENCLKOP=Const(0),
        i_ENCLKOS=Const(0),
        o_LOCK=locked,
    )


def _ice40(pll: PLL, source: dict[str, Any], outputs: list[Signal], locked: Signal) -> Instance:
    """SB_PLL40_2F_PAD, or _CORE where its input comes from inside; its second output is half the first (Lattice
    FPGA-TN-02052)."""
    return Instance(
        "SB_PLL40_2F_PAD" if "io_PACKAGEPIN" in source else "SB_PLL40_2F_CORE",
        p_FEEDBACK_PATH="SIMPLE",
        p_PLLOUT_SELECT_PORTA="GENCLK",
        p_PLLOUT_SELECT_PORTB="GENCLK_HALF",
        p_DIVR=Const(pll.reference - 1, 4),
        p_DIVF=Const(pll.feedback - 1, 7),
        p_DIVQ=Const(pll.dividers[0].bit_length() - 1, 3),
        p_FILTER_RANGE=Const(next(value for most, value in FILTER_RANGES if pll.detector <= most), 3),
        **source,
        i_RESETB=Const(1),
        i_BYPASS=Const(0),
        o_PLLOUTGLOBALA=outputs[0],
        o_PLLOUTGLOBALB=outputs[1],
        o_LOCK=locked,
    )


def _series7(m: Module, pll: PLL, clock: Signal, outputs: list[Signal], locked: Signal) -> None:
    """PLLE2_BASE with global buffers behind it (AMD UG472)."""
    settings: dict[str, Any] = {}
    for place, (divider, output) in enumerate(zip(pll.dividers, outputs, strict=True)):
        made = Signal(name=f"pll_{place}")
        settings |= {f"p_CLKOUT{place}_DIVIDE": divider, f"o_CLKOUT{place}": made}
        m.d.comb += output.eq(_global(m, f"output_{place}", made))
    feedback = Signal()
    m.submodules.pll = Instance(
        "PLLE2_BASE",
        p_CLKIN1_PERIOD=1e9 / pll.input_hz,
        p_DIVCLK_DIVIDE=pll.reference,
        p_CLKFBOUT_MULT=pll.feedback,
        **settings,
        i_CLKIN1=clock,
        i_CLKFBIN=feedback,
        i_PWRDWN=Const(0),
        i_RST=Const(0),
        o_CLKFBOUT=feedback,
        o_LOCKED=locked,
    )


def _global(m: Module, name: str, clock: Signal) -> Signal:
    """A 7-series clock behind a global buffer."""
    buffered = Signal(name=f"{name}_buffered")
    m.submodules[f"{name}_global"] = Instance("BUFG", i_I=clock, o_O=buffered)
    return buffered
