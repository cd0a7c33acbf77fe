"""A core as WebAssembly: its registers, memories and ports at known addresses, and two functions, `settle` and
`clock`."""
