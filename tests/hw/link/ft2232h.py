"""An FT2232H in asynchronous 245 FIFO mode, seen from its bus: it raises at whatever its data sheet forbids.

Its times are nanoseconds, drawn anew for every edge within the limits of FTDI's table, or all of them at one end of it. The bus
is looked at once a clock, behind its edge: all that the gateware drives changes there and nowhere else.
"""

__all__ = ["FT2232H", "Violation"]

NEVER = 1 << 62


class Violation(AssertionError):
    """The data sheet forbids what happened on the bus."""


class Status:
    """RXF# or TXE#: low, from `low` on, high from `high` on, and so forth; the chip says at most two edges ahead."""

    def __init__(self):
        self.edges = [(0, 1)]

    def at(self, time):
        return next(level for since, level in reversed(self.edges) if since <= time)

    def edge(self, time, level):
        self.edges = [*self.edges[-2:], (time, level)]


class FT2232H:
    """The chip. `pace` is "fast", "slow" or "random"; `rng` draws times, and what is on the bus while nobody drives it.

    Attributes
    ----------
    to_device, from_device : bytes that the host has sent and that aren't read yet, bytes that were written.
    stall : called for a number of nanoseconds for which the chip has nothing, or no room, besides.
    reads, writes : strobes.
    """

    def __init__(self, rng, pace="random", stall=lambda: 0):
        self.rng, self.pace, self.stall = rng, pace, stall
        self.to_device, self.from_device = [], []
        self.rxf, self.txe = Status(), Status()
        self.txe.edge(1, 0)
        self.offered = False
        self.reads = self.writes = 0
        self.before = (1, 1, 0, 0)
        self.rd_since = self.wr_since = self.rd_until = self.wr_until = self.driven_since = -1000
        self.valid_from = NEVER
        self.next_read = 0
        self.latched = None

    def between(self, least, most):
        return {"fast": least, "slow": most}.get(self.pace) or self.rng.uniform(least, most)

    def check(self, holds, words):
        if not holds:
            raise Violation(words)

    def forgive(self):
        """The device was reset: what it was doing may end at any time."""
        self.rd_since = self.wr_since = self.wr_until = -1000

    def clock(self, now, period, rd_n, wr_n, oe, data):
        """Takes what the device drives from `now` on; gives `rxf_n`, `txe_n`, `data_i` for the edge one `period` later."""
        rd_was, wr_was, oe_was, data_was = self.before
        self.before = rd_n, wr_n, oe, data
        self.check(rd_n or wr_n, "RD# and WR# are low together")
        if oe != oe_was or (oe and data != data_was):
            self.check(wr_was or self.wr_since < 0, "data changes while WR# is low")
            self.check(now - self.wr_until >= 20, "data changes too early behind WR#: T9")
            self.driven_since = now
        if not rd_n or now < self.rd_until + 14:
            self.check(not oe, "both sides drive the bus")
        self._read(now, rd_was, rd_n)
        self._write(now, wr_was, wr_n, oe, data)
        sampled = now + period
        driven = not rd_n and sampled >= self.valid_from
        return self.rxf.at(sampled), self.txe.at(sampled), self.to_device[0] if driven else self.rng.randrange(256)

    def _read(self, now, was, rd_n):
        if was and not rd_n:
            self.check(self.rxf.at(now) == 0, "RD# falls though there is no byte: T5")
            self.reads += 1
            self.rd_since, self.valid_from = now, now + self.between(1, 14)
        elif rd_n and not was:
            self.check(now - self.rd_since >= 30, "RD# is low too shortly: T4")
            self.to_device.pop(0)
            self.offered = False
            self.rd_until, self.valid_from = now, NEVER
            high = now + self.between(1, 14)
            self.rxf.edge(high, 1)
            self.next_read = high + 49
        if self.to_device and not self.offered:
            self.offered = True
            self.rxf.edge(max(now, self.next_read) + self.stall(), 0)

    def _write(self, now, was, wr_n, oe, data):
        if was and not wr_n:
            self.check(self.txe.at(now) == 0, "WR# falls though there is no room: T11")
            self.check(oe, "WR# falls with nothing on the bus")
            self.check(now - self.driven_since >= 5, "WR# falls too early behind data: T8")
            self.writes += 1
            self.wr_since, self.latched = now, data
            self.txe.edge(now + self.between(1, 14), 1)
        elif wr_n and not was:
            self.check(now - self.wr_since >= 30, "WR# is low too shortly: T10")
            self.from_device.append(self.latched)
            self.wr_until = now
            self.txe.edge(now + self.between(49, 63) + self.stall(), 0)
