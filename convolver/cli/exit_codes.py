"""The command's own exit codes; an error of `errors` brings its own."""

__all__ = ["DIFFERENCE", "FAULT", "INTERRUPTED", "USAGE"]

USAGE, DIFFERENCE, FAULT, INTERRUPTED = 2, 20, 70, 130
