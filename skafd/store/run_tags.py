"""Tags of runs."""

from __future__ import annotations

from collections.abc import Iterable

from skafd.model.ids import RunKey
from skafd.store.statements import PROJECT, Statements

_RUN = f"(SELECT id FROM run WHERE project = {PROJECT} AND number = :run)"


class RunTagWriter(Statements):
    """The part of the Writer that concerns tags of runs."""

    def tag_run(self, key: RunKey, add: Iterable[str], remove: Iterable[str]) -> None:
        """Gives a run tags, and takes others from it; what it has, or has not, stays so."""
        values = {"project": key.project, "run": key.number}
        self._change_many(
            f"INSERT OR IGNORE INTO run_tag (run, tag) SELECT {_RUN}, :tag WHERE {_RUN} IS NOT NULL",
            [values | {"tag": tag} for tag in add],
        )
        self._change_many(
            f"DELETE FROM run_tag WHERE run = {_RUN} AND tag = :tag", [values | {"tag": tag} for tag in remove]
        )
