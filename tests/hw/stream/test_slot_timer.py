"""The timer of slots of one clock, which is none; that of longer ones is proved."""

from amaranth.hdl import Fragment, Module, Signal

from convolver.hw.stream.slot_timer import SlotTimer, slot_timer


def test_slots_of_one_clock_need_no_timer():
    m, value = Module(), Signal()
    timer = slot_timer(m, 1)
    assert timer.where_free(value) is timer.or_busy(value) is timer.later(m, value) is value
    fragment = Fragment.get(m, None)
    assert not fragment.subfragments
    assert not fragment.statements


def test_longer_ones_have_one():
    m, value = Module(), Signal()
    timer = slot_timer(m, 2)
    assert isinstance(timer, SlotTimer)
    assert timer.later(m, value) is not value
    assert [name for _, name, _ in Fragment.get(m, None).subfragments] == ["timer"]
