"""From an exact sum to a result: magnitude, rounding, saturation."""
