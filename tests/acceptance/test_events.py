"""What comes from outside sets off jobs, through the installed command; by the rules of docs/events.md."""

from __future__ import annotations

import http.client
import json
import signal
import socket
from pathlib import Path
from typing import Any

import psutil

from tests.support.installed import Installed
from tests.support.live import LiveDaemon
from tests.support.rules import states_rule

TELL = """\
import json, os
told = {name: value for name, value in os.environ.items() if name.startswith(("SKAFD_EVENT_", "SKAFD_PARAM"))}
print(json.dumps(told))
"""


def rule(sentence: str) -> None:
    states_rule(sentence, "events")


def write(installed: Installed, name: str, jobs: str) -> Path:
    config = f"name: {name}\njobs:\n{jobs}"
    return installed.write_project(name, {"metis.config.yml": config, "tell.py": TELL, ".gitignore": "inbox/\n"})


def told(installed: Installed, task: str) -> dict[str, str]:
    """What a job found in its environment."""
    _, brace, rest = installed.ok("logs", task).strip().partition("{")
    return dict(json.loads(brace + rest))


class Hook(http.client.HTTPConnection):
    """Over the daemon's socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("skafd")
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self.path))


def call(installed: Installed, token: str, body: str, **headers: str) -> tuple[int, Any]:
    hook = Hook(installed.home / "api.sock")
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    hook.request("POST", "/v1/webhooks/hooked/orders", body, {"Authorization": f"Bearer {token}"} | named)
    answer = hook.getresponse()
    found = answer.status, json.loads(answer.read())
    hook.close()
    return found


def kill_daemon(installed: Installed) -> None:
    daemon = psutil.Process(installed.status()["daemon"]["pid"])
    daemon.send_signal(signal.SIGKILL)
    daemon.wait(30)


def test_a_published_event_reaches_every_project(installed: Installed) -> None:
    rule("`skafd event publish` tells every project on the machine whose jobs wait for that name.")
    rule("A published event with the same `--key` is the same event, however often it is sent.")
    rule("Each event says what it set off, and which job let it pass and why.")
    rule("An event is kept in the same transaction as the runs that it sets off.")
    job = "  - {name: go, entrypoint: tell.py, on: {event: ready}, params: {region: none, rows: 0}}\n"
    live = LiveDaemon(installed)
    live.up(write(installed, "one", job), write(installed, "two", job))
    assert live.runs("one") == []
    assert installed.ok("why", "one/go") == "one/go has never run: it waits for event ready\n"
    installed.ok("pause", "two/go")
    out = installed.ok("event", "publish", "ready", "--param", "region=eu", "--param", "more=1", "--key", "k1")
    assert "one/1" in out
    assert "two/go: paused" in out
    live.wait_for_run("one/1")
    environment = told(installed, "one/1")
    assert environment["SKAFD_EVENT_KIND"] == environment["SKAFD_EVENT_NAME"].replace("ready", "event") == "event"
    assert environment["SKAFD_PARAM_REGION"] == "eu"
    assert json.loads(environment["SKAFD_EVENT_PARAMETERS"]) == {"region": "eu", "more": "1"}
    assert "two/go let an event pass" in installed.ok("why", "two/go")

    # The same key, also after the daemon was killed.
    kill_daemon(installed)
    installed.ok("up", "--detach")
    again = installed.json("event", "publish", "ready", "--param", "region=eu", "--param", "more=1", "--key", "k1")
    assert (again["number"], [run["run"] for run in again["runs"]]) == (1, ["one/1"])
    refused = installed.command("event", "publish", "ready", "--key", "k1")
    assert refused.returncode == 1
    assert "belongs to event 1" in refused.stderr
    installed.ok("resume", "two/go")
    installed.ok("event", "publish", "ready")
    live.wait_for_run("two/1")
    assert [event["number"] for event in installed.json("events")] == [2, 1]
    wrong = installed.json("event", "publish", "ready", "--param", "rows=many")
    assert [(one["project"], one["cause"]) for one in wrong["unheeded"]] == [
        ("one", "its parameter rows is of type int, which 'many' is not"),
        ("two", "its parameter rows is of type int, which 'many' is not"),
    ]


def test_a_project_waits_for_another(installed: Installed) -> None:
    live = LiveDaemon(installed)
    # `after` waits for a project that is not there yet.
    live.up(write(installed, "after", "  - {name: go, entrypoint: tell.py, on: {project: before/load}}\n"))
    live.up(write(installed, "before", "  - {name: load, entrypoint: tell.py, on_deploy: wait}\n"))
    live.client.start_run("before")
    run = live.wait_for_run("after/1")
    assert (run["summary"]["cause"], run["summary"]["cause_detail"]) == ("event", "before/1/load succeeded")
    environment = told(installed, "after/1")
    assert (environment["SKAFD_EVENT_RUN"], environment["SKAFD_EVENT_JOB"]) == ("before/1", "load")
    circle = "  - {name: load, entrypoint: tell.py, on: {project: after}}\n"
    refused = installed.command("up", write(installed, "before", circle), "--detach")
    assert refused.returncode == 1
    assert "would set each other off for ever" in refused.stdout + refused.stderr


def test_a_webhook_is_called_with_its_token(installed: Installed) -> None:
    rule("A webhook is called with a token of its own, of which only a hash is kept.")
    rule(
        "The body is a JSON object of parameters; "
        "one that no job declares, or of the wrong type, is refused with the reason."
    )
    rule("With the same `Idempotency-Key` a call is the same event, however often it is sent.")
    live = LiveDaemon(installed)
    parameters = "params: {rows: 1, tags: {type: json, default: []}}"
    live.up(
        write(installed, "hooked", f"  - {{name: go, entrypoint: tell.py, on: {{webhook: orders}}, {parameters}}}\n")
    )
    assert installed.command("webhook", "hooked", "nothing", "--new").returncode == 1
    token = installed.ok("webhook", "hooked", "orders", "--new").strip()
    for wrong in ("", "skafd_wrong", token[:-1]):
        assert call(installed, wrong, "{}")[0] == 401
    for body, reason in (
        ('{"rows": "many"}', "rows is of type int"),
        ('{"rosw": 1}', "has a parameter rosw"),
        ("[1]", "no JSON object"),
        ('{"tags": "\\ud800"}', "the parameter 'tags' is no text"),
        ("{", "no JSON"),
    ):
        status, answer = call(installed, token, body)
        assert status == 400, body
        assert reason in answer["error"]["message"]
    status, event = call(installed, token, '{"rows": 7, "tags": ["a"]}', Idempotency_Key="order-1")
    assert status == 202
    assert [run["run"] for run in event["runs"]] == ["hooked/1"]
    live.wait_for_run("hooked/1")
    assert json.loads(told(installed, "hooked/1")["SKAFD_PARAMS"]) == {"rows": 7, "tags": ["a"]}
    status, again = call(installed, token, '{"rows": 7, "tags": ["a"]}', Idempotency_Key="order-1")
    assert (status, again["number"]) == (202, event["number"])
    assert call(installed, token, '{"rows": 8}', Idempotency_Key="order-1")[0] == 409
    assert len(live.runs("hooked")) == 1
    assert token not in installed.ok("webhook", "hooked")
    assert token.encode() not in (installed.home / "skafd.db").read_bytes()
    number = installed.json("webhook", "hooked")[0]["number"]
    installed.ok("webhook", "hooked", "--revoke", str(number))
    assert call(installed, token, "{}")[0] == 401


def test_a_port_answers_webhooks_and_nothing_else(installed: Installed) -> None:
    rule(
        "Webhooks are answered on the daemon's socket; on a port of 127.0.0.1 only when it was started with one, "
        "and nothing else is there."
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = write(installed, "hooked", "  - {name: go, entrypoint: tell.py, on: {webhook: orders}}\n")
    installed.ok("up", folder, "--detach", "--webhook-port", str(port))
    daemon = psutil.Process(installed.status()["daemon"]["pid"])
    listening = [one.laddr for one in daemon.net_connections("inet") if one.status == psutil.CONN_LISTEN]
    assert listening == [("127.0.0.1", port)]
    token = installed.ok("webhook", "hooked", "orders", "--new").strip()
    assert ask(port, "POST", "/v1/webhooks/hooked/orders", token) == 202
    assert ask(port, "POST", "/v1/webhooks/hooked/orders", "wrong") == 401
    assert ask(port, "GET", "/v1/status", token) == 404
    assert ask(port, "POST", "/v1/stop", token) == 404
    assert installed.command("up", "--webhook-port", str(port)).returncode == 1, "it runs already"
    installed.ok("down")
    installed.ok("up", "--detach")
    quiet = psutil.Process(installed.status()["daemon"]["pid"])
    assert [one for one in quiet.net_connections("inet") if one.status == psutil.CONN_LISTEN] == []


def ask(port: int, method: str, path: str, token: str) -> int:
    """The status of an answer on the port."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request(method, path, "{}", {"Authorization": f"Bearer {token}"})
    status = connection.getresponse().status
    connection.close()
    return status


