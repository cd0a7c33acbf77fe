"""The named 2-D convolutions."""

from convolver import Conv2DDesign, Format, s8, s12, s16, s32, u8

from .numbers import kernel, kernels

__all__ = ["DESIGNS", "SOAK"]

DESIGNS = {
    "conv2d_1x1": Conv2DDesign([[-5]], pixel=u8, shift=2, rounding="floor", output=s8, overflow="wrap", rows=9, columns=9),
    "conv2d_3x3_loadable": Conv2DDesign(
        kernel(5, 3, 3, -8, 7),
        coefficient=s8,
        fill=200,
        shift=3,
        rounding="half_up",
        output=u8,
        rows=40,
        columns=33,
        loadable=True,
    ),
    "conv2d_15x15": Conv2DDesign(
        kernel(6, 15, 15, -2, 2), pixel=Format(1, True), boundary="edge", operation="correlate", rows=40, columns=31
    ),
    "conv2d_1x15": Conv2DDesign(
        kernel(7, 1, 15, -99, 99), pixel=s12, fill=-2048, shift=4, rounding="half_even", output=s12, rows=5, columns=50
    ),
    "conv2d_4x2_valid": Conv2DDesign(
        kernel(8, 4, 2, -9, 9),
        pixel=s8,
        coefficient=s8,
        mode="valid",
        shift=2,
        rounding="half_away",
        output=s8,
        rows=40,
        columns=16,
        loadable=True,
    ),
    "conv2d_2x3_32_bits": Conv2DDesign(
        kernel(9, 2, 3, s32.min, s32.max), pixel=s32, boundary="reflect", shift=1, rounding="toward_zero", rows=11, columns=64
    ),
    "conv2d_4x3_switchable": Conv2DDesign(
        kernel(14, 4, 3, -9, 9),
        pixel=s8,
        boundary="symmetric",
        fill=-100,
        operation="correlate",
        rows=20,
        columns=16,
        switchable=True,
    ),
    "conv2d_3_kernels_loadable": Conv2DDesign(
        kernels(17, 3, 2, 3, -8, 7),
        pixel=s8,
        coefficient=s8,
        boundary="symmetric",
        shift=3,
        rounding="half_even",
        output=Format(11, True),
        rows=30,
        columns=20,
        loadable=True,
    ),
    "conv2d_magnitude": Conv2DDesign(
        kernels(20, 2, 3, 3, -9, 9), boundary="edge", shift=1, output=u8, rows=20, columns=40, combine="sum_abs"
    ),
    "conv2d_2_absolute_valid": Conv2DDesign(
        kernels(22, 2, 1, 4, -99, 99), pixel=s12, mode="valid", output=s16, rows=20, columns=40, absolute=True
    ),
    "conv2d_threshold": Conv2DDesign(
        kernel(24, 3, 2, -9, 9), boundary="reflect", shift=2, output=u8, rows=20, columns=40, threshold=31, stride=(3, 1)
    ),
    "conv2d_stride": Conv2DDesign(
        kernel(25, 3, 4, -9, 9), boundary="edge", fill=7, rows=20, columns=40, stride=(2, 3), switchable=True
    ),
    "conv2d_two_clocks": Conv2DDesign(
        kernel(28, 3, 3, -99, 99),
        pixel=s12,
        coefficient=s12,
        boundary="reflect",
        shift=5,
        output=s12,
        rows=40,
        columns=40,
        loadable=True,
        multipliers=8,
    ),
    "conv2d_seven_clocks": Conv2DDesign(
        kernels(29, 2, 4, 3, -9, 9), boundary="edge", rows=20, columns=16, stride=(1, 2), clocks_per_pixel=7, switchable=True
    ),
    "conv2d_shared": Conv2DDesign(
        [[-3, 0, 3], [-10, 1, 10], [-3, 0, 3]], boundary="symmetric", rows=20, columns=40, switchable=True
    ),
    "conv2d_separable": Conv2DDesign(
        [[3 * across * down for across in (1, 4, 6, 4, 1)] for down in (1, -5, 7)],
        fill=200,
        shift=7,
        output=s8,
        rows=20,
        columns=40,
    ),
    "conv2d_separable_switchable": Conv2DDesign(
        [[[3 * across * down for across in row] for down in (1, -5, 7)] for row in ((1, 4, -6, 5), (5, 7, 0, 3))],
        pixel=Format(6, True),
        boundary="edge",
        rows=20,
        columns=40,
        switchable=True,
        planes=2,
        pixels_per_clock=2,
    ),
    "conv2d_stride_valid": Conv2DDesign(
        kernels(26, 2, 2, 3, -9, 9), mode="valid", coefficient=s8, rows=110, columns=20, stride=2, loadable=True
    ),
    "conv2d_2_pixels_switchable": Conv2DDesign(
        kernel(28, 3, 4, -9, 9), pixel=s12, boundary="reflect", rows=20, columns=40, switchable=True, pixels_per_clock=2
    ),
    "conv2d_4_pixels_loadable": Conv2DDesign(
        kernel(29, 3, 3, -8, 7),
        coefficient=s8,
        boundary="edge",
        shift=3,
        output=u8,
        rows=60,
        columns=40,
        loadable=True,
        pixels_per_clock=4,
    ),
    "conv2d_3_planes": Conv2DDesign(
        kernel(32, 3, 3, -9, 9), boundary="symmetric", shift=2, rows=20, columns=40, switchable=True, planes=3
    ),
    "conv2d_2_planes_of_2_pixels": Conv2DDesign(
        kernels(33, 2, 2, 2, -8, 7), pixel=s12, coefficient=s8, rows=40, columns=40, loadable=True, planes=2, pixels_per_clock=2
    ),
    "conv2d_4_pixels_valid": Conv2DDesign(
        kernels(30, 2, 2, 3, -99, 99), pixel=s8, mode="valid", rows=20, columns=40, pixels_per_clock=4
    ),
}

SOAK = {
    "conv2d_15x1": Conv2DDesign(kernel(11, 15, 1, -99, 99), pixel=u8, boundary="edge", rows=40, columns=20),
    "conv2d_15x15_loadable": Conv2DDesign(
        kernel(12, 15, 15, -99, 99), pixel=s16, coefficient=s16, shift=9, output=s16, rows=50, columns=40, loadable=True
    ),
    "conv2d_14x14_valid": Conv2DDesign(kernel(13, 14, 14, -9, 9), mode="valid", rows=50, columns=40),
}
