"""The RTL compiler: turns a component into C++ that simulates it clock by clock, fast. README.md describes its
parts."""
