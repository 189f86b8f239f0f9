"""Limits that processes share: together they keep them, nobody starves, and whoever dies stands in nobody's way."""

from __future__ import annotations

import asyncio
import heapq
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from resources.llm.gateway import LlmGateway
from resources.llm.limits import FILE, Amount, SharedLimits
from resources.llm.owners import Owner
from resources.llm.pacing import Pace
from resources.llm.settings import GatewaySettings
from svg2_assets.llm.calls import Call
from svg2_assets.scene.errors import UnusableBackend
from tests.devserver import DevServer
from tests.resources.llm import asking

Make = Callable[..., SharedLimits]
NOTHING = Amount()


class Clock:
    """Seconds since the machine started, that pass when told; no two looks are at the same moment."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        self.now += 1e-6
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def owners(tmp_path: Path) -> Iterator[list[Owner]]:
    made: list[Owner] = []
    yield made
    for owner in made:
        owner.close()


@pytest.fixture
def limits(tmp_path: Path, clock: Clock, owners: list[Owner]) -> Make:
    """Each as a process of its own has it; `owners` are these processes."""

    def make(requests: float | None = None, tokens: float | None = None, account: str = "server KEY") -> SharedLimits:
        owners.append(Owner(tmp_path))
        return SharedLimits(tmp_path, account, owners[-1], requests=requests, tokens=tokens, clock=clock)

    return make


def sent(
    processes: Sequence[SharedLimits], needs: Sequence[float], clock: Clock, *, seconds: float
) -> list[tuple[float, int]]:
    """When which process sends, each asking for as many requests of its need as it may, for `seconds`."""
    began, log = clock.now, list[tuple[float, int]]()
    times = [(clock.now, number) for number in range(len(processes))]
    while times[0][0] < began + seconds:
        clock.now, number = heapq.heappop(times)
        count, wait = processes[number].take([needs[number]] * 16, back=NOTHING)
        log += [(clock.now, number)] * count
        heapq.heappush(times, (clock.now + min(wait, 1.0), number))
    return log


def busiest(log: Sequence[tuple[float, int]], weights: Sequence[float]) -> float:
    """Most of any minute, each request by the weight of its process."""
    return max(sum(weights[n] for at, n in log if start <= at < start + 60) for start, _ in log)


@pytest.mark.parametrize("number", [1, 4])
@pytest.mark.parametrize("per_minute", [60, 600, 3000])
def test_no_minute_exceeds_the_limit_and_the_limit_is_used(
    limits: Make, clock: Clock, number: int, per_minute: int
) -> None:
    log = sent([limits(per_minute) for _ in range(number)], [1] * number, clock, seconds=100)
    assert busiest(log, [1] * number) <= per_minute
    assert len(log) > 0.97 * (0.1 + 0.9 * 100 / 60) * per_minute - 16, "as fast as one process alone"


def test_processes_that_want_the_same_get_the_same(limits: Make, clock: Clock) -> None:
    began = clock.now
    log = sent([limits(600) for _ in range(4)], [1] * 4, clock, seconds=100)
    counts = Counter(number for at, number in log if at > began + 1).values()  # what was full went to the first
    assert len(counts) == 4
    assert max(counts) - min(counts) < 0.05 * max(counts)


def test_large_needs_do_not_starve_beside_small_ones(limits: Make, clock: Clock) -> None:
    weights = [9_000.0, 50.0, 50.0]
    log = sent([limits(None, 100_000) for _ in weights], weights, clock, seconds=200)
    counts = Counter(number for _, number in log)
    assert counts[0] >= 8
    assert min(counts[1], counts[2]) > 100
    assert busiest(log, weights) <= 100_000 + 9_000, "one large request may end beyond the bucket"


def test_a_need_larger_than_the_bucket_passes_when_that_is_full_and_leaves_a_debt(limits: Make, clock: Clock) -> None:
    one, other = limits(tokens=1000), limits(tokens=1000)
    assert one.take([5000], back=NOTHING) == (1, 0)
    count, wait = other.take([100], back=NOTHING)
    assert (count, wait) == (0, pytest.approx(5000 / 15, abs=0.1))
    assert other.take([100], back=Amount(tokens=5000)) == (1, 0)


def test_what_was_not_used_is_for_all(limits: Make) -> None:
    one, other = limits(10), limits(10)
    assert one.take([1], back=NOTHING) == (1, 0)
    assert other.take([1], back=NOTHING)[0] == 0
    one.close(Amount(requests=1))
    assert other.take([1], back=NOTHING) == (1, 0)


def test_accounts_have_limits_of_their_own_and_without_a_limit_nothing_waits(limits: Make) -> None:
    assert limits(10).take([1], back=NOTHING)[0] == 1
    assert limits(10, account="another").take([1], back=NOTHING)[0] == 1
    assert limits(None, 10).take([1], back=NOTHING)[0] == 1, "requests are not limited here"
    assert limits(10).take([1], back=NOTHING)[0] == 0


def test_many_requests_at_once_cost_one_look(limits: Make) -> None:
    assert limits(6000, 1e6).take([10] * 64, back=NOTHING) == (64, 0)


def test_who_dies_in_the_queue_is_passed_over_at_once(limits: Make, clock: Clock, owners: list[Owner]) -> None:
    dying, living = limits(60, 600), limits(60, 600)
    assert dying.take([600], back=NOTHING)[0] == 1  # a debt that others pay off, but no more
    assert dying.take([600] * 50, back=NOTHING)[0] == 0
    ahead = living.take([60], back=NOTHING)[1]
    owners.pop(0).close()
    alone = living.take([60], back=NOTHING)[1]
    assert alone == pytest.approx(600 / 9, abs=0.1)
    assert alone < ahead - 5, "it need not wait for what the other wanted"
    clock.now += alone
    assert living.take([60], back=NOTHING) == (1, 0)


def test_who_stands_still_in_the_queue_is_passed_over_soon(limits: Make, clock: Clock) -> None:
    stopped, living = limits(60), limits(60)
    assert stopped.take([1] * 6, back=NOTHING) == (6, 0)
    _, wait = stopped.take([1], back=NOTHING)
    clock.now += wait
    assert living.take([1], back=NOTHING)[0] == 0, "it may yet come"
    clock.now += 2.1
    assert living.take([1], back=NOTHING)[0] == 1
    assert stopped.take([1], back=NOTHING)[0] == 1, "it is no worse off later"


def test_a_pause_holds_for_all(limits: Make, clock: Clock) -> None:
    one, other = limits(600), limits(600)
    one.take([], back=NOTHING, paused_until=clock.now + 30)
    count, wait = other.take([1], back=NOTHING)
    assert count == 0
    assert wait > 29
    clock.now += 31
    assert other.take([1], back=NOTHING) == (1, 0)


def test_after_a_restart_of_the_machine_nobody_waits_for_its_former_time(limits: Make, clock: Clock) -> None:
    one = limits(60)
    one.take([1] * 6, back=NOTHING, paused_until=0)
    one.take([1], back=NOTHING, paused_until=clock.now + 500)
    clock.now = 5.0
    other = limits(60)
    _, wait = other.take([1], back=NOTHING)
    clock.now += wait
    assert wait < 2
    assert other.take([1], back=NOTHING) == (1, 0)


def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, owners: list[Owner]) -> None:
    (tmp_path / FILE).write_bytes(b"no database, " * 1000)
    owners.append(Owner(tmp_path))
    with pytest.raises(UnusableBackend, match=r"limits\.sqlite cannot be kept"):
        SharedLimits(tmp_path, "a", owners[-1], requests=1, tokens=1)


def test_many_open_the_file_at_the_same_moment(limits: Make) -> None:
    with ThreadPoolExecutor(16) as pool:
        made = list(pool.map(lambda _: limits(60), range(16)))
    assert sum(one.take([1], back=NOTHING)[0] for one in made) == 6


def paced(limits: SharedLimits | None, work: Callable[[Pace], Any]) -> Any:
    """What `work` returns of a pace."""

    async def run() -> Any:
        pace = Pace(limits)
        try:
            return await asyncio.wait_for(work(pace), 20)
        finally:
            await pace.close()

    return asyncio.run(run())


@pytest.fixture
def ticking(tmp_path: Path, owners: list[Owner]) -> Callable[..., SharedLimits]:
    """Limits by the machine's clock."""

    def make(requests: float | None, tokens: float | None = None) -> SharedLimits:
        owners.append(Owner(tmp_path))
        return SharedLimits(tmp_path, "server KEY", owners[-1], requests=requests, tokens=tokens)

    return make


