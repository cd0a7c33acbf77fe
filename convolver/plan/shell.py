"""What stands around a core in emitted Verilog, as far as it takes time: a register slice in front of it."""

from .plan import Plan

__all__ = ["SLICE_BEATS", "SLICE_LATENCY", "block_latency"]

SLICE_LATENCY = 1
"""Cycles of the slice, where nothing waits in it."""

SLICE_BEATS = 2
"""Beats that it holds."""


def block_latency(plan: Plan) -> tuple[int, int]:
    """The least and the most cycles from the acceptance of a beat to the offer of the result that it completes.

    Without stalls at the output. In a slot of one cycle both are the same. In longer slots the slice accepts beats ahead of
    their slot: each that is in front of one makes it wait for a slot, but for the cycle that passing it takes anyway. An image
    that comes while the end of the one before leaves waits for that besides: see `FrameTiming.flush_clocks`.
    """
    least = plan.latency + SLICE_LATENCY
    return least, least + SLICE_BEATS * (plan.cycles - 1)
