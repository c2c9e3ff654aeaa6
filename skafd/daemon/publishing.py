"""Events that people and programs send, and all events as they are shown. Callable from any thread."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

from skafd.api.failures import BadRequest
from skafd.api.shapes import EventInfo, EventRunInfo, KeptEventInfo, UnheededInfo
from skafd.daemon.finding import find_project
from skafd.daemon.mailbox import Mailbox
from skafd.daemon.names import Names
from skafd.daemon.orchestrator import Orchestrator
from skafd.daemon.present import run_name
from skafd.errors import NotFound, Refused
from skafd.model.decisions import Decisions, Event, Happened
from skafd.model.project import TriggerKind
from skafd.model.text import is_text
from skafd.store import Database, Purpose, Writer
from skafd.store.heard import HeardEvent

MOST_LISTED = 1000
LARGEST_BYTES = 64 * 1024
"""Of all parameters together: a job is told them in its environment."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,199}")


class Publishing:
    """The part of the backend that concerns events from outside."""

    _database: Database
    _orchestrator: Orchestrator

    def publish(self, name: str, parameters: Mapping[str, str], key: str | None) -> EventInfo:
        """Raises BadRequest for a name that no job could wait for."""
        return self.event(tell(self._orchestrator.mailbox, named_event(name, parameters, key)))

    def events(self, project: str | None, limit: int, before: int | None) -> list[EventInfo]:
        """Newest first. Raises NotFound."""
        with self._database.reader() as reader:
            row = find_project(reader, project) if project else None
            names = Names(reader)
            found = reader.heard(row.id if row else None, min(max(limit, 0), MOST_LISTED), before)
            return [_info(one, names) for one in found]

    def event(self, number: int) -> EventInfo:
        """Raises NotFound."""
        with self._database.reader() as reader:
            for one in reader.heard(number=number, limit=1):
                return _info(one, Names(reader))
        raise NotFound(f"there is no event {number}", "`skafd events` lists them")


def named_event(name: str, parameters: Mapping[str, str], key: str | None, detail: str = "") -> Happened:
    """Raises BadRequest for a name that no job could wait for, and for parameters that none could be told."""
    if not _NAME.fullmatch(name):
        raise BadRequest(f"{name!r:.100} is no name of an event", "use letters, digits and `. _ : -`")
    check_values(parameters)
    return Happened(
        TriggerKind.EVENT,
        name,
        detail=detail or name,
        facts=(("PARAMETERS", json.dumps(dict(parameters), ensure_ascii=False)),),
        parameters=tuple(parameters.items()),
        key=key,
    )


def check_values(parameters: Mapping[str, str]) -> None:
    """Raises BadRequest for what a job could not be told: what is no text, and what is too much."""
    for name, value in parameters.items():
        if not (is_text(name) and is_text(value)):
            raise BadRequest(f"the parameter {name!r:.100} is no text: {value!r:.100}", "send it as UTF-8 without NUL")
    size = sum(len(name.encode()) + len(value.encode()) for name, value in parameters.items())
    if size > LARGEST_BYTES:
        raise BadRequest(f"the parameters have {size} bytes; {LARGEST_BYTES} are possible")


def tell(mailbox: Mailbox, event: Happened, also: Callable[[Writer], None] = lambda _: None) -> int:
    """Hands an event over; returns its number, or that of the one that was sent with its key before.

    `also` writes in the same transaction. Raises Refused where the one with the key was another event.
    """
    known: list[int] = []

    def prepare(writer: Writer) -> list[Event]:
        also(writer)
        before = writer.heard_with_key(event.kind, event.name, event.project, event.key) if event.key else None
        if before is None:
            return [event]
        if before.parameters != event.parameters:
            raise Refused(f"the key {event.key} belongs to event {before.number}, which has other parameters")
        known.append(before.number)
        return []

    def number_of(decisions: Decisions) -> int:
        return known[0] if known else next(one.number for one in decisions.heard if one.event is event)

    return mailbox.ask(prepare, number_of, Purpose.EVENT).result()


def _info(event: HeardEvent, names: Names) -> EventInfo:
    return EventInfo(
        number=event.number,
        at=event.at.isoformat(),
        kind=event.kind.value,
        name=event.name,
        project=event.slug,
        detail=event.detail,
        facts=dict(event.facts),
        parameters=dict(event.parameters),
        key=event.key,
        runs=[EventRunInfo(run_name(run.slug, run.number), run.state.value) for run in event.runs],
        unheeded=[
            UnheededInfo(names.project(project), names.job(project, job), cause)
            for project, job, cause in event.unheeded
        ],
        kept=[
            KeptEventInfo(names.project(project), names.job(project, job), together)
            for project, job, together in event.kept
        ],
    )
