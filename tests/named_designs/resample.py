"""The named changes of rate."""

from convolver import Format, ResampleDesign, s8, s12, s16, u8

from .numbers import mirrored, numbers

__all__ = ["DESIGNS"]

DESIGNS = {
    "resample_decimate_8": ResampleDesign(
        numbers(41, 32, -300, 300), down=8, data=s16, coefficient=s16, shift=7, output=s16, loadable=True
    ),
    "resample_halfband": ResampleDesign(
        [-3, 0, 19, 32, 19, 0, -3], down=2, data=s12, shift=6, rounding="half_even", output=s12
    ),
    "resample_interpolate_5": ResampleDesign(numbers(42, 23, -99, 99), up=5, data=s8, shift=3, output=s8, overflow="wrap"),
    "resample_mirrored_5": ResampleDesign(mirrored(45, 23, -99, 99), up=5, data=s12, shift=3, output=s12),
    "resample_mirrored_2": ResampleDesign(mirrored(46, 14, -9, 9, -1), up=2, data=u8, clocks_per_result=2),
    "resample_3_2": ResampleDesign(
        numbers(43, 19, -128, 127), 3, 2, data=u8, coefficient=s8, clocks_per_result=2, loadable=True
    ),
    "resample_added_2_3": ResampleDesign(numbers(48, 11, -99, 99), 2, 3, data=s8, shift=4, output=s8, multipliers=0),
    "resample_2_7": ResampleDesign(numbers(44, 17, 0, 15), 2, 7, data=Format(3, True), shift=1, rounding="toward_zero"),
}
