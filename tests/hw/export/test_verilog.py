# amaranth: UnusedElaboratable=no
"""The emitted text; what it does is tested in tests/cocotb."""

import os
import re
from pathlib import Path

import pytest

import convolver
from convolver import Conv2DDesign, DesignError, FIRDesign, Fork, Pipeline
from convolver.designs import design_from_json
from convolver.hw.bus.axi import AXIAccelerator
from convolver.hw.export.verilog import default_name, generate, template
from convolver.shell import FULL

FIR = FIRDesign([1, -2, 3], loadable=True)
SMALL = FIRDesign([1])
CONV2D = Conv2DDesign([[1, 2], [3, 4]], rows=30, columns=20)


@pytest.fixture(scope="module")
def text():
    return generate(FIR)


def test_same_design_gives_same_text(text):
    assert generate(FIR) == text


def test_nothing_of_the_machine_is_in_it(text):
    home, package = Path.home(), Path(convolver.__file__).parents[1]
    for secret in (str(package), str(package.resolve()), str(home), os.sep + "site-packages"):
        assert secret not in text
    places = set(re.findall(r'src = "([^"]*)"', text))
    assert places
    for place in "|".join(places).split("|"):
        assert re.fullmatch(r"(convolver/hw|amaranth)/[\w/]+\.py:\d+|contextlib\.py", place), place


def test_header(text):
    head = text[: text.index("\n\n")]
    assert all(line.startswith("//") for line in head.splitlines())
    assert f"convolver {convolver.__version__}" in head
    assert "Amaranth 0.5.10" in head
    design = re.search(r"^// Design: (.*)$", head, re.MULTILINE)
    assert design_from_json(design[1]) == FIR
    latency = re.search(r"^// (\d+) clocks after the sample was accepted\.$", head, re.MULTILINE)
    assert int(latency[1]) == AXIAccelerator(FIR).latency


@pytest.mark.parametrize("design", [FIR, CONV2D], ids=["fir", "conv2d"])
def test_template_connects_every_port(design):
    text = generate(design)
    name = default_name(design)
    template = re.search(rf"^//     {name} {name}_0 \((.*?)^//     \);", text, re.MULTILINE | re.DOTALL)[1]
    module = re.search(rf"^module {name}\((.*?)\);", text, re.MULTILINE | re.DOTALL)[1]
    ports = re.findall(r"\w+", module)
    connected = re.findall(r"\.(\w+) +\((\w+)\)", template)
    assert sorted(port for port, _ in connected) == sorted(ports)
    assert all(port == signal for port, signal in connected)
    for direction, width, port in re.findall(
        r"^  (input|output) (?:\[(\d+):0\] )?(\w+);", text[: text.index("endmodule")], re.MULTILINE
    ):
        span = rf"\[{width}:0\]" if width else ""
        assert re.search(rf"\.{port} +\({port}\),? +// {direction} *{span}$", template, re.MULTILINE), port


def test_modules_are_named_after_the_top(text):
    for name in (default_name(FIR), "left"):
        names = re.findall(r"^module \\?(\S+?) ?\(", generate(FIR, name), re.MULTILINE)
        assert len(names) > 5
        assert names[0] == name
        assert all(module.startswith(f"{name}.") for module in names[1:])


def test_packager_reads_the_top_only(text):
    module, _, rest = text.partition("endmodule\n")
    assert 'ASSOCIATED_BUSIF s_axis:m_axis:s_axi, ASSOCIATED_RESET aresetn" *)' in module
    assert 'POLARITY ACTIVE_LOW" *)' in module
    assert "X_INTERFACE" not in rest


