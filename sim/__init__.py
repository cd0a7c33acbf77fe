"""Golden model, cycle-accurate twin and the benches that compare them."""
