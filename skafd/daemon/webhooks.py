"""Webhooks: their tokens, and what becomes of a request with one. Callable from any thread."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable

from skafd import clock
from skafd.api.failures import BadRequest, Unauthorized
from skafd.api.shapes import EventInfo, WebhookTokenInfo
from skafd.daemon.finding import find_project, live_deployment
from skafd.daemon.parameters import checked_parameters
from skafd.daemon.publishing import Publishing, check_values, tell
from skafd.engine.listeners import triggers_of
from skafd.errors import NotFound, Refused
from skafd.model.decisions import Event, Happened
from skafd.model.deployment import Deployment
from skafd.model.project import Project, Trigger, TriggerKind
from skafd.store import Purpose, Reader, Writer
from skafd.store.views import ProjectRow
from skafd.store.webhooks import WebhookToken

_PREFIX = "skafd_"
_TOKEN_BYTES = 32


class Webhooks(Publishing):
    """The part of the backend that concerns webhooks."""

    def call_webhook(self, project: str, webhook: str, token: str, body: bytes, key: str | None) -> EventInfo:
        """Raises Unauthorized, BadRequest for a body that the jobs cannot be given, NotFound where none waits."""
        with self._database.reader() as reader:
            row, known = _authorize(reader, project, webhook, token)
            deployment = live_deployment(reader, row)
        triggers = _waiting(deployment, row, webhook)
        given = _read_body(body)
        _check(deployment.config, triggers, given)
        text = json.dumps(given, ensure_ascii=False)
        event = Happened(
            TriggerKind.WEBHOOK,
            webhook,
            row.id,
            detail=f"webhook {webhook}",
            facts=(("PARAMETERS", text),),
            parameters=tuple(given.items()),
            key=key,
        )
        mailbox = self._orchestrator.mailbox
        number = tell(mailbox, event, lambda writer: writer.use_webhook_token(known.number, clock.now()))
        return self.event(number)

    def webhook_tokens(self, project: str) -> list[WebhookTokenInfo]:
        """Of a project. Raises NotFound."""
        with self._database.reader() as reader:
            row = find_project(reader, project)
            return [_info(row, token) for token in reader.webhook_tokens(row.id)]

    def create_webhook_token(self, project: str, webhook: str) -> WebhookTokenInfo:
        """Raises NotFound, also where no job of the live deployment waits for the webhook."""
        with self._database.reader() as reader:
            row = find_project(reader, project)
            _waiting(live_deployment(reader, row), row, webhook)
        token = _PREFIX + secrets.token_urlsafe(_TOKEN_BYTES)
        made: list[WebhookToken] = []

        def prepare(writer: Writer) -> list[Event]:
            made.append(writer.add_webhook_token(row.id, webhook, _hash(token), clock.now()))
            return []

        self._orchestrator.mailbox.put(prepare, Purpose.WEBHOOK_TOKEN).result()
        return _info(row, made[-1], token)

    def revoke_webhook_token(self, project: str, number: int) -> None:
        """Raises NotFound."""
        with self._database.reader() as reader:
            row = find_project(reader, project)

        def prepare(writer: Writer) -> list[Event]:
            writer.revoke_webhook_token(row.id, number)
            return []

        self._orchestrator.mailbox.put(prepare, Purpose.WEBHOOK_TOKEN).result()


def _authorize(reader: Reader, project: str, webhook: str, token: str) -> tuple[ProjectRow, WebhookToken]:
    """Who has no token is not told what there is."""
    try:
        row = reader.find_project(project)
        known = reader.webhook_tokens(row.id, webhook)
    except NotFound:
        known = ()
    shown, found = _hash(token), None
    for one in known:
        if hmac.compare_digest(one.sha256, shown):
            found = one
    if found is None:
        raise Unauthorized("this token is not known here", f"`skafd webhook {project} {webhook} --new` makes one")
    return row, found


def _waiting(deployment: Deployment, row: ProjectRow, webhook: str) -> tuple[Trigger, ...]:
    there = dict.fromkeys(trigger.name for _, trigger in triggers_of(deployment.config, TriggerKind.WEBHOOK))
    found = tuple(one for _, one in triggers_of(deployment.config, TriggerKind.WEBHOOK) if one.name == webhook)
    if not found:
        hint = f"its webhooks: {', '.join(there)}" if there else "a job waits for one with `on: {webhook: NAME}`"
        raise NotFound(f"no job of {row.slug} waits for a webhook {webhook}", hint)
    return found


def _read_body(body: bytes) -> dict[str, str]:
    """An object's values as texts; nothing at all is an empty object. Raises BadRequest."""
    try:
        value = json.loads(body or b"{}")
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"the body is no JSON: {error}") from None
    if not isinstance(value, dict):
        raise BadRequest("the body is no JSON object", 'send parameters by name: {"region": "eu"}')
    given = {name: one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for name, one in value.items()}
    check_values(given)
    return given


def _check(config: Project, triggers: Iterable[Trigger], given: dict[str, str]) -> None:
    """Raises BadRequest for a parameter that no job has, and for a value of the wrong type."""
    for trigger in triggers:
        renamed = {field: name for name, field in trigger.fields}
        try:
            checked_parameters(config, {renamed.get(name, name): value for name, value in given.items()})
        except Refused as error:
            raise BadRequest(error.message, error.hint) from None


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _info(row: ProjectRow, token: WebhookToken, secret: str | None = None) -> WebhookTokenInfo:
    return WebhookTokenInfo(
        number=token.number,
        project=row.slug,
        webhook=token.webhook,
        created_at=token.created_at.isoformat(),
        last_used_at=token.last_used_at.isoformat() if token.last_used_at else None,
        token=secret,
    )
