"""CXXRTL's names: characters other than letters and digits are encoded, which makes them C++ identifiers."""

import re

__all__ = ["mangled", "unmangled"]


def mangled(name: str) -> str:
    """CXXRTL's name for a port of the top component."""
    return "p_" + "".join(c if c.isalnum() else "__" if c == "_" else f"_{ord(c):x}_" for c in name)


def unmangled(name: str) -> str:
    """The original name of a port, a register or a memory; dots separate the parts of a hierarchy."""
    plain = re.sub(r"^(memory_)?[pi]_", "", name)
    plain = re.sub(r"_([0-9a-f]{2,})_|__", lambda found: chr(int(found[1], 16)) if found[1] else "_", plain)
    return plain.removeprefix("flatten\\")
