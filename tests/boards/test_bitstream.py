"""From a bitstream back to its circuit, and that circuit run behind the host's driver.

The stored bitstream is an iCEBreaker's, of the filter that it tells itself: 8 taps that can be loaded, on four SB_MAC16. Soak
tests build theirs.
"""

import lzma
import random
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from convolver import boards
from convolver.boards.bitstream import Circuit, circuit_of, read
from convolver.boards.bitstream.canonical import canonical
from convolver.boards.bitstream.chip import Chip, database
from convolver.boards.bitstream.circuit import HIGH, LOW, Clock, Lut, MacBlock, Netlist, Ram, Register, SinglePortRam
from convolver.boards.bitstream.configuration import unpack
from convolver.boards.bitstream.read import chip_of
from convolver.boards.bitstream.table import table_of
from convolver.boards.bitstream.verilog import verilog_of
from convolver.designs import FIRDesign
from convolver.errors import BoardError, DeviceRestarted, ToolError
from convolver.formats import s8
from convolver.host.deadlines import Timing
from convolver.host.device import Device
from convolver.host.link import LinkTransport
from convolver.selftest import cases, check
from convolver.sim import golden
from convolver.sim.twin.board import BoardPipe
from convolver.sim.twin.fabric import FabricTwin
from convolver.verification import opened

from .icarus import needs_icarus, output_of

ICEBREAKER = boards.get("icebreaker")
FILTER = FIRDesign((3, -7, 11, -120, 127, 5, -9, 2), coefficient=s8, data=s8, loadable=True)


