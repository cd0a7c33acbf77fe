"""A FuseSoC core for emitted Verilog: the core file, and waivers for lint warnings.

The core file is CAPI2 (https://fusesoc.readthedocs.io, "CAPI2 reference"). It is written as plain text; its few lines
need no YAML library.
"""

import re
from typing import Any

from convolver.clocking import AxiClock, Reset, ResetStyle
from convolver.designs import Design
from convolver.plan.fpgas import named_fpga
from convolver.plan.target import Family
from convolver.promises import OWNERSHIP
from convolver.shell import Shell
from convolver.version import __version__

from .verilog import default_name, generate, template

__all__ = ["PRIMITIVES", "WAIVED", "core_file", "package", "waivers"]

WAIVED = {
    "WIDTHEXPAND": "Yosys sizes constants to their value and lets Verilog extend them; that is exact.",
    "WIDTHTRUNC": "Yosys writes `!x` for `x is zero`, whatever the width of x; that is exact too.",
    "CASEINCOMPLETE": "A switch's default is assigned ahead of its `case`, so that a `case` need not be complete.",
    "UNUSEDSIGNAL": "Every field of a payload has a name, used or not, for whoever reads the file or looks at waves.",
    "PROCASSINIT": "Registers of the data path have an initial value and no reset, as FPGAs allow.",
    "VARHIDDEN": "A function's argument has the name of what it is given; a module's inner name may be that of its instance.",
    "DECLFILENAME": "One file holds all modules of a design, and may be called as its user likes.",
    "UNSIGNED": "The gateware serves every size: a border of no rows makes a comparison with 0 that is always or never true.",
    "CMPCONST": "Likewise, a largest size of all ones is one that every size passes.",
}
"""Verilator's warnings that emitted Verilog may cause, each with the reason why it is harmless: they come from the
writer of the Verilog, not from the design. Emitted Verilog causes no other warning of ``-Wall``."""

PRIMITIVES = {
    "MODMISSING": "The family's own primitives are in its vendor's library, which isn't part of this core.",
    "UNDRIVEN": "Without that library nobody can tell a primitive's outputs from its inputs.",
}
"""Additional warnings of Verilog for one device family."""


def waivers(name: str, family: Family | None = None) -> str:
    """Makes the Verilator configuration (.vlt) that waives these warnings in the file `name`.v only, each with its
    reason.

    Parameters
    ----------
    name : str
        Name of the Verilog file, without folder and ending; ``*`` and ``?`` are wildcards.
    family : {"ecp5", "ice40", "7-series"}, optional
        The family that the file was written for.
    """
    lines = ["// What Verilator may say of this file without failing the lint.", f"// {OWNERSHIP}", "`verilator_config"]
    for rule, reason in (WAIVED | (PRIMITIVES if family else {})).items():
        # The file by its bare name, and in any folder.
        lines += ["", f"// {reason}", *(f'lint_off -rule {rule} -file "{place}{name}.v"' for place in ("", "*/"))]
    return "".join(f"{line}\n" for line in lines)


def core_file(name: str, file: str, *, registers: bool = True, testbench: bool = False) -> str:
    """Makes the FuseSoC core file (CAPI2) of the module `name`: ``fusesoc run --target=lint ::NAME`` lints it with
    Verilator.

    Parameters
    ----------
    name : str
        Name of the module and of the core.
    file : str
        Name, without ending, of the Verilog file (.v) and its waivers (.vlt), which are in the core file's folder.
    registers : bool
        Whether the module has registers.
    testbench : bool
        Whether the files of `convolver.testbench` are in that folder too: the targets ``sim`` and ``sim_verilator`` run
        them.
    """
    version = re.match(r"\d+(\.\d+)*", __version__)
    assert version is not None
    filesets, targets = (_SIM_FILESETS, _SIM_TARGETS) if testbench else ("", "")
    return f"""\
CAPI=2:
# Made by convolver {__version__}. FuseSoC: https://fusesoc.readthedocs.io
# {OWNERSHIP}
name: "::{name}:{version[0]}"
description: "A convolution as an AXI4-Stream block{" with AXI4-Lite registers" * registers}"

filesets:
  rtl:
    files:
      - "{file}.v": {{file_type: verilogSource}}
  waivers:
    files:
      - "{file}.vlt": {{file_type: vlt}}
{filesets.replace("FILE", file)}
targets:
  default: &default
    filesets: [rtl]
    toplevel: "{name}"

  lint:
    <<: *default
    filesets: [rtl, waivers]
    description: "Verilator, all warnings but those that {file}.vlt names, each with its reason"
    flow: lint
    flow_options:
      tool: verilator
      verilator_options: ["-Wall"]
{targets.replace("FILE", file).replace("NAME", name)}"""


_SIM_FILESETS = """
  vectors:
    files:
      - "FILE_tb_steps.hex": {file_type: user, copyto: "FILE_tb_steps.hex"}
      - "FILE_tb_results.hex": {file_type: user, copyto: "FILE_tb_results.hex"}
  bench:
    files:
      - "FILE_tb.v": {file_type: verilogSource}

parameters:
  waves: {datatype: file, paramtype: plusarg, description: "A file for the waves"}
  stalls: {datatype: int, paramtype: plusarg, description: "0: source and sink never pause"}
  seed: {datatype: int, paramtype: plusarg, description: "Of the pauses"}
"""

_SIM_TARGETS = """
  sim: &sim
    filesets: [vectors, bench, rtl]
    toplevel: "NAME_tb"
    parameters: [waves, stalls, seed]
    description: "The self-checking testbench in Icarus Verilog"
    flow: sim
    flow_options:
      tool: icarus
      timescale: 1ns/1ps
      iverilog_options: ["-g2005"]
      vvp_options: ["-N"]

  sim_verilator:
    <<: *sim
    filesets: [vectors, waivers, bench, rtl]
    description: "The same in Verilator, version 5"
    flow_options:
      tool: verilator
      mode: binary
      verilator_options: ["--trace", "-CFLAGS -std=gnu++20"]
"""
"""FILE and NAME are placeholders for the names."""


def package(
    design: Design,
    file: str,
    name: str | None = None,
    family: Family | None = None,
    *,
    device: str | None = None,
    axi_clock: AxiClock = "shared",
    reset: Reset = "active-low",
    reset_style: ResetStyle = "sync",
    testbench: bool = False,
    shell: Shell | None = None,
    clock: float | None = None,
) -> dict[str, str]:
    """Makes all files of a design: FILE.v, its template FILE.veo, its FuseSoC core FILE.core and FILE.vlt. Gives text
    by name.

    Parameters
    ----------
    design, name, family, device, axi_clock, reset, reset_style, shell, clock
        As for `convolver.hw.export.verilog.generate`.
    file : str
        The files' name, without ending.
    testbench : bool
        Whether the core file has targets for the files of `convolver.testbench`.
    """
    name = default_name(design) if name is None else name
    if device is not None:
        family = named_fpga(device, family).family
    shell = (shell or Shell()).of(design)
    around: dict[str, Any] = {"axi_clock": axi_clock, "reset": reset, "reset_style": reset_style, "shell": shell}
    text = generate(design, name, family, device=device, clock=clock, **around)
    return {
        f"{file}.v": text,
        f"{file}.veo": template(design, name, **around),
        f"{file}.core": core_file(name, file, registers=shell.has_registers, testbench=testbench),
        f"{file}.vlt": waivers(file, family),
    }
