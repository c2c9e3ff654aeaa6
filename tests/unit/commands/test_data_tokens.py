"""`skafd token`."""

from __future__ import annotations

from skafd.commands.exit_codes import ExitCode
from tests.support.fake_backend import FakeBackend
from tests.unit.commands.conftest import Shell


def test_tokens_are_made_listed_and_revoked(shell: Shell, daemon: FakeBackend) -> None:
    made = shell("token", "churn", "--new", "--name", "dashboard")
    assert made.out == "skafd_data_good\n", "for $(...)"
    assert "not shown again" in made.err
    assert "dashboard" in shell("token", "churn").out
    assert shell("token", "churn", "--revoke", "3").code == ExitCode.OK
    assert shell("token", "churn", "--revoke", "9").code == ExitCode.FAILED
    assert shell("token", "churn", "--new", "--revoke", "1").code == ExitCode.USAGE
    assert [asked for asked in daemon.asked if "token" in asked[0]] == [
        ("create_data_token", "churn", "dashboard"),
        ("revoke_data_token", "churn", 3),
    ]
