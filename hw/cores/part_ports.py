"""The ports of a composite core for each of its parts: the stream of coefficients, and the part's state.

The register bank has their counterparts.
"""

from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from convolver.designs import Design

__all__ = ["PART_STATE", "coefficient_beat", "part_ports"]

PART_STATE = data.StructLayout({"busy": 1, "waits": 1, "holds": 1})
"""State of a core one cycle ago: a frame is inside; a result waits to be taken; a sample is offered, and not taken."""


def coefficient_beat(design: Design) -> data.StructLayout:
    """Payload of the coefficients' stream: `data`, as wide as the widest format of all parts; `stage`, the number of
    the part that it is for; and the mark of a set's `last` coefficient."""
    width = max(part.coefficient_format.width for part in design.loadable_parts.values())
    return data.StructLayout({"data": width, "last": 1, "stage": range(len(design.parts) + 1)})


def part_ports(design: Design) -> dict[str, wiring.Member]:
    """The ports of a composite core.

    parts : Out
        `PART_STATE` of each part.
    coefficients : stream of `coefficient_beat`, restart : In, pending : Out, if any part is loadable
        See `CoefficientLoader`; `restart` and `pending` have a bit for each part.
    """
    count = len(design.parts)
    ports: dict[str, wiring.Member] = {"parts": Out(data.ArrayLayout(PART_STATE, count))}
    if design.loadable_parts:
        sets = stream.Signature(coefficient_beat(design))
        ports |= {"coefficients": In(sets), "restart": In(count), "pending": Out(count)}
    return ports
