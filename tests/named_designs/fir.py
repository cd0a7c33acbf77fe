"""The named FIR filters."""

from convolver import FIRDesign, Format, s8, s12, s16, s32, u8

from .numbers import numbers

__all__ = ["DESIGNS", "SOAK"]

DESIGNS = {
    "fir_one_tap": FIRDesign([-3], data=u8, shift=1, rounding="toward_zero", output=s8, overflow="wrap"),
    "fir_256_taps_of_bits": FIRDesign(
        numbers(1, 256, -128, 127), data=Format(1, False), shift=5, rounding="half_even", output=s8, overflow="saturate"
    ),
    "fir_32_bits_loadable": FIRDesign(numbers(2, 5, s32.min, s32.max), data=s32, coefficient=s32, loadable=True),
    "fir_loadable": FIRDesign(
        numbers(3, 19, 0, 15), data=s12, coefficient=Format(4, False), shift=3, rounding="half_away", output=s12, loadable=True
    ),
    "fir_floor": FIRDesign(numbers(4, 31, -300, 300), data=s16, shift=9, rounding="floor", output=s12),
    "fir_shifted": FIRDesign(numbers(51, 7, -99, 99), data=s8, multipliers=0),
    "fir_continuous": FIRDesign(numbers(15, 19, -99, 99), data=s12, shift=4, output=s16, continuous=True),
    "fir_folded_loadable": FIRDesign([52, 80, 37, -81, -75, 81], data=s12, coefficient="s10", loadable=True, multipliers=3),
    "fir_next_sample": FIRDesign(
        numbers(16, 11, -128, 127), data=s8, coefficient=s8, loadable=True, clocks_per_sample=3, continuous=True, swap="sample"
    ),
}

SOAK = {
    "fir_256_loadable": FIRDesign(numbers(10, 256, -9, 9), data=s16, coefficient=s16, loadable=True),
}
