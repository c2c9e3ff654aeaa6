"""From records to a prefix: downloaded once, shared by hard links, scripts run, and what activating it sets kept."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import rattler

from skafd.environments.conda.activating import write_activation

_EVERY = 20
"""So many packages linked make a line, besides the first and the last."""


class Progress(rattler.InstallerReporter):
    """Prints how far it is."""

    def __init__(self) -> None:
        self._names: dict[int, str] = {}
        self._total = 0
        self._linked = 0

    def on_transaction_start(self, total_operations: int) -> None:
        """Called by rattler."""
        self._total = total_operations

    def on_populate_cache_start(self, operation: int, package_name: str) -> int:
        """Called by rattler; the answer names the package in what follows."""
        self._names[operation] = package_name
        return operation

    def on_download_start(self, cache_entry: int) -> int:
        """Called by rattler."""
        print(f"downloading {self._names.get(cache_entry, 'a package')}", flush=True)
        return cache_entry

    def on_link_start(self, operation: int, package_name: str) -> int:
        """Called by rattler."""
        self._names[operation] = package_name
        return operation

    def on_link_complete(self, index: int) -> None:
        """Called by rattler."""
        self._linked += 1
        if self._linked in (1, self._total) or self._linked % _EVERY == 0:
            print(f"installed {self._linked} of {self._total}: {self._names.get(index, '')}", flush=True)


async def install(request: dict[str, Any]) -> list[str]:
    """Installs `records` into `prefix`, which need not exist, and writes down what activating it sets.

    Raises what rattler does.
    """
    prefix = Path(request["prefix"])
    await rattler.install(
        _records(request["records"]),
        prefix,
        reporter=Progress(),  # type: ignore[abstract]  # the others are empty in it
        show_progress=False,
        execute_link_scripts=True,
    )
    write_activation(prefix, request["variables"])
    return []


def _records(values: list[dict[str, Any]]) -> list[rattler.RepoDataRecord]:
    found = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "index.json")
        for value in values:
            file.write_text(json.dumps(value), encoding="utf-8")
            record = rattler.PackageRecord.from_index_json(file)
            found.append(rattler.RepoDataRecord(record, value["fn"], value["url"], value["channel"]))
    return found
