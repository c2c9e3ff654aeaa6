"""Configs and outcomes survive the database, also between versions."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skafd.errors import StoreError
from skafd.model.limits import Limits
from skafd.model.outcome import Cancelled, Exited, Lost, NotStarted, OomKilled, Outcome, Signalled, TimedOut
from skafd.model.project import Job, Parameter, Project, Retry, Schedule
from skafd.store.codec import OUTCOME_KINDS, decode, decode_outcome, encode, encode_outcome
from tests.support.stored import CONFIG

text = st.text(max_size=8)
seconds = st.floats(min_value=0, max_value=1e9)
anything_in_yaml = st.recursive(
    st.none() | st.booleans() | st.integers() | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=5,
)
pairs = st.lists(st.tuples(text, text), max_size=3).map(tuple)
jobs = st.builds(
    Job,
    id=text,
    name=text,
    entrypoint=text,
    language=text,
    schedules=st.lists(st.builds(Schedule, expression=text, within_seconds=st.none() | seconds), max_size=2).map(tuple),
    dependencies=st.lists(text, max_size=2).map(tuple),
    retry=st.builds(Retry, delay_seconds=seconds, backoff=seconds),
    timeout_seconds=st.none() | seconds,
    parameters=st.lists(st.builds(Parameter, name=text, type=text, default=st.none() | text), max_size=2).map(tuple),
    environment=pairs,
)
projects = st.builds(
    Project,
    name=text,
    jobs=st.lists(jobs, max_size=3).map(tuple),
    environment=pairs,
    add_ons=st.lists(text, max_size=2).map(tuple),
    kept=st.lists(st.tuples(text, anything_in_yaml), max_size=3).map(tuple),
)
outcomes = st.one_of(
    st.builds(Exited, code=st.integers(0, 255)),
    st.builds(Signalled, signal=st.integers(1, 64)),
    st.builds(OomKilled, limit_bytes=st.integers(0), peak_bytes=st.integers(0)),
    st.builds(TimedOut, after_seconds=seconds),
    st.builds(Cancelled, reason=text),
    st.builds(NotStarted, reason=text),
    st.builds(Lost, cause=text),
)


@settings(max_examples=60)
@given(projects)
def test_a_config_comes_back_as_it_was(project: Project) -> None:
    assert decode(Project, encode(project)) == project


@given(outcomes)
def test_an_outcome_comes_back_as_it_was(outcome: Outcome) -> None:
    assert decode_outcome(encode_outcome(outcome)) == outcome


def test_every_outcome_has_a_kind() -> None:
    assert set(OUTCOME_KINDS.values()) == set(get_args(Outcome))


def without(data: Any, *names: str) -> Any:
    """JSON data without those fields, at any depth."""
    if isinstance(data, dict):
        return {name: without(value, *names) for name, value in data.items() if name not in names}
    return [without(item, *names) for item in data] if isinstance(data, list) else data


def test_what_an_older_version_did_not_write_has_its_default() -> None:
    newer = [
        field.name for kind in (Job, Project) for field in fields(kind) if field.name not in ("jobs", "id", "name")
    ]
    optional = [name for name in newer if name not in ("generation", "entrypoint", "resources", "dependencies")]
    assert decode(Project, json.dumps(without(json.loads(encode(CONFIG)), *optional))) == CONFIG


def test_what_a_newer_version_wrote_is_ignored() -> None:
    data = json.loads(encode(CONFIG)) | {"novelty": {"a": 1}}
    data["jobs"][0]["novelty"] = [1, 2]
    assert decode(Project, json.dumps(data)) == CONFIG


def test_a_whole_number_is_read_where_a_fraction_may_be() -> None:
    limits = decode(Limits, '{"cpu": 2}')
    assert limits == Limits(cpu=2.0)
    assert type(limits.cpu) is float


@pytest.mark.parametrize(
    "broken",
    ["", "[]", "{}", '{"name": 5, "generation": "jobs", "jobs": []}', '{"name": "x", "generation": "?", "jobs": []}'],
)
def test_what_cannot_be_read_is_said_so(broken: str) -> None:
    with pytest.raises(StoreError, match="Project"):
        decode(Project, broken)


def test_an_unknown_outcome_is_said_so() -> None:
    with pytest.raises(StoreError, match="abducted"):
        decode_outcome('{"kind": "abducted"}')
