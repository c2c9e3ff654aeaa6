"""Which services of Spark's there are, for the attempts that run: one master, and a worker for each of them.

Owned by the orchestrator's thread.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from skafd.addons.data.on_spark.place import QUERIES, is_of_queries, user_of
from skafd.addons.spark.cluster import Cluster, are_free, move, open_cluster, prefix_of
from skafd.addons.spark.place import MASTER
from skafd.addons.spark.workers import Ask, Worker, plan, worker_named
from skafd.daemon.services import Services
from skafd.daemon.spark.usage import is_in_use
from skafd.errors import SkafdError
from skafd.home import Home
from skafd.model.ids import AttemptKey, ProjectId
from skafd.model.limits import Capacity, Limits
from skafd.model.project import Project
from skafd.model.service import ServiceState
from skafd.model.spark import Share, cluster_room, project_room, share_of, share_of_queries
from skafd.sandbox.user import User

log = logging.getLogger("skafd.spark")


@dataclass(frozen=True, slots=True)
class _Asking:
    prefix: str
    ask: Ask


class SparkKeeping:
    """The clusters of all users whose jobs use Spark."""

    def __init__(self, home: Home, capacity: Capacity, services: Services) -> None:
        self._home = home
        self._services = services
        self._capacity = capacity
        self._room = cluster_room(capacity)
        self._asking: dict[AttemptKey, _Asking] = {}
        self._needed: frozenset[str] = frozenset()
        self._trouble = ""
        self._seen: object = None
        """What the last plan was made of."""

    def share(self, config: Project, limits: Limits) -> Share:
        """What an attempt with these limits gets."""
        assert config.spark is not None
        return share_of(limits, config.spark, self._room)

    def begin(self, attempt: AttemptKey, config: Project, limits: Limits, user: User | None) -> None:
        """An attempt that uses the cluster of that user is about to run, or runs already."""
        assert config.spark is not None
        ask = Ask(self.share(config, limits), attempt.task.run.project, project_room(config.spark, self._room))
        self._asking[attempt] = _Asking(prefix_of(user), ask)

    def cluster(self, user: User | None) -> Cluster:
        """The cluster of that user, with ports that are its own to take. Raises OSError."""
        cluster = open_cluster(self._home, user)
        master = self._services.state_of(f"{cluster.prefix}-{MASTER}")
        if master in (None, ServiceState.STOPPED) and not are_free(cluster):
            return move(self._home, cluster)
        return cluster

    def tend(self, alive: Iterable[AttemptKey]) -> None:
        """Starts what those of `alive` that use Spark need, and ends what is in its way."""
        if not self._asking and not self._needed and not self._queries():
            return
        there = set(alive)
        self._asking = {attempt: asking for attempt, asking in self._asking.items() if attempt in there}
        names = self._services.names_alive()
        seen = (tuple(self._asking), tuple((name, self._services.state_of(name)) for name in names))
        if seen == self._seen:
            return
        self._seen = seen
        wanted = frozenset(name for prefix in self._prefixes() for name in self._plan(prefix))
        try:
            for prefix in self._queries():
                self.cluster(user_of(f"{prefix}-{QUERIES}"))
            self._need(wanted)
        except (SkafdError, OSError) as error:
            self._complain(error)
        self._needed = wanted
        self._services.hold(wanted)

    @property
    def projects(self) -> frozenset[ProjectId]:
        """Those that have attempts which use Spark, as far as is known."""
        return frozenset(attempt.task.run.project for attempt in self._asking)

    def _prefixes(self) -> list[str]:
        asking = (asking.prefix for asking in self._asking.values())
        return list(dict.fromkeys((*self._queries(), *asking)))

    def _queries(self) -> list[str]:
        """The clusters on which the Data Engine executes queries now; not one that is to end."""
        names = (name for name in self._services.names_alive() if is_of_queries(name))
        staying = (name for name in names if self._services.state_of(name) is not ServiceState.STOPPING)
        return [name.removesuffix(f"-{QUERIES}") for name in staying]

    def _plan(self, prefix: str) -> Iterable[str]:
        """The services that a cluster needs; others of its that leave no room for them are asked to end."""
        asks = [asking.ask for asking in self._asking.values() if asking.prefix == prefix]
        if prefix in self._queries():
            # Before all others: jobs that have their executors may wait for a query.
            asks.insert(0, Ask(share_of_queries(self._capacity), "", self._room, is_for_queries=True))
        running = {worker: name for name in self._services.names_alive() if (worker := _worker(prefix, name))}
        found = plan(asks, running, self._room)
        # Looked at only where it matters: it takes a look at every process of the machine.
        for worker in found.in_the_way:
            if not is_in_use(self._home, running[worker]):
                self._services.stop(running[worker], "its room is needed for another worker")
        return [f"{prefix}-{MASTER}", *(f"{prefix}-{worker.name}" for worker in sorted(found.wanted))]

    def _need(self, wanted: frozenset[str]) -> None:
        """Whoever is not needed any more begins its idle time now."""
        for name in sorted(wanted):
            if name not in self._needed or self._services.state_of(name) in (None, ServiceState.STOPPED):
                self._services.need(name)
        for name in sorted(self._needed - wanted):
            if self._services.state_of(name) is ServiceState.RUNNING:
                self._services.need(name)

    def _complain(self, error: Exception) -> None:
        """Once for each trouble: it is tried in every turn."""
        if str(error) != self._trouble:
            log.error("Spark cannot be started: %s", error)
        self._trouble = str(error)


def _worker(prefix: str, name: str) -> Worker | None:
    return worker_named(name.removeprefix(f"{prefix}-")) if name.startswith(f"{prefix}-") else None
