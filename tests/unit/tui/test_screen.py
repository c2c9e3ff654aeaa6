"""Using the screen by its keys."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from skafd.api.kept import StepArtifactInfo, StepKept
from skafd.api.shapes import ProgressInfo, ServiceInfo, TaskUsage, UsagePoint
from skafd.errors import Refused
from skafd.tui.app import SkafdApp
from skafd.tui.feed import Feed
from skafd.tui.log_view import LogView
from skafd.tui.mirror import Mirror
from tests.support.fake_backend import FakeBackend, job
from tests.support.served import Served
from tests.unit.tui.conftest import PATIENCE_SECONDS, Seen, looking

Use = Callable[[Seen], Awaitable[None]]


def _use(served: Served, use: Use, columns: int = 120, lines: int = 30) -> None:
    async def run() -> None:
        async with looking(served.client, columns, lines) as seen:
            await use(seen)

    asyncio.run(run())


def test_the_reason_is_said_of_whatever_is_under_the_cursor(served: Served) -> None:
    async def use(seen: Seen) -> None:
        await seen.until("oom_killed")
        await seen.press("j", "j")
        await seen.until("churn/train waits for 'ingest'")
        await seen.until("12 runs, median")

    _use(served, use)


def test_a_failing_job_is_found_its_log_read_and_it_is_retried(served: Served, backend: FakeBackend) -> None:
    async def use(seen: Seen) -> None:
        await seen.press("slash", *"oom", "enter", "down")
        await seen.until("churn/train")
        assert "warehouse" not in seen.text
        await seen.press("l")
        await seen.until("KeyError: 'x'")
        await seen.press("escape", "R")
        await seen.until("Run again what failed in churn/42?")
        assert ("again", "churn/42", False) not in backend.asked
        await seen.press("y")
        await seen.until(lambda: ("again", "churn/42", False) in backend.asked)
        await seen.until("churn/42 runs again")

    _use(served, use)


def test_nothing_is_done_if_the_answer_is_no(served: Served, backend: FakeBackend) -> None:
    async def use(seen: Seen) -> None:
        for key, question in (
            ("x", "End what runs of churn"),
            ("r", "Run all of churn now?"),
            ("p", "Pause the schedules"),
        ):
            await seen.press(key)
            await seen.until(question)
            await seen.press("n")

    _use(served, use)
    assert [asked[0] for asked in backend.asked if asked[0] not in ("why", "runs")] == []


def test_a_refusal_is_shown(served: Served, backend: FakeBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise Refused("the machine is full", "wait a little")

    monkeypatch.setattr(backend, "start_run", refuse)

    async def use(seen: Seen) -> None:
        await seen.press("r", "y")
        await seen.until("the machine is full")
        await seen.until("wait a little")

    _use(served, use)


def test_a_change_is_seen_and_the_cursor_stays_on_its_job(served: Served, backend: FakeBackend) -> None:
    async def use(seen: Seen) -> None:
        await seen.press("j", "j")
        backend.projects = [replace(backend.projects[3], project="aaa"), *backend.projects]
        changed = replace(backend.projects[1], jobs=[job("new"), *backend.projects[1].jobs])
        backend.projects[1] = changed
        backend.announce()
        await seen.until("aaa")
        rows = seen.app.screen.query_one("#rows")
        assert rows.current.key == "churn/train"  # type: ignore[attr-defined]

    _use(served, use)


def test_a_machine_that_starts_nothing_new_says_why(served: Served, backend: FakeBackend) -> None:
    async def use(seen: Seen) -> None:
        backend.trouble = "waits for room on the disk of /state: 3Mi free, 16Mi needed"
        backend.announce()
        await seen.until("nothing new is started: skafd waits for room on the disk of /state")
        backend.trouble = ""
        backend.announce()
        await seen.until(lambda: "nothing new is started" not in seen.text)

    _use(served, use)


def test_without_its_daemon_it_says_so_and_goes_on_when_that_is_back(served: Served, tmp_path: Path) -> None:
    backend = FakeBackend(tmp_path)

    async def use(seen: Seen) -> None:
        await asyncio.to_thread(served.stop)
        await seen.until("trying again")
        assert "churn" in seen.text
        backend.daemon = replace(backend.daemon, started_at="2026-03-01T13:00:00+00:00")
        backend.projects = [replace(backend.projects[0], project="reborn")]
        with Served(backend, tmp_path / "api.sock"):
            await seen.until("reborn")
            assert "trying again" not in seen.text
            await seen.press("q")

    _use(served, use)


def test_a_run_shows_its_tasks_and_a_task_its_log(served: Served) -> None:
    async def use(seen: Seen) -> None:
        await seen.press("j", "enter")
        await seen.until("━━━")
        await seen.until("exit code 0")
        await seen.press("j", "enter")
        await seen.until("churn/42/train: log")
        await seen.press("escape", "escape")
        await seen.until("PROJECT / JOB")

    _use(served, use)


def test_a_log_is_searched_wrapped_and_saved(served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    async def use(seen: Seen) -> None:
        await seen.press("j", "j", "l")
        await seen.until("long long")
        view = seen.app.screen.query_one(LogView)
        before = view.virtual_size.height
        await seen.press("w")
        await seen.until(lambda: view.virtual_size.height > before)
        await seen.press("slash", *"odd", "enter")
        await seen.press("s", "y")
        await seen.until((tmp_path / "churn-train.log").exists)
        await seen.press("slash", *"nowhere", "enter")
        await seen.until("not found")

    _use(served, use)
    assert "3 rows are odd" in (tmp_path / "churn-train.log").read_text()


def test_what_runs_shows_what_it_uses_and_how_far_it_is(served: Served, backend: FakeBackend) -> None:
    progress = ProgressInfo(3, 12, "files", "2026-03-01T13:05:00+00:00")
    running = replace(job("train", state="running"), progress=progress)
    backend.projects[0] = replace(backend.projects[0], jobs=[running])
    points = [UsagePoint(1.0, 0.25, 2**20), UsagePoint(2.0, 0.5, 2**21)]
    backend.used = TaskUsage("churn/42/train", 1, False, 2.0, 2**22, 2**21, points)

    async def use(seen: Seen) -> None:
        await seen.press("j")
        await seen.until("0.50 of 2")
        await seen.until("2Mi of 4Mi")
        await seen.until("3 of 12 files")

    _use(served, use)


def test_services_are_listed(served: Served, backend: FakeBackend) -> None:
    service = ServiceInfo("data", "running", "2026-03-01T13:00:00+00:00", 2, None, "killed", 4711, 2**26, "/log")
    backend.running_services = [service]

    async def use(seen: Seen) -> None:
        await seen.until("1 service")
        await seen.press("S")
        await seen.until("64Mi  pid 4711  started again 2 times")
        await seen.press("escape")
        await seen.until("PROJECT / JOB")

    _use(served, use)


def test_an_older_version_is_made_live_after_a_question(served: Served, backend: FakeBackend) -> None:
    async def use(seen: Seen) -> None:
        await seen.press("d")
        await seen.until("● live")
        await seen.press("j", "b")
        await seen.until("Make #")
        await seen.press("y")
        await seen.until(lambda: any(asked[0] == "rollback" for asked in backend.asked))

    _use(served, use)


def test_help_lists_every_key_and_the_palette_every_deed(served: Served) -> None:
    async def use(seen: Seen) -> None:
        await seen.press("question_mark")
        await seen.until("Deployments")
        for word in ("Find", "Fold", "Retry", "Kill", "Edit", "Theme"):
            assert word in seen.text
        await seen.press("escape", "colon")
        await seen.until("Deployments")

    _use(served, use, lines=40)


def test_no_line_is_wider_than_a_small_terminal(served: Served) -> None:
    async def use(seen: Seen) -> None:
        await seen.until("oom_killed")
        assert "upstream_failed" in seen.text
        assert max(len(line) for line in seen.text.splitlines()) <= 80

    _use(served, use, 80, 24)


def test_without_projects_it_says_what_to_type(served: Served, backend: FakeBackend) -> None:
    backend.projects = []

    async def use(seen: Seen) -> None:
        await seen.until("skafd up DIR")
        await seen.press("enter", "l", "x", "r", "R", "p", "d", "e", "space")

    _use(served, use)


def test_the_editor_opens_the_config(served: Served, backend: FakeBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISUAL", "no-such-editor")
    monkeypatch.setattr(SkafdApp, "suspend", lambda _: nullcontext())

    async def use(seen: Seen) -> None:
        await seen.press("e")
        await seen.until("there is no editor")

    _use(served, use)
    assert backend.projects


def test_what_it_hears_ends_with_it(served: Served) -> None:
    said: list[object] = []
    feed = Feed(served.client, said.append, Mirror())
    feed.start()
    while not said:
        feed.join(0.01)
    feed.end()
    served.stop()
    feed.join(2 * PATIENCE_SECONDS)
    assert not feed.is_alive()


def test_a_pause_can_be_taken_back(served: Served, backend: FakeBackend) -> None:
    async def use(seen: Seen) -> None:
        await seen.press("p")
        await seen.until("Pause the schedules of churn?")
        await seen.press("y")
        await seen.until("churn is paused; u takes it back")
        await seen.press("u")
        await seen.until("churn is resumed")
        await seen.press("u")
        await seen.until("there is nothing to take back")

    _use(served, use)
    assert [asked[0] for asked in backend.asked if asked[0] in ("pause", "resume")] == ["pause", "resume"]


def test_going_back_to_an_older_version_can_be_taken_back(served: Served, backend: FakeBackend) -> None:
    async def use(seen: Seen) -> None:
        await seen.press("d")
        await seen.until("#11")
        await seen.press("j", "b", "y")
        await seen.until("#11 is live; u takes it back")
        await seen.press("u")
        # The fake has it live all the time, and says so.
        await seen.until("deployment 12 of churn is live already")

    _use(served, use)
    assert [asked[2] for asked in backend.asked if asked[0] == "rollback"] == [11, 12]


def test_a_run_is_given_tags_which_can_be_taken_back(served: Served, backend: FakeBackend) -> None:
    tags = backend.details["churn/42"].summary.tags

    async def use(seen: Seen) -> None:
        await seen.press("h")
        await seen.until("churn/42")
        await seen.press("t", *"good", "enter")
        await seen.until("churn/42 is tagged; u takes it back")
        assert tags == ["good"]
        await seen.press("u")
        await seen.until("the tags of churn/42 are as before")
        assert tags == []

    _use(served, use)


def test_what_a_task_has_kept_is_beside_it(served: Served, backend: FakeBackend) -> None:
    artifacts = [StepArtifactInfo(f"column_{number:02}", "list", 2**20) for number in range(40)]
    left = StepKept("churn/42/train", "Churn/skafd-42/fit/t3", artifacts, ["/srv/.metaflow/mf.cards/1-default.html"])
    backend.kept.steps.append(left)

    async def use(seen: Seen) -> None:
        await seen.press("j", "enter")
        await seen.until("kept 1")
        assert "rows  list  3" in seen.text
        await seen.press("j")
        await seen.until("kept 40")
        assert "column_29  list  1Mi" in seen.text
        assert "and 10 more" in seen.text
        assert "column_30" not in seen.text

    _use(served, use, lines=60)


def test_one_walks_through_the_graph_and_opens_a_run_of_it(served: Served) -> None:
    async def use(seen: Seen) -> None:
        await seen.press("v")
        await seen.until("┃ ✓ ingest ┃")
        await seen.press("right", "right")
        await seen.until("┃ ! score ┃")
        await seen.press("left")
        await seen.until("┃ ✗ train ┃")
        await seen.press("enter")
        await seen.until("churn/42  ✗ failed")
        await seen.press("escape")
        await seen.until("┃ ✗ train ┃")

    _use(served, use)


def test_a_box_is_chosen_with_the_mouse(served: Served) -> None:
    async def use(seen: Seen) -> None:
        await seen.press("v")
        await seen.until("│ ! score │")
        await seen.pilot.click(offset=(36, 2))
        await seen.until("┃ ! score ┃")

    _use(served, use)


def test_environments_that_nobody_needs_are_removed(served: Served, backend: FakeBackend) -> None:
    async def use(seen: Seen) -> None:
        await seen.press("E")
        await seen.until("unused")
        await seen.press("c", "y")
        await seen.until("they are removed")

    _use(served, use)
    assert [asked[:2] for asked in backend.asked if asked[0] == "collect"] == [("collect", False)]


def test_what_a_service_has_printed_is_shown(served: Served, backend: FakeBackend, tmp_path: Path) -> None:
    log = tmp_path / "service.log"
    log.write_text("".join(f"line {number}\n" for number in range(600)))
    since = "2026-03-01T09:00:00+00:00"
    backend.running_services = [ServiceInfo("data", "running", since, 0, None, "", 4712, 90 << 20, str(log))]

    async def use(seen: Seen) -> None:
        await seen.press("S")
        await seen.until("pid 4712")
        await seen.press("l", "G")
        await seen.until("line 599")
        await seen.press("g")
        await seen.until("line 100")
        log.unlink()
        await seen.press("escape", "l")
        await seen.until("there is no log at")

    _use(served, use)
