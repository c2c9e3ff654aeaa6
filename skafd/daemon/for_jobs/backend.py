"""Everything that jobs can ask, in one object."""

from __future__ import annotations

from skafd.artifacts.content import ContentStore
from skafd.daemon.changes import Changes
from skafd.daemon.for_jobs.artifacts import Artifacts
from skafd.daemon.for_jobs.commits import Commits
from skafd.daemon.for_jobs.events import EventsOfJobs
from skafd.daemon.for_jobs.models import Models
from skafd.daemon.for_jobs.services import ServicesOfJobs
from skafd.daemon.for_jobs.words import Words
from skafd.daemon.mailbox import Mailbox
from skafd.daemon.serving import Serving
from skafd.home import Home
from skafd.store import Database


class ForJobs:
    """Implements `skafd.jobs.backend.JobsBackend`: each part answers for what it knows."""

    def __init__(self, home: Home, database: Database, mailbox: Mailbox, changes: Changes, serving: Serving) -> None:
        commits = Commits(mailbox, changes)
        contents = ContentStore(home.artifacts)
        self.words = Words(database, commits)
        self.events = EventsOfJobs(database, mailbox)
        self.artifacts = Artifacts(database, commits, contents)
        self.models = Models(database, commits, contents)
        self.services = ServicesOfJobs(home, serving, database)
