"""The plan of a core: stages, memories and timing, made once and read by gateware, report, boards and twin."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from ..designs import Design
from ..designs.rates import SAME
from ..shell import Shell
from .array import DotProduct
from .beats import Beat, beat_of
from .slots import OneCycle, slot_of
from .stages import Memory, MemoryUse, Stage, cycles_of, multipliers_of, needed
from .target import Target
from .timing import FrameTiming

__all__ = ["InShell", "Plan", "Size"]

S = TypeVar("S", bound=Stage)

Size = tuple[int | None, ...]
"""Of a frame; None along axes of any length."""


@dataclass(frozen=True)
class Plan:
    """How one core computes its results.

    Parameters
    ----------
    design : Design
        What is computed.
    target : Target
        What it is planned for.
    stages : tuple of Stage
        From the accepted beat to the offered result.
    timing : FrameTiming
        How frames follow one another.
    """

    design: Design
    target: Target
    stages: tuple[Stage, ...]
    timing: FrameTiming

    # The shape of a slot.

    @property
    def cycles(self) -> int:
        """Cycles of a slot: of a sample, or a pixel."""
        return self.timing.cycles

    @property
    def slot(self) -> OneCycle:
        """The slot of a sample, or a pixel."""
        return slot_of(self.cycles)

    @property
    def pixels(self) -> int:
        """Pixels, or samples of a signal, in a beat."""
        return self.design.pixels_per_clock

    @property
    def beat(self) -> Beat:
        """What comes in one."""
        return beat_of(self.design)

    @property
    def planes(self) -> int:
        """Samples of a pixel, side by side."""
        return self.design.planes

    @property
    def copies(self) -> int:
        """Samples a cycle: as many copies of what computes a result, each on samples of its own."""
        return self.pixels * self.planes

    @property
    def cores(self) -> tuple["Plan", ...]:
        """The plans of which each is one credit domain: this alone, but in a pipeline."""
        return (self,)

    # Stages.

    def find(self, kind: type[S]) -> S | None:
        """The stage of this class, if there is one."""
        return next((stage for stage in self.stages if isinstance(stage, kind)), None)

    def stage(self, kind: type[S]) -> S:
        """The stage of this class, of which there is one."""
        return next(stage for stage in self.stages if isinstance(stage, kind))

    def cycles_in(self, *kinds: type[Stage]) -> int:
        """Cycles of the stages of these classes."""
        return cycles_of(stage for stage in self.stages if isinstance(stage, kinds))

    @property
    def checks_size(self) -> bool:
        """Whether its cores are told the size of each frame."""
        return any(stage.checks_size for stage in self.stages)

    @property
    def latency(self) -> int:
        """Cycles from the acceptance of the beat that completes a result to the offer of the result, without stalls."""
        return cycles_of(self.stages)

    @property
    def buffer_depth(self) -> int:
        """Results that the output buffer holds: the credits, enough for one result a slot."""
        return max(stage.credits for stage in self.stages)

    def paced(self, unit: str) -> str:
        """How often a beat comes, without stalls, where a sample or a pixel is called so."""
        rate = self.design.rate
        if rate == SAME:
            return self.beat.rate(unit, self.slot.every)
        clocks = self.timing.clocks_a_sample * rate.down
        return f"{rate.down} {unit}s, {rate.up} results in {clocks} clocks"

    def in_shell(self, shell: Shell, size: Size, core: "InShell") -> "Plan":
        """The plan in a shell whose frames have one size, in which `size` is that of the frames that come to it; `core` makes
        that of one core."""
        return core(self, shell, size)

    # Cost.

    @property
    def single_port_rams(self) -> int:
        """Large single-port RAMs that its memories lie in."""
        return sum(stage.large_rams for stage in self.stages)

    @property
    def filters(self) -> tuple[DotProduct, ...]:
        """Everything that multiplies; nothing where a kind doesn't."""
        return ()

    def array(self, number: int) -> DotProduct | None:  # noqa: ARG002  # where there are some
        """An array of those behind the window, or in front of the output; None where there is none of that number."""
        return None

    @property
    def multiplications(self) -> int:
        """Multiplications in one cycle, of all samples."""
        return multipliers_of(self.stages).products

    @property
    def multipliers(self) -> int:
        """Multipliers that these need, one a lane."""
        return multipliers_of(self.stages).lanes

    @property
    def hard_multipliers(self) -> int:
        """Blocks of the target that they are made of."""
        return multipliers_of(self.stages).blocks

    @property
    def memories(self) -> tuple[Memory, ...]:
        """All memories of the core."""
        return tuple(memory for stage in self.stages for memory in stage.memories)

    def memory_bits(self, *uses: MemoryUse) -> int:
        """Bits of the memories of these uses; by default of all."""
        return sum(memory.words * memory.bits for memory in self.memories if not uses or memory.use in uses)

    # What it says of itself.

    def explain(self) -> str:
        """The stages with their cycles, and what else a kind has to tell."""
        return "\n".join(self._told())

    def _told(self) -> Iterable[str]:
        yield f"{'stage':<14}cycles"
        yield from (f"{stage.name:<14}{stage.cycles:>6}" for stage in needed(*self.stages))
        yield f"{'latency':<14}{self.latency:>6}"


InShell = Callable[[Plan, Shell, Size], Plan]
"""What makes the plan of one core in a shell, for frames of a size."""
