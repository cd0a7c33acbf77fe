"""Twins of a core, of a board behind a pseudo-terminal, and of a bitstream's circuit."""
