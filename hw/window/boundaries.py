"""The run-time choice of a frame's border: none, or the boundary's rule and the fill."""

from collections.abc import Mapping, Sequence
from functools import singledispatch
from typing import cast

from amaranth.hdl import Module, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In

from convolver.designs import GATEWARE_BOUNDARIES, Boundary, Conv2DDesign, Design, boundary_code
from convolver.designs.borders import ChosenBorder, NoBorder

from .place_format import PlaceFormat

__all__ = ["FixedBoundary", "Source", "border_ports", "boundary_of"]

Source = int | None
"""Where a place's pixel comes from: how many rows or pixels away, or None for the fill."""


class FixedBoundary:
    """One boundary for all frames: the choice has no bits.

    Parameters
    ----------
    form : PlaceFormat
        Format of a place outside the frame.
    """

    def __init__(self, form: PlaceFormat) -> None:
        self._form = form

    @property
    def layout(self) -> data.StructLayout:
        """Layout of a frame's choice."""
        return data.StructLayout({})

    def fill(self, chosen: data.View) -> Value:
        """The value outside the frame under ``constant``."""
        return self._form.of(self._form.fill)

    def where(self, rule: Value, chosen: data.View, boundary: Boundary) -> Value:
        """`rule`, and the frame has this boundary."""
        return rule

    def later(
        self,
        m: Module,
        name: str,
        chosen: data.View,
        sources: Mapping[Boundary, Source],
        now: Sequence[Value],
        then: Sequence[Value],
    ) -> Value:
        """The value of the chosen boundary's source, one cycle later. `now` has the sources' values, `then` their
        values of the next cycle."""
        (source,) = sources.values()
        return self._value(source, chosen, then)

    def _value(self, source: Source, chosen: data.View, values: Sequence[Value]) -> Value:
        return self.fill(chosen) if source is None else values[source]


class ChosenBoundary(FixedBoundary):
    """A boundary for each frame: a place in `GATEWARE_BOUNDARIES`, and the fill of ``constant``."""

    @property
    def layout(self) -> data.StructLayout:
        return data.StructLayout({"boundary": range(len(GATEWARE_BOUNDARIES)), "fill": self._form.plane_shape})

    def fill(self, chosen: data.View) -> Value:
        return self._form.of(chosen.fill)

    def where(self, rule: Value, chosen: data.View, boundary: Boundary) -> Value:
        return rule & (chosen.boundary == boundary_code(boundary))

    def later(
        self,
        m: Module,
        name: str,
        chosen: data.View,
        sources: Mapping[Boundary, Source],
        now: Sequence[Value],
        then: Sequence[Value],
    ) -> Value:
        value = Signal(self._form.shape, name=name)
        with m.Switch(chosen.boundary):
            for number, each in enumerate(GATEWARE_BOUNDARIES):
                with m.Case(number):
                    m.d.sync += value.eq(self._value(sources[each], chosen, now))
        return value


def boundary_of(design: Conv2DDesign, form: PlaceFormat | None = None) -> FixedBoundary:
    """The boundary object of a design, for places of this format; by default pixels."""
    return _boundary(design.border, form or PlaceFormat.of_pixels(design))


@singledispatch
def _boundary(border: NoBorder, form: PlaceFormat) -> FixedBoundary:  # noqa: ARG001  # by its class
    return FixedBoundary(form)


@_boundary.register
def _(border: ChosenBorder, form: PlaceFormat) -> FixedBoundary:  # noqa: ARG001
    return ChosenBoundary(form)


def border_ports(design: Design) -> dict[str, wiring.Member]:
    """The ports for the borders of several filters: `boundary_2` and `fill_2` for the second.

    A single filter has none of these: its ports have no number.
    """
    found: dict[str, wiring.Member] = {}
    for number, part in design.switchable_parts.items() if design.parts else ():
        values = {"boundary": part.border.outside.code, "fill": part.fill}
        for name, shape in boundary_of(cast(Conv2DDesign, part)).layout.members.items():
            found[f"{name}_{number}"] = In(shape, init=values[name])
    return found
