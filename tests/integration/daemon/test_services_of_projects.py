"""A job that does not end: it answers, whatever is killed, and is replaced, ended and started as asked."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path
from urllib.request import urlopen

from tests.support.tortured import Tortured, tortured

__all__ = ["tortured"]
SERVE = """\
import http.server, os
from skafossdk import *

ska = Skafos()


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        text = ("VERSION %d" % os.getpid()).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(text)


http.server.HTTPServer.allow_reuse_address = True
server = http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Answer)
ska.progress(1, 1, "ready")
server.serve_forever()
"""
JOBS = (
    "  - {name: serve, entrypoint: serve.py, type: service}\n  - {name: train, entrypoint: 'true', on_deploy: wait}\n"
)


class Site:
    """The service, seen from outside."""

    def __init__(self, machine: Tortured) -> None:
        self.machine = machine
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    def write(self, version: str) -> Path:
        files = {"serve.py": SERVE.replace("VERSION", version)}
        return self.machine.write("site", JOBS, files, f"env: {{PORT: '{self.port}'}}\n")

    def answer(self) -> tuple[str, int] | None:
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/", timeout=10) as answer:
                version, pid = answer.read().decode().split()
        except OSError:
            return None
        return version, int(pid)

    def wait_for(self, version: str, other_than: int = 0) -> int:
        """The process that answers."""

        def look() -> int | None:
            found = self.answer()
            return found[1] if found and found[0] == version and found[1] != other_than else None

        return int(self.machine.wait_for(f"an answer of {version}", look))

    def states(self) -> list[str]:
        return [run["state"] for run in self.machine.client.runs("site", 10)]


def test_a_service_goes_on_and_comes_back_and_is_replaced(tortured: Tortured) -> None:
    site = Site(tortured)
    tortured.deploy(site.write("one"))
    first = site.wait_for("one")
    tortured.kill()
    tortured.come_back()
    assert site.wait_for("one") == first

    os.kill(first, signal.SIGKILL)
    second = site.wait_for("one", other_than=first)
    run = tortured.run("site")
    assert tortured.ended(run)["summary"]["state"] == "succeeded"
    assert [task["name"] for task in tortured.client.run(run)["tasks"]] == ["train"]

    tortured.deploy(site.write("two"))
    third = site.wait_for("two", other_than=second)
    assert site.states().count("running") == 1

    tortured.client.kill("site/serve")
    tortured.wait_for("the end", lambda: "running" not in site.states())
    assert site.answer() is None
    tortured.run("site", "serve")
    assert site.wait_for("two", other_than=third)
