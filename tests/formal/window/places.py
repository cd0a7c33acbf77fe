"""Where what stands outside a frame comes from."""

from amaranth.hdl import Mux, Value

__all__ = ["inside"]


def inside(boundary: str, place: Value, size: Value) -> Value:
    """The place in a line of `size` pixels of the one that stands at `place`; for the fill, any."""
    if boundary == "reflect":
        return Mux(place < 0, -place, Mux(place >= size, 2 * size - 2 - place, place))
    if boundary == "symmetric":
        return Mux(place < 0, -1 - place, Mux(place >= size, 2 * size - 1 - place, place))
    return Mux(place < 0, 0, Mux(place >= size, size - 1, place))
