"""A bitstream's circuit with nextpnr's delays: right as fast as nextpnr allows, wrong where it is too fast.

The stored delays are those of the bitstream that is stored for test_bitstream.py, without the cells' names. What delays do is
compared with Icarus on random circuits, level for level.
"""

import dataclasses
import lzma
import random
import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from convolver import boards
from convolver.boards.bitstream import Circuit, read
from convolver.boards.bitstream.circuit import HIGH, LOW, Clock, Lut, Netlist, Register
from convolver.boards.bitstream.sdf import fastest, read_delays
from convolver.boards.bitstream.timed import Timed, expanded
from convolver.boards.bitstream.verilog import verilog_of
from convolver.errors import BoardError, ToolError
from convolver.sim.twin.timed import TimedTwin
from convolver.verification import delayed

from .icarus import needs_icarus, output_of
from .test_bitstream import FILTER, random_netlist

ICEBREAKER = boards.get("icebreaker")
DATA = Path(__file__).parent / "data"
NOT, SAME = 0x5555, 0xAAAA


@pytest.fixture(scope="module")
def stored(tmp_path_factory) -> Path:
    """A folder with what `boards.build` leaves with `routed`."""
    folder = tmp_path_factory.mktemp("delays")
    names = {"top.bin": "icebreaker-fir.bin", "top.sdf": "icebreaker-fir.sdf", "top.routed.json": "icebreaker-fir.json"}
    for name, data in names.items():
        (folder / name).write_bytes(lzma.decompress((DATA / f"{data}.xz").read_bytes()))
    (folder / "top.report.json").write_text((DATA / "icebreaker-fir.report.json").read_text())
    return folder


@pytest.fixture(scope="module")
def circuit(stored) -> Circuit:
    return read(stored / "top.bin", ICEBREAKER, delays=True)


# What a register does with a level that comes late


def chain(way: int, setup: int, hold: int = 0) -> Timed:
    """A register that turns round in each tick; behind it another one, so many picoseconds away, whose level goes out."""
    netlist = Netlist(clocks=[Clock("fast", Fraction(1))])
    netlist.inputs["6"] = netlist.fresh()
    turns, back, turned, copy, there, shown = (netlist.fresh() for _ in range(6))
    netlist.luts = [Lut(turned, (back, LOW, LOW, LOW), NOT), Lut(shown, (there, LOW, LOW, LOW), SAME)]
    plain = {"enable": HIGH, "reset": LOW, "to_one": False, "asynchronous": False, "clock": 0, "falling": False}
    netlist.registers = [Register(turns, turned, **plain), Register(copy, shown, **plain)]
    netlist.outputs["9"] = copy
    wires = [(turns, back, 500), (turns, there, way + setup)]
    return Timed(netlist, [100], wires, {there: setup + hold}, places=["turns", "copy"])


def seen(timed: Timed, ticks: int, seed: int = 1) -> tuple[str, list[int]]:
    """The output behind each tick of 10 ns, and how often each register was too late."""
    twin = TimedTwin(timed.table("6", "9", 10_000, seed), 100_000_000, Fraction(40))
    levels = "".join(str(level) for level in twin.levels(b"\1" * ticks))
    return levels, twin.violations(2).tolist()


@pytest.mark.parametrize("way", [1, 7000, 9000])
def test_a_level_in_time_is_taken(way):
    """The last of these is there a set-up time before the edge, to the picosecond."""
    assert seen(chain(way, 1000), 20) == ("01" * 10, [0, 0])


@pytest.mark.parametrize("way", [9001, 9500, 9999])
def test_a_level_within_the_set_up_time_is_taken_by_chance(way):
    levels, late = seen(chain(way, 1000), 400)
    assert late == [0, 399]
    assert 0.3 < sum(map(int, levels)) / 400 < 0.7
    assert "000" in levels
    assert "111" in levels


@pytest.mark.parametrize("way", [10_000, 10_099])
def test_a_level_within_the_hold_time_is_taken_by_chance(way):
    assert seen(chain(way, 1000, hold=100), 100)[1] == [0, 99]


