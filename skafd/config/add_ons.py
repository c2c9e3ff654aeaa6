"""`add-ons:`, and what goes with them."""

from __future__ import annotations

from urllib.parse import urlsplit

from skafd.config.problems import Code, Problems
from skafd.config.shapes import Entry

QUEUE, SPARK = "queue", "spark-cluster"


def build_add_ons(entry: Entry | None, problems: Problems) -> tuple[tuple[str, ...], str | None]:
    """Their names, and the URL of the queue where it has one; a note where this version does nothing with one."""
    items: tuple[Entry, ...] = entry.value if entry else ()
    names: dict[str, None] = {}
    url: str | None = None
    for item in items:
        details = item.value if isinstance(item.value, dict) else {"name": item}
        name = str(details["name"].value)
        names[name] = None
        if name == SPARK:
            message = f"`{SPARK}` is understood and kept, but this version does nothing with it"
            problems.warn_once(Code.NOT_YET, item.node, message)
        if "url" in details and name == QUEUE:
            url = _url(details["url"], problems)
    return tuple(names), url


def _url(entry: Entry, problems: Problems) -> str:
    try:
        parts = urlsplit(str(entry.value))
        is_good = parts.scheme in ("amqp", "amqps") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_good = False
    if not is_good:
        message = "the `url` of the queue is not that of a RabbitMQ"
        problems.error(Code.VALUE, entry.node, message, "for example `amqp://user:password@localhost:5672/`")
    return str(entry.value)
