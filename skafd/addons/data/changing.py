"""Any other change of a database than rows that are saved or loaded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb


@dataclass(frozen=True, slots=True)
class Change:
    """For `Commits`: what is done with the connection that writes, between two other writes."""

    make: Callable[[duckdb.DuckDBPyConnection], Any]

    def apply(self, connection: duckdb.DuckDBPyConnection) -> Any:
        """Makes it."""
        return self.make(connection)

    def apply_alone(self, connection: duckdb.DuckDBPyConnection) -> Any:
        """The same."""
        return self.make(connection)

    def joined(self, _others: Sequence[object]) -> None:
        """Each is made by itself."""
        return
