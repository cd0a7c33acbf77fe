"""What a design answers that is made of others."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Self

from .base import Design

__all__ = ["Composite"]


class Composite(Design):
    """Several filters as one design: each keeps its number, by which its coefficients are loaded, and registers of its own."""

    @property
    def members(self) -> tuple[Design, ...]:
        """The designs that it lists."""
        raise NotImplementedError

    def with_members(self, members: Sequence[Design]) -> Self:
        """A copy with others in their places."""
        raise NotImplementedError

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
        members, first = list(self.members), 1
        for place, member in enumerate(members):
            count = len(member.parts) or 1
            if number < first + count:
                members[place] = member.with_part(number - first + 1, part)
                break
            first += count
        return self.with_members(members)
