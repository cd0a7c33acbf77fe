"""The host's tables of docs/link.md, row by row, against a peer that says what the test lets it say."""

import pytest

from convolver.errors import LinkTimeout, SessionLost
from convolver.host.frames import Frame, FrameReceiver
from convolver.host.session import Session
from convolver.protocol import Type

WELCOME = bytes([1, 8, 0, 1, 1, 1, 0, 0, 0, 0, 1, 0, 7, 0, 0, 0])
DATA = [(Type.DATA, bytes([number])) for number in range(6)]


class Peer:
    """A pipe whose far end answers each frame with what `answer` gives for it; time passes only while nothing is said."""

    byte_time = 0.0

    def __init__(self, answer):
        self.answer = answer
        self.time = 0.0
        self.heard = []
        self.inbox = b""
        self.receiver = FrameReceiver()

    def now(self):
        return self.time

    def write(self, data, deadline):
        for frame in self.receiver.feed(data):
            self.heard.append((self.time, frame))
            for said in self.answer(frame, len(self.heard)):
                self.inbox += said if isinstance(said, bytes) else said.wire()
        return len(data)

    def read(self, size, deadline):
        data, self.inbox = self.inbox, b""
        if not data:
            self.time = max(self.time, deadline)
        return data

    def close(self):
        pass

    def sequence(self):
        """What was heard since the session began: numbers of sequenced frames, and the ACKs between them."""
        return [frame.seq if frame.type.sequenced else "resend" if frame.resend else "ack" for _, frame in self.heard[2:]]


def begun(answer, limit=8):
    """A session with a peer that takes `limit` frames, and answers each by `answer(frame, count so far)`."""

    def both(frame, count):
        if frame.type is Type.HELLO:
            return [Frame(Type.WELCOME, limit=limit, session=frame.session, payload=WELCOME)]
        return answer(frame, count - 2) if frame.type is not Type.BYE else []

    peer = Peer(both)
    session = Session(peer, clock=peer.now)
    session.begin()
    return session, peer


def ack(session, number, limit=None, **flags):
    return Frame(Type.DEVICE_ACK, flags.pop("seq", 0), number, number + 8 if limit is None else limit, session, **flags)


def results(session, seq, acked=0):
    return Frame(Type.RESULTS, seq, acked, 8 + acked, session, bytes([seq]))


def until(count, taken):
    return lambda frame: (taken.append(frame.seq), len(taken) == count)[1]


def test_a_welcome_of_another_session_is_no_welcome():
    def answer(frame, count):
        if frame.type is Type.BYE:
            return []
        other = Frame(Type.WELCOME, limit=8, session=frame.session ^ 1, payload=WELCOME)
        return [other] + [Frame(Type.WELCOME, limit=8, session=frame.session, payload=WELCOME)] * (count > 2)

    peer = Peer(answer)
    session = Session(peer, clock=peer.now)
    session.begin()
    assert [frame.type for _, frame in peer.heard] == [Type.BYE, Type.HELLO, Type.HELLO]
    assert session.open


def test_frames_leave_up_to_the_limit_and_more_as_it_moves():
    def answer(frame, count):
        return [ack(frame.session, 1, 4)] if count == 3 else []

    session, peer = begun(answer, limit=3)
    with pytest.raises(LinkTimeout, match=r"wasn't done within 0\.1 s"):
        session.exchange(DATA, lambda frame: False, timeout=0.1)
    # Three, then the one that the limit lets through; sent again, they stay within it.
    numbers = [number for number in peer.sequence() if isinstance(number, int)]
    assert numbers[:5] == [0, 1, 2, 3, 1]
    assert max(numbers) == 3


def test_a_timeout_of_the_call_is_exact():
    session, peer = begun(lambda frame, count: [])
    with pytest.raises(
        LinkTimeout, match=r"^The call wasn't done within 0.1 s; it was waiting for the link: nothing was heard"
    ):
        session.exchange(DATA, lambda frame: False, timeout=0.1)
    assert peer.time == pytest.approx(0.1)


def test_without_progress_it_begins_again_and_polls():
    session, peer = begun(lambda frame, count: [])
    with pytest.raises(LinkTimeout, match=r"^Nothing moved for 10 s; it stalls in the link: nothing was heard"):
        session.exchange(DATA[:2], lambda frame: False)
    first, again = peer.heard[2:4], peer.heard[4:6]
    assert [(frame.seq, frame.poll) for _, frame in first] == [(0, False), (1, False)]
    assert [(frame.seq, frame.poll) for _, frame in again] == [(0, True), (1, False)]
    assert again[0][0] == pytest.approx(0.25)
    assert peer.time == pytest.approx(10)


