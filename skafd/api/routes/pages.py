"""The lines of the table about the pages of `skafd open`."""

from __future__ import annotations

from skafd.api.pages import PagesInfo
from skafd.api.routing import Route

PAGES_ROUTES = (
    Route(
        "POST",
        "/v1/pages/open",
        "Serve status, runs and logs as pages on 127.0.0.1, unless that is done already; where they are.",
        lambda backend, _call: backend.open_pages(),
        PagesInfo,
    ),
    Route("POST", "/v1/pages/close", "End that.", lambda backend, _call: backend.close_pages()),
)
