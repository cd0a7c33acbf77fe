"""Gateware as text for other tools: Verilog, FuseSoC."""
