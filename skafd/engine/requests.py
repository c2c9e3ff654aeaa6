"""Making runs: which jobs a request means, and the tasks that follow from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from skafd.engine.board import Board, Live
from skafd.engine.draft import Draft
from skafd.engine.moves import end_by_request
from skafd.engine.open_run import OpenJob, OpenRun
from skafd.engine.overlap import overlap_of, overlap_of_event, refuse_event, refuse_overlap
from skafd.engine.readiness import waiting_reason
from skafd.model.decisions import Missed, RunRequested, Unheeded
from skafd.model.flow import SETUP, Token, encode_token
from skafd.model.ids import JobId, ProjectId, RunKey, TaskKey
from skafd.model.project import Job, OnDeploy, Overlap
from skafd.model.run import Cause, CauseKind, Task
from skafd.model.states import TaskState

RESTARTED = "restarted on deployment "


def request_run(board: Board, draft: Draft, request: RunRequested) -> None:
    """Makes the run that is asked for; none where the project is not live or no job is left to run."""
    live = board.live.get(request.project)
    if live is None:
        return
    jobs = _choose(board, draft, live, request)
    if jobs:
        _make_run(board, draft, live, request, jobs)


def restart_job(board: Board, draft: Draft, ended: OpenJob) -> None:
    """Runs a job that was killed for a new deployment on that one, unless the deployment has run it already."""
    live = board.live.get(ended.project)
    if live is not None and ended.job.id in live.graph.jobs and ended.job.id not in live.deployed_jobs:
        cause = Cause(CauseKind.DEPLOY, detail=f"{RESTARTED}{live.deployment.number}")
        request_run(board, draft, RunRequested(ended.project, cause, (ended.job.id,), parameters=ended.run.parameters))


def is_spent(board: Board, project: ProjectId, job: Job) -> bool:
    """Whether the job has had all the scheduled runs that `max_runs` allows on this deployment."""
    return job.max_runs is not None and board.history(project, job.id).scheduled_runs >= job.max_runs


def _choose(board: Board, draft: Draft, live: Live, request: RunRequested) -> list[JobId]:
    follow: Callable[[Job], bool]
    match request.cause.kind:
        case CauseKind.SCHEDULE:
            named, follow = _choose_due(board, draft, live, request), _has_no_occasions
        case CauseKind.EVENT:
            named, follow = _choose_called(board, draft, live, request), _has_no_occasions
        case CauseKind.DEPLOY:
            named, follow = list(request.jobs) or _choose_deployed(live), _has_no_occasions
        case _:
            named, follow = list(request.jobs) or _choose_all(live), _is_any
    chosen = live.graph.with_dependents(named, _is_none if request.only else follow)
    if chosen and not request.only:
        present = {*chosen, *live.graph.closing_jobs()}
        chosen = [job_id for job_id in live.graph.jobs if job_id in present]
    if request.cause.kind is CauseKind.DEPLOY:
        live.deployed_jobs.update(chosen)
    return chosen


def _choose_deployed(live: Live) -> list[JobId]:
    return [job.id for job in live.graph.roots() if _runs_once_deployed(job)]


def _choose_all(live: Live) -> list[JobId]:
    return [job_id for job_id, job in live.graph.jobs.items() if not job.is_service]


def _runs_once_deployed(job: Job) -> bool:
    return not (job.has_occasions or job.always or job.is_service) and job.on_deploy is OnDeploy.RUN


def _choose_due(board: Board, draft: Draft, live: Live, request: RunRequested) -> list[JobId]:
    due = [live.graph.jobs[job_id] for job_id in request.jobs if job_id in live.graph.jobs]
    return [job.id for job in due if job.schedules and _may_fire(board, draft, request, job)]


def _choose_called(board: Board, draft: Draft, live: Live, request: RunRequested) -> list[JobId]:
    """Those of the jobs that wait for the event which no earlier run of theirs keeps from it."""
    event = request.cause.event
    chosen = []
    for job in (live.graph.jobs[job_id] for job_id in request.jobs if job_id in live.graph.jobs):
        before = board.lines.before(request.project, job.id)
        policy = overlap_of_event(job, event)
        refusal = refuse_event(job, policy, before)
        if refusal is not None and event is not None:
            draft.unheeded.append(Unheeded(event.number, request.project, job.id, refusal))
            continue
        if policy is Overlap.CANCEL:
            _cancel_earlier(board, draft, before)
        chosen.append(job.id)
    return chosen


def _may_fire(board: Board, draft: Draft, request: RunRequested, job: Job) -> bool:
    if is_spent(board, request.project, job):
        return False
    before = board.lines.before(request.project, job.id)
    missed_cause = refuse_overlap(job, before)
    if missed_cause is not None:
        draft.missed.append(Missed(request.project, job.id, request.cause.instant or draft.now, missed_cause))
        return False
    if overlap_of(job) is Overlap.CANCEL:
        _cancel_earlier(board, draft, before)
    board.put_history(request.project, board.history(request.project, job.id).scheduled())
    return True


def _cancel_earlier(board: Board, draft: Draft, before: Iterable[OpenJob]) -> None:
    for open_job in before:
        for instance in range(len(open_job.tasks)):
            end_by_request(board, draft, open_job, instance, "overlap: its next occasion has come")


def _make_run(board: Board, draft: Draft, live: Live, request: RunRequested, jobs: Iterable[JobId]) -> None:
    key = board.next_run_key(request.project)
    run = OpenRun(key, live.deployment, live.graph, request.cause, request.parameters, draft.now)
    run.add_jobs({job_id: new_tasks(draft, key, live.graph.jobs[job_id]) for job_id in jobs})
    open_run(board, draft, run)


def open_run(board: Board, draft: Draft, run: OpenRun) -> None:
    """Puts a new run on the board, and says of each of its tasks what it waits for."""
    board.add_run(run)
    for open_job in run.jobs.values():
        board.lines.join(open_job)
        _say_why_waiting(board, open_job)
    draft.to_check.extend(run.jobs.values())
    draft.new_runs.append(run.snapshot())


def new_tasks(draft: Draft, run: RunKey, job: Job) -> list[Task]:
    """One task for each instance; one alone where the items are not known yet, or where it is a flow."""
    if job.flow is not None:
        return [flow_task(draft, TaskKey(run, job.id), SETUP, Token(SETUP))]
    items: Iterable[str | None] = [None] * job.parallelism
    if job.foreach is not None:
        items = [None] if job.foreach.items is None else job.foreach.items
    return [
        Task(TaskKey(run, job.id, instance), TaskState.WAITING, "", 0, None, draft.now, item)
        for instance, item in enumerate(items)
    ]


def flow_task(draft: Draft, key: TaskKey, part: str, token: Token) -> Task:
    """A task of a flow that has not begun."""
    return Task(key, TaskState.WAITING, changed_at=draft.now, part=part, token=encode_token(token))


def _say_why_waiting(board: Board, open_job: OpenJob) -> None:
    reason = waiting_reason(board, open_job)
    if reason:
        open_job.tasks = [task if task.state.is_terminal else task.because(reason) for task in open_job.tasks]


def _is_any(_job: Job) -> bool:
    return True


def _is_none(_job: Job) -> bool:
    return False


def _has_no_occasions(job: Job) -> bool:
    return not job.has_occasions
