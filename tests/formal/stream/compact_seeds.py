"""Bugs of the compact buffer."""

from formal.seeds import Seed

from convolver.hw.stream.compact_buffer import CompactBuffer

__all__ = ["COMPACT"]

COMPACT = (
    Seed("credit back with the transfer", CompactBuffer, "read - self.claim", "(self.o.valid & self.o.ready) - self.claim"),
    Seed("credit never back", CompactBuffer, "read - self.claim", "(read & (credit != 1)) - self.claim"),
    Seed("claim forgotten", CompactBuffer, "read - self.claim", "read - (self.claim & ~read)"),
    Seed("one credit too few in reserve", CompactBuffer, "some = three_or_more(credit)", "some = credit[1:].any()"),
    Seed("one credit too many in reserve", CompactBuffer, "some = three_or_more(credit)", "some = credit[2:].any()"),
    Seed("result taken twice", CompactBuffer, "with m.If(read):", "with m.If(read & self.o.valid):"),
    Seed("result lost", CompactBuffer, "read.eq(there & moves)", "read.eq(there)"),
    Seed("offer changes while stalled", CompactBuffer, "get.en.eq(moves)", "get.en.eq(1)"),
    Seed("offer withdrawn", CompactBuffer, "with m.If(moves):", "with m.If(1):"),
    Seed("offer waits for ready", CompactBuffer, "moves.eq(self.o.ready | ~self.o.valid)", "moves.eq(self.o.ready)"),
    Seed("second result forgotten", CompactBuffer, "(~read | (written != after))", "~read"),
    Seed("one result taken for two", CompactBuffer, "written != after", "written != taken"),
    Seed("oldest overwritten", CompactBuffer, "put.en.eq(self.write)", "put.en.eq(1)"),
    Seed("idle too early", CompactBuffer, " & ~self.o.valid)", ")"),
    Seed("idle with a claim behind", CompactBuffer, "credit[-1] & ~change[-1] &", "credit[-1] &"),
    Seed("none left, and not spent", CompactBuffer, "self.spent.eq(~some)", "self.spent.eq(credit == 0)"),
)
