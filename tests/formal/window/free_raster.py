"""The specification of the raster of a core without back-pressure, behind the check of frames of one size."""

from collections.abc import Callable

from amaranth.hdl import Array, Assert, Cover, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from convolver.designs import Conv2DDesign
from convolver.hw.stream.layouts import beat_layout
from convolver.hw.window import fixed_check, free_raster
from convolver.plan.geometry import geometry_of

__all__ = ["FreeRasterSpec"]


class FreeRasterSpec(wiring.Component):
    """Every beat is taken. A frame's beats are counted from its first one on, wherever the one before stands, and what each
    completes is looked up by its number; a beat outside any frame makes no step."""

    def __init__(self, design: Conv2DDesign) -> None:
        self._design = design
        super().__init__({"valid": In(1), "payload": In(beat_layout(design))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design, payload = self._design, self.payload
        rows, columns = geometry_of(design).most
        (above, left), (down, right) = (design.kernel_rows - 1, design.kernel_columns - 1), design.stride
        places = [(number // columns, number % columns) for number in range(rows * columns)]
        wanted = [
            place
            for place in places
            if min(place[0] - above, place[1] - left) >= 0 and (place[0] - above) % down == 0 and (place[1] - left) % right == 0
        ]
        lasts = {row: max(place[1] for place in wanted if place[0] == row) for row, _ in wanted}

        m.submodules.check = check = fixed_check.FixedCheck(design)
        m.submodules.dut = dut = free_raster.FreeRaster(design)
        wiring.connect(m, check.o, dut.i)
        m.d.comb += [check.i.valid.eq(self.valid), check.i.payload.eq(payload)]

        count, inside = Signal(range(len(places))), Signal()  # beats of the frame before this one
        begins, taken, number = Signal(), Signal(), Signal(range(len(places)))
        m.d.comb += [
            begins.eq(self.valid & payload.first),
            taken.eq(begins | (self.valid & inside)),
            number.eq(Mux(begins, 0, count)),
        ]
        with m.If(taken):
            m.d.sync += [count.eq(number + 1), inside.eq(number != len(places) - 1)]

        def of(rule: Callable[[tuple[int, int]], bool]) -> Value:
            """Whether the rule is kept at the beat's place."""
            return Array(int(rule(place)) for place in places)[number]

        result = taken & of(lambda place: place in wanted)
        told = {
            "first": of(lambda place: place == wanted[0]),
            "last": of(lambda place: place == wanted[-1]),
            "eol": of(lambda place: place[1] == lasts.get(place[0])),
        }
        step = dut.o.step
        before = {name: Signal(name=f"{name}_before") for name in (*told, "taken", "result", "wrong", "early", "orphan")}
        column, pixel = Signal(range(columns)), Signal.like(payload.data)
        m.d.sync += [
            *(before[name].eq(value) for name, value in told.items()),
            before["taken"].eq(taken),
            before["result"].eq(result),
            before["wrong"].eq(taken & (payload.eol != of(lambda place: place[1] == columns - 1))),
            before["early"].eq(begins & inside),
            before["orphan"].eq(self.valid & ~payload.first & ~inside),
            column.eq(Array(place[1] for place in places)[number]),
            pixel.eq(payload.data),
        ]
        m.d.comb += [
            Assert(check.i.ready & ~check.waiting),
            Assert(dut.claim == result),
            Assert(dut.open == inside),
            Assert(dut.o.length == columns - 4),
            Assert(dut.o.valid == before["taken"]),
            Assert(~before["taken"] | ((step.column == column) & (step.pixel == pixel))),
            Assert(~before["taken"] | (step.result == before["result"])),
            *(Assert(~before["result"] | (step[name] == before[name])) for name in told),
            Assert(dut.errors.eol == before["wrong"]),
            Assert(dut.errors.first == before["early"]),
            Assert(dut.errors.orphan == before["orphan"]),
            Cover(before["result"] & before["last"] & begins, "back to back"),
            Cover(before["early"] & inside, "begun anew"),
            Cover(before["orphan"], "dropped"),
        ]
        return m