# --- files ------------------------------------------------------------------------------------------------


def files_of(live: LiveDaemon, slug: str) -> list[str]:
    """The names of the files that the runs of a project were told, in order."""
    return [Path(run["cause_detail"]).name for run in live.runs(slug) if run["cause"] == "event"]


def test_each_file_that_arrives_is_told_once_whatever_happens(installed: Installed) -> None:
    rule(
        "Each file that arrives, new or changed, is one event; "
        "with `batch: true` those that have arrived together are one."
    )
    rule(
        "A file has arrived when its size and its time of writing have stayed the same for `stable_for`, "
        "2 seconds when left out."
    )
    rule("What was told is remembered: a restart neither loses a file nor tells it again.")
    rule(
        "Files that came while the daemon was down, or that are there when a pattern first goes live, have arrived too."
    )
    rule("Where arriving files would be deployed as a part of the project, the deployment says so, and what to ignore.")
    live = LiveDaemon(installed)
    jobs = """\
  - {name: each, entrypoint: tell.py, on: {file: inbox/*.csv, stable_for: 300ms}, params: {file: none}}
  - {name: all, entrypoint: tell.py, on: {file: "inbox/*/*.csv", stable_for: 1s, batch: true}}
"""
    folder = write(installed, "letters", jobs)
    inbox = folder / "inbox"
    inbox.mkdir()
    (inbox / "first.csv").write_text("1")
    live.up(folder)
    live.wait_for("the first file", lambda: files_of(live, "letters") == ["first.csv"])
    live.wait_for_run("letters/1")
    environment = told(installed, "letters/1")
    assert environment["SKAFD_EVENT_FILE"] == environment["SKAFD_PARAM_FILE"] == str(inbox / "first.csv")
    assert json.loads(environment["SKAFD_EVENT_FILES"]) == [str(inbox / "first.csv")]

    kill_daemon(installed)
    (inbox / "meanwhile.csv").write_text("1")
    (inbox / "first.csv").write_text("changed")
    (inbox / "half.csv.part").write_text("not all of it")
    installed.ok("up", "--detach")
    live.wait_for("both", lambda: len(files_of(live, "letters")) == 3)
    assert sorted(files_of(live, "letters")) == ["first.csv", "first.csv", "meanwhile.csv"]
    (inbox / "half.csv.part").rename(inbox / "half.csv")
    live.wait_for("the renamed one", lambda: files_of(live, "letters")[3:] == ["half.csv"])

    (inbox / "together").mkdir()
    for number in range(30):
        (inbox / "together" / f"{number:02d}.csv").write_text("1")
    live.wait_for("the batch", lambda: len(live.runs("letters")) == 5)
    live.wait_for_run("letters/5")
    assert len(json.loads(told(installed, "letters/5")["SKAFD_EVENT_FILES"])) == 30
    assert "30 files of inbox/*/*.csv" in installed.ok("events", "letters")
    # An ignored inbox makes no deployments; one that is not ignored is told of.
    assert live.deployments("letters") == [1]
    (folder / ".gitignore").unlink()
    assert "name inbox/ in its .gitignore" in installed.ok("up", folder, "--detach")