def test_turns_come_in_the_order_in_which_they_are_asked_for(ticking: Callable[..., SharedLimits]) -> None:
    async def work(pace: Pace) -> list[int]:
        order: list[int] = []

        async def one(number: int) -> None:
            await pace.turn(1)
            order.append(number)

        began = time.monotonic()
        await asyncio.gather(*map(one, range(75)))
        assert time.monotonic() - began > 0.9 * 15 / 9
        return order

    assert paced(ticking(600), work) == list(range(75))


def test_who_gives_up_takes_nothing(ticking: Callable[..., SharedLimits]) -> None:
    async def work(pace: Pace) -> None:
        await asyncio.gather(*(pace.turn(1) for _ in range(6)))
        waiting = [asyncio.ensure_future(pace.turn(1)) for _ in range(100)]
        await asyncio.sleep(0.05)
        for one in waiting:
            one.cancel()
        await asyncio.wait_for(pace.turn(1), 3)

    paced(ticking(60), work)


def test_what_is_left_to_tell_is_told_at_the_end(ticking: Callable[..., SharedLimits]) -> None:
    async def work(pace: Pace) -> None:
        await pace.turn(1000)
        pace.correct(estimated=1000, used=10)

    paced(ticking(None, 1000), work)
    assert ticking(None, 1000).take([80], back=NOTHING) == (1, 0)


