"""A device as a user holds it: a call that takes an array and gives an array."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable, Iterator, Mapping
from types import TracebackType
from typing import Self

import numpy.typing as npt

from convolver.arguments import flag
from convolver.designs import Boundary, Design
from convolver.errors import DataError

from .arguments import (
    check_items,
    check_progress,
    checked_ahead,
    checked_samples,
    checked_seconds,
    checked_set,
    with_border,
)
from .attributes import OwnAttributes
from .calls import Calls
from .feeding import Feeder
from .ownership import Owned
from .pieces import preparation
from .tiling import Work
from .transport import Samples, Transport
from .turns import Turns

__all__ = ["Device", "Progress"]

Progress = Callable[[int, int], None]
"""Told how many results are there, of how many."""


class Device(OwnAttributes, Owned):
    """Filters signals or images on the core behind a transport; released at the end of a ``with`` block, whatever happens.

    ``device(signal)`` for a filter of signals: a 1-D array gives its results, as many.
    ``device(image)`` for a `Conv2DDesign`: an array (rows, columns) gives an array of `design.output_shape`; in an array
    (rows, columns, 3), a colour picture, each plane is filtered for itself, or all of them side by side where the design has
    as many `planes`; in an array (N, rows, columns) each image, with ``stack=True``. ``device(image, boundary="edge")`` puts
    another border around it, where the design is `switchable`. Of a design with several results for each pixel, ``result[k]``
    is all that kernel k alone would give.

    An image larger than the core, or a very long signal, is cut into overlapping frames; the results are the same. `stream`
    filters one array after the other without a pause; `acall` and `astream` do the same in asyncio.

    Results are ``int64``, or ``object`` (Python integers) where the design's output has values beyond it.

    One call goes on at a time; one from another thread waits for its end. `load` alone may be called in the middle of a stream.
    A device belongs to the process that opened it: in the child of a fork each method raises an `OwnershipError`, but `close`,
    which does nothing there, and so does whoever copies or pickles it.

    Parameters
    ----------
    transport : Transport
        Where the core is; the device owns and closes it.
    """

    def __init__(self, transport: Transport) -> None:
        super().__init__()
        self._transport = transport
        self._turns = Turns()
        self._calls = Calls(transport)

    @property
    def design(self) -> Design:
        """What the core says it is."""
        return self._transport.design

    def __enter__(self) -> Self:
        self._check_owner()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        self._check_owner()
        return self

    async def __aexit__(self, *_error: object) -> None:
        if self._owned:  # elsewhere no thread may be left to wait for
            await asyncio.to_thread(self.close)

    def __call__(
        self,
        samples: npt.ArrayLike,
        timeout: float | None = None,
        *,
        stack: bool | None = None,
        progress: Progress | None = None,
        boundary: Boundary | Mapping[int, Boundary] | None = None,
        fill: int | Mapping[int, int] | None = None,
    ) -> Samples:
        """Filters `samples`.

        Parameters
        ----------
        samples : array-like of int
            A signal, an image, an image of planes, or a stack of them, within the design's formats.
        timeout : float, optional
            Seconds after which the call fails; by default it lasts as long as something moves.
        stack : bool, optional
            Whether the first axis counts signals or images. By default it does in an array of four axes, and doesn't in others;
            where it could mean either, with three axes of which the last is longer than 4, it has to be said.
        progress : callable, optional
            Called with the number of results that are there, and of all, whenever a frame's have come.
        boundary, fill : optional
            For this call, what stands outside an image, where the design is switchable; by default the design's own. ``wrap``
            is padded here, the others are made in the core. A `fill` is only for the boundary ``constant``. Of several filters
            as one design they hold for all that are switchable or, in a mapping, for those of some numbers.

        Raises
        ------
        DataError
            If the design can't take `samples`, or that border; the message names the rule and the value.
        LinkError
            If the way to the device fails; the next call begins anew.
        """
        self._check_owner()
        timeout = checked_seconds(timeout)
        check_progress(progress)
        design = with_border(self.design, boundary, fill)
        array, planes = checked_samples(design, samples, stack)
        work = Work(design, array, planes, self._transport.frame_samples, progress=progress)
        with self._turns.taken(), self._calls.forgetting():
            design.border.tell(self._transport)
            self._transport.stream(work.take, work.give, timeout)
        return work.result

    def stream(
        self,
        items: Iterable[npt.ArrayLike],
        timeout: float | None = None,
        *,
        joined: bool = False,
        stack: bool | None = None,
        ahead: int = 8,
    ) -> Iterator[Samples]:
        """Filters one array after the other, and yields the results of each, in order, as they come.

            for out in device.stream(camera):
                show(out)

        The next arrays travel while results of earlier ones come in and are being used. `items` is read in the caller's thread,
        never more than `ahead` arrays before the results that were yielded last. Ending the loop early, by whatever, ends what
        is under way. Coefficients can be loaded in the middle of it; see `load`.

        Parameters
        ----------
        items : iterable of array-like
            What `device()` takes, each of any size; endless ones are fine.
        timeout : float, optional
            Seconds for the whole stream.
        joined : bool
            They are pieces, of any lengths, 0 too, of one signal that may be longer than memory: their results, put together,
            are those of the whole. For a filter of signals.
        stack
            As in a call.
        ahead : int
            Arrays that are read before the first one's results are there, 0 or more.

        Raises
        ------
        DataError
            If the design can't take an array, once the results of those before it were yielded; or if an option is wrong.
        LinkError
            If the way to the device fails.
        """
        self._check_owner()
        check_items(items)
        ahead = checked_ahead(ahead)
        prepare = preparation(self.design, self._transport.frame_samples, joined=joined, stack=stack)
        return self._streamed(items, prepare, checked_seconds(timeout), ahead)

    def _streamed(
        self, items: Iterable[npt.ArrayLike], prepare: Callable[[npt.ArrayLike], Work], timeout: float | None, ahead: int
    ) -> Iterator[Samples]:
        self._check_owner()
        with self._turns.taken(), self._calls.streaming(timeout) as stream:
            yield from stream.results(items, prepare, ahead)
        stream.check_refused()

    async def acall(self, samples: npt.ArrayLike, timeout: float | None = None, *, stack: bool | None = None) -> Samples:
        """Filters `samples` as a call does, while other tasks go on; several at once take turns. A task that is cancelled ends
        what is under way."""
        results = self.astream([samples], timeout, stack=stack)
        async with contextlib.aclosing(results):
            (result,) = [result async for result in results]
            return result

    def astream(
        self,
        items: Iterable[npt.ArrayLike] | AsyncIterable[npt.ArrayLike],
        timeout: float | None = None,
        *,
        joined: bool = False,
        stack: bool | None = None,
        ahead: int = 8,
    ) -> AsyncGenerator[Samples, None]:
        """`stream` for asyncio: ``async for out in device.astream(items)``; `items` may be an asynchronous iterable.

        Results are yielded as soon as they are there, also while the next of `items` is waited for.
        """
        self._check_owner()
        check_items(items, asynchronous=True)
        ahead = checked_ahead(ahead)
        prepare = preparation(self.design, self._transport.frame_samples, joined=joined, stack=stack)
        return self._astreamed(items, prepare, checked_seconds(timeout), ahead)

    async def _astreamed(
        self,
        items: Iterable[npt.ArrayLike] | AsyncIterable[npt.ArrayLike],
        prepare: Callable[[npt.ArrayLike], Work],
        timeout: float | None,
        ahead: int,
    ) -> AsyncGenerator[Samples, None]:
        self._check_owner()
        await self._turns.claim()
        try:
            feeder = Feeder(ahead)
            with self._calls.streaming(timeout, feeder.notify) as stream:
                feeder.start(stream, items, prepare)
                try:
                    while await feeder.ready(stream):
                        yield stream.pop()
                finally:
                    if self._owned:
                        await feeder.stop(stream)
                # No pause from here on: a task that loads finds either the stream or nobody. Who cancels twice waits here.
        finally:
            self._turns.release()
        stream.check_refused()

    def load(
        self, coefficients: npt.ArrayLike, timeout: float | None = None, *, stage: int | None = None, at_once: bool = False
    ) -> None:
        """Gives the core other coefficients: from the next call on or, in the middle of a stream, from the next array on.

            for out in device.stream(camera, ahead=0):
                device.load(better(out))

        During a `stream` or an `astream` it returns at once, in the thread or task that reads the results, in the source of the
        arrays, or in any other. Arrays that the stream takes from its source after that are filtered with the new set; those
        that it has taken before, up to `ahead` of them more than were yielded, with the old one. No array is filtered with
        both, however many frames it is cut into, and with either `swap`: the new set leaves for the device once all results of
        the old one are there, so that each load costs a stream about one way to the device and back. Only where another thread
        loads while the stream is taking an array may that one be filtered with either.

        The samples before an array, where the design is `continuous` or the arrays are `joined`, meet the new set as they would
        in the core: in its first results.

        A set that is refused changes nothing, and the stream goes on with the old one. One that was loaded in a stream stands
        behind its end too, also where that came early.

        Parameters
        ----------
        coefficients : array-like of int
            As many and in the same shape as the design's own, in its `coefficient` format. The design's operation
            stands: a ``convolve`` core flips the kernel that it's given.
        timeout : float, optional
            Seconds.
        stage : int, optional
            Of several filters as one design, the one that they are for, from 1 on; it may be left out where only one of them
            can be loaded. The others keep theirs.
        at_once : bool
            Whether they go to the device in this call, instead of with the next frame that the host sends: for a filter whose
            samples come over pins of its own. In a stream it changes nothing.

        Raises
        ------
        DataError
            If the design's coefficients are constant, or these don't fit it.
        DesignError
            If they break the symmetry that the design promises.
        """
        self._check_owner()
        whole, number = checked_set(self.design, coefficients, stage)
        at_once = flag("At once", at_once, DataError)
        timeout = checked_seconds(timeout)
        changes = self.design.reloaded(whole, number) is not self.design

        def streamed() -> bool:
            if changes and self._calls.stream is not None:
                raise DataError("A rate can be loaded between calls, not in the middle of a stream")
            return (stream := self._calls.stream) is not None and stream.load(whole, timeout, number)

        if not streamed():
            with self._turns.taken(streamed) as mine:
                if mine:
                    self._transport.load(whole, timeout, number)
                    if at_once:
                        self._transport.settle(timeout)

    def silence(self) -> None:
        """Makes a filter with `continuous` set start from silence with the next call, as it does when the device is opened.

        Between calls it otherwise keeps its last samples: ``device(x1)`` and then ``device(x2)`` give what ``device`` of both
        joined would, and so do streams. A call that raised a `LinkError`, or that ctrl-C ended, and a stream that was left
        early end that too. A stack's signals start from silence each, and so does the call behind it.

        Raises
        ------
        DataError
            If the design isn't continuous, and each call starts from silence anyway.
        """
        self._check_owner()
        self.design.continuity.check()
        with self._turns.taken():
            self._transport.silence()

    def status(self) -> dict[str, float | bool | str]:
        """How the core and the way to it are; the keys depend on the transport.

        While a call goes on in another thread, or a stream, it gives what is known without a word to the device.
        """
        self._check_owner()
        with self._turns.tried() as free:
            return self._transport.status() if free else self._transport.status(ask=False)

    def close(self) -> None:
        """Ends a stream, if there is one, and releases the transport; closing twice does nothing."""
        if not self._owned:
            return
        if (stream := self._calls.stream) is not None:
            stream.close()
        self._transport.close()
