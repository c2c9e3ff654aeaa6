"""Everything that can be asked, on one snapshot of the database: made by `Database.reader()`."""

from __future__ import annotations

from skafd.store.arrived import ArrivedReader
from skafd.store.artifacts import ArtifactReader
from skafd.store.backfills import BackfillReader
from skafd.store.data_tokens import DataTokenReader
from skafd.store.days import DayReader
from skafd.store.gathered import GatheredReader
from skafd.store.heard import HeardReader
from skafd.store.metrics import MetricReader
from skafd.store.models import ModelReader
from skafd.store.pauses import PauseReader
from skafd.store.read_occurrences import OccurrenceReader
from skafd.store.read_projects import ProjectReader
from skafd.store.read_runs import RunReader
from skafd.store.read_startup import StartupReader
from skafd.store.retention import RetentionReader
from skafd.store.said_by_jobs import SaidReader
from skafd.store.services import ServiceReader
from skafd.store.table_writes import TableWriteReader
from skafd.store.webhooks import WebhookReader


class Reader(
    StartupReader,
    ProjectReader,
    RunReader,
    RetentionReader,
    OccurrenceReader,
    PauseReader,
    BackfillReader,
    ServiceReader,
    TableWriteReader,
    DataTokenReader,
    DayReader,
    SaidReader,
    HeardReader,
    GatheredReader,
    WebhookReader,
    MetricReader,
    ArtifactReader,
    ModelReader,
    ArrivedReader,
):
    """All questions; none of them waits for the writer."""
