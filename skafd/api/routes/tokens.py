"""The lines of the table about tokens, by which others than the user get in."""

from __future__ import annotations

from skafd.api.backend import Backend
from skafd.api.requests import DataTokenRequest, JobTokenRequest
from skafd.api.routing import Call, Route, number_in_path
from skafd.api.shapes import DataTokenInfo, JobTokenInfo, WebhookTokenInfo


def _revoke_data_token(backend: Backend, call: Call) -> None:
    backend.revoke_data_token(call.project, number_in_path(call, "token", "skafd token PROJECT"))


def _revoke_token(backend: Backend, call: Call) -> None:
    backend.revoke_webhook_token(call.project, number_in_path(call, "token", "skafd webhook PROJECT"))


TOKEN_ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        "/v1/tokens/job",
        "A token with which notebooks and programs of the user's own use the SDK, and the socket for it.",
        lambda backend, call: backend.job_token(call.body.project),
        JobTokenInfo,
        JobTokenRequest,
    ),
    Route(
        "GET",
        "/v1/projects/{project}/data-tokens",
        "The tokens that may read a project's tables over the Data Endpoint, without the secrets.",
        lambda backend, call: backend.data_tokens(call.project),
        list[DataTokenInfo],
    ),
    Route(
        "POST",
        "/v1/projects/{project}/data-tokens",
        "Make a token for the Data Endpoint; this answer alone has it.",
        lambda backend, call: backend.create_data_token(call.project, call.body.name),
        DataTokenInfo,
        DataTokenRequest,
    ),
    Route(
        "DELETE",
        "/v1/projects/{project}/data-tokens/{number}",
        "Revoke a token of the Data Endpoint.",
        _revoke_data_token,
    ),
    Route(
        "GET",
        "/v1/projects/{project}/webhook-tokens",
        "The tokens of a project's webhooks, without the secrets.",
        lambda backend, call: backend.webhook_tokens(call.project),
        list[WebhookTokenInfo],
    ),
    Route(
        "POST",
        "/v1/projects/{project}/webhooks/{webhook}/tokens",
        "Make a token for a webhook; this answer alone has it.",
        lambda backend, call: backend.create_webhook_token(call.project, call.path["webhook"]),
        WebhookTokenInfo,
    ),
    Route(
        "DELETE",
        "/v1/projects/{project}/webhook-tokens/{number}",
        "Revoke a token.",
        _revoke_token,
    ),
)
