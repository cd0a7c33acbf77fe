"""Golden model, cycle-accurate twins, and benches that compare them."""
