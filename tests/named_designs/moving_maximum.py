"""The named moving maxima."""

from convolver import Format, MovingMaximumDesign, s12, u8

__all__ = ["DESIGNS"]

DESIGNS = {
    "moving_maximum_1": MovingMaximumDesign(1, data=Format(3, True)),
    "moving_maximum_11": MovingMaximumDesign(11, data=s12, fill=-7),
    "moving_maximum_16_bytes": MovingMaximumDesign(16, data=u8),
}
