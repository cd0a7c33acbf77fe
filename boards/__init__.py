"""Board descriptions and the flow from a design to a bitstream."""
