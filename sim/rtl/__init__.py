"""The RTL compiler: from a component to C++ that computes its clocks, fast; README.md has its parts."""
