"""Work ahead in a thread."""

import gc
import sys
import time
from threading import Event

import pytest

from tracknet.video import VideoError, prefetch, room


@pytest.mark.parametrize("depth", [0, 1, 3])
def test_keeps_the_order(depth):
    assert list(prefetch(range(100), depth)) == list(range(100))


def test_where_none_may_wait_none_is_read_ahead():
    seen = []
    items = prefetch((seen.append(i) or i for i in range(100)), 0)
    assert (next(items), next(items), seen) == (0, 1, [0, 1])


def test_passes_errors_on_after_the_items_before():
    def broken():
        yield 1
        raise VideoError("broken")

    items = prefetch(broken(), 3)
    assert next(items) == 1
    with pytest.raises(VideoError, match="broken"):
        next(items)


def test_is_bounded_and_starts_at_once():
    seen = []
    items = prefetch((seen.append(i) or i for i in range(100)), 3)
    deadline = time.monotonic() + 5
    while len(seen) < 4 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.05)
    assert seen == [0, 1, 2, 3]  # three wait, the fourth finds no room
    assert list(items) == list(range(100))


@pytest.mark.parametrize(
    ("size", "places"), [(1920 * 1080 * 3, 16), (100 << 20, 2), (400 << 20, 0), (0, 16)]
)
def test_large_items_have_fewer_places(size, places):
    assert room(16, size) == places


@pytest.mark.parametrize("taken", [0, 1])
def test_closing_ends_the_source(taken):
    closed = []

    def endless():
        try:
            while True:
                yield 0
        finally:
            closed.append(True)

    items = prefetch(endless(), 2)
    for _ in range(taken):
        next(items)
    items.close()
    assert closed == [True]


def test_its_own_thread_may_collect_it(monkeypatch):
    dropped, collected, wrong = Event(), Event(), []
    monkeypatch.setattr(sys, "unraisablehook", wrong.append)

    def collects():
        dropped.wait()
        gc.collect()
        collected.set()
        yield 0

    cycle = [prefetch(collects(), 1)]
    cycle.append(cycle)
    del cycle
    dropped.set()
    assert collected.wait(5)
    assert wrong == []
