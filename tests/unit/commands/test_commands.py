"""What each command asks of the daemon, prints, and ends with."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from skafd.api.shapes import FolderResult, LogSource
from skafd.commands.application import COMMANDS, app
from skafd.commands.exit_codes import ExitCode
from skafd.looks.words import state_text
from skafd.model.states import TaskState
from tests.support.fake_backend import FakeBackend, attempt, summary, task
from tests.unit.commands.conftest import Shell

PROGRAM = "import sys; sys.argv[0] = 'skafd'; from skafd.commands.main import main; main()"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(shell: Shell, name: str) -> None:
    ended = shell(name, "--help")
    assert ended.code == 0
    assert "Example" in ended.out
    assert f"skafd {name}" in ended.out


def test_the_list_of_commands_fits_its_lines(shell: Shell) -> None:
    ended = shell("--help")
    assert ended.code == 0
    assert "..." not in ended.out.split("Commands:")[1]


def test_an_unknown_command_is_a_usage_error_with_a_suggestion(shell: Shell) -> None:
    ended = shell("statsu")
    assert ended.code == 2
    assert "status" in ended.err


@pytest.mark.parametrize(
    "line",
    [
        "status",
        "status --json",
        "run churn",
        "runs",
        "show churn/42",
        "logs churn",
        "kill churn",
        "down",
        "deployments churn",
        "rollback churn",
        "env churn",
    ],
)
def test_without_a_daemon_a_command_says_how_to_start_it(shell: Shell, line: str) -> None:
    ended = shell(*line.split())
    assert ended.code == 3
    assert ended.out == ""
    assert "no daemon answers" in ended.err
    assert "skafd up" in ended.err


def test_status_in_a_pipe_is_plain_text(shell: Shell, daemon: FakeBackend) -> None:
    ended = shell("status")
    assert ended.code == 0
    assert "\x1b" not in ended.out
    [line] = [line for line in ended.out.splitlines() if " train" in line and "oom_killed" in line]
    assert "try memory: 128Mi" in line
    assert daemon.asked == []


@pytest.mark.usefixtures("daemon")
def test_status_as_json_is_what_the_api_says(shell: Shell) -> None:
    said = json.loads(shell("status", "--json").out)
    assert said["daemon"]["enforcement"] == "cgroup v1"
    assert said["projects"][0]["jobs"][1]["state"] == "oom_killed"


def test_run_starts_a_job_with_parameters(shell: Shell, daemon: FakeBackend) -> None:
    ended = shell("run", "churn", "train", "--only", "--param", "epochs=3", "--param", "note=a=b")
    assert ended.code == 0
    assert ended.out.startswith("churn/42 started")
    assert daemon.asked == [("start_run", "churn", "train", True, {"epochs": "3", "note": "a=b"})]


@pytest.mark.usefixtures("daemon")
def test_a_parameter_without_a_value_is_a_usage_error(shell: Shell) -> None:
    ended = shell("run", "churn", "--param", "epochs")
    assert ended.code == 2
    assert "KEY=VALUE" in ended.err


@pytest.mark.usefixtures("daemon")
def test_an_unknown_job_is_said_with_the_known_ones(shell: Shell) -> None:
    ended = shell("run", "churn", "trian")
    assert ended.code == 1
    assert ended.err == "error: churn has no job trian\n  its jobs: ingest, train, score, report\n"


@pytest.mark.usefixtures("daemon")
def test_run_and_wait_prints_the_tasks_and_succeeds_with_the_run(shell: Shell) -> None:
    ended = shell("run", "churn", "--wait")
    assert ended.code == 0
    assert [line.split()[:3] for line in ended.out.splitlines()[1:]] == [
        ["✓", "succeeded", "ingest"],
        ["✓", "succeeded", "train"],
        ["✓", "succeeded", "score"],
        ["✓", "succeeded", "report"],
        ["✓", "succeeded", "churn/42"],
    ]


def test_run_and_wait_fails_with_the_run(shell: Shell, daemon: FakeBackend) -> None:
    failed = attempt("/tmp", "failed", outcome="exit code 3", exit_code=3)
    daemon.details["churn/42"] = dataclasses.replace(
        daemon.details["churn/42"], summary=summary(state="failed"), tasks=[task("ingest", [failed], "failed")]
    )
    ended = shell("run", "churn", "--wait")
    assert ended.code == 1
    assert "exit code 3" in ended.out


def test_runs_of_one_project_and_of_all(shell: Shell, daemon: FakeBackend) -> None:
    assert shell("runs").out.splitlines()[1].split()[:3] == ["churn/42", "✓", "succeeded"]
    assert json.loads(shell("runs", "churn", "--limit", "5", "--json").out)[0]["run"] == "churn/42"
    assert daemon.asked == [("runs", None, 20, None), ("runs", "churn", 5, None)]


@pytest.mark.usefixtures("daemon")
def test_show_says_limits_and_peaks(shell: Shell) -> None:
    ended = shell("show", "churn/42")
    assert "memory 58Mi of 64Mi" in ended.out
    assert "cpu 5.25s with 0.5 cores" in ended.out
    assert (
        json.loads(shell("show", "churn/42", "--json").out)["tasks"][0]["attempts"][0]["peak_memory_bytes"] == 58 << 20
    )


@pytest.mark.usefixtures("daemon")
@pytest.mark.parametrize("name", ["churn/43", "churn", "nope/1", "churn/train"])
def test_show_of_what_is_no_run_fails(shell: Shell, name: str) -> None:
    ended = shell("show", name)
    assert ended.code == 1
    assert ended.err.startswith("error: ")


@pytest.mark.usefixtures("daemon")
def test_an_executed_notebook_is_written_as_html(shell: Shell, tmp_path: Path) -> None:
    target = tmp_path / "page.html"
    ended = shell("notebook", "churn/42/report", "-o", str(target))
    assert (ended.out, ended.err) == (f"{target}\n", "")
    assert target.read_text() == "<html>Überblick</html>"
    assert shell("notebook", "churn/42/report", "--ipynb", "-o", "-").out == "{}"
    assert shell("notebook", "churn/42/train").code == 1


def test_logs_print_the_last_lines(shell: Shell, daemon: FakeBackend, tmp_path: Path) -> None:
    (tmp_path / "log").write_text("one\ntwo\nthree\n")
    daemon.sources = [LogSource("churn/42/train", str(tmp_path / "log"), True)]
    assert shell("logs", "churn/train").out == "one\ntwo\nthree\n"
    assert shell("logs", "churn/train", "-n", "2").out == "two\nthree\n"
    assert shell("logs", "churn/42", "--tail", "-n", "1").out == "churn/42/train | three\n"


def test_kill_names_what_it_ends(shell: Shell, daemon: FakeBackend) -> None:
    assert shell("kill", "churn/42").out == "ending churn/42/train\n"
    assert shell("kill", "churn", "--job_ids", "id-train, id-score", "--deployments", "12").code == 0
    killed = [asked for asked in daemon.asked if asked[0] == "kill"]
    assert killed[:3] == [("kill", "churn/42"), ("kill", "churn/id-train"), ("kill", "churn/id-score")]


def test_kill_of_a_deployment_ends_its_open_runs(shell: Shell, daemon: FakeBackend) -> None:
    daemon.details["churn/43"] = dataclasses.replace(daemon.details["churn/42"], summary=summary(43, "running"))
    shell("kill", "churn", "--deployments", "#12,7")
    assert [asked for asked in daemon.asked if asked[0] == "kill"] == [("kill", "churn/43")]


def test_deployments_and_rollback(shell: Shell, daemon: FakeBackend) -> None:
    assert [line.split()[0] for line in shell("deployments", "churn").out.splitlines()] == ["DEPLOYMENT", "#12", "#11"]
    assert len(json.loads(shell("deployments", "churn", "--json").out)) == 2
    assert shell("rollback", "churn").out == "churn #11 is live\n"
    assert shell("rollback", "churn", "#9").out == "churn #9 is live\n"
    assert daemon.asked == [("rollback", "churn", None), ("rollback", "churn", 9)]
    assert shell("rollback", "churn", "12").code == 1
    assert shell("rollback", "churn", "yesterday").code == 2


def test_env_lists_sets_shows_and_deletes(shell: Shell, daemon: FakeBackend) -> None:
    assert shell("env", "churn").out == "API_KEY=***\n"
    assert shell("env", "churn", "LEVEL", "--set", "a b").code == 0
    assert shell("env", "churn", "PIPED", "--set", "-", typed="from a pipe\n").code == 0
    assert daemon.settings == {"API_KEY": "s3cret", "LEVEL": "a b", "PIPED": "from a pipe"}
    assert shell("env", "churn", "API_KEY", "--show").out == "API_KEY=s3cret\n"
    assert shell("env", "churn", "API_KEY", "--delete").code == 0
    assert shell("env", "churn", "API_KEY").code == 1
    assert json.loads(shell("env", "churn", "--json").out)[0] == {"key": "LEVEL", "value": "***"}


@pytest.mark.usefixtures("daemon")
def test_setting_a_secret_does_not_print_it(shell: Shell) -> None:
    ended = shell("env", "churn", "TOKEN", "--set", "hunter2")
    assert "hunter2" not in ended.out + ended.err


@pytest.mark.usefixtures("churn")
def test_env_usage_errors(shell: Shell) -> None:
    assert shell("env", "KEY", "--set", "x", "--delete").code == 2
    assert shell("env", "--set", "x").code == 2


def test_in_its_folder_a_project_need_not_be_named(shell: Shell, churn: FakeBackend) -> None:
    shell("run")
    shell("run", "train")
    shell("runs")
    shell("kill")
    shell("kill", "42")
    shell("rollback", "7")
    assert churn.asked == [
        ("start_run", "churn", None, False, {}),
        ("start_run", "churn", "train", False, {}),
        ("runs", "churn", 20, None),
        ("kill", "churn"),
        ("kill", "churn/42"),
        ("rollback", "churn", 7),
    ]
    assert shell("show", "42").out.startswith("churn/42")
    assert shell("deployments").code == 0


def test_the_old_form_of_env_in_a_project_folder(shell: Shell, churn: FakeBackend) -> None:
    assert shell("env").out == "API_KEY=***\n"
    assert shell("env", "API_KEY").out == "API_KEY=***\n"
    assert shell("env", "KEY", "--set", "v").code == 0
    assert churn.settings["KEY"] == "v"
    assert shell("env", "KEY", "--delete").code == 0


def test_a_project_is_named_by_token_and_by_path_too(shell: Shell, churn: FakeBackend) -> None:
    for name in ("136056c2ac6d9e2f35a7b050", ".", str(Path.cwd())):
        assert shell("run", name).code == 0
    assert {asked[1] for asked in churn.asked} == {"churn"}


@pytest.mark.usefixtures("daemon")
def test_outside_a_project_folder_the_project_must_be_named(shell: Shell) -> None:
    ended = shell("run")
    assert ended.code == 1
    assert "no project was named" in ended.err


@pytest.mark.usefixtures("daemon")
def test_in_a_folder_that_is_not_deployed_a_command_says_so(shell: Shell) -> None:
    Path("metis.config.yml").write_text("name: other\n")
    ended = shell("run", "train")
    assert ended.code == 1
    assert "is not deployed" in ended.err
    assert "skafd up" in ended.err


def test_up_hands_folders_to_the_daemon_that_runs(shell: Shell, daemon: FakeBackend) -> None:
    Path("pipelines").mkdir()
    ended = shell("up", "pipelines")
    assert ended.code == 0
    assert ended.out == "✓ churn #12 is live\n"
    assert daemon.asked == [("up", [str(Path("pipelines").resolve())], True)]


def test_up_without_a_folder_takes_this_one_if_it_is_a_project(shell: Shell, churn: FakeBackend) -> None:
    shell("up", "--detach")
    assert churn.asked == [("up", [str(Path.cwd())], True)]


def test_up_fails_when_a_folder_is_refused_and_says_why(shell: Shell, daemon: FakeBackend) -> None:
    why = "metis.config.yml:3:5: unknown key 'entrypont'\n  3 |   entrypont: a.py"
    daemon.up_results = [
        FolderResult("/srv/churn", "churn", "refused", 12, why, []),
        FolderResult("/srv/empty", None, "no project", None, "", []),
        FolderResult("/srv/good", "good", "deployed", 1, "", ["limit clamped to 2 cores"]),
    ]
    ended = shell("up")
    assert ended.code == 1
    assert ended.out.splitlines() == [
        "✗ churn was refused; #12 stays live",
        "    metis.config.yml:3:5: unknown key 'entrypont'",
        "      3 |   entrypont: a.py",
        "✗ no project in /srv/empty: it needs a metis.config.yml; `skafd init` makes one",
        "✓ good #1 is live",
        "    ! limit clamped to 2 cores",
    ]


def test_up_of_a_folder_that_does_not_exist_is_a_usage_error(shell: Shell) -> None:
    assert shell("up", "nowhere").code == 2


def test_a_daemon_that_cannot_start_shows_the_end_of_its_log(
    shell: Shell, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = home.parent / "python"
    program.write_text("#!/bin/sh\necho the disk is full >&2\nexit 9\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    ended = shell("up")
    assert ended.code == 3
    assert "the daemon ended with exit code 9\n  | the disk is full\n" in ended.err
    assert "daemon.log" in ended.err


def test_down_waits_for_the_end_of_the_daemon(shell: Shell, daemon: FakeBackend) -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    daemon.daemon = dataclasses.replace(daemon.daemon, pid=process.pid)

    def stop(end_jobs: bool) -> None:
        daemon.asked.append(("stop", end_jobs))
        process.communicate(b"\n")

    daemon.stop = stop  # type: ignore[method-assign]
    ended = shell("down", "--jobs")
    assert (ended.code, ended.out) == (0, "skafd is down\n")
    assert daemon.asked == [("stop", True)]


def test_version_needs_neither_typer_nor_pydantic() -> None:
    ended = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", PROGRAM, "--version"], capture_output=True, text=True, check=True
    )
    assert re.fullmatch(r"skafd \d+\.\d+\.\d+\n", ended.stdout)
    for heavy in ("typer", "rich", "pydantic", "starlette", "subprocess", "http.client"):
        assert f" {heavy}\n" not in ended.stderr


def test_status_needs_neither_pydantic_nor_the_web_framework(home: Path, daemon: FakeBackend) -> None:
    ended = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", PROGRAM, "status", "--once"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "SKAFD_HOME": str(home)},
    )
    assert "oom_killed" in ended.stdout
    assert daemon.asked == []
    for heavy in ("pydantic", "starlette", "uvicorn", "anyio", "ruamel.yaml", "rich.live", "rich.console", "textual"):
        assert f" {heavy}\n" not in ended.stderr


def test_a_reader_that_goes_away_is_no_error(home: Path, daemon: FakeBackend, tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"line\n" * 500_000)
    daemon.sources = [LogSource("churn/42/train", str(tmp_path / "log"), True)]
    reader, writer = os.pipe()
    os.close(reader)
    for line in (["logs", "churn/42"], ["status"], ["status", "--json"]):
        ended = subprocess.run(
            [sys.executable, "-c", PROGRAM, *line],
            stdout=writer,
            stderr=subprocess.PIPE,
            env={**os.environ, "SKAFD_HOME": str(home)},
            check=False,
        )
        assert ended.stderr == b""
    os.close(writer)


def test_docs_name_every_command_option_and_exit_code() -> None:
    import typer

    text = Path("docs/commands.md").read_text()
    group = typer.main.get_command(app)
    for name in COMMANDS:
        assert f"## skafd {name}\n" in text, name
        command = group.get_command(None, name)  # type: ignore[attr-defined]
        section = text.split(f"## skafd {name}\n")[1].split("\n## ")[0]
        for parameter in (command.get_command(None, "job") if name == "create" else command).params:
            for option in parameter.opts if parameter.param_type_name == "option" else []:
                assert f"`{option}" in section, f"{name} {option}"
    for code in ExitCode:
        assert f"| {int(code)} |" in text


def test_docs_name_every_state() -> None:
    text = Path("docs/commands.md").read_text()
    for state in TaskState:
        assert f"| `{glyph_of(state)}` | `{state}` |" in text


def glyph_of(state: str) -> str:
    return state_text(state).plain[0]


def test_a_run_is_resumed_and_a_task_retried_or_skipped(shell: Shell, daemon: FakeBackend) -> None:
    assert shell("run", "--resume", "churn/42", "--latest").out.startswith("churn/42 started")
    assert shell("retry", "churn/42/train").out.startswith("churn/42 goes on")
    assert shell("skip", "churn/42/train").code == ExitCode.OK
    assert shell("why", "churn/42").out == "churn/42 waits for 'ingest'\n"
    asked = [each for each in daemon.asked if each[0] in ("again", "skip")]
    assert asked == [
        ("again", "churn/42", True),
        ("again", "churn/42/train", False),
        ("skip", "churn/42/train"),
    ]


def test_resuming_says_what_cannot_be_combined(shell: Shell) -> None:
    assert shell("run", "churn", "--latest").code == ExitCode.USAGE
    assert shell("run", "churn", "--resume", "churn/42").code == ExitCode.USAGE


def test_environments_and_their_removal(shell: Shell, daemon: FakeBackend) -> None:
    lines = shell("environments").out.splitlines()
    assert lines[0].split()[:3] == ["ENVIRONMENT", "KIND", "PYTHON"]
    assert "churn#12" in lines[1]
    assert "1 environment would be removed, which would free 20Mi" in shell("gc", "--dry-run").out
    assert "removed, which frees" in shell("gc").out
    assert daemon.asked[-3:] == [("collect", True, None), ("collect", True, None), ("collect", False, ["f" * 32])]


def test_an_option_before_its_command_is_told_where_it_belongs(shell: Shell) -> None:
    ended = shell("--json", "status")
    assert ended.code == 2
    assert "--json goes behind the command: skafd status --json" in ended.err


def test_a_search_that_finds_no_template_says_so(shell: Shell) -> None:
    ended = shell("templates", "--search", "zzz")
    assert (ended.code, ended.out) == (0, "")
    assert "no template mentions zzz" in ended.err
