"""An output buffer for results that begin together."""

from amaranth.hdl import ShapeLike, Signal, Value

from convolver.plan import stages

from .output_buffer import OutputBuffer

__all__ = ["BurstBuffer"]


class BurstBuffer(OutputBuffer):
    """An `OutputBuffer` that is `available` only while it has room for several results. Then all of them may begin, one
    after the other, without another check. Each result is claimed as it begins.

    Parameters
    ----------
    shape : ShapeLike
        Shape of a result.
    depth : int
    enough : int
        Credits for all of these results and two more; a power of two.
    """

    makes = (stages.BurstBuffer,)

    def __init__(self, shape: ShapeLike, depth: int, enough: int) -> None:
        if enough & (enough - 1) or enough > depth:
            raise ValueError(f"Enough credits must be a power of two and at most the depth {depth}, not {enough}")
        super().__init__(shape, depth)
        self._many = 2 * enough

    def _enough(self, credit: Signal) -> Value:
        return credit[self._many.bit_length() - 2 :][:2].any()
