"""Everything that can be asked, on one snapshot of the database: made by `Database.reader()`."""

from __future__ import annotations

from skafd.store.read_projects import ProjectReader
from skafd.store.read_runs import RunReader
from skafd.store.read_startup import StartupReader
from skafd.store.retention import RetentionReader


class Reader(StartupReader, ProjectReader, RunReader, RetentionReader):
    """All questions; none of them waits for the writer."""
