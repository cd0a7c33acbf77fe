"""The cocotb test of the picture pipeline; `test_at_rate.py` runs it.

cocotbext-dvi plays a picture to the port in, and compares what comes out with another one, pixel by pixel; it also checks that
each line has as many pixels, and takes as long, as the one before.
"""

import os

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, Timer
from cocotbext.dvi import RGBBus, RGBDriver, RGBSink

PERIOD_NS = 14


def port(dut, name):
    return RGBBus(dut, signals={one: f"{name}_{one}" for one in ("vsync", "hsync", "de", "data")})


@cocotb.test()
async def pictures_go_through(dut):
    """Three frames, each compared."""
    dut.rx.value = 1
    for name in ("vsync", "hsync", "de", "data"):
        getattr(dut, f"rgb_in_{name}").value = 0
    await Timer(1, "ns")
    Clock(dut.clk, 40, "ns").start()
    Clock(dut.rgb_in_clock, PERIOD_NS, "ns").start()
    await ClockCycles(dut.clk, 600)  # until the reset is over
    RGBDriver(dut.rgb_in_clock, port(dut, "rgb_in"), os.environ["PICTURE"], frequency=float(os.environ["FRAMES_A_SECOND"]))
    sink = RGBSink(dut.rgb_in_clock, port(dut, "rgb_out"), os.environ["EXPECTED"], clk_freq=1e3 / PERIOD_NS)
    await sink.frame_finished(3)
    assert len(sink.frames) == 3
    assert [len(frame.data) for frame in sink.frames] == [sink.height * sink.width] * 3
