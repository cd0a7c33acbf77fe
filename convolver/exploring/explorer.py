"""`explore`, which builds all points of a space, and `fit`, which looks for the cheapest design that does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from fractions import Fraction
from typing import Any

from ..arguments import between, positive, shown
from ..boards import registry
from ..boards.alone import PLACERS
from ..boards.registry import Board
from ..boards.timing import limits
from ..cluster import Cluster
from ..designs import Design
from ..errors import BoardError, DesignError
from ..progress import Advance, begun_when_told
from ..shell import Shell
from ..sim.libraries.cache import user_cache
from .builder import Builder
from .space import SAMPLES, SLOTS, Changed, Point, algorithms, difference, foldings, points
from .trial import Exploration, Trial

__all__ = ["explore", "fit", "searched"]

SEEDS = 3
"""Placements of a point unless another number is asked for."""


def explore(
    design: Design,
    board: str,
    *,
    vary: Mapping[str, Sequence[Any]] | None = None,
    clocks: Sequence[float] = (),
    rate: float | None = None,
    seeds: int | Sequence[int] = SEEDS,
    shell: Shell | None = None,
    scheduler: str | None = None,
    jobs: int | None = None,
) -> Exploration:
    """Synthesises, places and routes a design in many ways, and says what each costs and reaches: minutes for each.

        found = explore(design, "ulx3s-85f", vary={"multipliers": [1, 4, 16]})
        print(found)
        found.plot("found.svg")

    What was built is kept: the same point is built once.

    Parameters
    ----------
    design : Design
    board : str
        The board whose device it is built for, by itself: without pins, and without a link.
    vary : mapping, optional
        Values of each field that is varied, in all combinations. Without it, and without `clocks`, these are all foldings, and
        constants that are shifted and added.
    clocks : sequence of float
        Clocks in Hz that are aimed at.
    rate : float, optional
        Samples or pixels a second; each clock then picks the folding, as `at_rate` does.
    seeds : int or sequence of int
        How many placements of each point, or which seeds; the median counts.
    shell : Shell, optional
        What is around the core; by default what `convolver generate` puts there.
    scheduler : str, optional
        A Dask scheduler, such as ``tcp://HOST:8786``, whose workers build; by default this machine does.
    jobs : int, optional
        Tools at a time on this machine; by default one for each processor.

    Raises
    ------
    DesignError
        If a point can't be made, or nothing is left to build.
    BoardError
        If the board isn't known.
    ToolError
        If a tool is missing, or none of the points came out.
    PortError
        If the scheduler doesn't answer, or has no workers.
    """
    return searched(_changed(design), board, vary, clocks, rate, None, seeds, shell, scheduler, jobs)


def fit(
    design: Design,
    board: str,
    rate: float,
    *,
    vary: Mapping[str, Sequence[Any]] | None = None,
    seeds: int | Sequence[int] = SEEDS,
    shell: Shell | None = None,
    scheduler: str | None = None,
    jobs: int | None = None,
) -> Trial:
    """The cheapest way to compute a design at a rate on a board's device.

        found = fit(design, "ulx3s-85f", 100e6)
        print(found.design, found.hertz, found.cost)

    All foldings are synthesised, which says what each costs. The cheapest is placed, then the next, until one can be relied on
    at the clock that the rate needs.

    Parameters
    ----------
    design : Design
    board : str
    rate : float
        Samples or pixels a second.
    vary, seeds, shell, scheduler, jobs
        As for `explore`.

    Raises
    ------
    DesignError, BoardError, ToolError, PortError
        As `explore`; also a BoardError if no design does.
    """
    found = searched(_changed(design), board, vary, (), None, rate, seeds, shell, scheduler, jobs)
    return found.trials[-1]


def _changed(design: Design) -> Changed:
    if not isinstance(design, Design):
        raise DesignError(f"What is explored must be a design, not {shown(design)}")

    def changed(change: Mapping[str, Any]) -> Design:
        # Clocks follow from multipliers, as in a design's file, unless they are varied themselves.
        follows: dict[str, Any] = {design.cycles_field: None} if "multipliers" in change and design.cycles_field else {}
        return design.replace(**follows | dict(change))

    return changed


def searched(
    changed: Changed,
    board: str,
    vary: Mapping[str, Sequence[Any]] | None,
    clocks: Sequence[float],
    rate: float | None,
    wanted: float | None,
    seeds: int | Sequence[int],
    shell: Shell | None,
    scheduler: str | None,
    jobs: int | None,
    advance: Advance | None = None,
) -> Exploration:
    """Both calls: all points, or, where a rate is `wanted`, those up to the first that does."""
    if not isinstance(board, str):
        raise BoardError(f"A board must be a name, not {shown(board)}")
    target = registry.get(board)
    told = {name: _listed(name, values) for name, values in _table(vary).items()}
    aims = [positive("Clock", clock) for clock in _listed("clocks", clocks)]
    numbers = _numbers(seeds)
    if rate is not None:
        rate = positive("Rate", rate)
        if not aims:
            raise DesignError("A rate picks the folding at each clock: give clocks too")
    if wanted is not None:
        wanted = positive("Rate", wanted)
        if target.family not in PLACERS:
            raise BoardError(
                f"A board to fit must have a device that open tools time, not {target.name}, whose is {target.device}"
            )
    if not isinstance(shell, Shell | None):
        raise DesignError(f"A shell must be a Shell, not {shown(shell)}")
    with ExitStack() as stack:
        advance = advance or stack.enter_context(begun_when_told())
        if wanted is None:
            made, refused = points(changed, told, aims, rate)
        else:
            made, refused = _candidates(changed, told, wanted, target)
        cluster = stack.enter_context(Cluster(scheduler, jobs))
        builder = Builder(target, cluster, shell or Shell(), user_cache(), advance)
        trials = builder.build(made, numbers) if wanted is None else _cheapest(builder, made, numbers, wanted)
        return Exploration(target, trials, builder.versions, builder.built, [*refused, *builder.notes])


def _table(vary: Any) -> Mapping[str, Any]:
    if vary is None:
        return {}
    if not isinstance(vary, Mapping) or not all(isinstance(name, str) for name in vary):
        raise DesignError(f"What is varied must be a mapping of fields to values, not {shown(vary)}")
    return vary


def _listed(name: str, values: Any) -> list[Any]:
    if isinstance(values, str) or not isinstance(values, Iterable) or (not (found := list(values)) and name != "clocks"):
        raise DesignError(f"Values of {name} must be a list, not {shown(values)}")
    return found


def _numbers(seeds: Any) -> list[int]:
    """The seeds: so many from 1 on, or those that are listed."""
    if isinstance(seeds, Iterable) and not isinstance(seeds, str):
        return sorted({between("Seed", seed, 1, 2**31 - 1) for seed in seeds})
    return list(range(1, between("Seeds", seeds, 1, 1000) + 1))


def _candidates(
    changed: Changed, vary: Mapping[str, Sequence[Any]], rate: float, board: Board
) -> tuple[list[Point], list[str]]:
    """Every folding that a clock of the device might do for a rate, aimed at the clock that it needs."""
    made, refused = points(changed, vary or {}, (1.0,), None)  # one point for each combination
    most = limits(board.family, board.speed, [])[0].hertz
    found: dict[Design, Point] = {}
    for point in made:
        told = {name: value for name, value in point.varied.items() if name in vary}
        slots: list[Fraction | int] = [slot for slot in (*SAMPLES, *SLOTS) if rate * slot <= most]
        for folded in foldings(point.design, slots):
            for other in algorithms(folded):
                found.setdefault(other, Point(other, told | difference(point.design, other)))
    ready = []
    for point in found.values():
        clock = rate / samples_a_clock(point.design, board)
        if clock <= most:
            ready.append(Point(point.design, point.varied, clock))
    if not ready:
        raise BoardError(
            f"A design for {board.name} must take {rate / 1e6:g} million samples a second, and no clock up to "
            f"{most / 1e6:.0f} MHz does that; ask for less"
        )
    return ready, refused


def samples_a_clock(design: Design, board: Board) -> float:
    """Samples or pixels that come in each clock."""
    from ..boards.cell_counts import Size

    return Trial(Point(design, {}), board, Size(0, 0, 0, 0), None).samples_a_clock


def _cheapest(builder: Builder, made: Sequence[Point], seeds: Sequence[int], rate: float) -> list[Trial]:
    """Trials up to the cheapest that does, which is the last."""
    room = sorted((trial for trial in builder.build(made, ()) if trial.fits), key=lambda trial: trial.order)
    if not room:
        raise BoardError(f"A design must fit {builder.board.name}, and none of {len(made)} foldings does; take a larger device")
    tried = []
    for trial in room:
        tried += builder.build([trial.point], seeds)
        if trial.meets(trial.point.aim):
            return tried
    best = max(tried, key=lambda trial: trial.rate or 0.0)
    raise BoardError(
        f"A design for {builder.board.name} must take {rate / 1e6:g} million samples a second; of {len(tried)} placed "
        f"the fastest takes {(best.rate or 0) / 1e6:.4g}: {best.point}"
    )
