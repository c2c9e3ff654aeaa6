"""`ska.engine`: tables, views and models of the project."""

from .models import Models


class DataEngine(Models):
    """Every call returns a `Request`; `.result()` waits for what became of it."""