@pytest.mark.parametrize("reset", ["active-low", "active-high"])
def test_packager_knows_the_registers_own_clock(reset):
    text = generate(SMALL, axi_clock="own", reset=reset, reset_style="async", shell=FULL)
    pin = "aresetn" if reset == "active-low" else "areset"
    told = re.findall(r'X_INTERFACE_PARAMETER = "(.*)" \*\)\n *\(\* src.*\n *input (\w+);', text)
    assert sorted(told, key=lambda one: one[1]) == [
        ("ASSOCIATED_BUSIF s_axis:m_axis, ASSOCIATED_RESET " + pin, "aclk"),
        (f"POLARITY {reset.upper().replace('-', '_')}", pin),
        ("ASSOCIATED_BUSIF s_axi, ASSOCIATED_RESET s_axi_" + pin, "s_axi_aclk"),
        (f"POLARITY {reset.upper().replace('-', '_')}", f"s_axi_{pin}"),
    ]
    assert text.count("X_INTERFACE_PARAMETER") == 4
    connected = re.search(r"convolver_fir_0 \((.*?)\);\n\n", text, re.DOTALL)[1]
    assert {"aclk", pin, "s_axi_aclk", f"s_axi_{pin}"} <= set(re.findall(r"\.(\w+) ", connected))
    assert template(SMALL, axi_clock="own", reset=reset, shell=FULL).count(f".s_axi_{pin} ") == 1


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ({"axi_clock": "two"}, "AXI clock must be shared or own, not 'two'"),
        ({"reset": "low"}, "Reset must be active-low or active-high, not 'low'"),
        ({"reset_style": "both"}, "Reset style must be sync or async, not 'both'"),
    ],
)
def test_clocks_and_resets_are_known_ones(option, expected):
    for make in (generate, template):
        with pytest.raises(DesignError, match=f"^{expected}$"):
            make(SMALL, **option)


def test_no_signals_of_no_bits():
    assert "[-1:0]" not in generate(CONV2D.replace(kernel=[[3]]))


def test_a_name_that_is_taken_is_refused():
    with pytest.raises(DesignError, match=r"^A module's name must not be a reserved word: int is one of SystemVerilog$"):
        generate(FIR, "int")
    with pytest.raises(DesignError, match=r"^A module's name must not be a reserved word: int is one of SystemVerilog$"):
        template(FIR, "int")


def test_environment_is_left_alone(monkeypatch):
    monkeypatch.setenv("AMARANTH_USE_YOSYS", "system")
    generate(SMALL)
    assert os.environ["AMARANTH_USE_YOSYS"] == "system"
    monkeypatch.delenv("AMARANTH_USE_YOSYS")
    generate(SMALL)
    assert "AMARANTH_USE_YOSYS" not in os.environ


@pytest.mark.parametrize(("family", "primitive"), [("ecp5", "MULT18X18D"), ("ice40", "SB_MAC16"), ("7-series", "DSP48E1")])
def test_for_a_family_it_has_the_primitives_and_latency(family, primitive):
    text = generate(FIR.replace(data="s16", coefficient="s16"), family=family)
    assert len(re.findall(rf"^  {primitive} ", text, re.MULTILINE)) == 3
    assert f"// Device: {family}, with its primitives." in text
    latency = re.search(r"^// (\d+) clocks after", text, re.MULTILINE)
    assert int(latency[1]) == AXIAccelerator(FIR.replace(data="s16", coefficient="s16"), family).latency
    assert primitive not in generate(FIR.replace(data="s16", coefficient="s16"))


@pytest.mark.parametrize(
    ("design", "lines"),
    [
        (
            FIR,
            [
                "One sample a clock. Without stalls what a sample completes is offered",
                "# clocks after the sample was accepted.",
            ],
        ),
        (
            FIR.replace(clocks_per_sample=3),
            [
                "One sample in 3 clocks. Without stalls what a sample completes is offered",
                "# to #+4 clocks after the sample was accepted: # where it finds the input empty,",
                "the more, the more samples wait before it.",
            ],
        ),
        (
            CONV2D.replace(pixels_per_clock=2, boundary="edge", kernel=[[1, 2, 3]] * 3),
            [
                "2 pixels a clock. Without stalls what a beat completes is offered",
                "# clocks after the beat was accepted.",
                "A frame that comes while the end of the one before leaves waits for that, up to 11 clocks; so does one",
                "of another size.",
                "Frames have 30 rows of 20 pixels until ROWS and COLUMNS are written.",
            ],
        ),
    ],
    ids=["a clock", "several clocks", "several pixels"],
)
def test_header_says_how_often_and_when(design, lines):
    latency = AXIAccelerator(design, shell=FULL).latency
    wanted = "\n".join(f"// {line}" for line in lines).replace("#+4", str(latency + 4)).replace("#", str(latency))
    assert f"\n//\n{wanted}\n// Ports, timing" in generate(design, shell=FULL)