@pytest.mark.parametrize("way", [10_100, 15_000])
def test_a_level_behind_that_is_the_next_ticks_and_too_late(way):
    assert seen(chain(way, 1000, hold=100), 100) == ("00" + "10" * 49, [0, 99])


def test_chance_is_the_seeds():
    one, again, other = (seen(chain(9500, 1000), 200, seed)[0] for seed in (1, 1, 2))
    assert one == again != other


# Random circuits with every block in every mode: as Icarus has them


def with_pins(netlist: Netlist, choose: random.Random) -> Timed:
    """Each pin a net of its own, some nanoseconds away. No way ends at an edge: there are fewer than 1024 of them in a row."""
    made = dataclasses.replace(netlist)
    wires = []

    def pin(net: int) -> int:
        if net in (LOW, HIGH):
            return net
        wires.append((net, made.fresh(), choose.choice((1025, 2049, 3073))))
        return wires[-1][1]

    def pins(nets: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(map(pin, nets))

    made.luts = [replace(lut, inputs=pins(lut.inputs)) for lut in netlist.luts]
    made.registers = [
        replace(one, data=pin(one.data), enable=pin(one.enable), reset=pin(one.reset)) for one in netlist.registers
    ]
    names = ("read_address", "read_enable", "write_address", "write_data", "mask", "write_enable")
    made.rams = [replace(ram, **{name: pins(getattr(ram, name)) for name in names}) for ram in netlist.rams]
    for blocks, out in (("macs", "O"), ("single_port_rams", "DATAOUT")):
        of = [
            replace(one, pins={k: v if k == out else pins(v) for k, v in one.pins.items()}) for one in getattr(netlist, blocks)
        ]
        setattr(made, blocks, of)
    return Timed(made, [0] * len(made.clocks), wires)


TICK = 20 * 1024


def first_chance() -> int:
    """What timed.h draws first, with seed 0: the moment in a tick at which the input changes."""
    state = 1
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return (state >> 24) % 2**32 % TICK


def by_icarus(timed: Timed, levels: bytes, folder: Path) -> bytes:
    """The output's level at the end of each tick."""
    lines = [f"  reg p_{pin} = 0;\n  assign n[{pin}] = p_{pin};\n" for _, pin, _ in timed.wires]
    lines += [f"  always @(n[{net}]) p_{pin} <= #{taken} n[{net}];\n" for net, pin, taken in timed.wires]
    text = verilog_of(timed.netlist).replace("endmodule", f"{''.join(lines)}endmodule", 1)
    tick = f'clk = 1; rx <= #{first_chance()} levels[tick]; #1 clk = 0; #{TICK - 1} $write("%b", tx);'
    return output_of(text, tick, levels, folder, rest=200 * TICK)


def as_icarus_says(seed: int, folder: Path, ticks: int) -> None:
    timed = with_pins(random_netlist(seed), random.Random(seed))
    levels = np.random.default_rng(seed).integers(0, 2, ticks, np.uint8).tobytes()
    twin = TimedTwin(timed.table("6", "9", TICK), 1_000_000, Fraction(40))
    found = twin.levels(levels)
    assert 0.2 < np.mean(np.frombuffer(found, np.uint8)) < 0.8
    assert found == by_icarus(timed, levels, folder)


@needs_icarus
def test_a_random_circuit_with_delays_is_what_its_verilog_says(tmp_path):
    as_icarus_says(1, tmp_path, 80)


@needs_icarus
@pytest.mark.soak
@pytest.mark.parametrize("seed", range(2, 102))
def test_many_random_circuits_with_delays(seed, tmp_path):
    as_icarus_says(seed, tmp_path, 1000)


# A whole bitstream, behind the driver


def test_delays_are_nextprs(circuit):
    """Its report has the way that takes longest: 29.2 MHz of the 24 that the link's clock has."""
    timed = circuit.timed
    assert len(timed.places) == 1796 + 2 * 17 + 4
    assert timed.skews == [927, 927]
    assert 1.2 < circuit.fastest < 1.3
    assert max(taken for _, _, taken in timed.wires) < 20_000
    assert len(timed.deciding) < 20


def test_in_time_at_its_own_clock_and_not_when_too_fast(circuit):
    """Block RAMs, registers and the moment of each byte are anything at power-up; the PLL loses its clock in a call."""
    right = delayed(circuit, FILTER, 1.0, 3, frames=1, shape=(30,), resets=1, undefined=True)
    assert str(right).endswith("every result right, no level too late")
    assert right.sound
    wrong = delayed(circuit, FILTER, 1.4 * circuit.fastest, 3, undefined=True)
    assert wrong.wrong
    assert wrong.late


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("seed", range(20))
def test_in_time_up_to_what_nextpnr_allows(circuit, seed):
    for speed, resets in ((1.0, 10), (circuit.fastest, 10)):
        found = delayed(circuit, FILTER, speed, seed, frames=2, resets=resets, undefined=True)
        assert found.sound, str(found)
    assert delayed(circuit, FILTER, 1.4 * circuit.fastest, seed, undefined=True).wrong


def changed(stored: Path, folder: Path, name: str, was: str, now: str) -> Path:
    """One of the stored files, changed at its first such place."""
    text, count = re.subn(was, now, (stored / name).read_text(), count=1)
    assert count == 1
    (folder / name).write_text(text)
    return folder / name


@pytest.mark.parametrize(
    ("name", "was", "now", "message"),
    [
        (
            "top.sdf",
            r"\(INTERCONNECT",
            "(PORT",
            r"top.sdf must be an SDF file of nextpnr's, in picoseconds, .* at line 13: \(PORT",
        ),
        (
            "top.sdf",
            "1ps",
            "1ns",
            r"top.sdf must be an SDF file of nextpnr's, in picoseconds, and isn't at line 7: \(TIMESCALE 1ns",
        ),
        (
            "top.sdf",
            r"(?s)\(CELL.*",
            "",
            r"top.sdf must be an SDF file of nextpnr's, and has no delays of .*top.routed.json's cells",
        ),
        (
            "top.routed.json",
            '"modules"',
            '"parts"',
            r"Delays must be files of nextpnr's --sdf and --write, and .* aren't: 'modules'",
        ),
    ],
)
def test_what_are_no_delays_is_refused(stored, tmp_path, name, was, now, message):
    files = {one: stored / one for one in ("top.sdf", "top.routed.json")} | {name: changed(stored, tmp_path, name, was, now)}
    with pytest.raises(ToolError, match=message):
        read_delays(*files.values())


def test_what_is_no_report_is_refused(stored, tmp_path):
    with pytest.raises(ToolError, match=r"^Clocks must be in a file of nextpnr's --report, and .* isn't one: 'fmax'$"):
        fastest(changed(stored, tmp_path, "top.report.json", '"fmax"', '"most"'))


def test_delays_of_another_bitstream_are_refused(stored, tmp_path, circuit):
    """Of one whose first wire comes from elsewhere."""
    sdf = changed(stored, tmp_path, "top.sdf", r"\(INTERCONNECT (\S+)/\w+ (\S+) ", r"(INTERCONNECT \1/LO \2 ")
    with pytest.raises(ToolError, match=r"^The delays must be those of the bitstream, and \w+ has another input there$"):
        expanded(circuit.netlist, read_delays(sdf, stored / "top.routed.json"))


def test_delays_are_of_bitstreams_alone(tmp_path, circuit):
    with pytest.raises(ToolError, match=r"^A circuit's delays must be known, and are known of one that is built now$"):
        replace(circuit, delays=None).timed  # noqa: B018
    with pytest.raises(BoardError, match=r"^A board whose bitstream is read back must be one of icebreaker, not ulx3s-12f$"):
        read(tmp_path / "top.bin", boards.get("ulx3s-12f"), delays=True)
