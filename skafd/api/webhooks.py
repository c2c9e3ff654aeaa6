"""The one route that is meant for others: a request with a token to a project's webhook."""

from __future__ import annotations

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from skafd.api.backend import Backend
from skafd.api.checking import adapter
from skafd.api.failures import BadRequest, Unauthorized
from skafd.api.shapes import EventInfo

LARGEST_BODY_BYTES = 64 * 1024
LONGEST_KEY = 200


async def call_webhook(backend: Backend, request: Request) -> Response:
    """202 with the event and the runs that it set off. Raises BadRequest and Unauthorized."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorized("a webhook is called with a token", "send it in a header: Authorization: Bearer TOKEN")
    key = request.headers.get("idempotency-key")
    if key is not None and not 1 <= len(key) <= LONGEST_KEY:
        raise BadRequest(f"the Idempotency-Key has {len(key)} characters; 1 to {LONGEST_KEY} are possible")
    body = await _body(request)
    path = request.path_params
    event = await to_thread.run_sync(
        backend.call_webhook, str(path["project"]), str(path["webhook"]), token.strip(), body, key
    )
    return Response(adapter(EventInfo).dump_json(event), status_code=202, media_type="application/json")


async def _body(request: Request) -> bytes:
    """Read as far as it may go, whatever its header says of its length."""
    body = b""
    async for block in request.stream():
        body += block
        if len(body) > LARGEST_BODY_BYTES:
            raise BadRequest(f"the body is larger than {LARGEST_BODY_BYTES // 1024} KiB")
    return body
