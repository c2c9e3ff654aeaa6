"""What is said where a part of skafd's cannot be imported: by who needs it, never by `import metaflow`."""

from metaflow.exception import MetaflowException
from metaflow.metaflow_version import get_version

OLDEST = "2.13"
"""The oldest Metaflow that is supported."""


class SkafdFault(MetaflowException):
    """A part of skafd's does not work here."""

    headline = "skafd's part of Metaflow"


def fault(error):
    """The exception to raise when the part is used."""
    return SkafdFault(
        "It cannot be used with Metaflow %s (%s: %s). Metaflow %s and later are supported."
        % (get_version(), type(error).__name__, error, OLDEST)
    )
