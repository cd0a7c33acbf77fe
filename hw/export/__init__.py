"""Export of gateware to other tools: Verilog, FuseSoC."""
