"""`add-ons:`, and what goes with them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from skafd.config.problems import Code, Problems
from skafd.config.shapes import Entry
from skafd.config.tables import Entries
from skafd.config.urls import read_url
from skafd.model.project import Job
from skafd.model.spark import SparkWish

QUEUE, SPARK = "queue", "spark-cluster"


_OURS = ("spark.cores.max", "spark.executor.cores", "spark.executor.memory", "spark.executor.instances")
_OF_SPARK = ("master", "conf", "max_cpu", "max_memory")


@dataclass(frozen=True, slots=True)
class AddOns:
    """What a project asks for besides its jobs."""

    names: tuple[str, ...] = ()
    queue_url: str | None = None
    spark: SparkWish | None = None


def build_add_ons(entry: Entry | None, problems: Problems) -> AddOns:
    """All of them; notes what is wrong with one, or of no use to it."""
    items: tuple[Entry, ...] = entry.value if entry else ()
    found = AddOns()
    for item in items:
        details: Entries = item.value if isinstance(item.value, dict) else {"name": item}
        name = str(details["name"].value)
        found = replace(found, names=tuple(dict.fromkeys((*found.names, name))))
        if name == SPARK:
            found = replace(found, spark=_spark(details, problems))
        elif "url" in details:
            found = replace(found, queue_url=_url(details["url"], problems))
        _check_keys(name, details, problems)
    return found


def with_executors(job: Job, add_ons: AddOns) -> Job:
    """The job, with what Spark's executors take of the machine for it; one on a Ray cluster has none here."""
    if add_ons.spark is None or not add_ons.spark.is_local or job.ray is not None:
        return job
    return replace(job, resources=job.resources.with_executors())


def _spark(details: Entries, problems: Problems) -> SparkWish:
    """Its own cluster has limits; one that is there has its own."""
    master = details.get("master")
    for key in ("max_cpu", "max_memory"):
        if master is not None and key in details:
            message = f"`{key}` is of no use beside `master`: the size of that cluster is not skafd's to set"
            problems.warn(Code.MISPLACED_KEY, details[key].node, message, "set `spark.cores.max` in `conf`")
    conf: dict[str, Entry] = details["conf"].value if "conf" in details else {}
    for name in () if master else _OURS:
        if name in conf:
            message = f"`{name}` is not heeded: on skafd's own cluster it follows from the job's `resources`"
            problems.warn(Code.MISPLACED_KEY, conf[name].node, message, "set `cpu` and `memory` under `limits:`")
    return SparkWish(
        master=str(master.value) if master else None,
        conf=tuple((name, str(each.value)) for name, each in conf.items()),
        max_cpu=details["max_cpu"].value if "max_cpu" in details else None,
        max_memory_bytes=int(details["max_memory"].value) if "max_memory" in details else None,
    )


def _check_keys(name: str, details: Entries, problems: Problems) -> None:
    foreign = ("url",) if name == SPARK else _OF_SPARK
    for key in foreign:
        if key in details:
            problems.warn(Code.MISPLACED_KEY, details[key].node, f"`{key}` means nothing to the add-on `{name}`")


def _url(entry: Entry, problems: Problems) -> str:
    # The address itself may hold a password: no message shows it.
    message = "the `url` of the queue is not that of a RabbitMQ"
    return read_url(entry, ("amqp", "amqps"), problems, message, "for example `amqp://user:password@localhost:5672/`")
