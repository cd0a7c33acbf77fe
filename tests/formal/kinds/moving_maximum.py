"""The proofs of the cores of moving maxima."""

from formal.cores.moving_maximum import MovingMaximumCoreSpec
from formal.proof import Proof
from formal.seeds import Seed

from convolver.designs import MovingMaximumDesign
from convolver.formats import Format
from convolver.hw.cores.moving_maximum import MovingMaximumCore, WindowMaximum

__all__ = ["PROOFS"]


LINE = "with m.If(self.i.valid):\n            m.d.sync += [register.eq(before)"
CORE = (
    Seed("lesser taken", WindowMaximum, "line[0] > line[-1]", "line[0] < line[-1]"),
    Seed("window a sample short", WindowMaximum, "older.eq(line[-1])", "older.eq(line[-2])"),
    Seed("line steps in a gap", WindowMaximum, LINE, LINE.replace("self.i.valid", "1")),
    Seed("never cleared", WindowMaximum, "with m.If(self.i.clear):", "with m.If(0):"),
    Seed("cleared to zero", WindowMaximum, "register.eq(self._fill)", "register.eq(0)"),
    Seed("cleared a clock early", WindowMaximum, "self.o.clear.eq(cleared)", "self.o.clear.eq(self.i.clear)"),
    Seed(
        "mark a clock early", MovingMaximumCore, "beside.i.last.eq(entry.o.beat.last)", "beside.i.last.eq(self.i.payload.last)"
    ),
    Seed(
        "accepts without a credit",
        MovingMaximumCore,
        "entry.spent.eq(buffer.spent)",
        "entry.spent.eq(buffer.spent & ~self.o.ready)",
    ),
    Seed(
        "credit taken for a dropped beat",
        MovingMaximumCore,
        "buffer.claim.eq(entry.claim)",
        "buffer.claim.eq(self.i.valid & self.i.ready)",
    ),
    Seed("idle with results inside", MovingMaximumCore, "entry.open | ~buffer.idle", "entry.open"),
)

SIZES = {
    2: MovingMaximumDesign(2, data=Format(2, True), fill=1),
    3: MovingMaximumDesign(3, data=Format(1, False), fill=1),
    4: MovingMaximumDesign(4, data=Format(1, False), fill=1),
}

PROOFS: tuple[Proof, ...] = (
    Proof("moving maximum core", "of 2, s2, buffer of 4", lambda: MovingMaximumCoreSpec(SIZES[2], 4), 36),
    Proof("moving maximum core", "of 3, u1, buffer of 4", lambda: MovingMaximumCoreSpec(SIZES[3], 4), 36, CORE),
    Proof("moving maximum core", "of 4, u1, buffer of 4", lambda: MovingMaximumCoreSpec(SIZES[4], 4), 40),
)
