"""What all designs have in common, and what each kind answers for itself."""

import dataclasses
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np

from ..arguments import integers, meant, shown, unknown
from ..errors import DataError, DesignError
from ..formats import Format
from ..quantize import Quantized
from ..specified import Specified
from .axes import FrameAxis
from .choices import Choices
from .comprising import Comprising
from .continuity import UNJOINED, Separate
from .factors import Responding
from .naming import Naming
from .reloading import Reloading
from .resulting import Resulting
from .sources import Source
from .switching import Switching
from .words import Boundary, Plane

__all__ = ["SCHEMA", "Design", "Reader", "format_of", "so_many"]

SCHEMA = 1
"""Version of the JSON form; raised when a field changes its meaning."""


def format_of(name: str, value: object) -> Format:
    if isinstance(value, str):
        return Format.parse(value)
    if not isinstance(value, Format):
        raise DesignError(f"{name} must be a Format such as convolver.u8, or its name, not {shown(value)}")
    return value


Reader = Callable[[Mapping[str, Any]], "Design"]
"""What makes a design, of whatever kind, of its fields and its `kind`."""


class Design(Naming, Responding, Resulting, Reloading, Switching, Comprising):
    """What every kind of filter answers: what goes in and what comes out, the shape of a frame, its JSON.

    What a kind hasn't got is what stands here: one sample a clock, no border to choose, no coefficients to load.
    """

    kind: ClassVar[str]
    rank: ClassVar[int]
    """Axes of what it filters: 1 of a signal, 2 of an image."""
    axes: ClassVar[tuple[str, ...]] = ("length",)
    """The axes of a frame, the slowest first, by the names of the registers that hold their sizes."""
    frame_marks: ClassVar[tuple[str, ...]] = ("first", "last")
    """What is marked in a frame: its ends, and where there are lines `eol`, the end of each."""
    title: ClassVar[str]
    """What it is called in a sentence."""
    element: ClassVar[str] = "sample"
    """What goes in, one after the other."""
    smaller: ClassVar[Mapping[str, str]]
    """How a design gets smaller, by the resource that a device has too little of."""

    @property
    def sample(self) -> Format:
        """Format of one input sample or pixel."""
        raise NotImplementedError

    @property
    def choices(self) -> Choices:
        """How it is computed, as far as its fields say so."""
        return Choices(samples=self.pixels_per_clock)

    # One of each, but in a design that has a field for it.
    pixels_per_clock: int = 1
    """Pixels, or samples of a signal, in a beat."""
    planes: int = 1
    """Samples of a pixel, side by side."""
    continuous: bool = False
    """Whether a frame goes on where the one before ended."""
    boundary: Boundary = "constant"
    """What stands outside a frame."""
    fill: int = 0
    """The sample outside a frame under ``constant``."""
    loadable: bool = False
    """Whether coefficients can be replaced at run time."""

    @property
    def adjustable(self) -> bool:
        """Whether anything but a frame's size can be told to a core while it runs."""
        return any((self.loadable, self.switchable, self.continuous))

    quantized: Quantized | None = None
    """What the weights lost where a design file's real taps were quantised; a note, as `FIRDesign.specified` is."""
    specified: Specified | None = None
    """What was asked of a filter that was made for a specification, and what its taps reach; a note."""
    history: ClassVar[int | None] = None
    """Samples that a result needs in front of its own, where one signal may come in pieces; None where nothing does."""

    def _set(self, name: str, value: object) -> None:
        """Completes a field; they are frozen once the design is made."""
        object.__setattr__(self, name, value)

    @property
    def sample_axes(self) -> tuple[int, ...]:
        """The axes that samples and results have behind the frame's own: one of `planes`, where there are several."""
        return ()

    def describe(self) -> str:
        """The design in a few words."""
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any]:
        """The design as plain values, as they stand in its JSON or TOML file."""
        plain: dict[str, Any] = {"kind": self.kind, "schema": SCHEMA}
        for field in dataclasses.fields(self):  # type: ignore[arg-type]  # every subclass is a dataclass
            if field.compare:
                value = getattr(self, field.name)
                plain[field.name] = str(value) if isinstance(value, Format) else _listed(value)
        return plain

    def to_json(self) -> str:
        """The design on one line; equal designs give equal text."""
        return json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"))

    def to_toml(self) -> str:
        """The design as a TOML file for people."""
        return "".join(f"{key} = {json.dumps(value)}\n" for key, value in self.to_dict().items() if value is not None)

    def tables(self, path: str) -> Iterator[str]:  # noqa: ARG002  # of one filter there are no lists
        """The design as TOML, in a file where the tables of its own lists stand at a path."""
        yield self.to_toml()

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any], read: Reader) -> Self:  # noqa: ARG003  # of one filter there are no lists
        """Makes a design of the fields of its file; `read` makes those of which it has a list.

        Raises
        ------
        DesignError
            If one isn't known or missing, or a value is out of its range.
        """
        cls._check_keys(fields)
        for field in dataclasses.fields(cls):  # type: ignore[arg-type]  # every subclass is a dataclass
            if field.default is dataclasses.MISSING and field.name not in fields:
                raise DesignError(f"A {cls.kind} design must have {field.name!r}")
        return cls(**fields)

    @classmethod
    def _check_keys(cls, fields: Iterable[str], instead: Iterable[str] = ()) -> None:
        known = [*(field.name for field in dataclasses.fields(cls) if field.compare), *instead]  # type: ignore[arg-type]
        for key in fields:
            if key not in known:
                raise DesignError(unknown(key, f"a {cls.kind} design", known, cls.own_name(key)))

    def replace(self, **changes: Any) -> Self:
        """A copy with some fields changed, checked again."""
        known = [field.name for field in dataclasses.fields(self)]  # type: ignore[arg-type]  # every subclass is a dataclass
        for key in changes:
            if key not in known:
                told = meant(key, known, self.own_name(key))
                raise DesignError(f"Unknown field {shown(key)}; known are {', '.join(known)}{told}")
        return dataclasses.replace(self, **changes)  # type: ignore[type-var]  # every subclass is a dataclass

    @property
    def host_pads(self) -> bool:
        """Whether the host pads every frame before the core sees it."""
        return self.border.host_pads

    @property
    def continuity(self) -> Separate:
        """How frames follow one another."""
        return Separate()

    def brought(self, stack: bool | None) -> int:  # noqa: ARG002  # of signals that are no stack
        """Samples that a piece of one signal brings along, of those in front of it.

        Raises
        ------
        DataError
            If arrays are no pieces of one signal.
        """
        raise DataError(UNJOINED)

    @property
    def frame_axes(self) -> tuple[FrameAxis, ...]:
        """The axes of a frame, the slowest first."""
        raise NotImplementedError

    def output_shape(self, *sizes: int) -> tuple[int, ...]:
        """Shape of the results of a frame of these sizes; zero or negative where none is left."""
        raise NotImplementedError

    def frame_results(self, *sizes: int) -> tuple[int, ...]:
        """Shape of the results that the core gives for a frame of these sizes, with all that the host adds to it."""
        return tuple(axis.results(size) for axis, size in zip(self.frame_axes, sizes, strict=True))

    def frames_in(self, shape: tuple[int, ...], stack: bool | None) -> list[Plane]:
        """Where the signals or images of an array of this shape are, by the index of each.

        Parameters
        ----------
        shape : tuple of int
        stack : bool or None
            Whether the first axis counts signals or images; None where the shape has to tell.

        Raises
        ------
        DataError
            If it has none that the design takes.
        """
        raise NotImplementedError

    def with_border(self, **asked: object) -> Self:  # noqa: ARG002  # where there is a border to choose
        """The design with the border of one frame: `boundary`, `fill` or both.

        Raises
        ------
        DataError
            If none can be chosen, or the design has no such border.
        """
        raise DataError(f"A {self.title} has no boundary to choose")

    @property
    def least_shape(self) -> tuple[int, ...]:
        """Shape of the smallest frame, or of one plane of it, that gives a result."""
        raise NotImplementedError

    @property
    def trial_shape(self) -> tuple[int, ...]:
        """Shape of the largest frame of a quick test."""
        raise NotImplementedError

    def shape_within(self, samples: int) -> tuple[int, ...]:
        """Shape of a frame of about so many samples, as wide as the design takes."""
        raise NotImplementedError

    def worst_windows(self) -> dict[str, Any]:
        """Arrays of weights, by name: wherever extreme samples meet one of them, the core has its greatest or least numbers."""
        raise NotImplementedError

    @property
    def loadable_parts(self) -> Mapping[int, "Design"]:
        """Those whose coefficients can be loaded, by their numbers; a filter alone has the number 0."""
        return dict(self.source.where_loaded([(0, self)]))

    # Of what has a response.

    def check_plotted(self) -> None:
        """Raises `DesignError` if there is no response to draw."""
        raise DesignError(f"A plot shows the response of a linear filter; a {self.title} has none")

    def check_measured(self) -> None:
        """Raises `DesignError` if no response can be measured with sines."""
        raise DesignError(f"A response is measured of a fir design, not of a {self.kind} design")

    # Of coefficients that can be loaded.

    @property
    def source(self) -> Source:
        """Where the coefficients come from."""
        return Source()

    @property
    def weights(self) -> tuple[int, ...]:
        """The coefficients in the order in which the design lists them, row by row; none where a kind has none."""
        return ()

    @property
    def set_size(self) -> int:
        """Coefficients of a set that is loaded; 0 where none can be."""
        return 0

    def check_loadable(self) -> None:
        """Raises `DataError` if the coefficients are constant."""
        self.source.check()

    def trial_sets(self, random: np.random.Generator) -> dict[str, tuple[int, ...]]:  # noqa: ARG002  # where there are some
        """The sets of a quick test, in the order of `weights`, by a name for each: the last one is the design's own."""
        return {}

    @property
    def coefficient_format(self) -> Format:
        """Format of a coefficient."""
        raise NotImplementedError

    @property
    def coefficient_set(self) -> Any:
        """The coefficients as they are given and loaded: nested as the design has them."""
        raise NotImplementedError

    @property
    def set_range(self) -> tuple[int, int]:
        """The least and the greatest coefficient of which a whole set may consist."""
        return self.coefficient_format.min, self.coefficient_format.max

    def complete(self, independent: Sequence[int]) -> tuple[int, ...]:
        """The whole set of coefficients of those that a core is loaded with."""
        return tuple(independent)

    def independent(self, coefficients: Sequence[int]) -> tuple[int, ...]:
        """Of a whole set, the coefficients that the core is loaded with."""
        return tuple(coefficients)

    def with_weights(self, weights: Sequence[int]) -> Self:
        """A copy with other coefficients, in the order of `weights`."""
        raise NotImplementedError


def so_many(name: str, values: object, count: int) -> tuple[int, ...]:
    """A row of so many integers."""
    found = integers(name, values)
    if len(found) != count:
        raise DesignError(f"{name} must be {count} integers, not {len(found)}")
    return found


def _listed(value: Any) -> Any:
    return [_listed(item) for item in value] if isinstance(value, tuple) else value
