"""The Data Endpoint: its tokens, and tables read with one. Callable from any thread but the orchestrator's."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import timedelta

from skafd import clock
from skafd.addons.data.client import DataClient
from skafd.addons.data.place import SERVICE
from skafd.api.failures import BadRequest, Unauthorized
from skafd.api.shapes import DataPage, DataTokenInfo
from skafd.daemon.finding import find_project
from skafd.daemon.orchestrator import Orchestrator
from skafd.daemon.present import iso
from skafd.daemon.serving import Serving
from skafd.errors import DataEngineError, NotFound
from skafd.home import Home
from skafd.job_token import JobToken, load_key
from skafd.model.decisions import Event
from skafd.store import Database, Purpose, Reader, Writer
from skafd.store.data_tokens import DataToken
from skafd.store.views import ProjectRow

_PREFIX = "skafd_data_"
_TOKEN_BYTES = 32
_LONGEST_NAME = 100
_USE_IS_NOTED_EVERY = timedelta(minutes=1)
"""A write for each read would be a waste."""


class DataEndpoint:
    """A part of the backend."""

    def __init__(self, home: Home, database: Database, orchestrator: Orchestrator, serving: Serving) -> None:
        self._home = home
        self._database = database
        self._orchestrator = orchestrator
        self._serving = serving

    def read(self, project: str, table: str, token: str, query: Mapping[str, str]) -> DataPage:
        """A page of a table. Raises Unauthorized, BadRequest, NotFound where there is no such table."""
        with self._database.reader() as reader:
            row, known = _authorize(reader, project, token)
        self._note_use(known)
        self._serving.start(SERVICE)
        own = JobToken(row.id, run=0, job="", instance=0, attempt=0).sign(load_key(self._home.job_token_key))
        try:
            body, media_type, following = DataClient(self._home.data_socket, own).page({**query, "table": table})
        except DataEngineError as error:
            raise BadRequest(error.message, error.hint) from None
        return DataPage(body, media_type, following)

    def tokens(self, project: str) -> list[DataTokenInfo]:
        """Of a project. Raises NotFound."""
        with self._database.reader() as reader:
            row = find_project(reader, project)
            return [_info(row, token) for token in reader.data_tokens(row.id)]

    def create_token(self, project: str, name: str) -> DataTokenInfo:
        """With the token itself, this once. Raises NotFound, BadRequest."""
        if len(name) > _LONGEST_NAME:
            raise BadRequest(f"the name has {len(name)} characters; {_LONGEST_NAME} are possible")
        with self._database.reader() as reader:
            row = find_project(reader, project)
        token = _PREFIX + secrets.token_urlsafe(_TOKEN_BYTES)
        made: list[DataToken] = []

        def prepare(writer: Writer) -> list[Event]:
            made.append(writer.add_data_token(row.id, name, _hash(token), clock.now()))
            return []

        self._orchestrator.mailbox.put(prepare, Purpose.DATA_TOKEN).result()
        return _info(row, made[-1], token)

    def revoke_token(self, project: str, number: int) -> None:
        """Raises NotFound."""
        with self._database.reader() as reader:
            row = find_project(reader, project)

        def prepare(writer: Writer) -> list[Event]:
            writer.revoke_data_token(row.id, number)
            return []

        self._orchestrator.mailbox.put(prepare, Purpose.DATA_TOKEN).result()

    def _note_use(self, token: DataToken) -> None:
        now = clock.now()
        if token.last_used_at is not None and now - token.last_used_at < _USE_IS_NOTED_EVERY:
            return

        def prepare(writer: Writer) -> list[Event]:
            writer.use_data_token(token.number, now)
            return []

        self._orchestrator.mailbox.put(prepare, Purpose.DATA_TOKEN).result()


def _authorize(reader: Reader, project: str, token: str) -> tuple[ProjectRow, DataToken]:
    """Who has no token is not told what there is."""
    try:
        row = reader.find_project(project)
        known = reader.data_tokens(row.id)
    except NotFound:
        known = ()
    shown, found = _hash(token), None
    for one in known:
        if hmac.compare_digest(one.sha256, shown):
            found = one
    if found is None:
        raise Unauthorized("this token is not known here", f"`skafd token {project} --new` makes one")
    return row, found


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _info(project: ProjectRow, token: DataToken, secret: str | None = None) -> DataTokenInfo:
    return DataTokenInfo(
        token.number, project.slug, token.name, token.created_at.isoformat(), iso(token.last_used_at), secret
    )