def test_without_limits_nothing_is_written_and_a_pause_holds(tmp_path: Path) -> None:
    async def work(pace: Pace) -> float:
        pace.pause(0.2)
        began = time.monotonic()
        await pace.turn(1e9)
        return time.monotonic() - began

    assert paced(None, work) >= 0.19
    assert not (tmp_path / FILE).exists()


def test_a_file_that_fails_later_fails_those_who_wait(ticking: Callable[..., SharedLimits], tmp_path: Path) -> None:
    limits = ticking(60)
    with sqlite3.connect(tmp_path / FILE) as db:
        db.execute("DROP TABLE queue")
    with pytest.raises(UnusableBackend, match="cannot be kept"):
        paced(limits, lambda pace: pace.turn(1))


@pytest.mark.slow
def test_processes_keep_the_limit_together_and_one_that_is_killed_holds_up_none(
    settings: Callable[..., GatewaySettings], server: DevServer, call: Callable[..., Call]
) -> None:
    made = settings(requests_per_minute=600, tokens_per_minute=10_000_000)  # 60 at once, 9 a second
    before = len(server.log())
    processes = [asking.start(made, [call(f"{n} {i}") for i in range(40)]) for n in range(3)]
    while len(server.log()) == before:
        time.sleep(0.05)
    processes[0].kill()
    processes[0].communicate()
    found = [asking.answers(process) for process in processes[1:]]
    assert [len(answers) for answers in found] == [40, 40]
    times = sorted(entry["time"] for entry in server.log()[before:])
    assert len(times) >= 80
    assert times[-1] - times[0] > 0.65 * (len(times) - 60) / 9, "each alone could send all at once"


def test_a_gateway_that_sends_nothing_uses_no_turns(
    gateway: Callable[..., LlmGateway], call: Callable[..., Call]
) -> None:
    dear = {"gpt-4.1-nano": {"input": 0, "cached": 0, "output": 10_000.0}}
    asked = gateway(prices=dear, budget=0.001, requests_per_minute=60)
    began = time.monotonic()
    answers = asked.ask([call(str(i)) for i in range(18)])
    assert {answer.outcome.value for answer in answers} == {"over_budget"}
    assert time.monotonic() - began < 8, "at one a second it were 13"
