"""What a design answers that is made of others."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar, Self, cast

from ..arguments import choice, is_sequence, shown, unknown
from ..errors import DataError, DesignError
from ..formats import Format
from ..quantize import Quantized
from .axes import FrameAxis
from .base import SCHEMA, Design, Reader
from .borders import NoBorder, Switched
from .choices import Choices
from .continuity import Separate, continuity_of
from .image_response import LARGEST
from .image_stacks import by, stack_of_images
from .sources import Source
from .words import GATEWARE_BOUNDARIES, Boundary, Plane

__all__ = ["Composite", "JoinedAxis", "JoinedBorder"]


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

    def stretched(self, start: int, stop: int, size: int) -> tuple[int, int]:
        # Others of the frame: behind the piece, and in front of it where the frame ends, by whole strides.
        stop = min(max(stop, start + self.least), size)
        missing = max(self.least - (stop - start), 0)
        return max(start + -missing // self.stride * self.stride, 0), stop


@dataclass(frozen=True, slots=True)
class JoinedBorder(NoBorder):
    """What stands outside the frames of several filters: of those whose boundary can be chosen, what each makes.

    Parameters
    ----------
    first : NoBorder
        That of the one that takes the samples.
    chosen : mapping of int to NoBorder
        Those that can be chosen, by their numbers.
    """

    first: NoBorder = field(default_factory=NoBorder)
    chosen: Mapping[int, NoBorder] = field(default_factory=dict)

    @property
    def choices(self) -> tuple[Boundary, ...]:
        return GATEWARE_BOUNDARIES * min(len(self.chosen), 1)

    def check_choosable(self) -> None:
        if not self.chosen:
            raise DataError("A boundary can be chosen only of filters with switchable=True; here none has it")

    @property
    def stated(self) -> dict[str, Any]:
        return self.asked or self.first.stated

    @property
    def asked(self) -> dict[str, Any]:
        found: dict[str, dict[int, Any]] = {}
        for number, border in self.chosen.items():
            for name, value in border.asked.items():
                found.setdefault(name, {})[number] = value
        return dict(found)

    def tell(self, core: Switched) -> None:
        for number, border in self.chosen.items():
            core.switch(border.outside.made, border.fill, number)

    @property
    def host_pads(self) -> bool:
        return self.first.host_pads


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
        raise NotImplementedError

    def with_members(self, members: Sequence[Design]) -> Self:
        raise NotImplementedError

    def member_clocks(self, clocks: Fraction) -> Sequence[Fraction]:
        return [clocks] * len(self.members)

    @property
    def first(self) -> Design:
        """The one that takes the samples."""
        return self.members[0]

    def check_plotted(self) -> None:
        if self.image_response is None and not self.responds:
            told = f"of images with windows of {LARGEST}x{LARGEST} or less"
            raise DesignError(f"A plot shows the response of linear filters, {told}; this {self.kind} has none")

    # Parts.

    @cached_property
    def parts(self) -> tuple[Design, ...]:  # type: ignore[override]  # found once
        return tuple(part for member in self.members for part in member.parts or (member,))

    @property
    def forked(self) -> bool:  # type: ignore[override]  # of each design another
        return any(member.forked for member in self.members)

    @property
    def loadable_parts(self) -> Mapping[int, Design]:
        return {number: one for number, part in enumerate(self.parts, 1) for one in part.loadable_parts.values()}

    @property
    def source(self) -> Source:
        """Where the coefficients of those come from that can be loaded; constants where none can."""
        return next((part.source for part in self.loadable_parts.values()), Source())

    @property
    def shaping_sets(self) -> Mapping[int, tuple[int, ...]]:
        return {number: own for number, part in enumerate(self.parts, 1) for own in part.shaping_sets.values()}

    @property
    def adjustable(self) -> bool:
        return any(part.adjustable for part in self.parts)

    def with_part(self, number: int, part: Design) -> Self:
        members, first = list(self.members), 1
        for place, member in enumerate(members):
            count = len(member.parts) or 1
            if number < first + count:
                members[place] = member.with_part(number - first + 1, part)
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
        paces = [Fraction(member.choices.clocks, member.pixels_per_clock) for member in self.members]
        return Choices(math.ceil(max(paces) * self.pixels_per_clock), samples=self.pixels_per_clock)

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
        first, chosen = self.first.border, {number: part.border for number, part in self.switchable_parts.items()}
        return JoinedBorder(first.outside, first.fill, first=first, chosen=chosen)

    @cached_property
    def switchable_parts(self) -> Mapping[int, Design]:
        return {number: part for number, part in enumerate(self.parts, 1) for _ in part.switchable_parts}

    @property
    def fill_range(self) -> tuple[int, int]:
        ranges = [part.fill_range for part in self.switchable_parts.values()] or [super().fill_range]
        lows, highs = zip(*ranges, strict=True)
        return max(lows), min(highs)

    def with_border(self, **asked: object) -> Self:
        changed = self
        for number, own in self._by_part(asked).items():
            changed = changed.with_part(number, self.parts[number - 1].with_border(**own))
        return changed

    def _by_part(self, asked: Mapping[str, object]) -> Mapping[int, Mapping[str, object]]:
        """What is asked for of each part: one value is for all that can be switched, a mapping for those that it names."""
        self.border.check_choosable()
        known = self.switchable_parts
        found: dict[int, dict[str, object]] = {}
        for name, value in asked.items():
            values = value if isinstance(value, Mapping) else dict.fromkeys(known, value)
            for number, one in values.items():
                if number not in known:
                    numbers = " and ".join(map(str, known))
                    raise DataError(f"{name.capitalize()} can be chosen of the stages {numbers}, not of {shown(number)}")
                word = choice(name.capitalize(), one, GATEWARE_BOUNDARIES, DataError) if name == "boundary" else one
                found.setdefault(number, {})[name] = word
        return found

    @property
    def continuous(self) -> bool:  # type: ignore[override]  # of each design another
        return any(member.continuous for member in self.members)

    @property
    def continuity(self) -> Separate:
        return continuity_of(self.continuous, self.frame_axes[0].held)

    @staticmethod
    def _described(member: Design) -> str:
        """A filter for a message, with a mode that isn't the usual one."""
        mode = getattr(member, "mode", "same")
        return ", ".join((member.describe(), *(f"mode {one}" for one in {mode} - {"same"})))

    def _check_continuity(self) -> None:
        """Raises `DesignError` where a signal goes on from frame to frame in some of them only."""
        numbers = {member.continuous: number for number, member in reversed([*enumerate(self.members, 1)])}
        if len(numbers) > 1:
            name = f"{self._key().capitalize()} {numbers[False]} of a {self.kind}"
            told = f"as {self._key()} {numbers[True]} does with continuous=True; all do or none"
            raise DesignError(f"{name} must go on from frame to frame, {told}")

    def _held(self, axis: JoinedAxis) -> JoinedAxis:
        """An axis of frames that go on where the ones before ended, if they do: in whole periods, and what a result needs of
        the samples before them is in the cores."""
        whole = math.lcm(axis.stride, self.frame_multiple)
        before, behind = axis.window
        held = -(-before // whole) * whole * self.continuous
        window = max(before, held), max(behind, (whole - 1) * min(held, 1))
        return replace(axis, window=window, stride=whole, up=axis.up * whole // axis.stride, held=held)

    # Frames.

    def _check_axes(self) -> None:
        """Raises `DesignError` where no frame is taken by all."""
        for axis, name in zip(self.frame_axes, self.axes, strict=True):
            needed = max(axis.least + axis.stride - 1, sum(axis.reach) + axis.stride)
            if axis.most is not None and axis.most < needed:
                raise DesignError(f"The {self.listed_as} of a {self.kind} must take {needed} {name} or more, not {axis.most}")

    def frames_in(self, shape: tuple[int, ...], stack: bool | None) -> list[Plane]:
        found = self.first.frames_in(shape, stack)
        if shape[-1] % self.frame_multiple:
            raise DataError(f"A continuous rate change takes samples by {self.frame_multiple}, not {shape[-1]} of them")
        if self.history is not None:  # a signal of any length
            return found
        sizes = shape[stack_of_images(shape, stack) :][: self.rank]
        if any(size < least for size, least in zip(sizes, self.least_shape, strict=True)):
            raise DataError(f"An image must be at least {by(self.least_shape)} for this {self.kind}, not {by(sizes)}")
        return found

    @property
    def least_shape(self) -> tuple[int, ...]:
        return tuple(
            max(axis.least - sum(axis.around), self.frame_multiple, least)
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
        fitting = (size if limit is None else min(size, limit) for size, limit in zip(wanted, limits, strict=True))
        return tuple(size - size % self.frame_multiple for size in fitting)

    # As text.

    def to_dict(self) -> dict[str, Any]:
        own = {name: getattr(self, name) for name in self.own_fields}
        return {"kind": self.kind, "schema": SCHEMA, **own, self._key(): [member.to_dict() for member in self.members]}

    def to_toml(self) -> str:
        """The design as a TOML file for people: a table for each filter."""
        return "".join(self.tables(""))

    def tables(self, path: str) -> Iterator[str]:
        own = {"kind": self.kind, "schema": SCHEMA} | {name: getattr(self, name) for name in self.own_fields}
        yield from (f"{name} = {json.dumps(value)}\n" for name, value in own.items())
        for member in self.members:
            yield f"\n[[{path}{self._key()}]]\n"
            yield from member.tables(f"{path}{self._key()}.")

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any], read: Reader) -> Self:
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
            wanted = f"a list of tables, [[{key}]] for each in TOML"
            raise DesignError(f"The {cls.listed_as} of a {cls.kind} must be {wanted}, not {shown(members)}")
        made = cls.each(members, lambda member: member if isinstance(member, Design) else read(member))
        return cls(made, **{name: fields[name] for name in cls.own_fields})  # type: ignore[call-arg]  # of a dataclass

    @classmethod
    def _key(cls) -> str:
        """The key of their tables in a file."""
        return cast(str, cls.stages_field)
