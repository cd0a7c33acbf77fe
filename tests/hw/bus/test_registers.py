# amaranth: UnusedElaboratable=no
"""The register bank against a dictionary of what each register should read."""

import itertools
import random
import re
import zlib
from pathlib import Path

import pytest
from amaranth.sim import Simulator

import convolver.hw.bus.registers
import convolver.hw.bus.steps
import convolver.hw.cores.core
from convolver import Conv2DDesign, DesignError, FIRDesign, Format, MovingMaximumDesign, Pipeline, s8
from convolver.designs import design_from_json
from convolver.host.registers import DESCRIPTION_MAX, ERRORS, IDENTITY, MAP_VERSION, of_stage
from convolver.host.registers import STAGE_BYTES as HOST_STAGE_BYTES
from convolver.host.registers import Register as host
from convolver.hw.bus.registers import (
    DECIDING,
    DESCRIPTION,
    ID,
    PHASES,
    REGISTERS,
    STAGE_BYTES,
    STAGE_REGISTERS,
    VERSION,
    RegisterBank,
    description,
)
from convolver.plan.lowering import lower

FIR = FIRDesign([1, -2, 3])
CONV2D = Conv2DDesign([[1, 2, 1]] * 3, rows=300, columns=100)
LOADABLE = FIRDesign([1, -2, 3, 4], coefficient=s8, loadable=True)
CONTINUOUS = FIRDesign([1, -2, 3], continuous=True)
SWITCHABLE = Conv2DDesign([[1, 2, 1]], pixel=Format(8, True), boundary="reflect", fill=-5, switchable=True)
DOCS = Path(__file__).parents[3] / "docs"


def simulate(dut, bench, *others):
    """Runs `bench(ctx, call)`, where `await call(name_or_address, value=None)` gives (data, error) of one request."""

    async def call(ctx, where, value=None, patience=100):
        address = where if isinstance(where, int) else REGISTERS[where].address
        request, response = dut.bus.request, dut.bus.response
        ctx.set(request.payload, {"address": address, "write": value is not None, "data": value or 0})
        ctx.set(request.valid, 1)
        for _ in range(patience):
            taken = ctx.get(request.ready)
            await ctx.tick()
            if taken:
                break
        else:
            raise TimeoutError(f"request {where} isn't taken")
        ctx.set(request.valid, 0)
        ctx.set(response.ready, 1)
        for _ in range(patience):
            answer = (ctx.get(response.p.data), ctx.get(response.p.error)) if ctx.get(response.valid) else None
            await ctx.tick()
            if answer:
                ctx.set(response.ready, 0)
                return answer
        raise TimeoutError(f"request {where} isn't answered")

    async def main(ctx):
        async def bound(*args, **kwargs):
            return await call(ctx, *args, **kwargs)

        await bench(ctx, bound)
        main.ran = True

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(main)
    for other in others:
        simulator.add_testbench(other, background=True)
    simulator.run()
    assert main.ran


def test_constants():
    async def bench(ctx, call):
        assert await call("ID") == (0x434F4E56, 0) == (ID, 0)
        assert await call("VERSION") == (1, 0) == (VERSION, 0)
        assert await call("DESCRIPTION_BYTES") == (len(description(FIR)), 0)
        assert await call("COEFFICIENTS") == (0, 0)
        assert await call("STATUS") == (0, 0)

    simulate(RegisterBank(lower(FIR)), bench)


