"""`metis.config.yml` to `model.Project`: every value with its place, every mistake with a hint."""

from skafd.config.find import find_config, find_projects
from skafd.config.problems import Code, Problem, Severity, render
from skafd.config.reading import Reading, load, read
from skafd.config.report import report
from skafd.config.schema import json_schema

__all__ = [
    "Code",
    "Problem",
    "Reading",
    "Severity",
    "find_config",
    "find_projects",
    "json_schema",
    "load",
    "read",
    "render",
    "report",
]
