"""The table of everything the api answers; the server and the OpenAPI document are both made from it."""

from __future__ import annotations

from skafd.api.routes.attempts import ATTEMPT_ROUTES
from skafd.api.routes.environments import ENVIRONMENT_ROUTES
from skafd.api.routes.events import EVENT_ROUTES
from skafd.api.routes.kept import KEPT_ROUTES
from skafd.api.routes.machine import MACHINE_ROUTES
from skafd.api.routes.pages import PAGES_ROUTES
from skafd.api.routes.projects import PROJECT_ROUTES
from skafd.api.routes.runs import RUN_ROUTES
from skafd.api.routes.schedules import SCHEDULE_ROUTES
from skafd.api.routes.tokens import TOKEN_ROUTES
from skafd.api.routing import Route

ROUTES: tuple[Route, ...] = (
    *MACHINE_ROUTES,
    *PROJECT_ROUTES,
    *RUN_ROUTES,
    *ATTEMPT_ROUTES,
    *SCHEDULE_ROUTES,
    *EVENT_ROUTES,
    *TOKEN_ROUTES,
    *KEPT_ROUTES,
    *ENVIRONMENT_ROUTES,
    *PAGES_ROUTES,
)

__all__ = ["ROUTES"]