@pytest.mark.parametrize("design", [FIR, CONV2D, LOADABLE], ids=lambda design: f"{design.kind}-{design.loadable}")
def test_description_reads_back_as_the_design(design):
    async def bench(ctx, call):
        size, error = await call("DESCRIPTION_BYTES")
        assert not error
        packed = b""
        for at in range(0, size, 4):
            word, error = await call(DESCRIPTION + at)
            assert not error
            packed += word.to_bytes(4, "little")
        assert not any(packed[size:])
        assert design_from_json(zlib.decompress(packed[:size]).decode()) == design
        assert await call(DESCRIPTION + (size + 3) // 4 * 4) == (0, 1)
        assert await call(0x3FFC) == (0, 1)
        assert await call(DESCRIPTION, 0) == (0, 1)

    simulate(RegisterBank(lower(design)), bench)


@pytest.mark.parametrize("words", [1, 2, 63, 64, 65, 160])
def test_every_word_there_is_and_none_behind(monkeypatch, words):
    """In look-up tables too, as on ECP5; the bound of the description is looked up in parts."""
    text = bytes(range(1, 251)) * 3
    monkeypatch.setattr("convolver.hw.bus.registers.description", lambda design: text[: 4 * words])
    monkeypatch.setattr(convolver.hw.bus.registers, "family_of", lambda platform: "ecp5")
    dut = RegisterBank(lower(FIR))

    async def bench(ctx, call):
        for word in {0, 1, words - 2, words - 1} & set(range(words)):
            assert await call(DESCRIPTION + 4 * word) == (int.from_bytes(text[4 * word :][:4], "little"), 0)
        for word in (words, words + 1, words + 64, 2047):
            assert await call(DESCRIPTION + 4 * word) == (0, 1)

    simulate(dut, bench)


def test_description_too_long(monkeypatch):
    size = len(description(FIR))
    monkeypatch.setattr(convolver.hw.bus.registers, "DESCRIPTION_LIMIT", size)
    RegisterBank(lower(FIR))
    monkeypatch.setattr(convolver.hw.bus.registers, "DESCRIPTION_LIMIT", size - 1)
    expected = f"^A design's compressed description must have at most {size - 1} bytes, not {size}$"
    with pytest.raises(DesignError, match=expected):
        RegisterBank(lower(FIR))


def test_longest_design_has_room():
    rng = random.Random(1)
    taps = [rng.randrange(-(2**31), 2**31) for _ in range(256)]
    assert len(description(FIRDesign(taps, data=Format(32, True)))) <= convolver.hw.bus.registers.DESCRIPTION_LIMIT


@pytest.mark.parametrize("design", [FIR, CONV2D, LOADABLE], ids=lambda design: f"{design.kind}-{design.loadable}")
def test_every_address_is_answered_as_the_map_says(design):
    """Every word below the description and a few behind: read, and write of a value that fits."""
    dut = RegisterBank(lower(design))
    by_address = {register.address: name for name, register in REGISTERS.items()}

    async def bench(ctx, call):
        for address in [*range(0, 0x200, 4), 0x410, 0x810, 0x1000, 0x1FFC]:
            name = by_address.get(address)
            access = REGISTERS[name].access if name and dut.has(name) else ""
            answer, error = await call(address)
            assert error == ("r" not in access), hex(address)
            assert not error or answer == 0
            if name != "COEFFICIENT":
                assert await call(address, 0) == (0, "w" not in access), hex(address)

    simulate(dut, bench)


STAGES = Pipeline(
    [LOADABLE.replace(output=s8), MovingMaximumDesign(3, data=s8), LOADABLE.replace(data=s8, coefficient=Format(5, True))]
)


def test_the_registers_of_stages_stand_one_behind_the_other():
    dut = RegisterBank(lower(STAGES))
    own = {"STATUS": "r", "COEFFICIENTS": "r"}
    wanted = [{}, own | {"COEFFICIENT": "w", "RESTART": "w"}, own, own | {"COEFFICIENT": "w", "RESTART": "w"}, {}]
    by_address = {register.address: name for name, register in STAGE_REGISTERS.items()}

    async def bench(ctx, call):
        for address in range(STAGE_BYTES, 5 * STAGE_BYTES, 4):
            stage, place = divmod(address, STAGE_BYTES)
            access = (wanted[stage] if stage < 4 else {}).get(by_address.get(place), "")
            answer, error = await call(address)
            assert error == ("r" not in access), hex(address)
            assert answer == (4 if not error and stage != 2 and by_address[place] == "COEFFICIENTS" else 0)
            if by_address.get(place) != "COEFFICIENT":
                assert await call(address, 0) == (0, "w" not in access), hex(address)

    simulate(dut, bench)


def test_sets_of_stages_are_written_in_turns():
    """Each stage counts its own, refuses what doesn't fit it, and is refused while its own set is pending."""
    dut, taken = RegisterBank(lower(STAGES)), []
    coefficient = STAGE_REGISTERS["COEFFICIENT"].address

    async def core(ctx):
        ctx.set(dut.coefficients.ready, 1)
        async for _, _, valid, payload in ctx.tick().sample(dut.coefficients.valid, dut.coefficients.payload):
            if valid:
                taken.append((payload.stage, payload.data, payload.last))
                if payload.last:
                    ctx.set(dut.pending, ctx.get(dut.pending) | 1 << payload.stage - 1)

    async def bench(ctx, call):
        for value, stage in ((5, 1), (-3, 3), (6, 1), (7, 3), (8, 1), (1, 3), (9, 1)):
            assert await call(STAGE_BYTES * stage + coefficient, value & 0xFFFFFFFF) == (0, 0)
        assert await call(STAGE_BYTES * 3 + coefficient, 16) == (0, 1)
        assert await call(STAGE_BYTES + coefficient, 1) == (0, 1)
        assert await call(STAGE_BYTES * 2 + coefficient, 1) == (0, 1)
        assert await call(STAGE_BYTES + STAGE_REGISTERS["STATUS"].address) == (1 << 17, 0)
        assert await call(STAGE_BYTES * 3 + STAGE_REGISTERS["STATUS"].address) == (0, 0)
        assert await call(STAGE_BYTES * 3 + coefficient, 2) == (0, 0)
        ctx.set(dut.pending, 0b100)
        assert await call("STATUS") == (1 << 17, 0)
        assert await call(STAGE_BYTES + STAGE_REGISTERS["STATUS"].address) == (0, 0)
        ctx.set(dut.parts, {2: {"busy": 1, "waits": 1, "holds": 1}})
        assert await call(STAGE_BYTES * 3 + STAGE_REGISTERS["STATUS"].address) == (1 << 16 | 0b111 << 17, 0)
        assert await call(STAGE_BYTES * 2 + STAGE_REGISTERS["STATUS"].address) == (0, 0)

    simulate(dut, bench, core)
    words = [(1, 5, 0), (3, -3 & 0xFF, 0), (1, 6, 0), (3, 7, 0), (1, 8, 0), (3, 1, 0), (1, 9, 1), (3, 2, 1)]
    assert taken == words


def test_registers_of_other_designs():
    names = {
        design: {name for name in REGISTERS if RegisterBank(lower(design)).has(name)}
        for design in (FIR, CONV2D, LOADABLE, CONTINUOUS, SWITCHABLE)
    }
    border, frame, loading = {"BOUNDARY", "FILL"}, {"ROWS", "COLUMNS"}, {"COEFFICIENT", "RESTART"}
    assert set(REGISTERS) - names[FIR] == frame | loading | border | {"SILENCE"}
    assert set(REGISTERS) - names[CONV2D] == loading | border | {"LENGTH", "SILENCE"}
    assert set(REGISTERS) - names[LOADABLE] == frame | border | {"SILENCE"}
    assert set(REGISTERS) - names[CONTINUOUS] == frame | loading | border
    assert set(REGISTERS) - names[SWITCHABLE] == loading | {"LENGTH", "SILENCE"}


def test_silence_strobes_once():
    dut = RegisterBank(lower(CONTINUOUS))
    strobes = []

    async def watch(ctx):
        async for _, _, silence in ctx.tick().sample(dut.silence):
            strobes.append(silence)

    async def bench(_ctx, call):
        assert await call("SILENCE", 0) == (0, 0)
        assert await call("SILENCE") == (0, 1)

    simulate(dut, bench, watch)
    assert sum(strobes) == 1


def test_frame_border():
    dut = RegisterBank(lower(SWITCHABLE))

    async def bench(ctx, call):
        assert (ctx.get(dut.boundary), ctx.get(dut.fill)) == (2, -5)
        assert await call("FILL") == ((1 << 32) - 5, 0)
        for boundary in (0, 3):
            assert await call("BOUNDARY", boundary) == (0, 0)
            assert ctx.get(dut.boundary) == boundary
        assert await call("BOUNDARY", 4) == (0, 1)
        for fill, refused in ((-128, 0), (127, 0), (128, 1), (-129, 1)):
            assert await call("FILL", fill & (1 << 32) - 1) == (0, refused)
        assert (ctx.get(dut.boundary), ctx.get(dut.fill)) == (3, 127)

    simulate(dut, bench)


def test_frame_size():
    dut = RegisterBank(lower(CONV2D))

    async def bench(ctx, call):
        assert (ctx.get(dut.rows), ctx.get(dut.columns)) == (300, 100)
        assert await call("ROWS", 7) == (0, 0)
        assert await call("COLUMNS", 127) == (0, 0)
        assert (ctx.get(dut.rows), ctx.get(dut.columns)) == (7, 127)
        assert await call("ROWS") == (7, 0)
        assert await call("ROWS", 512) == (0, 1)  # 300 has nine bits
        assert await call("COLUMNS", 1 << 31) == (0, 1)
        assert await call("ROWS") == (7, 0)
        assert await call("COLUMNS") == (127, 0)

    simulate(dut, bench)


def test_length_has_32_bits():
    dut = RegisterBank(lower(FIR))

    async def bench(ctx, call):
        assert await call("LENGTH", 0xFEDCBA98) == (0, 0)
        assert ctx.get(dut.length) == 0xFEDCBA98
        assert await call("LENGTH") == (0xFEDCBA98, 0)

    simulate(dut, bench)


def test_errors_stay_until_cleared():
    dut = RegisterBank(lower(LOADABLE))

    async def bench(ctx, call):
        expected = 0
        for kind in (3, 0, 4, 1, 2):
            ctx.set(dut.errors, 1 << kind)
            await ctx.tick()
            ctx.set(dut.errors, 0)
            expected |= 1 << kind
            assert await call("STATUS") == (expected, 0)
        assert await call("STATUS", 0b01010) == (0, 0)
        assert await call("STATUS") == (0b10101, 0)
        ctx.set(dut.busy, 1)
        assert await call("STATUS") == (0b10101 | 1 << 16, 0)
        ctx.set(dut.busy, 0)
        ctx.set(dut.pending, 1)
        assert await call("STATUS") == (0b10101 | 1 << 17, 0)
        assert await call("STATUS", 0xFFFFFFFF) == (0, 0)
        assert await call("STATUS") == (1 << 17, 0)

    simulate(dut, bench)


@pytest.mark.parametrize("clock", range(1, PHASES + 3))
def test_error_while_status_is_cleared_is_kept(clock):
    """In the clock in which STATUS is cleared, and later; what came before is cleared."""
    dut = RegisterBank(lower(FIR))

    async def strobe(ctx):
        await ctx.tick().until(dut.bus.request.valid)
        await ctx.tick().repeat(clock)
        ctx.set(dut.errors, 0b10)
        await ctx.tick()
        ctx.set(dut.errors, 0)

    async def bench(ctx, call):
        ctx.set(dut.errors, 0b100)
        await ctx.tick()
        ctx.set(dut.errors, 0)
        assert await call("STATUS", 0xFFFFFFFF) == (0, 0)
        await ctx.tick().repeat(5)
        status, _ = await call("STATUS")
        assert status == (0b10 if clock >= DECIDING else 0)

    simulate(dut, bench, strobe)


def test_counters():
    dut = RegisterBank(lower(FIR))

    async def bench(ctx, call):
        ctx.set(dut.i_stb, 1)
        await ctx.tick().repeat(5)
        ctx.set(dut.i_stb, 0)
        ctx.set(dut.o_stb, 1)
        await ctx.tick().repeat(3)
        ctx.set(dut.o_stb, 0)
        assert await call("BEATS_IN") == (5, 0)
        assert await call("BEATS_OUT") == (3, 0)
        first, _ = await call("CLOCKS")
        await ctx.tick().repeat(100)
        second, _ = await call("CLOCKS")
        assert second - first == 100 + RegisterBank.LATENCY + 1  # what a call takes

    simulate(dut, bench)


def test_counters_are_read_whole(monkeypatch):
    """Whenever the lower half overflows during a read, the upper half is that of the same clock."""
    for module in (convolver.hw.bus.registers, convolver.hw.bus.steps):
        monkeypatch.setattr(module, "COUNTER_PART", 4)
    dut = RegisterBank(lower(FIR))
    step = RegisterBank.LATENCY + 1

    async def bench(ctx, call):
        assert step % 2  # so that the reads are at all 16 values of the lower half
        ctx.set(dut.i_stb, 1)
        for name in ("CLOCKS", "BEATS_IN"):
            seen = [(await call(name))[0] for _ in range(40)]
            assert {after - before for before, after in itertools.pairwise(seen)} == {step}
            assert len({value % 16 for value in seen}) == 16
        assert (await call("CLOCKS"))[0] - seen[-1] == step + 1  # beats are counted a clock late

    simulate(dut, bench)


def coefficient_sink(dut, taken, rng, pending=None):
    """Takes coefficients at random; holds `pending` from a complete set until `taken` is read out."""

    async def sink(ctx):
        port = dut.coefficients
        while True:
            open_ = not ctx.get(dut.pending) and rng.random() < 0.4
            ctx.set(port.ready, open_)
            if open_ and ctx.get(port.valid):
                taken.append((ctx.get(port.p.data), ctx.get(port.p.last)))
                await ctx.tick()
                if pending and taken[-1][1]:
                    ctx.set(dut.pending, 1)
            else:
                await ctx.tick()

    return sink


def test_coefficients_make_sets_of_the_right_length():
    rng = random.Random(2)
    dut = RegisterBank(lower(LOADABLE))
    taken = []
    values = [rng.randrange(-128, 128) for _ in range(12)]

    async def bench(ctx, call):
        assert await call("COEFFICIENTS") == (4, 0)
        for value in values:
            assert await call("COEFFICIENT", value & 0xFFFFFFFF) == (0, 0)
        await ctx.tick().repeat(100)
        assert taken == [(value, place % 4 == 3) for place, value in enumerate(values)]

    simulate(dut, bench, coefficient_sink(dut, taken, rng))


def test_coefficient_that_does_not_fit_is_refused():
    dut = RegisterBank(lower(LOADABLE))
    unsigned = RegisterBank(lower(LOADABLE.replace(coefficients=[1, 2, 3, 4], coefficient=Format(8, False))))

    async def bench(ctx, call):
        for value in (128, 255, 0x7FFFFFFF, -129 & 0xFFFFFFFF, 0x80000000):
            assert await call("COEFFICIENT", value) == (0, 1)
        assert not ctx.get(dut.coefficients.valid)
        assert await call("COEFFICIENT", -128 & 0xFFFFFFFF) == (0, 0)
        assert ctx.get(dut.coefficients.valid)
        assert ctx.get(dut.coefficients.p.data) == -128

    async def bench_unsigned(ctx, call):
        for value in (256, 0xFFFFFFFF):
            assert await call("COEFFICIENT", value) == (0, 1)
        assert await call("COEFFICIENT", 255) == (0, 0)
        assert ctx.get(unsigned.coefficients.p.data) == 255

    simulate(dut, bench)
    simulate(unsigned, bench_unsigned)


def test_no_coefficient_while_a_set_is_pending():
    rng = random.Random(3)
    dut = RegisterBank(lower(LOADABLE))
    taken = []

    async def bench(ctx, call):
        for value in range(4):
            assert await call("COEFFICIENT", value) == (0, 0)
        assert await call("COEFFICIENT", 9) == (0, 1)
        assert ctx.get(dut.pending)
        ctx.set(dut.pending, 0)
        assert await call("COEFFICIENT", 5) == (0, 0)
        await ctx.tick().repeat(50)
        assert taken == [(0, 0), (1, 0), (2, 0), (3, 1), (5, 0)]

    simulate(dut, bench, coefficient_sink(dut, taken, rng, pending=True))


@pytest.mark.parametrize("begun", range(5))
def test_restart_drops_a_set_that_was_begun(begun):
    rng = random.Random(begun)
    dut = RegisterBank(lower(LOADABLE))
    taken = []
    restarts = []

    async def watch(ctx):
        while True:
            if ctx.get(dut.restart):
                restarts.append(len(taken))
            await ctx.tick()

    async def bench(ctx, call):
        for value in range(begun):
            assert await call("COEFFICIENT", value) == (0, 0)
        assert await call("RESTART", 0) == (0, 0)
        assert restarts == [begun]  # once, when all that was begun had reached the core
        taken.clear()
        for value in (7, 6, 5, 4):
            assert await call("COEFFICIENT", value) == (0, 0)
        await ctx.tick().repeat(50)
        assert taken == [(7, 0), (6, 0), (5, 0), (4, 1)]

    simulate(dut, bench, watch, coefficient_sink(dut, taken, rng))


def test_bus_holds_its_response_and_takes_no_other_request_meanwhile():
    dut = RegisterBank(lower(FIR))

    async def bench(ctx, call):
        request, response = dut.bus.request, dut.bus.response
        ctx.set(request.payload, {"address": 0, "write": 0, "data": 0})
        ctx.set(request.valid, 1)
        for _ in range(RegisterBank.LATENCY):
            assert not ctx.get(response.valid)
            taken = ctx.get(request.ready)
            await ctx.tick()
            if taken:
                ctx.set(request.payload, {"address": 4, "write": 0, "data": 0})
        assert taken  # in the clock before its response
        for _ in range(10):
            assert ctx.get(response.valid)
            assert not ctx.get(request.ready)
            assert ctx.get(response.p.data) == ID
            await ctx.tick()
        ctx.set(response.ready, 1)
        await ctx.tick()
        ctx.set(response.ready, 0)
        assert not ctx.get(response.valid)
        await ctx.tick().until(response.valid)
        assert ctx.get(response.p.data) == VERSION

    simulate(dut, bench)


def test_hosts_map_is_the_map():
    assert {name: host[name] for name in REGISTERS} == {name: register.address for name, register in REGISTERS.items()}
    assert (host.DESCRIPTION, IDENTITY, MAP_VERSION) == (DESCRIPTION, ID, VERSION)
    assert DESCRIPTION_MAX == convolver.hw.bus.registers.DESCRIPTION_LIMIT
    assert ERRORS == convolver.hw.cores.core.ERRORS
    assert (HOST_STAGE_BYTES, of_stage(host.STATUS, 2)) == (STAGE_BYTES, 2 * STAGE_BYTES + STAGE_REGISTERS["STATUS"].address)


def test_documented_map_is_the_map():
    text = (DOCS / "registers.md").read_text(encoding="utf-8")
    access = {"r": "r", "w": "w", "rw": "rw", "r, write 1 to clear": "rw"}
    rows = re.findall(r"^\| (0x\w\w) \| (\w+) \| ([^|]+) \|", text, re.MULTILINE)
    assert {name: (int(address, 16), access[word]) for address, name, word in rows} == {
        name: (register.address, register.access) for name, register in REGISTERS.items()
    }
    rows = re.findall(r"^\| (0x\w\w) n \+ (0x\w\w) \| (\w+) \| ([^|]+) \|", text, re.MULTILINE)
    assert {name: (int(step, 16), int(address, 16), access[word]) for step, address, name, word in rows} == {
        name: (STAGE_BYTES, register.address, register.access) for name, register in STAGE_REGISTERS.items()
    }
