"""`ska.engine`: tables, views and models of the project."""

from .surroundings import Surroundings


class DataEngine:
    """Every call returns a `Request`; `.result()` waits for what became of it."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
