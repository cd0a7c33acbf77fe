"""How many single wrong bits of a bitstream the self-test notices.

    python benchmarks/bitstream_faults.py top.bin                 # of an iCEBreaker; 50 bits of each group
    python benchmarks/bitstream_faults.py top.bin --count 5 --seed 2
    python benchmarks/bitstream_faults.py top.bin --further --group routing

Each bit belongs to a cell or switch that the configuration uses. A changed bitstream is turned back into a circuit,
which the driver gets behind a pseudo-terminal, and the self-test is sent through it, a long frame of LFSR data
included. It is noticed if a result is wrong, if the registers tell something wrong, if the link ends in an error, or
if the bitstream can't be read any more. Of those that aren't noticed, `unused` says that the circuit behind the
UART's pins is the same, `don't care` that what has changed can have no effect, and `unexercised` that the self-test
doesn't tell. What can have no effect: a row of a table that its inputs, of which some are constants or the same,
can't reach; the reset of a register that has none; a parameter of a multiplier's unused half; a word behind the
description's end, which the device refuses to read.
"""

import argparse
import sys
import time
from collections import Counter
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np

from convolver import boards, selftest
from convolver.boards.bitstream import Circuit, circuit_of
from convolver.boards.bitstream.canonical import canonical
from convolver.boards.bitstream.circuit import Netlist
from convolver.boards.bitstream.configuration import Configuration, unpack
from convolver.boards.bitstream.faults import GROUPS, Fault, faults
from convolver.boards.bitstream.read import chip_of
from convolver.designs import Design
from convolver.errors import ConvolverError, RegisterError
from convolver.host.deadlines import Timing
from convolver.host.device import Device
from convolver.host.link import LinkTransport
from convolver.host.registers import Register
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


def noticed(circuit: Circuit, design: Design) -> str | None:
    """What the self-test finds, or the driver; None if nothing."""
    try:
        with opened(circuit, design) as device:
            for case in selftest.cases(design, 10, 1):
                if wrong := selftest.check(device, case):
                    return wrong
            if wrong := selftest.check_registers(device, clean=True) or selftest.check_sessions(device):
                return wrong
            return selftest.loopback(device, selftest.LOOPBACK_FRAME)
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


@dataclass(frozen=True)
class Description:
    """What a circuit says it computes, how many words that has, and the block RAMs that hold them."""

    design: Design
    words: int
    rams: tuple[int, ...]

    def without_tail(self, netlist: Netlist) -> Netlist:
        """The same without what these block RAMs hold behind the description's end."""
        rams = [
            replace(ram, words=ram.words[: self.words] + (0,) * (256 - self.words)) if number in self.rams else ram
            for number, ram in enumerate(netlist.rams)
        ]
        return replace(netlist, rams=rams)


def described_by(circuit: Circuit) -> Description:
    """Reads a device's description; it must refuse to read any word behind that."""
    pipe = BoardPipe(FabricTwin(circuit.table(), circuit.clock_hz, circuit.byte_clocks))
    with LinkTransport(pipe, clock=pipe.time) as transport:
        (size,) = transport._read(Register.DESCRIPTION_BYTES, 1, None)
        words, design = -(-size // 4), transport.design
        for word in range(words, 256):
            try:
                transport._read(Register.DESCRIPTION + 4 * word, 1, None)
            except RegisterError:
                continue
            raise SystemExit(f"Word {word} of the description can be read, and it has {words}")
    # Nothing else has contents at power-up.
    rams = tuple(number for number, ram in enumerate(circuit.netlist.rams) if any(ram.words) and not any(ram.words[words:]))
    if len(rams) != 2:
        raise SystemExit(f"A description's words must be in two block RAMs, not {len(rams)}")
    return Description(design, words, rams)


def tried(configuration: Configuration, circuit: Circuit, told: Description, fault: Fault, further: bool) -> Tried:
    """Runs one fault."""
    try:
        changed = circuit_of(fault.apply(configuration), BOARD)
        changed.table()
    except ConvolverError as error:
        return Tried(fault, "noticed", str(error))
    if changed.netlist == circuit.netlist:
        return Tried(fault, "unused", "the circuit is the same")
    before, after = (canonical(told.without_tail(netlist)) for netlist in (circuit.netlist, changed.netlist))
    if before == after:
        return Tried(fault, "don't care", "it has no effect")
    reason = noticed(changed, told.design)
    if reason is None and further:
        reason = noticed_on_a_bad_line(changed, told.design)
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
    told = described_by(circuit)
    found: dict[str, Counter[str]] = {}
    for group in arguments.group or GROUPS:
        found[group] = Counter()
        for fault in islice(faults(chip, configuration, group, arguments.seed), arguments.count):
            begun = time.monotonic()
            one = tried(configuration, circuit, told, fault, arguments.further)
            found[group][one.verdict] += 1
            print(f"{group}: {fault.where}: {one.verdict}, {one.reason[:150]} ({time.monotonic() - begun:.0f} s)", flush=True)
    print(f"\n{circuit}\n")
    print("| bits of | tried | " + " | ".join(CLASSES) + " |\n|" + "---|" * (len(CLASSES) + 2))
    for group, counted in found.items():
        print(f"| {group} | {counted.total()} | " + " | ".join(str(counted[verdict]) for verdict in CLASSES) + " |")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
