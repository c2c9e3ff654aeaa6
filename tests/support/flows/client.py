"""Prints what the Client API says of the newest run of a flow, as JSON. Run by the interpreter of the project."""

import json
import sys

from metaflow import Flow, Task, namespace
from metaflow.cards import get_cards


def ordered(value):
    """The order in which a dictionary was filled may depend on the process."""
    return {key: ordered(value[key]) for key in sorted(value)} if isinstance(value, dict) else value


namespace(None)
run = Flow(sys.argv[1]).latest_run
tasks = [Task(task.pathspec, _namespace_check=False) for step in run.steps() for task in step]
print(
    json.dumps(
        {
            "run": run.id,
            "finished": run.finished,
            "successful": run.successful,
            "finished_at": str(run.finished_at),
            "tags": sorted(run.tags),
            "steps": {
                step.id: sorted(
                    [task.index for task in step if task.index is not None] or [None for _ in step], key=str
                )
                for step in run.steps()
            },
            "artifacts": {
                artifact.id: repr(ordered(artifact.data))
                for artifact in run.end_task.artifacts
                if artifact.id[0] != "_"
            },
            "stdout": Task(next(iter(run["start"])).pathspec).stdout,
            "stderr": Task(next(iter(run["start"])).pathspec).stderr,
            "attempts": {task.pathspec.split("/", 2)[2]: task.current_attempt for task in tasks},
            "metadata": {task.pathspec.split("/", 2)[2]: task.metadata_dict for task in tasks},
            "parents": {
                task.pathspec.split("/", 2)[2]: sorted(
                    one.pathspec.split("/", 2)[2] for one in getattr(task, "parent_tasks", ())
                )
                for task in tasks
            },
            "cards": len(get_cards(run.end_task)) if "--cards" in sys.argv else None,
        }
    )
)
