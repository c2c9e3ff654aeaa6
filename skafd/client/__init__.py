"""Reads back what runs made, for notebooks and scripts.

from skafd import Client

model = Client().project("churn").latest_successful_run["train"].artifacts.model
"""

from skafd.client.artifacts import Artifact, Artifacts
from skafd.client.client import Client, Project
from skafd.client.metrics import Metrics, Series
from skafd.client.namespaces import current_namespace, namespace
from skafd.client.runs import Run
from skafd.client.tasks import Task

__all__ = [
    "Artifact",
    "Artifacts",
    "Client",
    "Metrics",
    "Project",
    "Run",
    "Series",
    "Task",
    "current_namespace",
    "namespace",
]
