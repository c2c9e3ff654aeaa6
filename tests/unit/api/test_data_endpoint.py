"""The Data Endpoint as HTTP: tokens, parameters, its description."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from skafd.api.server import serve_data
from skafd.api.sockets import listen_on
from tests.support.fake_backend import FakeBackend


class Endpoint:
    """Served in a thread."""

    def __init__(self, home: Path) -> None:
        self.backend = FakeBackend(home)
        with closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self._listener = listen_on("127.0.0.1", port)
        self.url = f"http://127.0.0.1:{port}/v1"
        self._loop = asyncio.new_event_loop()
        self._stopping = asyncio.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def get(self, path: str, token: str | None = "skafd_data_good") -> tuple[int, Any]:
        headers = {} if token is None else {"X-API-Token": token}
        try:
            with urlopen(Request(f"{self.url}{path}", headers=headers), timeout=30) as answer:
                return answer.status, json.load(answer)
        except HTTPError as error:
            with error:
                return error.code, json.load(error)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(30)

    def _run(self) -> None:
        self._loop.run_until_complete(serve_data(self.backend, self._listener, self._stopping))
        self._loop.close()


@pytest.fixture
def endpoint(tmp_path: Path) -> Iterator[Endpoint]:
    endpoint = Endpoint(tmp_path)
    yield endpoint
    endpoint.close()


def test_a_page_is_read_with_a_token(endpoint: Endpoint) -> None:
    assert endpoint.get("/data/churn/predictions?limit=5&risk__gte=0.5") == (200, {"data": [], "next": None})
    assert endpoint.backend.asked == [("read_data", "churn", "predictions", {"limit": "5", "risk__gte": "0.5"})]


@pytest.mark.parametrize("token", [None, "", "guess"])
def test_without_a_good_token_nothing_is_told(endpoint: Endpoint, token: str | None) -> None:
    status, said = endpoint.get("/data/churn/predictions", token)
    assert (status, said["error"]["kind"]) == (401, "unauthorized")
    assert endpoint.backend.asked == []


def test_a_parameter_that_is_said_twice_is_refused(endpoint: Endpoint) -> None:
    status, said = endpoint.get("/data/churn/predictions?limit=5&limit=6")
    assert (status, said["error"]["message"]) == (400, "limit is said twice")


def test_nothing_else_of_the_api_is_there(endpoint: Endpoint) -> None:
    assert endpoint.get("/status")[0] == 404
    status, document = endpoint.get("/openapi.json", None)
    assert (status, list(document["paths"])) == (200, ["/v1/data/{project}/{table}"])
