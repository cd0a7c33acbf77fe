"""All files of a testbench, by their names."""

from typing import TYPE_CHECKING

from ..clocking import Clocking
from ..designs import Design
from ..shell import Shell
from .cocotb_text import cocotb_text
from .vectors import vectors
from .verilog_text import Port, verilog_text
from .words import results_text, steps_text, words_of

if TYPE_CHECKING:
    from ..clocking import AxiClock, Reset, ResetStyle

__all__ = ["bench_files"]


def bench_files(
    design: Design,
    file: str,
    name: str | None = None,
    *,
    axi_clock: "AxiClock" = "shared",
    reset: "Reset" = "active-low",
    reset_style: "ResetStyle" = "sync",
    frames: int = 8,
    seed: int = 1,
    shell: Shell | None = None,
) -> dict[str, str]:
    """Makes a testbench of the block that `convolver.hw.export.verilog.generate` writes of the same design and options.

    Parameters
    ----------
    design : Design
    file : str
        Name, without ending, of the block's file; those of the testbench begin with it.
    name : str, optional
        The block's module, by default as `generate` calls it.
    axi_clock, reset, reset_style
        As for `generate`.
    frames : int
        Random frames, besides extremes by construction.
    seed : int
        Of the random frames.
    shell : Shell, optional
        As for `generate`.

    Raises
    ------
    DesignError
        If there is no testbench for such a shell.

    Returns
    -------
    dict of str
        FILE_tb.v, plain Verilog whose module is FILE's module with ``_tb`` behind it; FILE_tb_cocotb.py, the same for cocotb;
        and FILE_tb_steps.hex and FILE_tb_results.hex, which both of them read.
    """
    from amaranth.hdl import Shape
    from amaranth.lib.wiring import In

    from ..hw.bus.axi import ports
    from ..hw.export.verilog import default_name

    name = default_name(design) if name is None else name
    clocking = Clocking(axi_clock, reset, reset_style)
    shell = shell or Shell()
    found = {
        port: Port(member.flow is In, Shape.cast(member.shape).width) for port, member in ports(design, clocking, shell).items()
    }
    words = words_of({port: told.width for port, told in found.items()})
    made = vectors(design, frames, seed, shell)
    return {
        f"{file}_tb.v": verilog_text(name, file, found, clocking, words, made),
        f"{file}_tb_cocotb.py": cocotb_text(name, file, clocking, made),
        f"{file}_tb_steps.hex": steps_text(words, made),
        f"{file}_tb_results.hex": results_text(words, made),
    }
