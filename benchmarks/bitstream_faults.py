"""How many single wrong bits of a bitstream the self-test notices.

    python benchmarks/bitstream_faults.py top.bin                 # of an iCEBreaker; 50 bits of each group
    python benchmarks/bitstream_faults.py top.bin --count 5 --seed 2
    python benchmarks/bitstream_faults.py top.bin --further --group routing

Each bit belongs to a cell or switch that the configuration uses. A changed bitstream is turned back into a circuit, which the
driver gets behind a pseudo-terminal, and the self-test is sent through it. It is noticed if a result is wrong, if the link ends
in an error, or if the bitstream can't be read any more. Of those that aren't noticed, `unused` says that the circuit behind the
UART's pins is the same, `don't care` that a look-up table has changed in a row that its inputs, of which some are constants or
the same, can't reach, and `unexercised` that the self-test doesn't tell.
"""

import argparse
import sys
import time
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from convolver import boards, selftest
from convolver.boards.bitstream import Circuit, circuit_of
from convolver.boards.bitstream.circuit import HIGH, LOW, Lut, Netlist
from convolver.boards.bitstream.configuration import Configuration, unpack
from convolver.boards.bitstream.faults import GROUPS, Fault, faults
from convolver.boards.bitstream.read import chip_of
from convolver.designs import Design
from convolver.errors import ConvolverError
from convolver.host.deadlines import Timing
from convolver.host.device import Device
from convolver.host.link import LinkTransport
from convolver.sim import golden
from convolver.sim.twin.board import BoardPipe
from convolver.sim.twin.fabric import FabricTwin
from convolver.verification import opened

BOARD = boards.get("icebreaker")
CLASSES = ("noticed", "unused", "don't care", "unexercised")


@dataclass(frozen=True)
class Tried:
    """What became of one fault, and why."""

    fault: Fault
    verdict: str
    reason: str


def told_by(circuit: Circuit) -> Design:
    """The design that a circuit says it computes."""
    with opened(circuit) as device:
        return device.design


def noticed(circuit: Circuit, design: Design) -> str | None:
    """What the self-test finds, or the driver; None if nothing."""
    try:
        with opened(circuit, design) as device:
            for case in selftest.cases(design, 1, 1):
                if wrong := selftest.check(device, case):
                    return wrong
            device.status()
    except ConvolverError as error:
        return str(error)
    return None


def noticed_on_a_bad_line(circuit: Circuit, design: Design) -> str | None:
    """The same, where bytes are flipped, lost and doubled both ways, so that frames are sent again; then what the registers
    say. Only what a sound circuit never does counts: a wrong result, a call that doesn't end well, a wrong count."""
    twin = FabricTwin(circuit.table(), circuit.clock_hz, circuit.byte_clocks)
    random = np.random.default_rng(7)

    def worn(data: bytes) -> bytes:
        out = bytearray()
        for byte in data:
            kind = random.integers(0, 3000)
            out += {0: b"", 1: bytes([byte, byte]), 2: bytes([byte ^ 1 << int(random.integers(8))])}.get(kind, bytes([byte]))
        return bytes(out)

    pipe = BoardPipe(twin, worn)
    timing = Timing(retry=0.004, retry_min=0.001, retry_max=0.016, progress=0.05, opening=0.1)
    low, high = design.sample.min, design.sample.max
    try:
        with Device(LinkTransport(pipe, design, timing=timing, clock=pipe.time)) as device:
            for length in (1, 700, 2, 1300, 255):
                samples = random.integers(low, high + 1, length)
                if not np.array_equal(device(samples), golden.run(device.design, samples)):
                    return f"a wrong result of {length} samples on a bad line"
            pipe.faults = bytes
            sent = random.integers(low, high + 1, 40)
            before = device.status()
            device(sent)
            after = device.status()
            counted = [int(after[name]) - int(before[name]) for name in ("beats_in", "beats_out")]
            if counted != [40, 40]:
                return f"counts of {counted} for 40 samples"
            flags = [name for name in after if name.startswith(("error_", "device_dropped_overrun")) and after[name]]
            if flags or after["busy"] or after["pending"]:
                return f"flags {flags}"
    except ConvolverError as error:
        return str(error)
    return None


def reachable(table: Lut) -> set[int]:
    """The rows of a table that its inputs can reach, as far as constants and inputs that are the same tell."""
    free = sorted({net for net in table.inputs if net not in (LOW, HIGH)})
    rows = set()
    for pattern in range(1 << len(free)):
        level = {LOW: 0, HIGH: 1} | {net: pattern >> place & 1 for place, net in enumerate(free)}
        rows.add(sum(level[net] << bit for bit, net in enumerate(table.inputs)))
    return rows


def the_same(before: Netlist, after: Netlist) -> bool:
    """Whether two circuits differ in nothing, or only in rows of tables that nothing reaches."""
    if len(before.luts) != len(after.luts) or before.nets != after.nets:
        return False
    for one, other in zip(before.luts, after.luts, strict=True):
        if (one.out, one.inputs) != (other.out, other.inputs):
            return False
        if any((one.table ^ other.table) >> row & 1 for row in reachable(one)):
            return False
    rest = ("clocks", "registers", "rams", "macs", "single_port_rams", "inputs", "outputs")
    return all(getattr(before, name) == getattr(after, name) for name in rest)


def tried(configuration: Configuration, circuit: Circuit, design: Design, fault: Fault, further: bool) -> Tried:
    """Runs one fault."""
    try:
        changed = circuit_of(fault.apply(configuration), BOARD)
        changed.table()
    except ConvolverError as error:
        return Tried(fault, "noticed", str(error))
    if changed.netlist == circuit.netlist:
        return Tried(fault, "unused", "the circuit is the same")
    if the_same(circuit.netlist, changed.netlist):
        return Tried(fault, "don't care", "no input reaches the row")
    reason = noticed(changed, design)
    if reason is None and further:
        reason = noticed_on_a_bad_line(changed, design)
    return Tried(fault, "unexercised" if reason is None else "noticed", reason or "the self-test is passed")


def main() -> None:
    """Prints a line a fault, then the table."""
    parser = argparse.ArgumentParser(description="How many single wrong bits of a bitstream the self-test notices.")
    parser.add_argument("bitstream", type=Path)
    parser.add_argument("--count", type=int, default=50, help="bits of each group")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--further", action="store_true", help="what the self-test leaves: a bad line, and the registers")
    parser.add_argument("--group", choices=GROUPS, action="append", help="only these")
    arguments = parser.parse_args()
    configuration = unpack(arguments.bitstream, chip_of)
    chip, circuit = chip_of(configuration.device), circuit_of(configuration, BOARD)
    design = told_by(circuit)
    found: dict[str, Counter[str]] = {}
    for group in arguments.group or GROUPS:
        found[group] = Counter()
        for fault in islice(faults(chip, configuration, group, arguments.seed), arguments.count):
            begun = time.monotonic()
            one = tried(configuration, circuit, design, fault, arguments.further)
            found[group][one.verdict] += 1
            print(f"{group}: {fault.where}: {one.verdict}, {one.reason[:150]} ({time.monotonic() - begun:.0f} s)", flush=True)
    print(f"\n{circuit}\n")
    print("| bits of | tried | " + " | ".join(CLASSES) + " |\n|" + "---|" * (len(CLASSES) + 2))
    for group, counted in found.items():
        print(f"| {group} | {counted.total()} | " + " | ".join(str(counted[verdict]) for verdict in CLASSES) + " |")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
