"""A flow: one job whose tasks come to be as it goes, since each one that ends says what comes next. Pure data."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from skafd.model.environment import EnvironmentWish
from skafd.model.ids import JobId, RunKey
from skafd.model.limits import Limits

SETUP = "_parameters"
"""The first task of every flow: it keeps the parameters, and in a resumed run takes over what had succeeded."""
GONE = "_gone"
"""In a resumed run what a task of the old one is of which there will be another, since a step before it runs again."""
ON_SUCCESS = "_on_success"
ON_ERROR = "_on_error"
"""Steps made of the functions that a flow wants called when it has ended."""


def finish_event_of(flow: str) -> str:
    """The named event that the success of a flow is."""
    return f"metaflow.{flow}.end"


def flow_of_event(name: str) -> str | None:
    """The flow whose success an event is; None of an event that is none."""
    flow = name.removeprefix("metaflow.").removesuffix(".end")
    return flow if flow and name == finish_event_of(flow) else None


class StepKind(StrEnum):
    """How a step goes on."""

    LINEAR = "linear"
    SPLIT = "split"
    """To several steps at once."""
    FOREACH = "foreach"
    """To one step, with a task for each item."""
    JOIN = "join"
    """As linear; it begins when all that one split or foreach began has arrived."""
    SWITCH = "switch"
    """To one of several steps; that may be itself."""


@dataclass(frozen=True, slots=True)
class FlowStep:
    """One step, with what its decorators say; None where they say nothing."""

    name: str
    kind: StepKind
    next: tuple[str, ...] = ()
    """Where it may go; the flow ends with a step that goes nowhere."""
    is_repeated: bool = False
    """It may have several tasks, told apart by a number."""
    line: int = 0
    """Of the source."""
    limits: Limits = Limits()
    retries: int | None = None
    """Attempts of the user's code after the first."""
    fallbacks: int = 0
    """Attempts after those, in which the step's failure is caught."""
    retry_delay_seconds: float = 0.0
    timeout_seconds: float | None = None
    environment: tuple[tuple[str, str], ...] = ()
    wish: EnvironmentWish | None = None
    """The environment that it asks for itself; else it runs in that of its job."""
    is_elsewhere: bool = False
    """Metaflow's own runtime takes its tasks to where its decorators say."""
    decorators: tuple[str, ...] = ()
    """Those that are not in the file: for the command line of its tasks."""


@dataclass(frozen=True, slots=True)
class Flow:
    """What the flow file says, found out when it was deployed."""

    name: str
    """Of the class."""
    file: str
    start: str
    steps: tuple[FlowStep, ...]
    options: tuple[str, ...] = ()
    """For each command of the flow, before the command."""
    metadata: str = "local"
    environment: str = "local"
    datastore: str = "local"
    datastore_root: str = ""
    """Of a datastore elsewhere; that of a local one is the project's."""
    configs: str | None = None
    """What the flow's configs were when it was deployed, as JSON."""
    tags: tuple[str, ...] = ()
    production_token: str | None = None
    """Its runs are in the namespace of this, not in that of their user."""
    namespace: str | None = None
    """What its steps see of other runs, where that is not the namespace in which they are."""
    python: str = ""
    """The interpreter that it was deployed with by its own command line; else that of the project's environment."""
    folder: str = ""
    """Where its file was then: what is beside it and was not copied is read in place."""
    finish_event: str = ""
    """The named event that the flow's success is."""
    on_success: tuple[str, ...] = ()
    """Functions of the file to be called when the flow has succeeded."""
    on_error: tuple[str, ...] = ()

    @property
    def end(self) -> str:
        """The step that the flow ends with."""
        return next(step.name for step in self.steps if not step.next)

    def from_step_on(self, name: str) -> frozenset[str]:
        """The step and all that may come after it."""
        found: set[str] = set()
        waiting = [name]
        while waiting:
            step = waiting.pop()
            if step not in found:
                found.add(step)
                waiting.extend(self.step(step).next)
        return frozenset(found)

    def step(self, name: str) -> FlowStep:
        """The step of that name; one that skafd adds says nothing of itself. Raises KeyError."""
        for step in self.steps:
            if step.name == name:
                return step
        if name in (SETUP, GONE, ON_SUCCESS, ON_ERROR):
            return FlowStep(name, StepKind.LINEAR, is_repeated=name != SETUP)
        raise KeyError(name)


