"""The specification of what makes results of mirrored phases."""

from amaranth.hdl import Array, Assert, Cover, Module, Signal, Value, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from convolver.hw.mac import mirrored_array
from convolver.plan import mirrored as stages

__all__ = ["PairsSpec"]


class PairsSpec(wiring.Component):
    """Each result is half of what its pair's two slots gave, which came so many clocks ago as the order of slots and results
    says; samples come at any time, and one behind the other.

    Parameters
    ----------
    pairs : plan.mirrored.Pairs
    waits : int
        Slots for which a result waits.
    cycles : int
        Clocks of a slot.
    cuts : tuple of int
        Where sums are cut.
    width : int
        Bits of a sum.
    """

    def __init__(self, pairs: stages.Pairs, waits: int, cycles: int, cuts: tuple[int, ...] = (), width: int = 3) -> None:
        latency = waits * cycles + stages.REORDER_LATENCY + len(cuts)
        self._stage = stages.Unmirror(latency, pairs=pairs, waits=waits, carry_cuts=cuts)
        self._cycles, self._width = cycles, width
        super().__init__({"begins": In(1), "sum": In(signed(width))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        stage, cycles = self._stage, self._cycles
        m.submodules.dut = dut = mirrored_array.Pairs(cycles, self._width, stage)
        slots = [(pair, side) for pair, both in enumerate(stage.pairs) for side in range(len(set(both)))]
        left = Signal(range(len(slots) * cycles + 1))  # clocks of the sample that are still to come
        done = Signal()
        going = self.begins & (left <= 1)
        m.d.sync += left.eq(left - (left != 0))
        with m.If(going):
            m.d.sync += left.eq(len(slots) * cycles)
        # A slot's sum comes in its first clock.
        m.d.comb += [
            done.eq(Array(int(clock > 0 and clock % cycles == 0) for clock in range(len(slots) * cycles + 1))[left]),
            dut.done.eq(done),
            dut.sum.eq(self.sum),
        ]
        span = stage.cycles + len(slots) * cycles
        past: list[Value] = [self.sum]
        strobes: list[Value] = [done]
        for age in range(span):
            older, strobe = Signal(signed(self._width), name=f"sum_{age}"), Signal(name=f"done_{age}")
            m.d.sync += [older.eq(past[-1]), strobe.eq(strobes[-1])]
            past.append(older)
            strobes.append(strobe)
        due, number = strobes[stage.cycles], Signal(range(len(slots)))
        with m.If(due):
            m.d.sync += number.eq(number + 1)
            with m.If(number == len(slots) - 1):
                m.d.sync += number.eq(0)
        wanted = Signal(signed(self._width))
        with m.Switch(number):
            for result in range(len(slots)):
                pair, both = next((pair, both) for pair, both in enumerate(stage.pairs) if result in both)
                came = [past[stage.cycles + (result - slot) * cycles] for slot, (of, _) in enumerate(slots) if of == pair]
                with m.Case(result):
                    one = came[0] if len(came) == 1 else came[0] + came[1] if result == both[0] else came[0] - came[1]
                    m.d.comb += wanted.eq(one >> 1)
        m.d.comb += [
            Assert(~due | (dut.result == wanted)),
            Cover(due & (number == len(slots) - 1) & (wanted != 0) & strobes[0], "a last result while another sample comes"),
        ]
        return m
