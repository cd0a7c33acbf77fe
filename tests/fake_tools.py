"""Programs in the places of Yosys and nextpnr: sizes and clocks that follow from what they are given, in no time. Each run is a
line in the file ``ran`` beside them."""

import stat
import sys
from pathlib import Path

import pytest

YOSYS = """
import json, pathlib, re, sys
script = sys.argv[sys.argv.index("-p") + 1]
name = re.search(r"-json (\\S+)\\.json", script)[1]
text = pathlib.Path(name + ".v").read_text()
mults = len(re.findall(r"MULT18X18D #\\(|SB_MAC16 #\\(", text))
luts = len(text) // 100 + 2000 * (not mults)
mult = "MULT18X18D" if "synth_ecp5" in script else "SB_MAC16"
lut = "LUT4" if "synth_ecp5" in script else "SB_LUT4"
cell = lambda kind: {"type": kind, "parameters": {}, "connections": {}, "port_directions": {}}
cells = {f"m{n}": cell(mult) for n in range(mults)} | {f"l{n}": cell(lut) for n in range(luts)}
nets = {name: {"bits": []} for name in ("shift", "held", "captured", "out")}
top = {"attributes": {"top": "1"}, "cells": cells, "netnames": nets}
pathlib.Path(name + ".json").write_text(json.dumps({"modules": {"top": top}}))
"""
NEXTPNR = """
import json, pathlib, sys
given = dict(zip(sys.argv, sys.argv[1:]))
cells = json.loads(pathlib.Path(given["--json"]).read_text())["modules"]["top"]["cells"]
mults = sum(cell["type"] in ("MULT18X18D", "SB_MAC16") for cell in cells.values())
if mults > 6:
    print("ERROR: Unable to place cell, no BELs remaining")
    sys.exit(1)
reached = 200 - mults + {0: 0, 1: 10, 2: -30}[int(given["--seed"]) % 3]
told = {"fmax": {"$glbnet$clk": {"constraint": float(given["--freq"]), "achieved": reached}}, "critical_paths": []}
pathlib.Path(given["--report"]).write_text(json.dumps(told))
"""
LOGGED = 'open({log!r}, "a").write({tool!r} + "\\n")\n'


class FakeTools:
    """Puts the programs in place, and counts what was run."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self._log = folder / "ran"
        for variable, text in (("YOSYS", YOSYS), ("NEXTPNR_ECP5", NEXTPNR), ("NEXTPNR_ICE40", NEXTPNR)):
            path = folder / variable.lower()
            path.write_text(f"#!{sys.executable}\n{LOGGED.format(log=str(self._log), tool=variable)}{text}")
            path.chmod(path.stat().st_mode | stat.S_IXUSR)
            patch.setenv(variable, str(path))
        patch.setenv("CONVOLVER_CACHE", str(folder / "cache"))

    @property
    def ran(self) -> list[str]:
        """What was run since this was asked for."""
        found = self._log.read_text().split() if self._log.exists() else []
        self._log.unlink(missing_ok=True)
        return sorted(found)
