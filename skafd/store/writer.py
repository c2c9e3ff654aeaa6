"""The only hand that writes: made by `Database.transaction()`, valid until that ends."""

from __future__ import annotations

from skafd.store.retention import RetentionWriter
from skafd.store.write_decisions import DecisionWriter
from skafd.store.write_deployments import DeploymentWriter
from skafd.store.write_projects import ProjectWriter


class Writer(ProjectWriter, DeploymentWriter, DecisionWriter, RetentionWriter):
    """Everything that changes the database."""
