"""What a core's output buffer does with the results that the core owes, by the plan's buffer."""

from typing import ClassVar

from amaranth.hdl import Module, Signal, Value

from convolver.plan.plan import Plan
from convolver.plan.stages import CompactBuffer

__all__ = ["BufferRules", "buffer_rules"]


class BufferRules:
    """The buffer of a core with all registers: what leaves gives its credit back, two clocks later."""

    room: ClassVar[int] = 0
    """Results beyond its depth that it holds."""

    def counted(self, m: Module, owed: Signal, offers: Value, depth: int) -> tuple[Value, Value]:
        """Whether a result may be started, and whether the core is busy with results: of those that it owes."""
        before, then = Signal.like(owed), Signal.like(owed)
        m.d.sync += [before.eq(owed), then.eq(before)]
        return then + 2 < depth, (owed != 0) | (before != 0) | (then != 0)


class CompactRules(BufferRules):
    """The compact one: a result on offer needs no credit, and nothing is inside from a clock behind the last one on."""

    room = 1

    def counted(self, m: Module, owed: Signal, offers: Value, depth: int) -> tuple[Value, Value]:
        kept, then, before = Signal.like(owed), Signal.like(owed), Signal.like(owed)
        m.d.sync += [kept.eq(owed - offers), then.eq(kept), before.eq(owed)]
        return then + 2 < depth, (owed != 0) | (before != 0)


def buffer_rules(plan: Plan) -> BufferRules:
    """Those of a plan's buffer."""
    return CompactRules() if plan.find(CompactBuffer) else BufferRules()
