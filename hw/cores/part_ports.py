"""The ports of a composite core for each of its parts: the stream of coefficients, and the part's state.

The register bank has their counterparts.
"""

from amaranth.lib import data, wiring
from amaranth.lib.wiring import Out

from convolver.designs import Design

from .loading import part_sets_of

__all__ = ["PART_STATE", "part_ports"]

PART_STATE = data.StructLayout({"busy": 1, "waits": 1, "holds": 1})
"""State of a core one cycle ago: a frame is inside; a result waits to be taken; a sample is offered, and not taken."""


def part_ports(design: Design) -> dict[str, wiring.Member]:
    """The ports of a composite core.

    parts : Out
        `PART_STATE` of each part.
    coefficients : stream of `coefficient_beat`, restart : In, pending : Out, if any part is loadable
        See `CoefficientLoader`; `restart` and `pending` have a bit for each part.
    """
    count = len(design.parts)
    ports: dict[str, wiring.Member] = {"parts": Out(data.ArrayLayout(PART_STATE, count))}
    return ports | part_sets_of(design).ports
