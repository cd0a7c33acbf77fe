"""Plants bugs: a proof or a test that none of them can break is worth nothing."""

import functools
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

__all__ = ["Seed", "named", "planted"]


@dataclass(frozen=True)
class Seed:
    """A bug: in the module of `component` the text `right`, which occurs once, is replaced by `wrong`."""

    name: str
    component: type | Callable[..., object]
    right: str
    wrong: str


def named(seeds: Iterable[Seed], *names: str) -> tuple[Seed, ...]:
    """Those of these names, in their order."""
    found = {seed.name: seed for seed in seeds}
    return tuple(found[name] for name in names)


@contextmanager
def planted(seed: Seed) -> Iterator[None]:
    """Within the block every module of gateware and of plans sees the component with its bug, by its name and in its tables.

    Raises
    ------
    ValueError
        If the text doesn't occur once, or nothing in the block used the component: then it showed nothing.
    """
    module = sys.modules[seed.component.__module__]
    source = inspect.getsource(module)
    if source.count(seed.right) != 1:
        raise ValueError(f"A seed must replace text that occurs once: {seed.right!r} in {module.__name__}")
    names = {"__name__": module.__name__, "__package__": module.__package__, "__file__": module.__file__}
    exec(compile(source.replace(seed.right, seed.wrong), f"<{seed.name}>", "exec"), names)
    component, uses = _counted(names[seed.component.__name__])
    places = list(_places(seed.component))
    try:
        for table, key in places:
            table[key] = component
        yield
    finally:
        for table, key in places:
            table[key] = seed.component
    if not uses:
        raise ValueError(f"A seed must be in what is used: {seed.name!r}, {seed.component.__name__} of {module.__name__}")


def _places(component: object) -> Iterator[tuple[dict[Any, Any], Any]]:
    """Where modules of gateware and of plans hold it: by a name, or in a table, as a core finds what stages need."""
    for user in list(sys.modules.values()):
        if getattr(user, "__name__", "").startswith(("convolver.hw", "convolver.plan")):
            tables = [vars(user), *(value for value in vars(user).values() if isinstance(value, dict))]
            yield from [(table, key) for table in tables for key, value in table.items() if value is component]


def _counted(component: Any) -> tuple[Any, list[None]]:
    """A class or a function that notes each of its uses."""
    uses: list[None] = []

    def counted(function: Callable[..., object]) -> Callable[..., object]:
        @functools.wraps(function)
        def called(*arguments: Any, **named: Any) -> object:
            uses.append(None)
            return function(*arguments, **named)

        return called

    if not isinstance(component, type):
        return counted(component), uses
    component.__init__ = counted(component.__init__)  # type: ignore[misc]
    return component, uses
