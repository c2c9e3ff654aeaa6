"""The fork servers of flows: started as services when a step could use one, and found again by the next.

Owned by the orchestrator's thread. A server ends by itself when nobody has asked for a while; which service is which
server is not written down, so that a new daemon ends those of the last one. No step notices.
"""

from __future__ import annotations

import os
from dataclasses import replace

from skafd.addons.program import ServiceProgram
from skafd.daemon.services import Services, start_folder
from skafd.errors import NotFound
from skafd.home import Home
from skafd.metaflow.warm_steps import ForkServer, fork_server_of
from skafd.model.service import ServiceState
from skafd.sandbox.cgroup.base import CgroupKind, CgroupPlace
from skafd.sandbox.spec import AttemptSpec
from skafd.sandbox.warm import WarmStart

MOST_SERVERS = 4
"""Each takes some 45 MB as long as it is there."""
IDLE_SECONDS = 60
_NAMES = tuple(f"flows-{number}" for number in range(1, MOST_SERVERS + 1))


class WarmServers:
    """Which service serves which interpreter, settings and user."""

    def __init__(self, home: Home, place: CgroupPlace, services: Services) -> None:
        self._home = home
        self._can_move = place.kind is not CgroupKind.NONE and place.enforces("memory")
        self._services = services
        self._servers: dict[str, ForkServer] = {}

    def program(self, name: str) -> ServiceProgram | None:
        """What a service of ours runs; None for a name that is none, or that was a former daemon's."""
        server = self._servers.get(name)
        if server is None:
            return None
        return ServiceProgram(
            name,
            (server.python, "-u", server.program, str(IDLE_SECONDS)),
            server.settings,
            user=server.user,
            gives_away=True,
        )

    def offer(self, spec: AttemptSpec) -> AttemptSpec:
        """The attempt with where it may be started warm, or why it cannot; one that is no step of a flow as it is."""
        server = fork_server_of(spec)
        if server is None:
            return spec
        if isinstance(server, str):
            return replace(spec, start=f"cold: {server}")
        if not self._can_move:
            return replace(spec, start="cold: there are no control groups here that it could be moved into")
        if not self._services.is_restored:
            return replace(spec, start="cold: the daemon has only just begun")
        name = self._name_of(server)
        if name is None:
            return replace(spec, start=f"cold: {MOST_SERVERS} fork servers of other settings run already")
        folder = start_folder(self._home, self._services.need(name)) / "work"
        uid = os.geteuid() if server.user is None else server.user.uid
        return replace(spec, warm=WarmStart(str(folder), uid))

    def _name_of(self, server: ForkServer) -> str | None:
        known = {one.key: name for name, one in self._servers.items()}
        name = known.get(server.key) or next((name for name in _NAMES if self._is_free(name)), None)
        if name is not None:
            self._servers[name] = server
        return name

    def _is_free(self, name: str) -> bool:
        try:
            return self._services.find(name).state is ServiceState.STOPPED
        except NotFound:
            return True
