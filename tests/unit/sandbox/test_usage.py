"""Samples of what an attempt uses: few, whole, and in a form for a screen."""

from __future__ import annotations

from pathlib import Path

from skafd.daemon.usages import MOST_POINTS, usage_points
from skafd.sandbox.cgroup.none import NoCgroup
from skafd.sandbox.kernel_log import killed_process
from skafd.sandbox.usage import Sample, UsageWatch, read

LOG = """\
3,1,2250,-;oom-kill:nodemask=(null),oom_memcg=/a/leaf,task_memcg=/a/leaf,task=my python,pid=31,uid=5
3,2,2250,-;Memory cgroup out of memory: Killed process 31 (my python) total-vm:9kB, anon-rss:45044kB, file-rss:1620kB
3,3,2250,-;oom-kill:constraint=CONSTRAINT_MEMCG,oom_memcg=/a/leaf2,task_memcg=/a/leaf2,task=other,pid=32,uid=5
"""


def test_samples_are_read_back_as_far_as_they_are_whole(tmp_path: Path) -> None:
    watch = UsageWatch(str(tmp_path), NoCgroup(), list, 100.0)
    assert watch.next_at == 101.0
    for second in range(1, 130):
        watch.is_exceeded(100.0 + second)
    found = read(str(tmp_path))
    assert found[0] == Sample(1.0, 0.0, 0)
    assert [sample.seconds for sample in found[58:61]] == [59.0, 60.0, 65.0]
    with (tmp_path / "usage").open("a") as file:
        file.write("130.0 0.0")
    assert read(str(tmp_path)) == found


def test_a_long_life_stays_a_small_file(tmp_path: Path) -> None:
    watch = UsageWatch(str(tmp_path), NoCgroup(), list, 0.0)
    for second in range(5, 20_000, 5):
        watch.is_exceeded(float(second))
    found = read(str(tmp_path))
    assert 1000 < len(found) < 2048
    assert found[-1].seconds == 19_995.0
    assert [sample.seconds for sample in found] == sorted(sample.seconds for sample in found)


def test_nothing_was_sampled_of_what_was_over_at_once(tmp_path: Path) -> None:
    assert read(str(tmp_path)) == []
    assert usage_points([]) == []


def test_points_are_few_and_lose_no_peak() -> None:
    samples = [Sample(float(n), n * 0.5, 10 if n != 777 else 999) for n in range(1, 1001)]
    points = usage_points(samples)
    assert 100 <= len(points) <= MOST_POINTS
    assert {point.cores for point in points} == {0.5}
    assert max(point.memory_bytes for point in points) == 999
    assert points[-1].seconds == 1000.0


def test_the_kernel_names_the_process_that_it_chose(tmp_path: Path) -> None:
    log = tmp_path / "kmsg"
    log.write_text(LOG)
    assert killed_process("leaf", str(log)) == "my python (pid 31, 45Mi)"
    assert killed_process("leaf2", str(log)) == "other (pid 32)"
    assert killed_process("leaf3", str(log)) == ""
    assert killed_process("leaf", str(tmp_path / "none")) == ""
