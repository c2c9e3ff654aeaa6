"""`skafd tag`, and runs by tag and namespace."""

from __future__ import annotations

import json

import pytest

from skafd.api.who import this_user
from tests.support.fake_backend import FakeBackend
from tests.unit.commands.conftest import Shell


def test_tags_are_given_taken_and_listed(shell: Shell, daemon: FakeBackend) -> None:
    assert shell("tag", "churn/42").out == "churn/42: no tags\n"
    assert shell("tag", "churn/42", "+good", "baseline", "+v-2").out == "churn/42: baseline, good, v-2\n"
    assert shell("tag", "churn/42", "-good", "+hot").out == "churn/42: baseline, hot, v-2\n"
    assert json.loads(shell("tag", "churn/42", "-hot", "--json").out) == ["baseline", "v-2"]
    assert "baseline, v-2" in shell("runs", "--tag", "baseline").out
    assert "tags        baseline, v-2" in shell("show", "churn/42").out
    assert shell("runs", "--tag", "hot").out == "No runs yet.\n"
    assert daemon.details["churn/42"].summary.tags == ["baseline", "v-2"]


def test_a_run_knows_who_asked_for_it(shell: Shell, daemon: FakeBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKAFD_USER", "will")
    assert shell("run", "churn").code == 0
    assert daemon.users == ["will"]
    assert shell("runs", "--namespace", "user:will").out == "No runs yet.\n"
    assert "churn/42" in shell("runs", "--namespace", "production").out


def test_who_asks_is_named_by_the_variable_by_sudo_or_by_the_process() -> None:
    assert this_user({"SKAFD_USER": " ann ", "SUDO_USER": "will"}) == "ann"
    assert this_user({"SUDO_USER": "will"}) == "will"
    assert this_user({})