def test_resend_is_heeded_at_once():
    def answer(frame, count):
        if count == 6:
            return [ack(frame.session, 2, resend=True)]
        return [results(frame.session, 0, 6)] if count == 10 else []

    session, peer = begun(answer)
    session.exchange(DATA, until(1, []))
    assert peer.sequence() == [0, 1, 2, 3, 4, 5, 2, 3, 4, 5, "ack"]
    assert peer.time == 0


def test_an_ack_of_what_was_never_sent_is_an_old_one():
    """Neither its `ack` nor its `limit` nor its `resend` counts."""

    def answer(frame, count):
        return [ack(frame.session, 100, resend=True), results(frame.session, 0, 0)] if count == 6 else []

    session, peer = begun(answer)
    session.exchange(DATA, until(1, []))
    assert peer.sequence() == [0, 1, 2, 3, 4, 5, "ack"]
    assert session.counts["old"] == 1
    # Nothing was taken as acknowledged: they are sent again.
    with pytest.raises(LinkTimeout):
        session.exchange([], lambda frame: False, timeout=0.26)
    assert peer.sequence()[7:13] == [0, 1, 2, 3, 4, 5]


def test_what_arrives_is_acknowledged_at_once():
    def answer(frame, count):
        return [results(frame.session, 0, 1)] if count == 1 else [results(frame.session, 1, 1)] if frame.ack == 1 else []

    session, peer = begun(answer)
    taken = []
    session.exchange(DATA[:1], until(2, taken))
    assert taken == [0, 1]
    assert [frame.ack for _, frame in peer.heard[2:]] == [0, 1, 2]
    assert peer.time == 0


def test_a_gap_is_asked_for_once_and_once_more_when_it_was_sent_in_vain():
    def answer(frame, count):
        number = frame.session
        match count:
            case 1:  # 0 and 3 were lost
                return [results(number, 1, 1), results(number, 2, 1)]
            case 2:  # again, without 0
                return [results(number, 1, 1)]
            case 3:
                return [results(number, seq, 1) for seq in range(4)]
        return []

    session, peer = begun(answer)
    taken = []
    session.exchange(DATA[:1], until(4, taken))
    assert taken == [0, 1, 2, 3]
    assert peer.sequence() == [0, "resend", "resend", "ack"]
    assert peer.time == 0


def test_an_ack_shows_that_the_last_frame_was_lost():
    def answer(frame, count):
        if count == 1:
            return [ack(frame.session, 1, seq=1)] * 3
        return [results(frame.session, 0, 1)] if frame.resend else []

    session, peer = begun(answer)
    session.exchange(DATA[:1], until(1, []))
    assert peer.sequence() == [0, "resend", "ack"]
    assert peer.time == 0


def test_what_came_before_is_acknowledged_again_and_not_given_twice():
    def answer(frame, count):
        number = frame.session
        if count == 1:
            return [results(number, seq, 1) for seq in range(12)]
        return [results(number, 1, 1), results(number, 12, 1)] if count == 2 else []

    session, peer = begun(answer)
    taken = []
    session.exchange(DATA[:1], until(13, taken))
    assert taken == list(range(13))
    assert peer.sequence() == [0, "ack", "ack"]
    assert session.counts["repeated"] == 1


def test_numbers_go_on_beyond_255():
    """600 frames each way; every answer acknowledges one frame more."""

    def answer(frame, count):
        if frame.type is not Type.DATA:
            return []
        return [Frame(Type.RESULTS, frame.seq, frame.seq + 1 & 255, frame.seq + 9 & 255, frame.session, b"a")]

    session, _ = begun(answer)
    taken = []
    session.exchange(((Type.DATA, b"a") for _ in range(600)), until(600, taken))
    assert taken == [number & 255 for number in range(600)]
    assert session.counts["resent"] == 0


def test_a_poll_is_answered():
    def answer(frame, count):
        if count == 1:
            return [ack(frame.session, 1, poll=True)]
        return [results(frame.session, 0, 1)] if frame.type is Type.ACK and count == 2 else []

    session, peer = begun(answer)
    session.exchange(DATA[:1], until(1, []))
    assert peer.sequence() == [0, "ack", "ack"]
    assert peer.time == 0


def test_after_an_exception_the_session_is_over():
    session, _ = begun(lambda frame, count: [ack(frame.session ^ 1, 0)])
    with pytest.raises(SessionLost):
        session.exchange(DATA, lambda frame: False)
    assert not session.open
    session.begin()
    assert session.open
