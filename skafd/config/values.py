"""The values of keys that are more than a word: amounts, resources, schedules, retries, parameters, add-ons."""

from __future__ import annotations

import re

from skafd.config.nodes import Mapping, Scalar, is_null
from skafd.config.problems import Code, Problems
from skafd.config.shapes import Amount, Anything, Choice, Either, Flag, ListOf, Shape, Text, Whole
from skafd.config.tables import Key, MapOf, Origin, Table, Variables
from skafd.model.project import CatchUp, Overlap
from skafd.model.states import TaskState
from skafd.units import parse_cores, parse_duration, parse_memory

SKAFOS = Origin.SKAFOS


def _parse_factor(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,4})?", text.strip()):
        raise ValueError(f"not a number: {text!r} (write it as 2 or 1.5)")
    return float(text)


def _parse_growth(text: str) -> float:
    factor = text.strip()
    if not factor.startswith("x"):
        raise ValueError(f"not a factor: {text!r} (write it as x1.5)")
    return _parse_factor(factor[1:])


def _parse_share(text: str) -> float:
    match = re.fullmatch(r"([0-9]{1,3}(\.[0-9]{1,4})?) ?%", text.strip())
    if not match:
        raise ValueError(f"not a share: {text!r} (write it as 80%)")
    return float(match[1]) / 100


def _nest_amounts(mapping: Mapping, problems: Problems) -> Mapping:
    """Puts cpu and memory that stand beside an empty `limits:` under it, where they were meant to be."""
    limits = mapping.find("limits")
    stray = tuple(pair for pair in mapping.pairs if pair[0].text in ("cpu", "memory", "gpu"))
    if not stray or not (limits is None or is_null(limits)):
        return mapping
    message = "`cpu` and `memory` are read as if they stood under `limits:`"
    problems.warn(Code.MISPLACED_KEY, stray[0][0], message, "indent them below `limits:`")
    name = Scalar("limits", stray[0][0].line, stray[0][0].column)
    nested = (name, Mapping(stray, name.line, name.column))
    others = tuple(pair for pair in mapping.pairs if pair[0].text != "limits" and pair not in stray)
    return Mapping((*others, nested), mapping.line, mapping.column)


_TEN_YEARS_SECONDS = 10 * 365 * 86400
MOST_INSTANCES = 10_000
NAME = Text("a name on one line", longest=200)
FILE = Text("the path of a file in the project")
INSIDE = Text("a path or a pattern inside the project", re.compile(r"(?!/)(?!(?:.*/)?\.\.(?:/|$)).+"))
_WAIT = Amount(parse_duration, "a duration such as 30s or 2h", 0, _TEN_YEARS_SECONDS, "a wait is at most ten years")
TIMEOUT = Amount(
    parse_duration,
    "a duration such as 30s or 2h",
    0.001,
    _TEN_YEARS_SECONDS,
    "a time span is more than nothing and at most ten years",
)
_CORES = Amount(parse_cores, "cores such as 2, 0.5 or 500m", 0.001, 1e6, "a job has more than 0 cores")
_MEMORY = Amount(parse_memory, "memory such as 512Mi or 2Gi", 2**20, 2**60, "a job has 1Mi of memory or more", "Mi")
_FACTOR = Amount(_parse_factor, "a factor from 1 to 10", 1, 10, "the factor is 1 to 10")
PYTHON = Text("a version such as 3.11", re.compile(r"[\w./+ <>=!~,*@-]+"), longest=100)

