"""The api's client: standard library only, plain dictionaries out."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from skafd.api.calling import ANSWER_SECONDS, Json, LogStream, blocks_of, part_of_path
from skafd.api.failures import from_json
from skafd.api.kept_client import KeptCalls
from skafd.api.who import this_user

__all__ = ["Client", "Json", "LogStream"]


class Client(KeptCalls):
    """Talks to the daemon on `socket_path`.

    Each method raises DaemonUnreachable, and NotFound, Refused or another SkafdError as the daemon says.
    """

    def status(self, after: int = -1) -> Json:
        """The daemon and all projects; with the `number` of an answer, those that changed since."""
        return self._object("GET", "/v1/status", {"after": after} if after >= 0 else None)

    def project(self, name: str) -> Json:
        """A project by its short name, token, name or folder."""
        return self._object("GET", "/v1/find", {"project": name})

    def up(self, folders: Sequence[Path], wait: bool = True, resolve_as_of: str | None = None) -> Iterator[Json]:
        """Hands folders over; yields one result per project when it is known."""
        body = {"folders": [str(folder) for folder in folders], "wait": wait, "resolve_as_of": resolve_as_of}
        with self._answer("POST", "/v1/up", body=body, seconds=None) as answer:
            for line in _lines(answer):
                result = json.loads(line)
                if "error" in result:
                    raise from_json(result)
                yield result

    def runs(
        self, project: str | None = None, limit: int = 20, before: int | None = None, **chosen: str | None
    ) -> list[Json]:
        """Runs, newest first; `chosen`: only those in a `state`, with a `tag`, in a `namespace`."""
        return self._list("GET", "/v1/runs", {"project": project, "limit": limit, "before": before, **chosen})

    def run(self, run: str) -> Json:
        """One run (`churn/42`) with its tasks."""
        project, _, number = run.rpartition("/")
        return self._object("GET", f"/v1/runs/{part_of_path(project)}/{part_of_path(number)}")

    def diff(self, first: str, second: str) -> Json:
        """What differs between two runs."""
        return self._object("GET", "/v1/diff", {"first": first, "second": second})

    def why(self, target: str) -> Json:
        """One sentence that says why a run, a task, a job or a project is as it is."""
        return self._object("GET", "/v1/why", {"target": target})

    def history(self, project: str, job: str, limit: int = 30) -> list[Json]:
        """The last executions of a job that have ended, oldest first."""
        return self._list("GET", f"/v1/projects/{part_of_path(project)}/history", {"job": job, "limit": limit})

    def usage(self, target: str) -> list[Json]:
        """What the newest attempts of a target use, or used, over time."""
        return self._list("GET", "/v1/usage", {"target": target})

    def start_run(
        self, project: str, job: str | None = None, only: bool = False, parameters: Mapping[str, str] | None = None
    ) -> Json:
        """Starts a run in the name of this process's user, and returns it."""
        body = {"job": job, "only": only, "parameters": dict(parameters or {}), "user": this_user()}
        return self._object("POST", f"/v1/projects/{part_of_path(project)}/runs", body=body)

    def tag_run(self, run: str, add: Sequence[str] = (), remove: Sequence[str] = ()) -> Json:
        """Gives a run tags, and takes tags from it; returns its line in a list of runs."""
        project, _, number = run.rpartition("/")
        path = f"/v1/runs/{part_of_path(project)}/{part_of_path(number)}/tags"
        return self._object("POST", path, body={"add": list(add), "remove": list(remove)})

    def again(
        self,
        target: str,
        latest: bool = False,
        step: str | None = None,
        even_succeeded: bool = False,
        parameters: Mapping[str, str] | None = None,
    ) -> Json:
        """Resumes an ended run, or runs a task of it again; returns the run in which that happens."""
        body = {"target": target, "latest": latest, "step": step, "even_succeeded": even_succeeded}
        return self._object("POST", "/v1/again", body={**body, "parameters": dict(parameters or {})})

    def forget(self, project: str) -> None:
        """Takes a project off the list."""
        self._json("DELETE", f"/v1/projects/{part_of_path(project)}")

    def skip(self, target: str) -> Json:
        """Passes over a task that has not begun; returns its run."""
        return self._object("POST", "/v1/skip", body={"target": target})

    def kill(self, target: str) -> Json:
        """Ends what runs of a run, a task, a job or a project."""
        return self._object("POST", "/v1/kill", body={"target": target})

    def deployments(self, project: str) -> list[Json]:
        """Deployments, newest first."""
        return self._list("GET", f"/v1/projects/{part_of_path(project)}/deployments")

    def diff_deployments(self, project: str, second: int, first: int | None = None) -> Json:
        """What a deployment changed since another one; without, since the one before it."""
        path = f"/v1/projects/{part_of_path(project)}/deployments/{second}/diff"
        return self._object("GET", path, {"since": first})

    def environments(self) -> list[Json]:
        """Every environment on disk."""
        return self._list("GET", "/v1/environments")

    def collect_environments(self, dry_run: bool = False, keys: Sequence[str] | None = None) -> list[Json]:
        """Removes those that no kept deployment needs; returns them."""
        return self._list("POST", "/v1/environments/collect", body={"dry_run": dry_run, "keys": keys and list(keys)})

    def rollback(self, project: str, number: int | None = None) -> Json:
        """Makes an earlier deployment live again, and returns it."""
        return self._object("POST", f"/v1/projects/{part_of_path(project)}/rollback", body={"number": number})

    def schedule(self, project: str | None = None, hours: float = 24.0) -> Json:
        """What is due next, and what was missed."""
        return self._object("GET", "/v1/schedule", {"project": project, "hours": hours})

    def explain_jobs(self, project: str, job: str | None = None, count: int = 5) -> list[Json]:
        """When a project's jobs, or one of them, are due, and what they wait for."""
        return self._list("GET", f"/v1/projects/{part_of_path(project)}/occasions", {"job": job, "count": count})

    def pause(self, project: str, job: str | None = None) -> None:
        """Lets occurrences be missed."""
        self._json("POST", f"/v1/projects/{part_of_path(project)}/pause", body={"job": job})

    def resume(self, project: str, job: str | None = None) -> None:
        """Ends a pause."""
        self._json("POST", f"/v1/projects/{part_of_path(project)}/resume", body={"job": job})

    def backfill(self, project: str, request: Json) -> Json:
        """Asks for runs in the past, or with `dry_run` what they would be."""
        return self._object("POST", f"/v1/projects/{part_of_path(project)}/backfills", body=request)

    def backfills(self) -> list[Json]:
        """Backfills, newest first."""
        return self._list("GET", "/v1/backfills")

    def find_backfill(self, number: int) -> Json:
        """One backfill with its runs."""
        return self._object("GET", f"/v1/backfills/{number}")

    def cancel_backfill(self, number: int) -> Json:
        """Makes no more runs of it, and ends those that run."""
        return self._object("POST", f"/v1/backfills/{number}/cancel")

    def publish(self, name: str, parameters: Mapping[str, str] | None = None, key: str | None = None) -> Json:
        """Publishes an event; returns it with the runs that it set off."""
        return self._object("POST", "/v1/events", body={"name": name, "parameters": dict(parameters or {}), "key": key})

    def events(self, project: str | None = None, limit: int = 20, before: int | None = None) -> list[Json]:
        """Events from outside, newest first."""
        return self._list("GET", "/v1/events", {"project": project, "limit": limit, "before": before})

    def event(self, number: int) -> Json:
        """One event, and what followed from it."""
        return self._object("GET", f"/v1/events/{number}")

    def data_tokens(self, project: str) -> list[Json]:
        """The tokens of the Data Endpoint, without the secrets."""
        return self._list("GET", f"/v1/projects/{part_of_path(project)}/data-tokens")

    def create_data_token(self, project: str, name: str = "") -> Json:
        """Makes one; the answer alone has it."""
        return self._object("POST", f"/v1/projects/{part_of_path(project)}/data-tokens", body={"name": name})

    def revoke_data_token(self, project: str, number: int) -> None:
        """Ends one."""
        self._json("DELETE", f"/v1/projects/{part_of_path(project)}/data-tokens/{number}")

    def webhook_tokens(self, project: str) -> list[Json]:
        """The tokens of a project's webhooks, without the secrets."""
        return self._list("GET", f"/v1/projects/{part_of_path(project)}/webhook-tokens")

    def create_webhook_token(self, project: str, webhook: str) -> Json:
        """Makes a token; only this answer has it."""
        return self._object("POST", f"/v1/projects/{part_of_path(project)}/webhooks/{part_of_path(webhook)}/tokens")

    def revoke_webhook_token(self, project: str, number: int) -> None:
        """Ends a token."""
        self._json("DELETE", f"/v1/projects/{part_of_path(project)}/webhook-tokens/{number}")

    def variables(self, project: str, show: bool = False) -> list[Json]:
        """Secrets and settings, masked unless `show`."""
        return self._list("GET", f"/v1/projects/{part_of_path(project)}/variables", {"show": show})

    def set_variable(self, project: str, key: str, value: str) -> None:
        """Sets one."""
        self._json("PUT", f"/v1/projects/{part_of_path(project)}/variables/{part_of_path(key)}", body={"value": value})

    def delete_variable(self, project: str, key: str) -> None:
        """Deletes one."""
        self._json("DELETE", f"/v1/projects/{part_of_path(project)}/variables/{part_of_path(key)}")

    def open_pages(self) -> str:
        """Serves the pages on 127.0.0.1 unless that is done already; returns where they are."""
        return str(self._object("POST", "/v1/pages/open")["url"])

    def close_pages(self) -> None:
        """Ends them."""
        self._json("POST", "/v1/pages/close")

    def job_token(self, project: str) -> Json:
        """A `token` that is good for the project's things, and the `socket` of jobs."""
        return self._object("POST", "/v1/tokens/job", body={"project": project})

    def services(self) -> list[Json]:
        """Long-lived processes that skafd keeps running."""
        return self._list("GET", "/v1/services")

    def start_service(self, name: str) -> Json:
        """Starts one unless it is there, and returns when it answers."""
        return self._object("POST", f"/v1/services/{part_of_path(name)}/start")

    def stop_service(self, name: str) -> Json:
        """Asks one to end."""
        return self._object("POST", f"/v1/services/{part_of_path(name)}/stop")

    def logs(self, target: str, lines: int | None = None, follow: bool = False) -> LogStream:
        """The log in blocks; with `follow` as it is written."""
        return LogStream(self.socket_path, {"target": target, "lines": lines, "follow": follow})

    def notebook(self, target: str, name: str | None = None, html: bool = True) -> Json:
        """An executed notebook: its task, its name and its content."""
        return self._object("GET", "/v1/notebook", {"target": target, "name": name, "html": html}, seconds=None)

    def changes(self, after: int = -1, seconds: float = 30.0) -> int:
        """Waits until the number of changes exceeds `after`, at most `seconds`, and returns it."""
        answer = self._json(
            "GET", "/v1/changes", {"after": after, "seconds": seconds}, seconds=seconds + ANSWER_SECONDS
        )
        return int(answer["number"])

    def stop(self, jobs: bool = False) -> None:
        """Asks the daemon to end."""
        self._json("POST", "/v1/stop", body={"jobs": jobs})


def _lines(answer: http.client.HTTPResponse) -> Iterator[bytes]:
    rest = b""
    for block in blocks_of(answer):
        *lines, rest = (rest + block).split(b"\n")
        yield from lines
