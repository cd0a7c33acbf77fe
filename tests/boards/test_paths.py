"""Slowest paths in the design's words. The cells are named as nextpnr names them."""

import pytest

from convolver import Conv2DDesign, FIRDesign
from convolver.boards.paths import in_words, place_of
from convolver.boards.timing import SlowPath
from convolver.plan.lowering import lower

FOLDED = FIRDesign([1, 2, 3, 4, 5], coefficient="s8", loadable=True, clocks_per_sample=2)
SYMMETRIC = FIRDesign([1, 2, 3, 2, 1], coefficient="s8", loadable=True, symmetry="symmetric")
KERNELS = Conv2DDesign([[[1, 2], [3, 4]], [[5, 6], [7, 8]]], coefficient="s8", loadable=True)

CORE = "device.far.accelerator.core"


@pytest.mark.parametrize(
    ("cell", "design", "words", "signal"),
    [
        (f"{CORE}.array.array.lane_1.a_input_TRELLIS_FF_Q_9", SYMMETRIC, "multiplier of lane 1, taps 1 3", "a_input"),
        (f"{CORE}.array.array.lane_0.primitive", FOLDED, "multiplier of lane 0, taps 3 4", "primitive"),
        (f"{CORE}.array.array_1.lane_0.p_pipeline_0_SB_DFF_Q", KERNELS, "multiplier of lane 0, place 0", "p_pipeline_0"),
        (f"{CORE}.array.array.lane_9.p_TRELLIS_FF_Q", FOLDED, "multiplier of lane 9", "p"),
        (f"{CORE}.array.array.chain_4_1_TRELLIS_FF_Q_2", FOLDED, "adder tree", "chain_4_1"),
        (f"{CORE}.array.bank.lane_2.memory.0.0", FOLDED, "coefficients of lane 2, tap 0", "memory.0.0"),
        (f"{CORE}.array.bank.loader.idle_TRELLIS_FF_Q", FOLDED, "loading of coefficients", "idle"),
        (f"{CORE}.array.buffer.storage.0.8$DPRAM_COMB3", FOLDED, "output buffer", "storage.0.8"),
        (f"{CORE}.feeder.memory.lane_0.block_0", FOLDED, "sample memory of lane 0, taps 3 4", "block_0"),
        (f"{CORE}.check.o__payload$28.joins_TRELLIS_FF_Q", KERNELS, "entry of frames", "o__payload.joins"),
        (f"{CORE}.raster.idle_SB_DFFESS_Q_D_SB_LUT4_O_LC", KERNELS, "raster", "idle"),
        (f"{CORE}.opened_TRELLIS_FF_Q", FOLDED, "input of the core", "opened"),
        ("device.far.accelerator.bank.sticky_TRELLIS_FF_Q_3", FOLDED, "registers", "sticky"),
        ("device.link.inbox.level_SB_DFFSR_Q", FOLDED, "link, inbox", "level"),
        ("device.front.uart.receiver.count_SB_DFFSR_Q_1_D_SB_LUT4_O_LC", FOLDED, "UART, receiver", "count"),
        ("device.front.receiver.count_TRELLIS_FF_Q", FOLDED, "UART, receiver", "count"),
        (
            "device.crossing.sample_fifo.produce_w_bin_TRELLIS_FF_Q",
            FOLDED,
            "crossing between link and core",
            "sample_fifo.produce_w_bin",
        ),
        ("device.r.bit_SB_DFFESR_Q_D_SB_LUT4_O_LC", FOLDED, "device.r", "bit"),
        ("held_TRELLIS_FF_Q_27", FOLDED, "top", "held"),
    ],
)
def test_a_cell_is_told_by_its_part_and_signal(cell: str, design: FIRDesign | Conv2DDesign, words: str, signal: str) -> None:
    assert place_of(cell, lower(design, "ecp5")) == (words, signal)


def test_a_path_is_told_with_its_clock() -> None:
    path = SlowPath(
        f"{CORE}.array.array.lane_1.a_input_TRELLIS_FF_Q", "device.far.packer.byte_TRELLIS_FF_Q", "M", "7.87 ns, so"
    )
    assert in_words(path, "core", lower(SYMMETRIC, "ecp5")) == (
        "clock core, multiplier of lane 1, taps 1 3 (a_input) -> results to bytes (byte): 7.87 ns, so"
    )
    assert in_words(None, "line", lower(SYMMETRIC, "ecp5")) == "clock line, no path from register to register"
