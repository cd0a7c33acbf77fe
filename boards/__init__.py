"""Board descriptions and the flow from a design to a bitstream."""

from .flow import BuildResult, build
from .listing import listed, table
from .program import program
from .registry import BOARDS, Board, get, names
from .resources import check_fit, needs

__all__ = ["BOARDS", "Board", "BuildResult", "build", "check_fit", "get", "listed", "names", "needs", "program", "table"]
