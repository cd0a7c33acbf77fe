"""The RTL compiler: turns a component into fast C++ that simulates it clock by clock. README.md has its parts."""