LONG = FIRDesign([1] * 70, data="s16", coefficient="s16", loadable=True)


def test_a_device_is_named_and_places_its_multipliers():
    text = generate(LONG, device="lfe5u-85f-6bg381c")
    assert "// Device: LFE5U-85F, with its primitives.\n" in text
    assert "// It takes, at the least, 70 of 156 multipliers, 0 of 208 block RAMs.\n" in text
    assert len(set(re.findall(r'BEL = "(X\d+/Y\d+/MULT18_\d)"', text))) == 70
    without = generate(LONG, family="ecp5")
    assert "// Device: ecp5, with its primitives.\n" in without
    assert (
        "// It takes 70 hard multipliers.\n// The file doesn't have the multipliers' places on an LFE5U-85F; with --device "
        in without
    )
    assert "The file" not in text
    assert "BEL" not in without


def test_multipliers_for_which_one_die_alone_has_room_are_placed_without_a_device():
    longer = FIRDesign([1] * 80, data="s16", coefficient="s16", loadable=True)
    text = generate(longer, family="ecp5")
    assert "// It takes 80 hard multipliers.\n// Of ECP5 only 85F devices have so many: the file has the " in text
    body = text.split("module", 1)[1]
    assert body == generate(longer, device="LFE5UM5G-85F").split("module", 1)[1]
    assert body.count("BEL = ") == 80


@pytest.mark.parametrize(
    "made_of", [lambda parts: Pipeline(parts), lambda parts: Fork(parts, join="sum")], ids=["pipeline", "fork"]
)
@pytest.mark.parametrize(("taps", "placed"), [((40, 4), 40), ((40, 36), 0)])
def test_of_several_long_filters_none_takes_places(made_of, taps, placed):
    """There is one loop of them: two filters on it would be refused by the placer."""
    parts = [FIRDesign([1] * count, data="s16", coefficient="s16", loadable=True, output="s16") for count in taps]
    found = re.findall(r'BEL = "(\S+)"', generate(made_of(parts), device="LFE5U-85F"))
    assert len(found) == len(set(found)) == placed


def test_the_header_says_what_takes_the_registers_of_a_multiplier():
    told = "// Yosys must read it without -dsp (synth_ice40), which would take the registers of SB_MAC16 away.\n"
    odd = FIRDesign([3, 5])
    assert told in generate(odd, family="ice40")
    for text in (generate(odd), generate(odd, family="ecp5"), generate(FIRDesign([4]), family="ice40")):
        assert "-dsp" not in text


@pytest.mark.parametrize(
    ("design", "options", "message"),
    [
        (
            LONG,
            {"device": "LFE5U-25F"},
            "A design for LFE5U-25F must need at most 28 multipliers, not 70; clocks_per_sample=3 needs 24 multipliers and 48 "
            "block RAMs",
        ),
        (
            Conv2DDesign([[1] * 3] * 6, columns=16384),
            {"device": "iCE40UP5K"},
            "A design for iCE40UP5K must need at most 30 block RAMs, not 161; use fewer columns",
        ),
        (
            Conv2DDesign([[1] * 3] * 3, columns=16384, boundary="wrap"),
            {"family": "ecp5"},
            "A line of a design for ecp5 must have at most 16384 pixels, border included, not 16386; use fewer columns",
        ),
        (FIR, {"device": "LFE5U-85F", "family": "ice40"}, "Device must be of family ice40, and LFE5U-85F is of ecp5"),
    ],
)
def test_what_a_device_has_no_room_for_is_refused(design, options, message):
    with pytest.raises(DesignError, match=f"^{re.escape(message)}$"):
        generate(design, **options)
