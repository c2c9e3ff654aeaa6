"""Where a view of the data engine finds its rows."""

import enum


class DataSourceType(enum.Enum):
    """The kinds of sources; tables of the data engine go by the name that they have always had."""

    Cassandra = "cassandra"
