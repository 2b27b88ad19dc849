"""The tool that looks for what was left behind finds it, and nothing else: not what others do in this process meanwhile."""

from __future__ import annotations

import os
import threading

from leftovers import Mark


def named(*ends: int) -> set[str]:
    return {f"descriptor {end}: {os.readlink(f'/proc/self/fd/{end}')}" for end in ends}


def shut(*ends: int) -> None:
    for end in ends:
        os.close(end)


def test_nothing_is_left_by_who_did_nothing() -> None:
    assert Mark().left() == []


def test_a_descriptor_that_stays_is_found() -> None:
    mark = Mark()
    ends = os.pipe()
    assert named(*ends) <= set(mark.left(0)) and named(*ends) <= set(mark.left(0.05))
    shut(*ends)
    assert mark.left() == []


def test_a_thread_that_stays_is_found() -> None:
    go_on, mark = threading.Event(), Mark()
    threading.Thread(target=go_on.wait, name="forgotten").start()
    assert "thread forgotten" in mark.left(0.05)
    go_on.set()
    assert mark.left() == []


def test_what_merely_went_is_no_leftover() -> None:
    ends, go_on = os.pipe(), threading.Event()
    thread = threading.Thread(target=go_on.wait)
    thread.start()
    mark = Mark()
    shut(*ends)
    go_on.set()
    thread.join()
    assert mark.left() == []


def test_what_took_the_place_of_what_went_is_found() -> None:
    """As many as before, and under the same numbers."""
    before = os.pipe()
    mark = Mark()
    shut(*before)
    after = os.pipe()
    for end, number in zip(after, before):
        os.dup2(end, number)
    assert named(*before) <= set(mark.left(0))
    shut(*{*before, *after})


def test_what_goes_a_moment_later_is_waited_for() -> None:
    mark = Mark()
    ends, looked = os.pipe(), threading.Event()

    def close() -> None:
        looked.wait()
        shut(*ends)

    threading.Thread(target=close, name="a moment later").start()
    assert named(*ends) | {"thread a moment later"} <= set(mark.left(0))
    looked.set()
    assert mark.left() == []


def test_what_changes_all_the_time_is_no_leftover() -> None:
    """A thread of somebody else that opens and closes files while we look."""
    done = threading.Event()

    def work() -> None:
        while not done.is_set():
            shut(*os.pipe())

    thread = threading.Thread(target=work)
    thread.start()
    try:
        for _ in range(3):
            assert Mark().left() == []
    finally:
        done.set()
        thread.join()
