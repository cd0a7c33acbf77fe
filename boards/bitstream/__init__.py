"""From a bitstream back to the circuit that is in it: for iCE40 UltraPlus, with the place-and-route tool's own database."""

from .read import Circuit, circuit_of, read

__all__ = ["Circuit", "circuit_of", "read"]
