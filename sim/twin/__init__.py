"""The twins: of a core; of a board behind a pseudo-terminal; of a bitstream's circuit."""
