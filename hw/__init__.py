"""Gateware: Amaranth components, from stream blocks to whole cores. Depends on the designs, never on the host."""