def test_several_events_that_must_all_come(installed: Installed) -> None:
    rule("What has come is remembered: a restart forgets none of it.")
    rule("`skafd status` and `skafd why` say which of them have come, and which are missing.")
    on = "{all: [{event: orders}, {project: other}], within: 1h}"
    live = LiveDaemon(installed)
    job = f"  - {{name: go, entrypoint: tell.py, on: {on}, params: {{region: none}}}}\n"
    live.up(
        write(installed, "both", job), write(installed, "other", "  - {name: o, entrypoint: 'true', on_deploy: wait}\n")
    )
    assert installed.ok("why", "both/go") == (
        "both/go has never run: it waits for event orders and project other within 1h00m\n"
    )
    installed.ok("event", "publish", "orders", "--param", "region=eu")
    said = installed.ok("why", "both/go")
    assert said.startswith("both/go waits for project other within 1h00m; event orders came at 2")
    assert "waits for project other within 1h00m; event orders came" in installed.ok("status", "--once")
    assert "both/go waits for all of event orders, project other" in installed.ok("events")
    kill_daemon(installed)
    live.up()
    assert installed.ok("why", "both/go") == said
    installed.ok("run", "other", "--wait")
    assert live.wait_for_run("both/1")["summary"]["state"] == "succeeded"
    found = told(installed, "both/1/go")
    assert (found["SKAFD_EVENT_KIND"], found["SKAFD_EVENT_RUN"], found["SKAFD_PARAM_REGION"]) == (
        "project",
        "other/1",
        "eu",
    )
    assert [(one["kind"], one["name"]) for one in json.loads(found["SKAFD_EVENT_ALL"])] == [
        ("event", "orders"),
        ("project", "other"),
    ]
    assert "both/1 succeeded" in installed.ok("events").splitlines()[-1]
    assert installed.ok("why", "both/go") == "both/1/go succeeded: exit code 0\n"
