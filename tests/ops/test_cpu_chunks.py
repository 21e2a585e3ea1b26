"""Portions of centers over threads."""

import multiprocessing
import threading

import numpy as np
import pytest

from rhobar.ops.cpu.chunks import in_portions


@pytest.mark.parametrize("num_threads", [1, 2, 3])
@pytest.mark.parametrize("costs", [[], [5], [1] * 100, [0] * 7, [1000, 1, 1, 0, 3]])
def test_every_center_is_in_one_portion(costs: list[int], num_threads: int) -> None:
    seen: list[int] = []
    in_portions(
        lambda first, last: seen.extend(range(first, last)), np.cumsum([0, *costs]), num_threads
    )
    assert sorted(seen) == list(range(len(costs)))


def test_portions_shrink() -> None:
    sizes: list[int] = []
    in_portions(lambda first, last: sizes.append(last - first), np.arange(4001), 2)
    sizes.sort(reverse=True)
    assert sizes[0] == 1000
    assert sizes[-1] <= 70


@pytest.mark.parametrize("num_threads", [1, 2])
def test_something_else_is_done_meanwhile(num_threads: int) -> None:
    started, calls = threading.Event(), []

    def loop(first: int, last: int) -> None:
        started.set()

    def meanwhile() -> None:
        assert num_threads == 1 or started.wait(10)  # another thread computes by now
        calls.append(threading.current_thread())

    in_portions(loop, np.arange(11), num_threads, meanwhile=meanwhile)
    assert calls == [threading.main_thread()]


def test_errors_of_what_is_done_meanwhile_come_out() -> None:
    def meanwhile() -> None:
        raise ValueError("labels")

    with pytest.raises(ValueError, match="labels"):
        in_portions(lambda first, last: None, np.arange(11), 2, meanwhile=meanwhile)


def test_a_fork_has_threads_of_its_own() -> None:
    in_portions(lambda first, last: None, np.arange(11), 2)
    child = multiprocessing.get_context("fork").Process(
        target=in_portions, args=(lambda first, last: None, np.arange(11), 2)
    )
    child.start()
    child.join(30)
    if alive := child.is_alive():
        child.kill()
    assert not alive
    assert child.exitcode == 0


@pytest.mark.parametrize("num_threads", [0, -1])
def test_without_threads_nothing_is_done(num_threads: int) -> None:
    with pytest.raises(ValueError, match=f"num_threads={num_threads}: at least one thread"):
        in_portions(lambda first, last: None, np.arange(11), num_threads)
