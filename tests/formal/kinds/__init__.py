"""The proofs of each kind's core, a file a kind, each with `PROOFS`."""

import importlib
from collections.abc import Iterator

from formal.proof import Proof

from convolver.designs import KINDS

__all__ = ["proofs_of_kinds"]


def proofs_of_kinds() -> Iterator[Proof]:
    """Those of all kinds, in their order."""
    for kind in KINDS:
        yield from importlib.import_module(f"{__name__}.{kind}").PROOFS
