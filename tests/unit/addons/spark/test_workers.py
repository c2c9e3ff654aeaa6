"""How large executors are, and which workers there are for them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from skafd.addons.spark.workers import Ask, Worker, plan, worker_named
from skafd.model.limits import Capacity, Limits
from skafd.model.spark import Share, SparkWish, cluster_room, project_room, share_of

GIB = 2**30
ROOM = Share(12, 48 * GIB)


def asks(*shares: tuple[int, int], project: str = "churn", most: Share = ROOM) -> list[Ask]:
    return [Ask(Share(cores, memory * GIB), project, most) for cores, memory in shares]


def test_the_cluster_is_three_quarters_of_the_machine() -> None:
    assert cluster_room(Capacity(16, 64 * GIB)) == ROOM
    assert cluster_room(Capacity(1, GIB)) == Share(2, 2 * GIB), "two jobs can always run at the same time"


def test_an_executor_is_as_large_as_its_job_may_be() -> None:
    assert share_of(Limits(cpu=3.5, memory_bytes=4 * GIB), SparkWish(), ROOM) == Share(3, 4 * GIB)
    assert share_of(Limits(cpu=0.5, memory_bytes=1), SparkWish(), ROOM) == Share(1, GIB)
    assert share_of(Limits(), SparkWish(), ROOM) == Share(3, 12 * GIB), "a quarter, where nothing is said"


def test_nobody_gets_more_than_half_of_the_cluster_or_than_the_project_may_have() -> None:
    greedy = Limits(cpu=1000, memory_bytes=1000 * GIB)
    assert share_of(greedy, SparkWish(), ROOM) == Share(6, 24 * GIB)
    wish = SparkWish(max_cpu=2, max_memory_bytes=3 * GIB)
    assert share_of(greedy, wish, ROOM) == project_room(wish, ROOM) == Share(2, 3 * GIB)


def test_two_that_want_everything_have_a_worker_each() -> None:
    found = plan(asks((6, 24), (6, 24)), [], ROOM)
    assert found.wanted == {Worker(6, 24 * 1024, 1), Worker(6, 24 * 1024, 2)}
    assert found.waiting == 0


def test_the_third_waits_and_a_smaller_one_behind_it_does_not() -> None:
    found = plan(asks((6, 24), (4, 8), (6, 24), (2, 2)), [], ROOM)
    assert {worker.share for worker in found.wanted} == {Share(6, 24 * GIB), Share(4, 8 * GIB), Share(2, 2 * GIB)}
    assert found.waiting == 1


def test_a_project_has_no_more_than_it_may_have() -> None:
    many = asks((1, 1), (1, 1), (1, 1), most=Share(2, ROOM.memory_bytes))
    assert len(plan([*many, *asks((1, 1), project="other")], [], ROOM).wanted) == 3


def test_idle_workers_stay_while_there_is_room_and_leave_when_they_are_in_the_way() -> None:
    idle = Worker(6, 24 * 1024, 1)
    assert plan(asks((6, 24)), [idle], ROOM).in_the_way == frozenset()
    small = Worker(2, 1024, 1)
    found = plan(asks((6, 20), (6, 20)), [idle, small], ROOM)
    assert found.in_the_way == {idle, small}


def test_a_worker_is_known_by_the_name_of_its_service() -> None:
    worker = Worker(4, 4519, 12)
    assert worker.name == "worker-4c-4519m-12"
    assert worker_named(worker.name) == worker
    assert worker_named("master") is None


SHARES = st.builds(Share, st.integers(1, 16), st.integers(GIB, 64 * GIB))


@given(st.lists(st.builds(Ask, SHARES, st.sampled_from(["a", "b"]), st.just(ROOM)), max_size=12), st.data())
def test_there_is_never_more_than_there_is_room_for(asked: list[Ask], data: st.DataObject) -> None:
    first = plan(asked, [], ROOM)
    fewer = data.draw(st.lists(st.sampled_from(asked), unique_by=id)) if asked else []
    then = plan(fewer, first.wanted, ROOM)
    left = (first.wanted - then.in_the_way) | then.wanted
    assert sum(worker.cores for worker in left) <= ROOM.cores
    assert sum(worker.share.memory_bytes for worker in left) <= ROOM.memory_bytes
    assert len(then.wanted) + then.waiting == len(fewer)
