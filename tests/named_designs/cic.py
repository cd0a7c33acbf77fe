"""The named CIC filters."""

from convolver import CICDesign, Format, s12, s16, u8

__all__ = ["DESIGNS"]

DESIGNS = {
    "cic_decimate_64": CICDesign(4, down=64, data=s16, shift=24, output=s16),
    "cic_decimate_5_pruned": CICDesign(3, down=5, delay=2, data=s12, shift=11, output=Format(11, True), pruned=True),
    "cic_loadable_16": CICDesign(3, down=16, data=s12, shift=12, output=s12, loadable=True),
    "cic_loadable_up": CICDesign(2, up=6, data=s12, shift=3, loadable=True),
    "cic_interpolate_8": CICDesign(3, up=8, data=u8, shift=6, rounding="half_even", output=u8),
    "cic_interpolate_3_twice": CICDesign(
        5, up=3, delay=2, data=Format(4, True), shift=3, rounding="toward_zero", overflow="wrap"
    ),
}