AMOUNTS = Table(
    "an amount of resources",
    (
        Key("cpu", _CORES, "Cores: `2`, `0.5` or `500m`.", SKAFOS, misspellings=("cpus", "cores")),
        Key("memory", _MEMORY, "Memory: `512Mi`, `2Gi`.", SKAFOS, misspellings=("mem", "ram")),
        Key("gpu", Whole(0, 64), "Whole GPUs, assigned to the job alone.", misspellings=("gpus",)),
    ),
)
LIMITS = Table(
    "limits",
    (
        *AMOUNTS.keys,
        Key("swap", _MEMORY, "Swap beyond the memory; none if not given, where memory is limited."),
        Key(
            "open_files",
            Whole(16, 1_000_000),
            "Files and sockets that each process has open.",
            misspellings=("nofile",),
        ),
        Key("disk", _MEMORY, "What the working folder holds; measured every few seconds.", misspellings=("storage",)),
    ),
)
REQUIRED = Choice(("required",), "amounts belong under `resources:`, `limits:`")
RESOURCES = Table(
    "`resources`",
    (
        Key("requests", AMOUNTS, "What is set aside for the job; without it, its limits.", SKAFOS),
        Key(
            "limits",
            Either(scalar=REQUIRED, mapping=LIMITS),
            "What the job may never exceed; more than the machine has is lowered to what it has.",
            SKAFOS,
            misspellings=("limit",),
        ),
    ),
    mend=_nest_amounts,
)
SCALAR = Text("a value", longest=10_000, one_line=False)
_EXPRESSION = Text("a cron, `@hourly` or a phrase such as `every 2 minutes`")
SCHEDULE_DETAILS = Table(
    "a schedule",
    (
        Key(
            "cron",
            _EXPRESSION,
            "The expression: cron, `@hourly` or a phrase.",
            required=True,
            misspellings=("expression", "every"),
        ),
        Key("timezone", Text(), "The zone it is read in; the project's if not given.", misspellings=("tz",)),
        Key("catch_up", Choice(tuple(CatchUp)), "Which missed occurrences are run later: the latest, all, none."),
        Key("within", TIMEOUT, "A missed occurrence older than this is not run later."),
        Key("overlap", Choice(tuple(Overlap)), "What happens when the last one has not ended."),
        Key(
            "except",
            ListOf(Text("a day such as 2026-12-25, or a file of days"), single=True),
            "Days without an occurrence: `2026-12-25`, `2026-12-24 to 2027-01-01`, or a file of such lines.",
            misspellings=("exclude", "holidays", "skip_dates"),
        ),
        Key("start", Text(), "The first day, or time of a day, that counts.", misspellings=("start_date", "from")),
        Key("end", Text(), "The last day, or time of a day, that counts.", misspellings=("end_date", "until")),
        Key("jitter", TIMEOUT, "An occurrence starts up to so much later, always the same for the same instant."),
        Key("params", MapOf(SCALAR), "Parameters of the runs that it sets off.", misspellings=("parameters",)),
    ),
)
_ONE_SCHEDULE = Either(scalar=_EXPRESSION, mapping=SCHEDULE_DETAILS)
SCHEDULE = Either(scalar=_EXPRESSION, sequence=ListOf(_ONE_SCHEDULE), mapping=SCHEDULE_DETAILS)
_EVENT_NAME = Text("a name of letters, digits and `. _ : -`", re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]*"), longest=200)
_EVENT_KEYS = (
    Key("file", Text("a pattern of paths such as `inbox/*.csv`"), "Each file that arrives, new or changed."),
    Key("project", NAME, "The success of another project, `other`, or of a job of it, `other/job`."),
    Key("webhook", _EVENT_NAME, "A request with a token to this project's webhook of that name."),
    Key("event", _EVENT_NAME, "An event of that name, published on this machine."),
    Key("stable_for", _WAIT, "A file has arrived when it has not changed for so long; 2s if not given."),
    Key("batch", Flag(), "Files that have arrived together share a run, instead of one for each."),
    Key("params", MapOf(SCALAR), "Parameters of the runs that it sets off.", misspellings=("parameters",)),
    Key("fields", MapOf(Text("a name in the event")), "Parameters that are called otherwise in the event."),
)
_ONE_OF_ALL = Table(
    "an event of `all`",
    _EVENT_KEYS,
    elsewhere=dict.fromkeys(("overlap", "within"), "beside `all`, for all of them"),
)
TRIGGER_DETAILS = Table(
    "`on`",
    (
        *_EVENT_KEYS,
        Key("all", ListOf(_ONE_OF_ALL), "Several events that must all have come."),
        Key("within", TIMEOUT, "How far apart the events of `all` may come; any time if not given."),
        Key("overlap", Choice(tuple(Overlap)), "What happens when the run of an earlier event has not ended."),
    ),
)
TRIGGERS = Either(sequence=ListOf(TRIGGER_DETAILS), mapping=TRIGGER_DETAILS)
RETRIED_OUTCOMES = tuple(
    state.value for state in (TaskState.FAILED, TaskState.TIMED_OUT, TaskState.LOST, TaskState.OOM_KILLED)
)
_GROWTH = Amount(_parse_growth, "a factor such as x1.5", 1.01, 10, "the memory grows by a factor above 1, at most x10")
RETRY_DETAILS = Table(
    "`retry`",
    (
        Key("times", Whole(0, 100), "Further attempts after the first.", misspellings=("count", "attempts", "max")),
        Key("delay", _WAIT, "The wait before the first of them."),
        Key("backoff", _FACTOR, "The factor by which each wait is longer than the last, 1 to 10."),
        Key("jitter", _WAIT, "Up to so much is added to each wait, always the same for the same attempt."),
        Key("on", ListOf(Choice(RETRIED_OUTCOMES), single=True), "Which outcomes are tried again."),
        Key("memory", _GROWTH, "After an out-of-memory kill: try again with so much more, as in `x1.5`."),
    ),
)
PARAMETER_TYPES = ("string", "int", "float", "bool", "json")
PARAMETER_DETAILS = Table(
    "a parameter",
    (
        Key("type", Choice(PARAMETER_TYPES), "What its values are; text if not given."),
        Key("default", Anything(), "The value when a run is given none."),
    ),
)
PARAMETERS = MapOf(Either(scalar=SCALAR, mapping=PARAMETER_DETAILS))
MASTER = Text(
    "the master of a Spark cluster, such as `spark://host:7077`, `yarn` or `k8s://https://host:443`",
    re.compile(r"spark://[^\s/]+:\d+(,[^\s/]+:\d+)*|yarn|k8s://\S+"),
)
SPARK_CONF = MapOf(
    SCALAR,
    "a property of Spark's, which begins with `spark.`",
    re.compile(r"spark\.[\w.-]+"),
    "a mapping of properties",
)
ADD_ONS = ("queue", "spark-cluster")
ADD_ON = Table(
    "an add-on",
    (
        Key("name", Choice(ADD_ONS), "Which: `queue` or `spark-cluster`.", SKAFOS, required=True),
        Key("url", Text("a URL"), "Of the queue: a RabbitMQ that is there, `amqp://user:password@host/`."),
        Key("master", MASTER, "Of Spark: a cluster that is there, `spark://host:7077`, `yarn` or `k8s://https://...`."),
        Key("conf", SPARK_CONF, "Of Spark: further properties, as in spark-defaults.conf."),
        Key("max_cpu", _CORES, "Of Spark: cores of the cluster that the project gets at most."),
        Key("max_memory", _MEMORY, "Of Spark: memory of the cluster that the project gets at most."),
    ),
    rest=Anything(),
)
NOTIFICATION = Table(
    "a notification",
    (
        Key("url", Text("a URL"), "Where to, as Apprise understands it.", required=True),
        Key("on", ListOf(Text(), single=True), "Which outcomes: `failure`, `recovery`, `success`."),
    ),
)
NOTIFY = ListOf(Either(scalar=Text("a URL"), mapping=NOTIFICATION), single=True)
ENVIRONMENT = Either(scalar=FILE, sequence=Variables(), mapping=Variables())
REQUIREMENTS = Either(scalar=FILE, sequence=ListOf(Text()))
SHARE = Amount(_parse_share, "a share such as 80%", 0.0001, 1, "a share is more than 0% and at most 100%")
FOREACH_DETAILS = Table(
    "`foreach`",
    (
        Key("range", Either(scalar=Whole(0, MOST_INSTANCES), sequence=ListOf(Whole(-(10**9), 10**9))), "Numbers."),
        Key("glob", FILE, "The paths in the project that match, when the job becomes ready."),
        Key("output", Text("the id or name of a dependency"), "The JSON list that this dependency published."),
    ),
)
ITEMS: Shape = Either(
    scalar=Text("a dependency that publishes a list, or a pattern of paths"),
    sequence=ListOf(Anything()),
    mapping=FOREACH_DETAILS,
)
POOLS = MapOf(Whole(1, 100_000))
