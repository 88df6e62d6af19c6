from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from speechmesh.common.niceness import give_way


def niceness() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="threads have no priority of their own elsewhere"
)


def test_a_thread_gives_way_and_no_other() -> None:
    before = niceness()
    with ThreadPoolExecutor(1, initializer=give_way) as executor:
        assert executor.submit(niceness).result() == min(before + 10, 19)
    assert niceness() == before


def test_a_thread_of_a_process_that_is_nice_already_is_not_raised() -> None:
    """Without privileges that would fail, and with it all that the thread is for."""

    def start() -> None:
        nice = max(niceness(), 15)
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), nice)
        give_way()

    with ThreadPoolExecutor(1, initializer=start) as executor:
        assert executor.submit(niceness).result() == 19
