"""The named forks."""

from convolver import Conv2DDesign, FIRDesign, Fork, MovingMaximumDesign, Pipeline, s8, u8

__all__ = ["DESIGNS"]

SIZE = {"boundary": "edge", "rows": 24, "columns": 20}
BLUR = Conv2DDesign([[1, 2, 1], [2, 4, 2], [1, 2, 1]], shift=4, output=u8, **SIZE)
SKEWED = [[1, -2, 4], [8, 3, -5]]
TAPS = FIRDesign([3, -5, 7], data=s8, coefficient=s8, shift=3, output=s8, loadable=True)

DESIGNS = {
    "fork_difference": Fork([BLUR, Pipeline([BLUR, BLUR])], join="difference"),
    "fork_planes": Fork(
        [
            BLUR.replace(kernel=[[1]], shift=0, rows=14, columns=18),
            Pipeline(
                [
                    BLUR.replace(rows=12, columns=13),
                    BLUR.replace(kernel=[SKEWED, BLUR.kernel[:2]], coefficient=s8, boundary="reflect", clocks_per_pixel=3),
                ]
            ),
        ],
        join="planes",
    ),
    "fork_valid": Fork(
        [
            Conv2DDesign([[1, -2, 4], [3, -1, 5], [7, 2, -6]], mode="valid", pixels_per_clock=2, rows=24, columns=20),
            Pipeline(
                [
                    Conv2DDesign([[1, 2], [3, 1]], mode="valid", shift=3, output=u8, pixels_per_clock=2, rows=40, columns=30),
                    Conv2DDesign([[-3, 2], [5, 7]], mode="valid", clocks_per_pixel=2, rows=40, columns=30),
                ]
            ),
        ],
        join="difference",
    ),
    "fork_sum_loadable": Fork([TAPS, Pipeline([MovingMaximumDesign(3, data=s8), TAPS])], join="sum"),
    "fork_2_pixels": Fork(
        [
            BLUR.replace(pixels_per_clock=2),
            Conv2DDesign([[1], [-2], [1], [3], [2]], output=s8, shift=2, pixels_per_clock=2, **SIZE),
        ],
        join="sum",
    ),
}
