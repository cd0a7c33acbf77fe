"""Plants bugs: a proof or a test that none of them can break is worth nothing."""

import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

__all__ = ["Seed", "planted"]


@dataclass(frozen=True)
class Seed:
    """A bug: in the module of `component` the text `right`, which occurs once, is replaced by `wrong`."""

    name: str
    component: type | Callable[..., object]
    right: str
    wrong: str


@contextmanager
def planted(seed: Seed) -> Iterator[None]:
    """Within the block every gateware module sees the component with its bug."""
    module = sys.modules[seed.component.__module__]
    source = inspect.getsource(module)
    if source.count(seed.right) != 1:
        raise ValueError(f"A seed must replace text that occurs once: {seed.right!r} in {module.__name__}")
    names = {"__name__": module.__name__, "__package__": module.__package__, "__file__": module.__file__}
    exec(compile(source.replace(seed.right, seed.wrong), f"<{seed.name}>", "exec"), names)
    name = seed.component.__name__
    users = [
        user
        for user in list(sys.modules.values())
        if getattr(user, "__name__", "").startswith("convolver.hw") and getattr(user, name, None) is seed.component
    ]
    try:
        for user in users:
            setattr(user, name, names[name])
        yield
    finally:
        for user in users:
            setattr(user, name, seed.component)
