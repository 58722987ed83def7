"""Signals: the first one ends the work, and what is removed is removed to the end."""

import os
import signal

import pytest

from bot.outside.containers.interrupts import held_back, interruptible


def test_a_signal_ends_the_work_and_handlers_are_as_before():
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as ended, interruptible():
        os.kill(os.getpid(), signal.SIGTERM)
    assert ended.value.code == 143
    assert signal.getsignal(signal.SIGTERM) is before
    with pytest.raises(KeyboardInterrupt), interruptible():
        os.kill(os.getpid(), signal.SIGINT)


def test_what_is_removed_comes_to_its_end_first():
    done = []
    with pytest.raises(KeyboardInterrupt), interruptible():  # noqa: PT012
        with held_back(), held_back():
            os.kill(os.getpid(), signal.SIGINT)
            done.append("removed")
        done.append("went on")
    assert done == ["removed"]


def test_a_second_signal_is_none():
    done = []
    with pytest.raises(KeyboardInterrupt), interruptible():  # noqa: PT012
        try:
            os.kill(os.getpid(), signal.SIGINT)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            done.append("removed")
    assert done == ["removed"]


def test_without_a_signal_nothing_is_held_back():
    with interruptible(), held_back():
        pass
    with held_back():
        pass
