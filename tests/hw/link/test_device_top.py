# amaranth: UnusedElaboratable=no
"""What the device top refuses; what it does is in tests/sim/twin/test_board.py, pin to pin."""

import re

import pytest

from convolver import Conv2DDesign, FIRDesign
from convolver.errors import DesignError
from convolver.hw.link.device_top import Device

FIR = FIRDesign([1, 2, 3])


@pytest.mark.parametrize("baud", [0, -1, 250_001, 9600.0, True])
def test_baud_out_of_range(baud):
    message = f"Baud must be an integer between 1 and a quarter of the clock, 250000, not {baud!r}"
    with pytest.raises(DesignError, match=f"^{re.escape(message)}$"):
        Device(FIR, 1_000_000, baud)


def test_a_rate_too_low_for_the_divisor():
    with pytest.raises(DesignError, match=r"^Divisor must be an integer or a Fraction between 4 and 65535 clocks a bit, not "):
        Device(FIR, 1_000_000, 10)


def test_a_fifo_has_no_clock_of_its_own():
    with pytest.raises(DesignError, match=r"^A FIFO runs at the link's clock, 100000000 Hz, and has no line_hz, not 48000000$"):
        Device(FIR, 100_000_000, None, line_hz=48_000_000)


@pytest.mark.parametrize(("clock_hz", "baud"), [(25_000_000, 3_000_000), (12_000_000, 1_000_000), (100_000_000, 115_200)])
@pytest.mark.parametrize("design", [FIR, Conv2DDesign([[1, 2], [3, 4]])], ids=["fir", "conv2d"])
def test_elaborates_for_a_boards_clock(design, clock_hz, baud):
    from amaranth.back import rtlil

    text = rtlil.convert(Device(design, clock_hz, baud), emit_src=False)
    top = text.split("\nmodule \\top\n")[1].split("\nmodule ")[0]
    ports = set(re.findall(r"^  wire width 1 (?:input|output) \d+ +\\(\w+)$", top, re.MULTILINE))
    assert ports == {"rx", "tx", "session", "fault", "clk", "rst"}
