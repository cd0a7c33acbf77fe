"""The named designs whose Verilog is simulated, a file a kind, each with `DESIGNS`, and with `SOAK` where some take long."""

import importlib

from convolver.designs import KINDS

__all__ = ["DESIGNS", "SOAK"]

_CASES = [importlib.import_module(f"{__name__}.{kind}") for kind in KINDS]

DESIGNS = {name: design for cases in _CASES for name, design in cases.DESIGNS.items()}

SOAK = {name: design for cases in _CASES for name, design in getattr(cases, "SOAK", {}).items()}
