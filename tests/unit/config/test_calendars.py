"""`except`, `start`, `end` and `jitter` of a schedule."""

from __future__ import annotations

from pathlib import Path

import pytest

from skafd.config import Reading, read
from skafd.model.project import Schedule


def reading(details: str, folder: Path | None = None) -> Reading:
    text = f'name: x\njobs:\n  - name: a\n    entrypoint: "true"\n    schedule:\n      {details}\n'
    return read(text, folder, "metis.config.yml")


def schedules(details: str, folder: Path | None = None) -> tuple[Schedule, ...]:
    found = reading(details, folder)
    assert found.problems == ()
    assert found.project is not None
    return found.project.jobs[0].schedules


def test_days_and_spans_are_left_out() -> None:
    (found,) = schedules("{cron: '@daily', except: [2026-12-25, 2026-12-30 to 2027-01-01]}")
    assert found.excluded == ("2026-12-25", "2026-12-30", "2026-12-31", "2027-01-01")


def test_a_file_of_days_is_read_with_the_config(tmp_path: Path) -> None:
    (tmp_path / "holidays.txt").write_text("# Berlin\n2026-10-03  # unity\n\n2026-12-25 to 2026-12-26\n")
    (found,) = schedules("{cron: '@daily', except: [holidays.txt, 2026-05-01]}", tmp_path)
    assert found.excluded == ("2026-05-01", "2026-10-03", "2026-12-25", "2026-12-26")


def test_the_first_and_the_last_day() -> None:
    (found,) = schedules("{cron: '@daily', start: 2026-03-01, end: 2026-04-01T06:00}")
    assert (found.start, found.end) == ("2026-03-01", "2026-04-01T06:00")


def test_the_longest_jitter_of_a_job_is_that_of_all_its_schedules() -> None:
    found = schedules("[daily at 07:30, {cron: 0 9 * * 1, jitter: 10m}]")
    assert [schedule.jitter_seconds for schedule in found] == [600, 600]


@pytest.mark.parametrize(
    ("details", "message"),
    [
        ("{cron: '@daily', except: 2026-02-30}", "there is no day 2026-02-30"),
        ("{cron: '@daily', except: 25.12.2026}", "'25.12.2026' is no day"),
        ("{cron: '@daily', except: 2026-02-03 to 2026-02-01}", "is no span of days"),
        ("{cron: '@daily', except: holidays.txt}", "neither a day nor a file of days in the project"),
        ("{cron: '@daily', except: ../holidays.txt}", "is outside the project's folder"),
        ("{cron: '@daily', except: bad.txt}", "line 2 of bad.txt: 'tomorrow' is no day"),
        ("{cron: '@daily', start: soon}", "'soon' is neither a day nor a time of a day"),
        ("{cron: '@daily', start: 2026-03-02, end: 2026-03-01}", "ends before it starts"),
        ("{cron: '@hourly', jitter: 1h}", "the jitter reaches the next occurrence"),
        ("[{cron: '@hourly', jitter: 1m}, every 30 seconds]", "the jitter reaches the next occurrence"),
    ],
)
def test_what_cannot_be_meant_is_refused(details: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "bad.txt").write_text("2026-01-01\ntomorrow\n")
    problems = reading(details, tmp_path).problems
    assert [problem.code for problem in problems] == ["schedule"]
    assert message in problems[0].message.replace("`", "'").replace('"', "'")
