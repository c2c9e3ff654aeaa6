"""What people do to runs and tasks that are there: resume, run again, pass over, tag."""

from __future__ import annotations

from collections.abc import Sequence

from skafd.api.requests import AgainRequest
from skafd.daemon import present
from skafd.daemon.finding import find_project, find_run, find_tasks, live_deployment
from skafd.daemon.for_jobs.words import check_names
from skafd.daemon.orchestrator import Orchestrator
from skafd.daemon.parameters import checked_parameters
from skafd.daemon.targets import Target, parse_target
from skafd.errors import NotFound, Refused
from skafd.model.decisions import Decisions, Event, RetryRequested, RunAgain, SkipRequested
from skafd.model.deployment import Deployment
from skafd.model.flow import SETUP
from skafd.model.ids import JobId, RunKey, TaskKey
from skafd.model.run import CauseKind, Run
from skafd.model.states import RunState, TaskState
from skafd.store import Database, Purpose, Writer, views

_MOST_TAGS = 100


class ByHand:
    """Callable from any thread but the orchestrator's."""

    def __init__(self, database: Database, orchestrator: Orchestrator) -> None:
        self._database = database
        self._orchestrator = orchestrator

    def again(self, request: AgainRequest) -> str:
        """The name of the run in which it happens. Raises NotFound and Refused."""
        target = parse_target(request.target)
        with self._database.reader() as reader:
            project = find_project(reader, target.project)
            found = find_tasks(reader, target)
            key = found[0][0].key
            waiting = [task for _, task in found if task.not_before is not None and not task.state.is_terminal]
            if target.job is not None and waiting:
                return self._retry_now(project, key, waiting)
            run, deployment = reader.whole_run(key)
            if request.latest:
                deployment = live_deployment(reader, project)
        if not run.state.is_terminal:
            raise Refused(
                f"{present.run_name(project.slug, key.number)} has not ended",
                f"wait for its end, or end it with `skafd kill {present.run_name(project.slug, key.number)}`",
            )
        tasks = tuple(task.key for _, task in found) if target.job is not None else ()
        if any(task.part and task.state is TaskState.SUCCEEDED for _, task in found if tasks):
            tasks = _of_whole_flow(run, tasks, target)
        if request.even_succeeded and run.state is RunState.SUCCEEDED and not request.step:
            tasks = tuple(task.key for task in run.tasks if task.part == SETUP)
        from_step = _from_step(deployment, run, target, request.step) if request.step else None
        parameters = checked_parameters(deployment.config, request.parameters)
        event = RunAgain(run, deployment, tasks, from_step, parameters)
        return self._orchestrator.mailbox.ask(
            lambda _: [event], lambda decisions: _name_of_new(decisions, key, project.slug), Purpose.BY_HAND
        ).result()

    def skip(self, target: Target) -> str:
        """The name of the run. Raises NotFound, and Refused where nothing of the target waits."""
        if target.job is None:
            raise Refused("a task is passed over, not a whole run or project", "write it as churn/42/train")
        with self._database.reader() as reader:
            project = find_project(reader, target.project)
            found = find_tasks(reader, target)
        idle = [task.key for _, task in found if not (task.state.is_terminal or task.state.is_alive)]
        name = present.run_name(project.slug, found[0][0].key.number)
        if not idle:
            state = found[0][1].state
            hint = f"end it with `skafd kill {name}/{target.job}`" if state.is_alive else "there is nothing to skip"
            raise Refused(f"{name}/{target.job} is {state}: only what has not begun can be skipped", hint)
        events = [SkipRequested(task) for task in idle]
        self._orchestrator.mailbox.put(lambda _: events, Purpose.BY_HAND).result()
        return name

    def tag(self, run: str, add: Sequence[str], remove: Sequence[str]) -> None:
        """Gives a run tags and takes others. Raises NotFound and Refused; nothing is changed then."""
        check_names("tag", add)
        if signed := [tag for tag in add if tag[0] in "+-"]:
            raise Refused(f"a tag cannot begin with {signed[0][0]}: {signed[0]}")
        with self._database.reader() as reader:
            _, key = find_run(reader, run)
            tags = reader.run(key).run.tags
        if missing := [tag for tag in remove if tag not in tags]:
            has = f"it has: {', '.join(tags)}" if tags else "it has none"
            raise NotFound(f"{run} has no tag {missing[0]!r}", has)
        if len({*tags, *add} - {*remove}) > _MOST_TAGS:
            raise Refused(f"{run} would have more than {_MOST_TAGS} tags", f"it has {len(tags)}")

        def prepare(writer: Writer) -> list[Event]:
            writer.tag_run(key, add, remove)
            return []

        self._orchestrator.mailbox.put(prepare, Purpose.BY_HAND).result()

    def _retry_now(self, project: views.ProjectRow, key: RunKey, tasks: list[views.TaskView]) -> str:
        events = [RetryRequested(task.key) for task in tasks]
        self._orchestrator.mailbox.put(lambda _: events, Purpose.BY_HAND).result()
        return present.run_name(project.slug, key.number)


def _of_whole_flow(run: Run, tasks: tuple[TaskKey, ...], target: Target) -> tuple[TaskKey, ...]:
    """Of a flow what did not succeed; a step that did is not run again by itself."""
    failed = tuple(task.key for task in run.tasks if task.key in tasks and task.state is not TaskState.SUCCEEDED)
    if not failed:
        hint = f"`skafd run {target.project}/{target.job}` runs the flow from its beginning"
        raise Refused(f"{target.job} succeeded, and what follows from it in the flow stands", hint)
    return failed


def _from_step(deployment: Deployment, run: Run, target: Target, step: str) -> tuple[JobId, str]:
    """The flow of the run that has the step. Raises NotFound."""
    jobs = {task.key.job for task in run.tasks}
    flows = [job for job in deployment.config.jobs if job.flow is not None and job.id in jobs]
    found = [job for job in flows if job.flow and any(one.name == step for one in job.flow.steps)]
    if len(found) == 1:
        return found[0].id, step
    steps = ", ".join(one.name for job in flows if job.flow for one in job.flow.steps)
    what = f"{len(found)} flows of {target.project} have a step {step}" if found else f"no flow has a step {step}"
    raise NotFound(what, f"steps of its flows: {steps}" if steps else "the run has no flow")


def _name_of_new(decisions: Decisions, old: RunKey, slug: str) -> str:
    for run in decisions.new_runs:
        if run.key.project == old.project and run.cause.kind is CauseKind.RETRY:
            return present.run_name(slug, run.key.number)
    raise Refused(
        f"nothing of {present.run_name(slug, old.number)} is left to run again",
        "all of it succeeded, or the project is no longer deployed",
    )
