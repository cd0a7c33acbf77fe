"""A board's circuit as it was built: of an iCE40 UltraPlus what is in the bitstream, by the place-and-route tool's database;
of an ECP5 the netlist that was routed.
"""

from .from_design import built, check_repacked
from .read import Circuit, circuit_of, read, read_routed

__all__ = ["Circuit", "built", "check_repacked", "circuit_of", "read", "read_routed"]
