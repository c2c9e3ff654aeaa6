"""Webhooks over the api's socket: tokens, keys, bodies."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.fake_backend import FakeBackend
from tests.support.served import serving


class OnSocket(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("skafd")
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self.path))


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    with serving(FakeBackend(tmp_path), tmp_path / "api.sock"):
        yield tmp_path / "api.sock"


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[FakeBackend]:
    backend = FakeBackend(tmp_path)
    with serving(backend, tmp_path / "api.sock"):
        yield backend


def post(backend: FakeBackend, body: bytes = b"{}", **headers: str) -> tuple[int, Any]:
    connection = OnSocket(backend.home / "api.sock")
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request("POST", "/v1/webhooks/churn/orders", body, named)
    answer = connection.getresponse()
    found = answer.status, json.loads(answer.read())
    connection.close()
    return found


def test_a_token_opens_the_webhook(backend: FakeBackend) -> None:
    status, event = post(backend, b'{"a": 1}', Authorization="Bearer skafd_good", Idempotency_Key="k1")
    assert status == 202
    assert event["runs"] == [{"run": "churn/42", "state": "succeeded"}]
    assert backend.asked == [("call_webhook", "churn", "orders", b'{"a": 1}', "k1")]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic x"}, {"Authorization": "Bearer skafd_bad"}])
def test_without_one_nothing_is_done(backend: FakeBackend, headers: dict[str, str]) -> None:
    status, answer = post(backend, **headers)
    assert status == 401
    assert answer["error"]["kind"] == "unauthorized"
    assert backend.asked == []


def test_what_is_too_large_is_refused_before_it_is_read(backend: FakeBackend) -> None:
    status, answer = post(backend, b" " * 70_000, Authorization="Bearer skafd_good")
    assert status == 400
    assert "larger than 64 KiB" in answer["error"]["message"]
    assert post(backend, Authorization="Bearer skafd_good", Idempotency_Key="k" * 300)[0] == 400
