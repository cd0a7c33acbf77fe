"""CXXRTL's names: each character but letters and digits has a code, so that any name of Amaranth's is one of C++."""

import re

__all__ = ["mangled", "unmangled"]


def mangled(name: str) -> str:
    """CXXRTL's name for a port of the top component."""
    return "p_" + "".join(c if c.isalnum() else "__" if c == "_" else f"_{ord(c):x}_" for c in name)


def unmangled(name: str) -> str:
    """The name in the hardware's description, with dots in it where it is a part's: of a port, a register, a memory."""
    plain = re.sub(r"^(memory_)?[pi]_", "", name)
    plain = re.sub(r"_([0-9a-f]{2,})_|__", lambda found: chr(int(found[1], 16)) if found[1] else "_", plain)
    return plain.removeprefix("flatten\\")
