"""The twins: a core's, and a whole board's behind a pseudo-terminal."""
