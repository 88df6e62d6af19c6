from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from speechmesh.common.niceness import give_way


def niceness() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no priority of their own elsewhere")
def test_a_thread_gives_way_and_no_other() -> None:
    before = niceness()
    with ThreadPoolExecutor(1, initializer=give_way) as executor:
        assert executor.submit(niceness).result() > before
    assert niceness() == before
