"""What a design says of the filters that it comprises."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from ..errors import DesignError

if TYPE_CHECKING:
    from .base import Design

__all__ = ["Comprising"]

T = TypeVar("T")


class Comprising:
    """Of one filter: there are no others in it."""

    kind: ClassVar[str]
    stages_field: ClassVar[str | None] = None
    """The field that lists designs, if there is one."""
    parts: tuple[Design, ...] = ()
    """The filters that a design of several is made of, in the order of their numbers, from 1 on; none of one alone."""

    forked: bool = False
    """Whether it hands its samples to several filters and joins what they give, or one of its members does."""

    @property
    def members(self) -> tuple[Design, ...]:
        """The designs that it lists; some may comprise several filters themselves."""
        return ()

    def with_members(self, members: Sequence[Design]) -> Self:  # noqa: ARG002  # where there are some
        """A copy with others in the places of its members."""
        return self

    def with_part(self, number: int, part: Design) -> Design:  # noqa: ARG002  # one alone has no number
        """A copy with another filter in the place of that number; of one alone, that filter."""
        return part

    def member_clocks(self, clocks: Fraction) -> Sequence[Fraction]:  # noqa: ARG002  # where there are members
        """In how many clocks each member gets a sample, of a design that gets one in so many."""
        return ()

    @classmethod
    def each(cls, members: Iterable[Any], read: Callable[[Any], T]) -> list[T]:
        """What `read` makes of each design in a list of members; an error names it by its place."""
        made = []
        for number, member in enumerate(members, 1):
            try:
                made.append(read(member))
            except DesignError as error:
                raise DesignError(f"{str(cls.stages_field).capitalize()} {number} of a {cls.kind}: {error}") from None
        return made
