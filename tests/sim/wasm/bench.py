"""Runs a module in wasmtime, and clocks a core's streams as the twin's driver does."""

import itertools
from dataclasses import dataclass

import numpy as np
import wasmtime

from convolver.sim.wasm.module import Entry, Module

__all__ = ["Bench", "Done", "Instance"]

ENGINE = wasmtime.Engine()
LIMIT = 60_000
"""Clocks without a transfer after which a core is stuck."""


class Instance:
    """A module at power-on."""

    def __init__(self, module: Module) -> None:
        self._store = wasmtime.Store(ENGINE)
        exports = wasmtime.Instance(self._store, wasmtime.Module(ENGINE, module.binary), []).exports(self._store)
        self._settle, self._clock = exports["settle"], exports["clock"]
        memory = exports["memory"]
        # The memory neither moves nor grows: the module has no instruction for that.
        self._memory = np.frombuffer(memory.get_buffer_ptr(self._store), np.uint8)

    def settle(self) -> None:
        self._settle(self._store)

    def clock(self) -> None:
        self._clock(self._store)

    def read(self, entry: Entry, index: int = 0) -> int:
        """A number as it lies there, without a sign."""
        at = entry.address + entry.stride * index
        return int.from_bytes(self._memory[at : at + entry.stride].tobytes(), "little")

    def write(self, entry: Entry, value: int) -> None:
        data = (value & (1 << entry.width) - 1).to_bytes(entry.stride, "little")
        self._memory[entry.address : entry.address + entry.stride] = np.frombuffer(data, np.uint8)


@dataclass(frozen=True)
class Done:
    """What a core gave: results, a row for each beat, their marks, the clocks that went by, and strobes of errors."""

    results: list[list[int]]
    marks: list[int]
    clocks: int
    errors: int


class Bench(Instance):
    """A core's module with its streams."""

    def __init__(self, module: Module) -> None:
        super().__init__(module)
        assert module.ports is not None
        self.ports = module.ports
        self._entries = {(entry.role, entry.name): entry for entry in module.entries}

    def set(self, name: str, value: int) -> None:
        if ("input", name) in self._entries:
            self.write(self._entries["input", name], value)

    def get(self, name: str) -> int:
        return self.read(self._entries["output", name])

    def load(self, coefficients, stage=0):
        """Sends a set of coefficients, and waits until it is in."""
        fields = self.ports.coefficients
        for place, value in enumerate(coefficients):
            payload = _put(fields["data"], value)
            if place == len(coefficients) - 1:
                payload |= _put(fields["last"], 1)
            if "stage" in fields:
                payload |= _put(fields["stage"], stage)
            self.set("coefficients__payload", payload)
            self.set("coefficients__valid", 1)
            for _ in range(LIMIT):
                self.settle()
                ready = self.get("coefficients__ready")
                self.clock()
                if ready:
                    break
            else:
                raise AssertionError("the core takes no coefficients")
        self.set("coefficients__valid", 0)

    def run(self, beats, wanted, gaps=(0,), stalls=(0,)):
        """Sends beats and takes results until there are `wanted`, and some clocks more; what isn't offered is wrong."""
        results, marks, errors, sent, idle, clock, after = [], [], 0, 0, 0, 0, 0
        starts = {int(start): place for place, start in enumerate(beats.starts)}
        gap, stall = itertools.cycle(gaps), itertools.cycle(stalls)
        offered = False
        sample, result = self.ports.input, self.ports.output
        names = [name for name in ("first", "last", "eol", "keep") if name in sample]
        told = [name for name in ("first", "last", "eol", "keep") if name in result]
        while after < 20:
            offered = sent < len(beats) and (offered or not next(gap))
            payload = 0
            if offered:
                values = np.atleast_1d(beats.samples[sent])
                for lane, value in enumerate(values.tolist()):
                    payload |= _put(sample["data"], value, lane)
                for name in names:
                    payload |= _put(sample[name], int(beats.marks[sent]) >> ("first", "last", "eol", "keep").index(name))
            self.set("i__valid", offered)
            self.set("i__payload", payload if offered else -1)
            place = starts.get(sent) if offered else None
            for name, values in zip(
                ("rows", "columns", "boundary", "fill"),
                (beats.rows, beats.columns, beats.boundaries, beats.fills),
                strict=True,
            ):
                self.set(name, int(values[place]) if place is not None and len(values) else -1)
            ready = not next(stall)
            self.set("o__ready", ready)
            self.settle()
            errors |= self.get("errors") | self.get("overflow")
            moved = False
            if ready and self.get("o__valid"):
                word = self.get("o__payload")
                results.append([_take(result["data"], word, lane) for lane in range(result["data"].count)])
                marks.append(sum(_take(result[name], word) << ("first", "last", "eol", "keep").index(name) for name in told))
                moved = True
            if offered and self.get("i__ready"):
                sent, offered, moved = sent + 1, False, True
            self.clock()
            clock += 1
            idle = 0 if moved else idle + 1
            after = after + 1 if len(results) >= wanted and sent == len(beats) else 0
            assert idle < LIMIT, f"stuck: {sent} of {len(beats)} beats sent, {len(results)} of {wanted} results"
        return Done(results, marks, clock, errors)


def _put(field, value, lane=0):
    return (int(value) & (1 << field.width) - 1) << field.offset + field.width * lane


def _take(field, word, lane=0):
    value = word >> field.offset + field.width * lane & (1 << field.width) - 1
    return value - (1 << field.width) if field.signed and value >> field.width - 1 else value
