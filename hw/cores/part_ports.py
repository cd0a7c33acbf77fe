"""The ports that a core that is made of cores has for each of them: a way in for coefficients, and a word on how it stands.

The register bank has their counterparts.
"""

from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from convolver.designs import Design

__all__ = ["PART_STATE", "coefficient_beat", "part_ports"]

PART_STATE = data.StructLayout({"busy": 1, "waits": 1, "holds": 1})
"""How a core stood a clock ago: a frame is inside; a result waits to be taken; a sample is offered, and not taken."""


def coefficient_beat(design: Design) -> data.StructLayout:
    """Payload of the coefficients' stream: `data`, as wide as the widest format of all parts, the number of the `stage` that it
    is for, and the mark of a set's `last` one."""
    width = max(part.coefficient_format.width for part in design.loadable_parts.values())
    return data.StructLayout({"data": width, "last": 1, "stage": range(len(design.parts) + 1)})


def part_ports(design: Design) -> dict[str, wiring.Member]:
    """The ports of a core that is made of cores.

    parts : Out
        `PART_STATE` of each.
    coefficients : stream of `coefficient_beat`, restart : In, pending : Out, where any can be loaded
        See `CoefficientLoader`; of `restart` and `pending` each part has a bit.
    """
    count = len(design.parts)
    ports: dict[str, wiring.Member] = {"parts": Out(data.ArrayLayout(PART_STATE, count))}
    if design.loadable_parts:
        sets = stream.Signature(coefficient_beat(design))
        ports |= {"coefficients": In(sets), "restart": In(count), "pending": Out(count)}
    return ports
