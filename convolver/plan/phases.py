"""Where the samples of a changed rate stand, for arrays that make results of one phase after the other."""

from dataclasses import dataclass

from .stages import Stage

__all__ = ["HeldLine", "PhaseLine", "PhaseMemory"]


@dataclass(frozen=True, slots=True)
class PhaseLine(Stage):
    """The last samples, all in view, for results of one cycle each."""

    name = "delay line"


@dataclass(frozen=True, slots=True)
class HeldLine(PhaseLine):
    """The same, where samples move on before it is known whether a result is its frame's last: its sum is held."""


@dataclass(frozen=True, slots=True)
class PhaseMemory(Stage):
    """The last samples in memories, read one a lane a cycle.

    words : of each memory.
    oldest : samples in front of the newest that a result meets.
    """

    name = "sample memory"
    words: int = 0
    oldest: int = 0
