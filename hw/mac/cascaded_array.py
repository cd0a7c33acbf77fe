"""The MAC array whose sum runs through the multipliers' own adders, where the device has such."""

from amaranth.hdl import Module

from ..primitives import dsp48
from ..primitives.families import family_of
from .mac_array import MACArray
from .supply import supply_of

__all__ = ["CascadedArray"]


class CascadedArray(MACArray):
    """Computes the exact dot product of a slot's operands, products and sum in the same blocks: one slot after the other, no
    stall, latency and ports of a `MACArray`. On another platform it is one.

    Parameters
    ----------
    array : CascadedProduct
    """

    def elaborate(self, platform: object) -> Module:
        if family_of(platform) != "7-series":
            return super().elaborate(platform)
        m = Module()
        array = self._array
        supply = supply_of(array, self)
        loads = [supply.load]
        for _ in range(1, array.lanes):
            supply.next_group(m)
            loads.append(supply.load)
        operands = [(self.samples[lane], self.mirrors[lane])[: array.lane_samples] for lane in range(array.lanes)]
        dsp48.cascade(m, operands, supply.values, loads, self.sum, sign=array.mirror_sign)
        return m
