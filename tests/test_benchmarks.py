"""The benchmarks begin: each imports what it needs, and says how it is called."""

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = sorted((Path(__file__).parents[1] / "benchmarks").glob("*.py"))


@pytest.mark.parametrize("path", BENCHMARKS, ids=lambda path: path.stem)
def test_help(path):
    ended = subprocess.run([sys.executable, path, "--help"], capture_output=True, text=True, check=False, timeout=100)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith(f"usage: {path.name} [-h]")


def test_a_row_that_no_benchmark_has():
    [path] = (path for path in BENCHMARKS if path.stem == "netlist")
    ended = subprocess.run([sys.executable, path, "fir-17"], capture_output=True, text=True, check=False, timeout=100)
    assert ended.returncode == 2
    last = ended.stderr.splitlines()[-1]
    assert last.startswith("netlist.py: error: a row must be one of conv-3x3, ")
    assert last.endswith(", not 'fir-17'")
