"""Products and sums: multipliers, adder trees, coefficients."""
