"""From exact sums to results: magnitude, rounding, saturation; and queues of results."""