@pytest.fixture(scope="module")
def stored(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("bitstream") / "top.bin"
    path.write_bytes(lzma.decompress((Path(__file__).parent / "data" / "icebreaker-fir.bin.xz").read_bytes()))
    return path


@pytest.fixture(scope="module")
def circuit(stored) -> Circuit:
    return read(stored, ICEBREAKER)


def tried(circuit: Circuit) -> str | None:
    """What the self-test says of a circuit."""
    with opened(circuit, FILTER) as device:
        return next((wrong for case in cases(device.design, 1, 1) if (wrong := check(device, case))), None)


def test_what_is_in_a_bitstream(circuit):
    """nextpnr counted 1796 registers, 17 block RAMs and 4 multipliers when it was made."""
    netlist = circuit.netlist
    assert (len(netlist.registers), len(netlist.rams), len(netlist.macs)) == (1796, 17, 4)
    assert str(circuit).endswith("1796 registers, 17 block RAMs, 4 SB_MAC16; clocks of 24 MHz and 48 MHz")
    assert all(mac.parameters["MODE_8x8"] and mac.parameters["A_REG"] and mac.parameters["A_SIGNED"] for mac in netlist.macs)
    assert not any(register.falling or register.clock is None for register in netlist.registers)
    assert (circuit.clock_hz, circuit.byte_clocks) == (48_000_000, 40)


def test_a_bitstream_answers_the_driver(circuit):
    """It says itself which filter it is; its coefficients are loaded, too."""
    assert tried(circuit) is None


def changed(circuit: Circuit, **cells) -> Circuit:
    return replace(circuit, netlist=replace(circuit.netlist, **cells))


def test_a_wrong_multiplier_is_seen(circuit):
    macs = circuit.netlist.macs
    unsigned = [replace(mac, parameters=dict(mac.parameters) | {"A_SIGNED": 0}) for mac in macs]
    assert tried(changed(circuit, macs=unsigned)) is not None


class Failing(BoardPipe):
    """A board whose power fails once, at a moment of its own."""

    def __init__(self, circuit: Circuit, clocks: int, seed: int) -> None:
        super().__init__(self.powered(circuit, seed))
        self._circuit, self._clocks, self._seed, self._before = circuit, clocks, seed, 0

    @staticmethod
    def powered(circuit: Circuit, seed: int) -> FabricTwin:
        return FabricTwin(circuit.table(seed), circuit.clock_hz, circuit.byte_clocks)

    def time(self) -> float:
        return (self._before + self.twin.clocks) / self.twin.clock_hz

    def read(self, size: int, deadline: float) -> bytes:
        if self._clocks and self._before + self.twin.clocks >= self._clocks:
            self._before, self._clocks = self._before + self.twin.clocks, 0
            self.twin = self.powered(self._circuit, self._seed + 1)
        return super().read(size, deadline)


def after_power_failure(circuit: Circuit, clocks: int, seed: int) -> str:
    """What a call ends with whose device loses its power after so many clocks; the next one must be right."""
    pipe = Failing(circuit, clocks, seed)
    samples = np.random.default_rng(seed).integers(-128, 128, 400)
    expected = golden.run(FILTER, samples)
    ended = "right"
    # A second of the device takes a minute here: the host is less patient.
    timing = Timing(retry=0.004, retry_min=0.001, retry_max=0.016, progress=0.2, opening=0.5)
    with Device(LinkTransport(pipe, timing=timing, clock=pipe.time)) as device:
        try:
            while pipe.time() * pipe.twin.clock_hz < clocks:
                assert np.array_equal(device(samples), expected)
            assert np.array_equal(device(samples), expected)
        except DeviceRestarted:
            ended = "restarted"
        assert np.array_equal(device(samples), expected)
    return ended


def test_power_fails_at_any_moment(circuit):
    """Block RAMs give anything before they are read. The host is told, or nothing was lost; the next call is right."""
    moments = np.random.default_rng(1).integers(150_000, 400_000, 1)
    ended = [after_power_failure(circuit, int(clocks), seed) for seed, clocks in enumerate(moments, 1)]
    assert "restarted" in ended


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_power_fails_at_many_moments(circuit):
    moments = np.random.default_rng(2).integers(100_000, 400_000, 200)
    ended = [after_power_failure(circuit, int(clocks), seed) for seed, clocks in enumerate(moments, 1)]
    assert ended.count("restarted") > 100


def test_a_bitstream_of_another_board_is_refused(stored):
    with pytest.raises(BoardError, match=r"^A board whose bitstream is read back must be one of icebreaker, not ulx3s-85f$"):
        read(stored, boards.get("ulx3s-85f"))


def test_what_is_no_bitstream_is_refused(tmp_path):
    path = tmp_path / "top.bin"
    with pytest.raises(ToolError, match=r"^A bitstream must be a file, and .*top.bin is none$"):
        read(path, ICEBREAKER)
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(ToolError, match=r"top.bin must be a bitstream of an iCE40: .+"):
        read(path, ICEBREAKER)


def test_a_bitstream_of_another_device_is_refused(stored, monkeypatch):
    """One of an iCE40HX8K, which has no such package."""
    other = replace(unpack(stored, chip_of), device="8k")
    monkeypatch.setitem(read.__globals__, "unpack", lambda *_: other)
    with pytest.raises(ToolError, match=r"must be a bitstream of an iCE40UP5K, not of an iCE40 8k$"):
        read(stored, ICEBREAKER)


def test_a_wire_with_two_drivers_is_refused(stored):
    configuration = unpack(stored, chip_of)
    bits = configuration.bits.copy()
    bits[:, 3:6, :, :20] = True
    with pytest.raises(ToolError, match=r"^Each wire must have one driver, and \d+ have several: the bitstream is damaged$"):
        circuit_of(replace(configuration, bits=bits), ICEBREAKER)


def test_another_database_is_refused(tmp_path):
    path = tmp_path / "chipdb-5k.bin"
    path.write_bytes(database("5k").read_bytes()[:100_000])
    with pytest.raises(ToolError, match=r"^chipdb-5k.bin isn't a database of nextpnr 0.11 for iCE40"):
        Chip(path)


def test_an_empty_configuration_has_no_circuit(stored):
    configuration = unpack(stored, chip_of)
    circuit = circuit_of(replace(configuration, bits=np.zeros_like(configuration.bits), pads=frozenset()), ICEBREAKER)
    assert not circuit.netlist.outputs
    with pytest.raises(ToolError, match=r"^The bitstream doesn't use pin 6, which the board's UART needs$"):
        circuit.table()


# The table of numbers and the Verilog of the same netlist, by Icarus: random circuits with every block in every mode


def random_netlist(seed: int) -> Netlist:
    """Everything there is, between one input and one output; no loop but through registers."""
    choose = random.Random(seed)
    netlist = Netlist(clocks=[Clock("slow", Fraction(1)), Clock("fast", Fraction(2))])
    netlist.inputs["6"] = rx = netlist.fresh()
    nets = [LOW, HIGH, rx]

    def some(count: int) -> tuple[int, ...]:
        return tuple(choose.choice(nets) for _ in range(count))

    def fresh(count: int) -> tuple[int, ...]:
        return tuple(netlist.fresh() for _ in range(count))

    # What blocks and registers give is there before what they take.
    outs = [(kind, fresh(width)) for kind, width in (("register", 1),) * 60 + (("ram", 16), ("mac", 32)) * 3 + (("spram", 16),)]
    nets += [net for _, out in outs for net in out]
    steady = [rx, *(out[0] for kind, out in outs if kind == "register")]
    for _ in range(150):
        # As many ones as zeros, and the input in one of four: nothing comes to rest.
        table = sum(1 << row for row in choose.sample(range(16), 8))
        inputs = (choose.choice((rx, *some(3))), *some(3))
        netlist.luts.append(Lut(netlist.fresh(), inputs, table))  # type: ignore[arg-type]
        nets.append(netlist.luts[-1].out)
    for kind, out in outs:
        clock = choose.randrange(2)
        if kind == "register":
            flags = choose.random() < 0.3, choose.random() < 0.2
            # What sets at once must come from a register or the input: a table's output may glitch where there is no delay.
            enable, reset = choose.choice((HIGH, HIGH, *some(1))), choose.choice((LOW,) * 7 + (choose.choice(steady),))
            netlist.registers.append(Register(out[0], nets[-1 - choose.randrange(150)], enable, reset, *flags, clock, False))
        elif kind == "ram":
            # Addresses of few bits, so that what is written is read again.
            address = (*some(2), *(LOW,) * 6, *some(3))
            words = tuple(choose.getrandbits(16) for _ in range(256))
            modes = choose.randrange(4), choose.randrange(4)
            of = (out, address, (HIGH, some(1)[0]), address, some(16), some(16), (some(1)[0], HIGH))
            netlist.rams.append(Ram(*of, modes, (clock, choose.randrange(2)), (False, False), words))
        elif kind == "mac":
            names = ("CE", "AHOLD", "BHOLD", "CHOLD", "DHOLD", "CI")
            halves = [f"{name}{half}" for name in ("IRST", "ORST", "OLOAD", "ADDSUB", "OHOLD") for half in ("TOP", "BOT")]
            pins = {name: some(16) for name in "ABCD"} | {"O": out}
            pins |= {name: some(1) for name in names}
            pins |= {name: (choose.choice((LOW, LOW, *some(1))),) for name in halves}
            netlist.macs.append(MacBlock(pins, mac_parameters(choose), clock))
        else:
            pins = {"ADDRESS": (*some(2), *(LOW,) * 12), "DATAIN": some(16), "MASKWREN": some(4), "DATAOUT": out}
            single = {"CHIPSELECT": some(1), "WREN": some(1), "STANDBY": (LOW,), "SLEEP": (LOW,), "POWEROFF": (HIGH,)}
            netlist.single_port_rams.append(SinglePortRam(pins | single, clock))
    parity = LOW
    for _, out in outs:
        for first in range(0, len(out), 3):
            parity = netlist.gate(0x6996, *out[first : first + 3], *(LOW,) * (3 - len(out[first : first + 3])), parity)
    netlist.outputs["9"] = parity
    return netlist


def mac_parameters(choose: random.Random) -> dict[str, int]:
    """Any, but that an output follows its inputs in the same clock: that would be a loop here."""
    parameters = {
        name: choose.randrange(2)
        for name in (
            *("A_REG", "B_REG", "C_REG", "D_REG", "TOP_8x8_MULT_REG", "BOT_8x8_MULT_REG", "PIPELINE_16x16_MULT_REG1"),
            *("PIPELINE_16x16_MULT_REG2", "MODE_8x8", "A_SIGNED", "B_SIGNED", "TOPADDSUB_UPPERINPUT", "BOTADDSUB_UPPERINPUT"),
        )
    }
    for half in ("TOP", "BOT"):
        registered = [1]
        if parameters[f"{half}_8x8_MULT_REG"]:
            registered.append(2)
        if parameters["PIPELINE_16x16_MULT_REG2"]:
            registered.append(3)
        parameters[f"{half}OUTPUT_SELECT"] = choose.choice(registered)
        parameters[f"{half}ADDSUB_LOWERINPUT"] = choose.randrange(4)
    parameters["TOPADDSUB_CARRYSELECT"] = choose.randrange(4)
    parameters["BOTADDSUB_CARRYSELECT"] = choose.choice((0, 1, 3))
    return parameters


def by_icarus(netlist: Netlist, levels: bytes, folder: Path) -> bytes:
    """The output's level behind each clock."""
    return output_of(verilog_of(netlist), 'rx = levels[tick]; #1 clk = 1; #1 $write("%b", tx); clk = 0;', levels, folder)


def as_icarus_says(seed: int, folder: Path, ticks: int = 600) -> None:
    netlist = random_netlist(seed)
    levels = np.random.default_rng(seed).integers(0, 2, ticks, np.uint8).tobytes()
    text = by_icarus(netlist, levels, folder)
    twin = FabricTwin(table_of(netlist, "6", "9"), 1_000_000, Fraction(40))
    found = twin.levels(levels)
    assert twin.unstable == 0
    assert 0.2 < np.mean(np.frombuffer(found, np.uint8)) < 0.8  # something happens
    assert found == text


@needs_icarus
@pytest.mark.parametrize("seed", range(3))
def test_a_random_circuit_is_what_its_verilog_says(seed, tmp_path):
    as_icarus_says(seed, tmp_path)


@pytest.mark.soak
@needs_icarus
@pytest.mark.parametrize("seed", range(3, 203))
def test_many_random_circuits(seed, tmp_path):
    as_icarus_says(seed, tmp_path, ticks=3000)


@pytest.mark.parametrize("seed", range(10))
def test_what_makes_no_difference_is_left_out_of_the_canonical_form(seed):
    """Half of the circuits have multipliers of which two operands are 0, as the project's own have."""
    netlist = random_netlist(seed)
    if seed % 2:
        still = {"C": (LOW,) * 16, "D": (LOW,) * 16, "ADDSUBBOT": (LOW,), "CI": (LOW,)}
        adds = {"BOTADDSUB_UPPERINPUT": 1, "TOPOUTPUT_SELECT": 1, "BOTADDSUB_CARRYSELECT": 3}
        netlist.macs = [
            replace(
                mac,
                pins=dict(mac.pins) | still,
                parameters=dict(mac.parameters) | adds | {"TOPADDSUB_CARRYSELECT": (seed + number) % 4},
            )
            for number, mac in enumerate(netlist.macs)
        ]
    form = canonical(netlist)
    assert form != netlist
    assert canonical(form) == form
    levels = np.random.default_rng(seed).integers(0, 2, 500, np.uint8).tobytes()
    one, other = (FabricTwin(table_of(of, "6", "9"), 1_000_000, Fraction(40)).levels(levels) for of in (netlist, form))
    assert one == other


def test_a_loop_without_rest_costs_little():
    """An inverter of itself, which only a damaged bitstream has."""
    netlist = Netlist(clocks=[Clock("fast", Fraction(1))])
    netlist.inputs["6"] = netlist.fresh()
    ring = [netlist.fresh() for _ in range(9)]
    netlist.luts = [Lut(out, (before, LOW, LOW, LOW), 0x5555) for out, before in zip(ring, [ring[-1], *ring], strict=False)]
    netlist.outputs["9"] = ring[0]
    twin = FabricTwin(table_of(netlist, "6", "9"), 1_000_000, Fraction(40))
    assert len(twin.levels(bytes(10_000))) == 10_000
    assert twin.unstable > 10_000
