"""Where Yosys can keep what it keeps of itself."""

import gc
import os
from pathlib import Path

import pytest

from convolver import FIRDesign
from convolver.hw.export import verilog
from convolver.hw.export.elaboration import yosys_has_home


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
    def convert(*_arguments, **_options):
        assert Path(os.environ["XDG_CACHE_HOME"]).is_dir()
        assert os.environ["AMARANTH_USE_YOSYS"] == "builtin"
        return "module m\nendmodule\n"

    monkeypatch.setenv("XDG_CACHE_HOME", str(file))
    monkeypatch.delenv("AMARANTH_USE_YOSYS", raising=False)
    monkeypatch.setattr(verilog.verilog, "convert", convert)
    verilog.generate(FIRDesign([1]))
    gc.collect()  # the accelerator, which nothing converted: no warning of it, now or in a later test
    assert os.environ["XDG_CACHE_HOME"] == str(file)
    assert "AMARANTH_USE_YOSYS" not in os.environ
