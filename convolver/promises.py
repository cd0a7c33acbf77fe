"""What is promised from version to version; docs/promises.md says it, and tests/promises compares it with files of releases."""

__all__ = ["API_VERSION", "OWNERSHIP"]

API_VERSION = 1
"""Version of the Python API and of the command line: names, parameters, options and exit codes that are there stay."""

OWNERSHIP = "This file is yours, under any licence: convolver's authors claim no rights in what is generated."
"""What each generated file says of itself."""
