"""What Spark's driver does with a question: its tables made known, the statement executed, its rows given."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql.types import StructType

from skafd.addons.data.complaints import no_column, no_function
from skafd.addons.data.plain_values import plain, teach

_BLOCK_ROWS = 2048
_MISSING = {"UNRESOLVED_COLUMN": ("objectName", no_column), "UNRESOLVED_ROUTINE": ("routineName", no_function)}
_SAYS = re.compile(r"^(?:\[[\w.]+\] )?(?P<words>.*?)(?: SQLSTATE: \w+.*)?$")

teach(Row, lambda row: {name: plain(value) for name, value in zip(row.__fields__, row, strict=True)})


class SparkIsGone(Exception):
    """Nothing can be asked of this driver any more."""


class Session:
    """May be used from any thread."""

    def __init__(self) -> None:
        """Returns when there is a driver; executors come when they are needed."""
        self._spark = SparkSession.builder.getOrCreate()

    def stop(self) -> None:
        """Lets the cluster go."""
        self._spark.stop()

    def answer(self, question: Mapping[str, Any], say: Callable[[object], None]) -> None:
        """Says the schema, blocks of rows, and that this was all; or what went wrong. Raises SparkIsGone."""
        try:
            rows = self._execute(question)
            say({"schema": rows.schema.jsonValue()})
            for block in _blocks(rows, question["most_rows"]):
                say(block)
            say({"end": True})
        except OSError:
            raise
        except Exception as error:
            self._check_that_it_lives()
            say({"error": f"the query failed: {words_of(error)}"})

    def _execute(self, question: Mapping[str, Any]) -> DataFrame:
        self._spark.sparkContext.setLocalProperty("spark.scheduler.pool", question["pool"])
        # Of its own: others may call other tables so at the same time.
        session = self._spark.newSession()
        for name, table in question["tables"].items():
            schema = StructType.fromJson(table["schema"])
            session.read.schema(schema).parquet(table["path"]).createOrReplaceTempView(name)
        return session.sql(question["sql"])

    def _check_that_it_lives(self) -> None:
        java = self._spark.sparkContext._jsc
        if java is None or java.sc().isStopped():
            raise SparkIsGone


def _blocks(rows: DataFrame, most_rows: int | None) -> Iterator[list[list[Any]]]:
    found = rows.toLocalIterator(prefetchPartitions=True)
    values = islice(found, most_rows)
    while block := [[plain(value) for value in row] for row in islice(values, _BLOCK_ROWS)]:
        yield block


def words_of(error: Exception) -> str:
    """What Spark says, in one line."""
    if isinstance(error, PySparkException):
        condition, said = error.getCondition() or "", error.getMessageParameters() or {}
        for beginning, (name, words) in _MISSING.items():
            if condition.startswith(beginning):
                return words(said.get(name, "").replace("`", ""))
    if isinstance(error, Py4JJavaError):
        error = Exception(error.java_exception.toString())
    first = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
    found = _SAYS.match(first.strip())
    return found["words"] if found else first
