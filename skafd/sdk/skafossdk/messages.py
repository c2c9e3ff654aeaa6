"""`ska.log`: lines that people and programs can tell from other output."""

import logging
import re
import sys
import time
from typing import Any, Sequence, Union

FORMAT = "%(asctime)s - %(name)s - %(levelname)s - %(message)s"
_BLANKS = re.compile(r"\s+")


class _StandardError(logging.StreamHandler):  # type: ignore[type-arg]
    """Writes to what is standard error now: notebooks exchange it."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)

    def emit(self, record: logging.LogRecord) -> None:
        """Each line of a message gets a head of its own, so that none can be taken for something else."""
        self.stream = sys.stderr
        message = record.getMessage()
        for line in message.splitlines() or [""]:
            one = logging.makeLogRecord(dict(record.__dict__, msg=line, args=()))
            super().emit(one)


def prepare_loggers() -> None:
    """Lets the SDK's loggers write, once, whatever the program does with its own."""
    logger = logging.getLogger("skafossdk")
    if logger.handlers:
        return
    handler = _StandardError()
    formatter = logging.Formatter(FORMAT)
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False


def log(
    message: Any, labels: "Union[None, str, Sequence[Any]]" = None, level: "Union[int, str]" = logging.INFO
) -> None:
    """Writes a message; labels go before it in brackets, without the blanks that are inside them."""
    if isinstance(labels, str):
        labels = [labels]
    head = "".join(f"[{_BLANKS.sub('', str(label))}]" for label in labels or ())
    number = _number_of(level)
    logging.getLogger("skafossdk.skafos").log(number, "%s", f"{head} - {message}" if head else message)


def _number_of(level: "Union[int, str]") -> int:
    """`"warning"` is understood too; what is no level at all is logged as INFO rather than lost."""
    if isinstance(level, int):
        return level
    number = logging.getLevelName(str(level).upper())
    return number if isinstance(number, int) else logging.INFO
