"""What is around a core in emitted Verilog, for one user of it."""

from dataclasses import dataclass, replace
from typing import Literal, get_args

from .arguments import choice
from .designs import Design
from .errors import DesignError

__all__ = ["FULL", "DescriptionPart", "Frames", "Handshake", "RegisterSet", "Shell"]

RegisterSet = Literal["full", "coefficients", "none"]
DescriptionPart = Literal["whole", "hash", "none"]
Handshake = Literal["back-pressure", "valid"]
Frames = Literal["run-time", "fixed"]


@dataclass(frozen=True, slots=True)
class Shell:
    """What is around a core: registers, the description in them, the streams' handshake, and how a frame's size is told.

    It is chosen where Verilog is written or reported, and is no part of a design. What isn't chosen follows from the design:
    see `of`.

    Parameters
    ----------
    registers : {"full", "coefficients", "none"}, optional
        All of docs/registers.md; those alone that load coefficients; or none, and no register port: errors are then
        strobes on ports of their own.
    description : {"whole", "hash", "none"}, optional
        What the registers tell of the design: its JSON, compressed; the CRC-32 of its JSON; nothing.
    handshake : {"back-pressure", "valid"}
        With ``valid`` neither stream has a `tready`: each clock with `tvalid` is a beat, and each frame starts anew at its
        first beat.
    frame : {"run-time", "fixed"}, optional
        Whether registers tell the size of the next frame, or all frames of images have the design's largest.

    Raises
    ------
    DesignError
        If a word is none of these.
    """

    registers: RegisterSet | None = None
    description: DescriptionPart | None = None
    handshake: Handshake = "back-pressure"
    frame: Frames | None = None

    def __post_init__(self) -> None:
        choice("Handshake", self.handshake, get_args(Handshake))
        for name, words in (("registers", RegisterSet), ("description", DescriptionPart), ("frame", Frames)):
            given = getattr(self, name)
            if given is not None:
                choice(name.capitalize(), given, get_args(words))

    def of(self, design: Design) -> "Shell":
        """The shell of a design's core, with nothing left open.

        A design that can change while it runs, by coefficients, a border or a signal that goes on, has all registers with
        the whole description, and frames of any size; any other has no registers. Frames have a fixed size where no register
        tells it, or where there is no back-pressure.

        Raises
        ------
        DesignError
            If the words contradict each other, or the design.
        """
        registers: RegisterSet = self.registers or ("full" if design.adjustable else "none")
        fewest, what = design.source.registers
        if registers not in ("full", fewest):
            raise DesignError(f'Registers must be "full" or "{fewest}" where {what} are loaded, not "{registers}"')
        told: DescriptionPart = self.description or ("whole" if registers == "full" else "none")
        if registers == "none" and told != "none":
            raise DesignError(f'Description must be "none" where there are no registers, not {told!r}')
        sizeless = registers != "full" or self.handshake == "valid"
        frame: Frames = self.frame or ("fixed" if sizeless else "run-time")
        if sizeless and frame == "run-time":
            raise DesignError('Frame must be "fixed" without the full registers and back-pressure, not "run-time"')
        return replace(self, registers=registers, description=told, frame=frame)

    @property
    def waits(self) -> bool:
        """Whether the streams have back-pressure."""
        return self.handshake == "back-pressure"

    @property
    def has_all_registers(self) -> bool:
        """Whether it has the full set."""
        return self.registers == "full"

    @property
    def has_registers(self) -> bool:
        """Whether there is a port for registers."""
        return self.registers != "none"

    @property
    def resizes(self) -> bool:
        """Whether registers tell the size of a frame."""
        return self.frame == "run-time"


FULL = Shell("full", "whole", "back-pressure", "run-time")
"""Everything: what boards have."""
