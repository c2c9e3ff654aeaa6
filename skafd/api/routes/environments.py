"""The lines of the table about environments."""

from __future__ import annotations

from skafd.api.environments import CollectRequest, EnvironmentInfo
from skafd.api.routing import Route

ENVIRONMENT_ROUTES = (
    Route(
        "GET",
        "/v1/environments",
        "Every environment on disk, with its size, and the deployments that need it.",
        lambda backend, _call: backend.environments(),
        list[EnvironmentInfo],
    ),
    Route(
        "POST",
        "/v1/environments/collect",
        "Remove the environments that no kept deployment needs; with `dry_run` only say which, with `keys` only those.",
        lambda backend, call: backend.collect_environments(call.body.dry_run, call.body.keys),
        list[EnvironmentInfo],
        CollectRequest,
    ),
)
