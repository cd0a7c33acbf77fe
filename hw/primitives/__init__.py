"""Primitives of the device families: multipliers, memories, placement."""