def flow_run_id(run: RunKey, created_at: datetime | None) -> str:
    """What Metaflow calls a run: no number, and never the same again, also after the state folder was lost."""
    text = f"{run.project}/{run.number}/{created_at.isoformat() if created_at else ''}"
    return f"skafd-{run.number}-{hashlib.sha256(text.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"


def step_environment(job: JobId, step: str) -> JobId:
    """Under which a deployment has the environment of a step of its own, among those of its jobs."""
    return JobId(f"{job}/{step}")


def flow_task_id(instance: int) -> str:
    """What Metaflow calls a task: no number."""
    return f"t{instance}"


@dataclass(frozen=True, slots=True)
class Frame:
    """One split or foreach that a task is inside of."""

    opener: int
    """The instance that began it."""
    index: int
    """Which of its branches this is."""
    of: int
    """How many branches there are."""


@dataclass(frozen=True, slots=True)
class Gang:
    """A task that runs several processes of its step by itself."""

    size: int
    """Processes; 0 where only the task knows."""
    counts_itself: bool
    """The task does the work of the first of them."""


@dataclass(frozen=True, slots=True)
class Token:
    """Where in its flow a task stands."""

    step: str
    inputs: tuple[int, ...] = ()
    """Instances of the tasks before it, in the order of the branches."""
    frames: tuple[Frame, ...] = ()
    index: int | None = None
    """Which item of the foreach right before it is its own."""
    gang: Gang | None = None
    members: tuple[str, ...] = ()
    """Names that the tasks of a gang before it gave themselves: its inputs, in place of the task that began them.

    Of the first task of a run that is resumed: what the run is called from which it takes over what had succeeded,
    and the step, where there is one, from which on nothing is taken over.
    """


@dataclass(frozen=True, slots=True)
class Left:
    """What a task says when it ends."""

    next: tuple[str, ...]
    items: int | None = None
    """Of its foreach."""
    gang: Gang | None = None
    """Its foreach is the work of one task that is a gang."""
    members: tuple[str, ...] = ()
    """It was a gang: these are its tasks."""


def encode_token(token: Token) -> str:
    """As short as it is readable: there is one for each task."""
    frames = [[frame.opener, frame.index, frame.of] for frame in token.frames]
    values: dict[str, Any] = {"step": token.step, "inputs": token.inputs, "frames": frames}
    values |= {} if token.index is None else {"index": token.index}
    values |= {} if token.gang is None else {"gang": [token.gang.size, token.gang.counts_itself]}
    values |= {"members": token.members} if token.members else {}
    return json.dumps(values, separators=(",", ":"))


def decode_token(text: str) -> Token:
    """Reads back what `encode_token` gave."""
    values = json.loads(text)
    return Token(
        step=values["step"],
        inputs=tuple(values["inputs"]),
        frames=tuple(Frame(*frame) for frame in values["frames"]),
        index=values.get("index"),
        gang=Gang(*values["gang"]) if "gang" in values else None,
        members=tuple(values.get("members", ())),
    )


def read_left(output: str | None) -> Left:
    """What a task left in its output. Raises ValueError, with words for people, where it says nothing of use."""
    if output is None:
        raise ValueError("it ended without saying what comes next")
    try:
        values = json.loads(output)
        gang = values.get("gang")
        items = values.get("items")
        return Left(
            next=tuple(str(name) for name in values["next"]),
            items=None if items is None else int(items),
            gang=Gang(int(gang["size"]), bool(gang["counts_itself"])) if gang else None,
            members=tuple(str(name) for name in values.get("members") or ()),
        )
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise ValueError(f"what it says of what comes next cannot be read: {error!r}") from error
