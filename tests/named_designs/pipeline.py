"""The named pipelines."""

from convolver import CICDesign, Conv2DDesign, FIRDesign, MovingMaximumDesign, Pipeline, ResampleDesign, s8, s12, u8

__all__ = ["DESIGNS"]

BLUR = [[1, 2, 1], [2, 4, 2], [1, 2, 1]]
SOBEL = [[[1, 0, -1], [2, 0, -2], [1, 0, -1]], [[1, 2, 1], [0, 0, 0], [-1, -2, -1]]]


def _blur(**fields):
    return Conv2DDesign(BLUR, shift=4, output=u8, boundary="edge", rows=24, columns=20, **fields)


DESIGNS = {
    "pipeline_fir_maximum": Pipeline([FIRDesign([3, -5, 7], data=s12, shift=3, output=s12), MovingMaximumDesign(5, data=s12)]),
    "pipeline_blur_edges": Pipeline(
        [_blur(), Conv2DDesign(SOBEL, combine="sum_abs", output=u8, boundary="edge", rows=24, columns=20)]
    ),
    "pipeline_loadable": Pipeline(
        [
            FIRDesign([3, -5, 7], data=s8, coefficient=s8, shift=3, output=s8, loadable=True),
            MovingMaximumDesign(3, data=s8),
            FIRDesign([1, 2, -3, 4, 5], data=s8, coefficient=s12, loadable=True),
        ]
    ),
    "pipeline_2_pixels": Pipeline(
        [
            _blur(pixels_per_clock=2),
            Conv2DDesign([[1, -2, 4]], mode="valid", output=u8, rows=24, columns=20, pixels_per_clock=2),
        ]
    ),
    "pipeline_rates": Pipeline(
        [
            CICDesign(3, down=4, data=s12, shift=6, output=s12),
            ResampleDesign([-3, 0, 19, 32, 19, 0, -3], 3, 2, data=s12, shift=5, output=s12),
            FIRDesign([1, -2, 5], data=s12, shift=2),
        ]
    ),
    "pipeline_widths": Pipeline(
        [_blur(pixels_per_clock=2), _blur(), Conv2DDesign([[1, -2, 4]], mode="valid", rows=24, columns=20, pixels_per_clock=4)]
    ),
    "pipeline_continuous": Pipeline(
        [
            FIRDesign([3, -5, 7], data=s8, shift=3, output=s8, continuous=True),
            FIRDesign([1, 2, -3, 4], data=s8, shift=2, continuous=True),
        ]
    ),
    "pipeline_switchable": Pipeline([_blur(switchable=True), _blur().replace(switchable=True, fill=200)]),
    "pipeline_thirds": Pipeline([_blur(stride=3), Conv2DDesign([[1], [-2]], mode="valid", rows=24, columns=20)]),
}
