"""A server goes on step by step: its own limits, and a clock that goes when it is told."""

import contextlib
import errno
import socket
import threading
import time

import pytest

from convolver.host import greeting
from convolver.host import server as server_module
from convolver.host.guest import Stage
from convolver.host.serial_pipe import SerialPipe
from convolver.host.server import Server
from convolver.host.tcp_pipe import TcpPipe

from .test_serial import BLUR, Board
from .test_server import reach


class ByHand:
    """A server that goes on when it is told, and bare hosts that have greeted it."""

    ahead = 0.0

    def __init__(self, board, monkeypatch, stack):
        monkeypatch.setattr(server_module, "time", self)
        monkeypatch.setattr("convolver.host.guest.time", self)
        self.stack = stack
        self.server = stack.enter_context(contextlib.closing(Server(lambda: SerialPipe(board.url), port=0)))

    def monotonic(self):
        return time.monotonic() + self.ahead

    def meet(self, received=None):
        """One more host: its connection, the lines that it hears, and what the server knows of it."""
        connection, lines = reach(self.server, received=received)
        self.stack.enter_context(connection)
        self.stack.enter_context(lines)
        count = len(self.server._guests)
        self.until(lambda: len(self.server._guests) > count)
        assert lines.readline().startswith(greeting.CALL)
        connection.sendall(greeting.nonce() + b" -\n")
        guest = list(self.server._guests.values())[-1]
        self.until(lambda: guest.stage is not Stage.GREETING)
        return connection, lines, guest

    def until(self, true):
        end = time.monotonic() + 20
        while not true() and time.monotonic() < end:
            self.server._step()
        assert true()


@pytest.fixture
def by_hand(monkeypatch):
    with Board(BLUR) as board, contextlib.ExitStack() as stack:
        yield ByHand(board, monkeypatch, stack)


def test_a_server_that_was_stopped_takes_no_host_for_stopped(by_hand, monkeypatch):
    """Whatever has come meanwhile is looked at first, wherever in its loop the server stood."""
    connection, _, holder = by_hand.meet()
    by_hand.until(lambda: holder.stage is Stage.HOLDING)
    by_hand.meet()
    select = by_hand.server._selector.select

    def stop(timeout):
        events = select(timeout)
        if by_hand.ahead == 0:
            connection.sendall(b"\0")
            by_hand.ahead = 100.0
        return events

    monkeypatch.setattr(by_hand.server._selector, "select", stop)
    for _ in range(3):
        by_hand.server._step()
    assert by_hand.ahead == 100
    assert by_hand.server._holder is holder


def test_one_that_was_stopped_while_it_waited_comes_last(by_hand):
    """Who is alive doesn't wait for each of them in turn."""
    _, _, stopped = by_hand.meet()
    by_hand.until(lambda: stopped.stage is Stage.HOLDING)
    others = [by_hand.meet()[2] for _ in range(3)]
    by_hand.ahead = 4.0
    connection, _, alive = by_hand.meet()
    by_hand.ahead = 6.0
    connection.sendall(b"\0")
    by_hand.until(lambda: alive.stage is Stage.HOLDING)
    assert stopped.stage is Stage.GONE
    assert [other.stage for other in others] == [Stage.WAITING] * 3
    connection.shutdown(socket.SHUT_RDWR)
    by_hand.until(lambda: others[0].stage is Stage.HOLDING)  # there is nobody else now


def test_one_that_was_stopped_while_it_waited_gives_way_where_too_many_wait(by_hand):
    by_hand.meet()
    hosts = [by_hand.meet() for _ in range(server_module._WAITING)]
    by_hand.ahead = 2.0  # not so long that it must have been stopped
    assert by_hand.meet()[1].readline() == b"full\n"
    by_hand.ahead = 4.0
    hosts[0][0].sendall(b"\0")
    by_hand.server._step()
    _, _, alive = by_hand.meet()
    assert alive.stage is Stage.WAITING
    assert hosts[1][1].readline() == b"full\n"
    assert hosts[0][2].stage is Stage.WAITING


def test_who_waits_shows_that_it_is_there(by_hand, monkeypatch):
    monkeypatch.setattr("convolver.host.tcp_pipe.BEAT", 0.05)
    connection, _, holder = by_hand.meet()
    by_hand.until(lambda: holder.stage is Stage.HOLDING)
    pipes = []
    thread = threading.Thread(target=lambda: pipes.append(TcpPipe(by_hand.server.url)))
    thread.start()
    by_hand.until(lambda: len(by_hand.server._guests) == 2)
    other = list(by_hand.server._guests.values())[-1]
    by_hand.until(lambda: other.stage is Stage.WAITING)
    for _ in range(3):
        before = other.heard
        by_hand.until(lambda before=before: other.heard > before)
        assert other.stage is Stage.WAITING
    connection.shutdown(socket.SHUT_RDWR)
    by_hand.until(lambda: other.stage is Stage.HOLDING)
    thread.join()
    pipes[0].close()


def test_little_is_kept_for_a_slow_line(by_hand, monkeypatch):
    """A device sends again what isn't acknowledged: what is long in coming is old."""
    _, _, holder = by_hand.meet(received=4096)
    by_hand.until(lambda: holder.stage is Stage.HOLDING)
    taken = []
    monkeypatch.setattr(by_hand.server._device, "take", lambda: taken.append(4000) or bytes(4000))
    by_hand.until(lambda: not holder.room)
    for _ in range(20):
        by_hand.server._awake()
        by_hand.server._step()
    assert 16_000 < sum(taken) < 65_536


@pytest.mark.parametrize("silence", [4.5, 5.5])
def test_how_long_a_host_may_say_nothing_while_another_one_waits(by_hand, silence):
    _, _, holder = by_hand.meet()
    by_hand.until(lambda: holder.stage is Stage.HOLDING)
    by_hand.ahead = silence
    by_hand.server._step()
    assert by_hand.server._holder is holder  # nobody else needs the device
    by_hand.meet()
    by_hand.server._step()
    assert (by_hand.server._holder is holder) is (silence < 5)


def test_who_has_gone_gives_up_a_descriptor_before_anyone_gives_way(by_hand, monkeypatch):
    """One that is in its greeting keeps its place as long as there are others that have left."""
    by_hand.stack.enter_context(reach(by_hand.server)[0])
    by_hand.until(lambda: len(by_hand.server._guests) == 1)
    accept, left = socket.socket.accept, 3
    for _ in range(left):
        connection, lines = reach(by_hand.server)
        lines.close()
        connection.close()

    def failing(self):
        nonlocal left
        if not left:
            raise OSError(errno.EMFILE, "no more of them")
        left -= 1
        return accept(self)

    monkeypatch.setattr(socket.socket, "accept", failing)
    by_hand.server._accept()
    assert left == 0
    assert [guest.stage for guest in by_hand.server._guests.values()] == [Stage.GREETING]
