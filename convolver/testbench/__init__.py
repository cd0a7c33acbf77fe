"""Testbenches of a design's Verilog for any simulator: plain Verilog, and cocotb, with the golden model's results."""

from .files import bench_files
from .vectors import Vectors, vectors

__all__ = ["Vectors", "bench_files", "vectors"]
