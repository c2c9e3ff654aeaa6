"""What the launcher is told arrives as it was meant, and nothing that is secret is shown."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skafd.errors import SandboxError
from skafd.sandbox import frames
from skafd.sandbox.evidence import Evidence, Verdict
from skafd.sandbox.notify import Notification, NotificationKind, decode, encode
from skafd.sandbox.spec import AttemptSpec, ResourceLimits
from skafd.sandbox.strict import Confinement
from skafd.sandbox.user import User

text = st.text(max_size=8)
words = st.text(min_size=1, max_size=8)
amounts = st.none() | st.integers(1, 2**50)
limits = st.builds(
    ResourceLimits,
    memory_bytes=amounts,
    cpu=st.none() | st.floats(0.01, 128),
    pids=amounts,
    swap_bytes=amounts,
    open_files=amounts,
    disk_bytes=amounts,
    required=st.booleans(),
)
numbers = st.integers(0, 2**31)
users = st.builds(User, numbers, numbers, st.lists(numbers, max_size=3).map(tuple))
confinements = st.builds(
    Confinement, text, st.lists(text, max_size=2).map(tuple), st.lists(text, max_size=2).map(tuple)
)
specs = st.builds(
    AttemptSpec,
    name=text,
    directory=text.map(lambda name: f"/{name}"),
    commands=st.lists(st.lists(words, min_size=1, max_size=3).map(tuple), min_size=1, max_size=3).map(tuple),
    environment=st.dictionaries(text, text, max_size=3),
    cgroup_name=st.text(alphabet="abc0", min_size=1, max_size=8),
    notify_socket=st.none() | text,
    snapshot=st.none() | text,
    links=st.dictionaries(text, text, max_size=3),
    secrets=st.lists(text, max_size=3).map(tuple),
    limits=limits,
    timeout_seconds=st.none() | st.floats(0.1, 1e6),
    grace_seconds=st.floats(0, 1e3),
    log_cap_bytes=st.integers(2, 2**40),
    user=st.none() | users,
    writable=st.lists(text, max_size=2).map(tuple),
    confinement=st.none() | confinements,
)
evidences = st.builds(
    Evidence,
    verdict=st.sampled_from(Verdict),
    exit_code=st.none() | st.integers(0, 255),
    signal=st.none() | st.integers(1, 64),
    reason=text,
    limits=limits,
    unenforced=st.lists(text, max_size=2).map(tuple),
    peak_memory_bytes=amounts,
    cpu_seconds=st.none() | st.floats(0, 1e6),
    started_at=st.none() | st.floats(0, 1e10),
    ended_at=st.floats(0, 1e10),
)


@given(spec=specs)
def test_a_spec_survives_the_launchers_socket(spec: AttemptSpec) -> None:
    assert AttemptSpec.from_json(json.loads(json.dumps(spec.to_json()))) == spec


@given(evidence=evidences)
def test_evidence_survives_the_disk(evidence: Evidence) -> None:
    assert Evidence.from_json(json.loads(json.dumps(evidence.to_json()))) == evidence


def test_evidence_of_a_later_version_can_be_read() -> None:
    values = Evidence(Verdict.EXITED, exit_code=0).to_json() | {"invented_later": 1}
    assert Evidence.from_json(values) == Evidence(Verdict.EXITED, exit_code=0)


@given(evidence=st.none() | evidences, kind=st.sampled_from(NotificationKind), name=text)
def test_a_notification_survives_its_datagram(evidence: Evidence | None, kind: NotificationKind, name: str) -> None:
    notification = Notification(kind, name, "/somewhere", 7, evidence)
    assert decode(encode(notification)) == notification


@given(messages=st.lists(st.binary(max_size=300), max_size=5), data=st.data())
def test_messages_survive_any_cut_of_the_stream(messages: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(frames.encode(message) for message in messages)
    reader, received = frames.FrameReader(), []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        received += reader.feed(stream[:size])
        stream = stream[size:]
    assert received == messages


def test_repr_shows_neither_environment_nor_secrets() -> None:
    spec = AttemptSpec("job", "/tmp/x", (("true",),), {"TOKEN": "canary"}, "leaf", secrets=("canary",))
    assert "canary" not in repr(spec)
    assert "TOKEN" not in repr(spec)
    assert "/tmp/x" in repr(spec)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"commands": ()}, "no command"),
        ({"commands": ((),)}, "no command"),
        ({"directory": "relative"}, "not absolute"),
        ({"cgroup_name": "a/b"}, "cannot name a cgroup"),
        ({"cgroup_name": ".."}, "cannot name a cgroup"),
    ],
)
def test_a_spec_that_makes_no_sense_is_refused(change: dict[str, Any], said: str) -> None:
    values: dict[str, Any] = {
        "name": "job",
        "directory": "/tmp/x",
        "commands": (("true",),),
        "environment": {},
        "cgroup_name": "leaf",
    }
    with pytest.raises(SandboxError, match=said):
        AttemptSpec(**(values | change))
