"""What the hard multipliers of iCE40 UltraPlus do in a FIR's netlist: how many there are, and which of their registers are on.

    python benchmarks/netlist.py

Loadable coefficients, the whole core, `synth_ice40 -device u`. The marks: 8 taps of 16x16 bits on 8 SB_MAC16, 16 taps of 8x8
on 8, all registers on.
"""

import json
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from amaranth.back import rtlil

from convolver import FIRDesign
from convolver.boards.toolchain import run, versions
from convolver.hw.core import create
from convolver.hw.families import FamilyPlatform

ROWS = {
    "8 taps, 16x16": FIRDesign([1] * 8, data="s16", coefficient="s16", loadable=True),
    "16 taps, 8x8": FIRDesign([1] * 16, data="s8", coefficient="s8", loadable=True),
}


def netlist(design: FIRDesign, directory: Path) -> dict[str, Any]:
    (directory / "top.il").write_text(
        rtlil.convert(create(design), name="top", platform=FamilyPlatform("ice40"), emit_src=False)
    )
    run("yosys", ["-q", "-p", "read_rtlil top.il; synth_ice40 -device u -top top; write_json top.json"], directory)
    module: dict[str, Any] = json.loads((directory / "top.json").read_text())["modules"]["top"]
    return module


def registers(parameters: dict[str, str]) -> str:
    """The register stages that a SB_MAC16 has on."""
    on = {name: int(value, 2) for name, value in parameters.items()}
    halves = on["TOPOUTPUT_SELECT"] == on["BOTOUTPUT_SELECT"] == 1 and on["MODE_8x8"]
    whole = on["TOPOUTPUT_SELECT"] == on["BOTOUTPUT_SELECT"] == 3 and on["PIPELINE_16x16_MULT_REG2"]
    middle = ["TOP_8x8_MULT_REG", "BOT_8x8_MULT_REG"] + ["PIPELINE_16x16_MULT_REG1"] * (not on["MODE_8x8"])
    stages = {
        "input": on["A_REG"] and on["B_REG"],
        "pipeline": all(on[name] for name in middle),
        "output": halves or whole,
    }
    return ", ".join(name for name, there in stages.items() if there) or "none"


def main() -> None:
    print(f"{'iCE40 UltraPlus':<18}{'SB_MAC16':>9}{'LUT4':>7}{'FF':>7}   registers of each SB_MAC16")
    for name, design in ROWS.items():
        with TemporaryDirectory() as temporary:
            cells = netlist(design, Path(temporary))["cells"].values()
        types = Counter(cell["type"] for cell in cells)
        flip_flops = sum(count for kind, count in types.items() if kind.startswith("SB_DFF"))
        found = {registers(cell["parameters"]) for cell in cells if cell["type"] == "SB_MAC16"}
        print(f"{name:<18}{types['SB_MAC16']:>9}{types['SB_LUT4']:>7}{flip_flops:>7}   {'; '.join(sorted(found))}")
    print(", ".join(f"{name} {version}" for name, version in versions(["yosys"]).items()))


if __name__ == "__main__":
    main()
