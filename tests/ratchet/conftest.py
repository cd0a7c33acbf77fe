"""Lets the tests import their neighbours as ``ratchet.netlist`` and so on."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
