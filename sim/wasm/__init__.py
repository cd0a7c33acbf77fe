"""A core as WebAssembly: registers, memories and ports at known addresses; two functions, `settle` and `clock`."""
