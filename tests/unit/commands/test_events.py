"""`skafd events`, `skafd event` and `skafd webhook`."""

from __future__ import annotations

from skafd.commands.exit_codes import ExitCode
from tests.support.fake_backend import FakeBackend
from tests.unit.commands.conftest import Shell


def test_events_are_listed_with_what_they_set_off(shell: Shell, daemon: FakeBackend) -> None:
    out = shell("events", "churn", "-n", "5").out
    assert "ready region=eu" in out
    assert "churn/42 succeeded" in out
    assert "churn: inbox/a.csv" in out
    assert "churn/ingest: paused" in out
    assert ("events", "churn", 5, None) in daemon.asked


def test_an_event_is_published(shell: Shell, daemon: FakeBackend) -> None:
    assert "churn/42 succeeded" in shell("event", "publish", "ready", "--param", "region=eu", "--key", "k").out
    assert daemon.asked == [("publish", "ready", {"region": "eu"}, "k")]
    assert shell("event", "send", "ready").code == ExitCode.USAGE
    assert shell("event", "publish", "ready", "--param", "region").code == ExitCode.USAGE


def test_tokens_are_made_listed_and_revoked(shell: Shell, daemon: FakeBackend) -> None:
    made = shell("webhook", "churn", "orders", "--new")
    assert made.out == "skafd_secret\n", "for $(...)"
    assert "not shown again" in made.err
    assert "churn/orders" in shell("webhook", "churn").out
    assert "No tokens" in shell("webhook", "churn", "other").out
    assert shell("webhook", "churn", "--revoke", "3").code == ExitCode.OK
    assert shell("webhook", "churn", "--revoke", "9").code == ExitCode.FAILED
    assert shell("webhook", "churn", "--new").code == ExitCode.USAGE
    assert shell("webhook", "churn", "orders", "--new", "--revoke", "1").code == ExitCode.USAGE
    assert [asked for asked in daemon.asked if "token" in asked[0]] == [
        ("create_webhook_token", "churn", "orders"),
        ("revoke_webhook_token", "churn", 3),
    ]
