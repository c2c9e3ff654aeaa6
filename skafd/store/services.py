"""The long-lived processes that the daemon keeps running."""

from __future__ import annotations

import sqlite3
from dataclasses import asdict

from skafd.model.service import Service, ServiceState
from skafd.store.instants import to_instant, to_microseconds
from skafd.store.statements import Statements


class ServiceReader(Statements):
    """The part of the Reader that concerns services."""

    def services(self) -> list[Service]:
        """Every service that was ever started, by name."""
        return [_service(row) for row in self._all("SELECT * FROM service ORDER BY name")]


class ServiceWriter(ServiceReader):
    """The part of the Writer that concerns services."""

    def put_service(self, service: Service) -> None:
        """Records how it is with a service now."""
        values = asdict(service) | {
            "state": service.state.value,
            "since": to_microseconds(service.since),
            "start_at": to_microseconds(service.start_at),
        }
        names = ", ".join(values)
        self._change(f"REPLACE INTO service ({names}) VALUES (:{names.replace(', ', ', :')})", values)


def _service(row: sqlite3.Row) -> Service:
    return Service(
        name=row["name"],
        since=to_instant(row["since"]),
        state=ServiceState(row["state"]),
        number=row["number"],
        restarts=row["restarts"],
        failures=row["failures"],
        start_at=to_instant(row["start_at"]),
        reason=row["reason"],
        boot_id=row["boot_id"],
    )
