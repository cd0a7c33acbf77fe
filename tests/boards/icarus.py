"""A netlist read back, in Verilog on Icarus: what its output is, level for level."""

import shutil
import subprocess
from pathlib import Path

import pytest

__all__ = ["needs_icarus", "output_of"]

needs_icarus = pytest.mark.skipif(
    shutil.which("iverilog") is None, reason="Icarus Verilog isn't installed (Debian: apt install iverilog)"
)


def output_of(verilog: str, tick: str, levels: bytes, folder: Path, *, rest: int = 0) -> bytes:
    """The level of pin 9 in each tick of a netlist's Verilog, that of pin 6 being given; 2 where it is unknown.

    `tick` are the Verilog statements of a tick: they set `clk` and `rx`, and write `tx`. `rest` is the time ahead of them.
    """
    (folder / "levels.hex").write_text("\n".join(str(level) for level in levels))
    bench = f"""
module bench;
  reg clk = 0, rx = 1;
  wire tx;
  reg levels [0:{len(levels) - 1}];
  integer tick;
  bitstream dut(.clk(clk), .pin_6(rx), .pin_9(tx));
  initial begin
    $readmemh("levels.hex", levels);
    #{rest};
    for (tick = 0; tick < {len(levels)}; tick = tick + 1) begin
      {tick}
    end
    $finish;
  end
endmodule
"""
    (folder / "circuit.v").write_text(verilog + bench)
    subprocess.run(["iverilog", "-g2005", "-s", "bench", "-o", "circuit.vvp", "circuit.v"], cwd=folder, check=True)
    told = subprocess.run(["vvp", "-n", "circuit.vvp"], cwd=folder, check=True, capture_output=True, text=True).stdout
    return bytes(int(level) for level in told.strip().replace("x", "2").replace("z", "2"))
