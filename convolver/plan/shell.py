"""What a shell makes of a core's plan, and what stands around a core in emitted Verilog, as far as it takes time."""

from dataclasses import replace
from typing import TypeVar, cast

from ..errors import DesignError
from ..shell import FULL, Shell
from .output import BUFFER_LATENCY, COMPACT_LATENCY, compact_buffer, compact_depth, credit_latency, output_buffer
from .plan import Plan, Size
from .stages import FixedFrame, cycles_of

__all__ = ["SLICE_BEATS", "SLICE_LATENCY", "block_latency", "lean", "shelled"]

P = TypeVar("P", bound=Plan)

SLICE_LATENCY = 1
"""Cycles of the slice, where nothing waits in it."""

SLICE_BEATS = 2
"""Beats that it holds."""


def shelled(plan: P, shell: Shell) -> P:
    """The plan of the core that stands in a shell.

    Where all images have one size, nothing has to be checked of it as they come. Without the full registers the output buffer
    is the one of fewest look-up tables, but for results that begin together; without back-pressure a result leaves when it is
    there, and nothing buffers it. The cores of a pipeline or a fork are those of such a shell, each for frames of its own size;
    but where registers tell a border that frames take along, they are as ever.

    Parameters
    ----------
    plan : Plan
        That of the whole core.
    shell : Shell
        Of its design: see `Shell.of`.

    Raises
    ------
    DesignError
        If the core can't do without back-pressure.
    """
    if not shell.waits:
        _check_free(plan)
    if shell.resizes:
        return plan
    return cast(P, plan.in_shell(shell, tuple(axis.most for axis in plan.design.frame_axes), lean))


def lean(plan: Plan, shell: Shell, size: Size) -> Plan:
    """The plan of one core in a shell whose frames have that size."""
    if any(stage.lasting for stage in plan.stages):
        return plan
    frame = tuple(FixedFrame(0, size=cast(tuple[int, ...], size)) for stage in plan.stages if stage.checks_size)
    body = (*frame, *(stage for stage in plan.stages if not (stage.credits or stage.checks_size)))
    waits = BUFFER_LATENCY if shell.has_all_registers else COMPACT_LATENCY
    timing = replace(plan.timing, latency=cycles_of(body) + waits * shell.waits)
    if not shell.waits:
        return replace(plan, stages=body, timing=timing)
    if shell.has_all_registers:
        buffer = output_buffer(plan.design, timing.buffer_depth(credit_latency(body)))
    else:
        buffer = compact_buffer(plan.design, compact_depth(timing, body))
    return replace(plan, stages=(*body, buffer), timing=timing)


def _check_free(plan: Plan) -> None:
    """Raises `DesignError` if a core needs back-pressure."""
    need = 'Handshake must be "back-pressure" for'
    if plan.cores[0] is not plan:
        raise DesignError(f'{need} a {plan.design.title}, not "valid"')
    for count, what in (
        (plan.timing.beat_cycles, f"a filter that takes a beat in {plan.timing.beat_cycles} clocks"),
        (plan.pixels, "several pixels a clock"),
    ):
        if count > 1:
            raise DesignError(f'{need} {what}, not "valid"')
    if plan.timing.lag != (0, 0):
        raise DesignError(f'{need} a filter whose frame ends behind its last pixel, all but those of mode valid, not "valid"')
    # A kernel of an even side may reach outside the frame in front of its first pixel alone.
    bordered = any(stage.has_borders for stage in plan.stages)
    if bordered and any(axis.lost != sum(axis.reach) for axis in plan.design.frame_axes):
        raise DesignError(f'{need} a filter that makes a border, all but those of mode valid, not "valid"')


def block_latency(plan: Plan, shell: Shell = FULL) -> tuple[int, int]:
    """The least and the most cycles from the acceptance of a beat to the offer of the result that it completes.

    Without stalls at the output. In a slot of one cycle both are the same. In longer slots the slice accepts beats ahead of
    their slot: each that is in front of one makes it wait for a slot, but for the cycle that passing it takes anyway. An image
    that comes while the end of the one before leaves waits for that besides: see `FrameTiming.flush_clocks`.

    Parameters
    ----------
    plan : Plan
        That of the whole core.
    shell : Shell
        What it stands in.
    """
    inner = shelled(plan, shell).latency
    if not shell.waits:
        return inner, inner
    return inner + SLICE_LATENCY, inner + SLICE_LATENCY + SLICE_BEATS * (plan.timing.beat_cycles - 1)
