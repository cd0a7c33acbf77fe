"""Lets the tests import their neighbours as ``random_designs.fir`` and so on."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
