"""The only hand that writes: made by `Database.transaction()`, valid until that ends."""

from __future__ import annotations

from skafd.store.arrived import ArrivedWriter
from skafd.store.artifacts import ArtifactWriter
from skafd.store.backfills import BackfillWriter
from skafd.store.data_tokens import DataTokenWriter
from skafd.store.days import DayWriter
from skafd.store.job_calls import JobCallWriter
from skafd.store.metrics import MetricWriter
from skafd.store.models import ModelWriter
from skafd.store.pauses import PauseWriter
from skafd.store.read_occurrences import OccurrenceReader
from skafd.store.retention import RetentionWriter
from skafd.store.run_tags import RunTagWriter
from skafd.store.services import ServiceWriter
from skafd.store.table_writes import TableWriteWriter
from skafd.store.webhooks import WebhookWriter
from skafd.store.write_clock import ClockWriter
from skafd.store.write_decisions import DecisionWriter
from skafd.store.write_deployments import DeploymentWriter
from skafd.store.write_projects import ProjectWriter


class Writer(
    ProjectWriter,
    DeploymentWriter,
    DecisionWriter,
    RetentionWriter,
    PauseWriter,
    BackfillWriter,
    OccurrenceReader,
    ServiceWriter,
    DataTokenWriter,
    DayWriter,
    ClockWriter,
    WebhookWriter,
    JobCallWriter,
    MetricWriter,
    ArtifactWriter,
    ModelWriter,
    TableWriteWriter,
    ArrivedWriter,
    RunTagWriter,
):
    """Everything that changes the database."""
