"""`ska.engine`: tables, views and models of the project."""

from .models import Models
from .surroundings import Surroundings
from .tables import Tables


class DataEngine(Models, Tables):
    """Every call returns a `Request`; `.result()` waits for what became of it."""

    def __init__(self, surroundings: Surroundings) -> None:
        Models.__init__(self, surroundings)
        Tables.__init__(self, surroundings)
