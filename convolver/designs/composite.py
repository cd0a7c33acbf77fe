"""What a design answers that is made of others."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self, cast

from ..arguments import is_sequence, shown, unknown
from ..errors import DataError, DesignError
from ..formats import Format
from ..quantize import Quantized
from .axes import FrameAxis
from .base import SCHEMA, Design
from .borders import NoBorder
from .choices import Choices
from .image_stacks import by, stack_of_images
from .words import Plane

__all__ = ["Composite", "JoinedAxis"]


@dataclass(frozen=True, slots=True)
class JoinedAxis(FrameAxis):
    """An axis of several filters: `window` is what a result of the whole reaches; the host puts `margins` around a frame.

    What it puts around a frame isn't what a filter puts around the results of another: none is made larger.

    Parameters
    ----------
    less : int
        Places of a frame that have no result, with a stride of 1.
    """

    less: int = 0

    @property
    def around(self) -> tuple[int, int]:
        return self.margins

    @property
    def lost(self) -> int:
        return self.less

    @property
    def widest(self) -> tuple[int, int]:
        return self.around


class Composite(Design):
    """Several filters as one design: each keeps its number, by which its coefficients are loaded, and registers of its own.

    The first of them takes the samples, alone or with others.
    """

    listed_as: ClassVar[str]
    """What a list of them is called."""
    own_fields: ClassVar[tuple[str, ...]] = ()
    """The fields beside that list."""

    @property
    def members(self) -> tuple[Design, ...]:
        """The designs that it lists."""
        raise NotImplementedError

    def with_members(self, members: Sequence[Design]) -> Self:
        """A copy with others in their places."""
        raise NotImplementedError

    @property
    def first(self) -> Design:
        """The one that takes the samples."""
        return self.members[0]

    # Parts.

    @cached_property
    def parts(self) -> tuple[Design, ...]:  # type: ignore[override]  # found once
        return tuple(part for member in self.members for part in member.parts or (member,))

    @property
    def loadable_parts(self) -> Mapping[int, Design]:
        return {number: part for number, part in enumerate(self.parts, 1) if part.set_size}

    @property
    def adjustable(self) -> bool:
        return any(part.adjustable for part in self.parts)

    def with_part(self, number: int, part: Design) -> Self:
        """A copy with another filter in the place of that number."""
        members, first = list(self.members), 1
        for place, member in enumerate(members):
            count = len(member.parts) or 1
            if number < first + count:
                members[place] = member.with_part(number - first + 1, part) if isinstance(member, Composite) else part
                break
            first += count
        return self.with_members(members)

    def reloaded(self, coefficients: Sequence[int], stage: int = 0) -> Self:
        part = self.parts[stage - 1]
        changed = part.reloaded(coefficients)
        return self if changed is part else self.with_part(stage, changed)

    # Samples.

    @property
    def rank(self) -> int:  # type: ignore[override]  # of each design another
        return self.first.rank

    @property
    def frame_marks(self) -> tuple[str, ...]:  # type: ignore[override]  # of each design others
        return self.first.frame_marks

    @property
    def axes(self) -> tuple[str, ...]:  # type: ignore[override]  # of each design others
        return self.first.axes

    @property
    def element(self) -> str:  # type: ignore[override]  # of each design another
        return self.first.element

    @property
    def sample_field(self) -> str:  # type: ignore[override]  # of each design another
        return self.first.sample_field

    @property
    def smaller(self) -> Mapping[str, str]:  # type: ignore[override]  # of each design others
        return {what: f"{how} in its {self.listed_as}" for member in self.members for what, how in member.smaller.items()}

    @property
    def sample(self) -> Format:
        return self.first.sample

    @property
    def choices(self) -> Choices:
        return Choices(max(member.choices.clocks for member in self.members), samples=self.pixels_per_clock)

    @property
    def pixels_per_clock(self) -> int:  # type: ignore[override]  # of each design another
        return self.first.pixels_per_clock

    @property
    def planes(self) -> int:  # type: ignore[override]  # of each design another
        return self.first.planes

    @property
    def sample_axes(self) -> tuple[int, ...]:
        return self.first.sample_axes

    @property
    def fill(self) -> int:  # type: ignore[override]  # of each design another
        return self.first.fill

    @property
    def quantized(self) -> Quantized | None:  # type: ignore[override]  # of each design another
        return next((member.quantized for member in self.members if member.quantized is not None), None)

    @property
    def border(self) -> NoBorder:
        return self.first.border

    # Frames.

    def _check_axes(self) -> None:
        """Raises `DesignError` where no frame is taken by all."""
        for axis, name in zip(self.frame_axes, self.axes, strict=True):
            needed = max(axis.least, sum(axis.reach) + axis.stride)
            if axis.most is not None and axis.most < needed:
                raise DesignError(f"The {self.listed_as} of a {self.kind} must take {needed} {name} or more, not {axis.most}")

    def frames_in(self, shape: tuple[int, ...], stack: bool | None) -> list[Plane]:
        found = self.first.frames_in(shape, stack)
        if self.history is not None:  # a signal of any length
            return found
        sizes = shape[stack_of_images(shape, stack) :][: self.rank]
        if any(size < least for size, least in zip(sizes, self.least_shape, strict=True)):
            raise DataError(f"An image must be at least {by(self.least_shape)} for this {self.kind}, not {by(sizes)}")
        return found

    @property
    def least_shape(self) -> tuple[int, ...]:
        return tuple(
            max(axis.least - sum(axis.around), 1, least)
            for axis, least in zip(self.frame_axes, self.first.least_shape, strict=True)
        )

    @property
    def trial_shape(self) -> tuple[int, ...]:
        shapes = [member.trial_shape for member in self.members]
        return self._within([max(sizes) for sizes in zip(*shapes, strict=True)])

    def shape_within(self, samples: int) -> tuple[int, ...]:
        return self._within(self.first.shape_within(samples))

    def _within(self, sizes: Sequence[int]) -> tuple[int, ...]:
        """The nearest shape of a frame that all of them take."""
        limits = [axis.most and axis.most - sum(axis.around) for axis in self.frame_axes]
        wanted = [max(least, size) for least, size in zip(self.least_shape, sizes, strict=True)]
        return tuple(size if limit is None else min(size, limit) for size, limit in zip(wanted, limits, strict=True))

    # As text.

    def to_dict(self) -> dict[str, Any]:
        own = {name: getattr(self, name) for name in self.own_fields}
        return {"kind": self.kind, "schema": SCHEMA, **own, self._key(): [member.to_dict() for member in self.members]}

    def to_toml(self) -> str:
        """The design as a TOML file for people: a table for each filter."""
        return "".join(self._tables(""))

    def _tables(self, path: str) -> Iterator[str]:
        """The design as TOML, the tables of a list at a path."""
        own = {"kind": self.kind, "schema": SCHEMA} | {name: getattr(self, name) for name in self.own_fields}
        yield from (f"{name} = {json.dumps(value)}\n" for name, value in own.items())
        for member in self.members:
            yield f"\n[[{path}{self._key()}]]\n"
            yield from member._tables(f"{path}{self._key()}.") if isinstance(member, Composite) else [member.to_toml()]

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Self:
        # It needs the table of kinds, of which this is one.
        from .reading import design_from_dict

        key = cls._key()
        known = (key, *cls.own_fields)
        for name in fields:
            if name not in known:
                raise DesignError(unknown(name, f"a {cls.kind} design", known))
        for name in known:
            if name not in fields:
                raise DesignError(f"A {cls.kind} design must have {name!r}")
        members = fields[key]
        if not is_sequence(members):
            raise DesignError(f"The {cls.listed_as} of a {cls.kind} must be a list of tables, not {shown(members)}")
        made = tuple(member if isinstance(member, Design) else design_from_dict(member) for member in members)
        return cls(made, **{name: fields[name] for name in cls.own_fields})  # type: ignore[call-arg]  # of a dataclass

    @classmethod
    def _key(cls) -> str:
        """The key of their tables in a file."""
        return cast(str, cls.stages_field)
