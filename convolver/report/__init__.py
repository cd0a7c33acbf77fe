"""What a design costs and what it does, from its description and plan alone: nothing is elaborated or run. A file a kind."""

from ..designs import Design
from ..plan import Family, lower, target_of
from ..shell import Shell
from .base import Report, reported
from .rounding import rounding_error

__all__ = ["Report", "report_of", "reported", "rounding_error"]


def report_of(design: Design, family: Family | None = None, shell: Shell | None = None, clock: float | None = None) -> Report:
    """The report of a design: the ``...Report`` of its kind's file here.

    Parameters
    ----------
    design : Design
        With loadable coefficients the costs hold for any set, the response for the set after reset.
    family : {"ecp5", "ice40", "7-series"}, optional
        Device that it is planned for; by default any.
    shell : Shell, optional
        What is around the core in its Verilog; by default what the design needs.
    clock : float, optional
        The clock that it is planned for, in hertz; by default as fast as the devices go.

    Raises
    ------
    DesignError
        If the shell doesn't suit the design.
    """
    around = (shell or Shell()).of(design)
    return reported(lower(design, target_of(family).at(clock)), around, clock)
