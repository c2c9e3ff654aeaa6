"""`python flow.py skafd hand-over STEP ...`: one task as Metaflow's own runtime runs it, where its decorators say.

That is how steps with @kubernetes or @batch come to where they belong: the decorators replace the command of the task
by one that starts it there, waits for its end, and passes on what it prints. What comes next is read in the datastore.
"""

import json
import os
import subprocess
import sys

from metaflow._vendor import click
from metaflow.package import MetaflowPackage

from .skafd_decorator import what_is_left


@click.command(hidden=True, context_settings={"ignore_unknown_options": True})
@click.argument("step-name")
@click.argument("arguments", nargs=-1, type=str)
@click.pass_obj
def hand_over(obj, step_name, arguments):
    """Takes the options of Metaflow's own command `step`."""
    command = Command(step_name, list(arguments))
    package = MetaflowPackage(obj.flow, obj.environment, obj.echo, suffixes=obj.package_suffixes)
    said = command.command_options
    task = (said["task-id"], said.get("split-index"), [said["input-paths"]], False, said.get("ubf-context"))
    attempt = (int(said["retry-count"]), int(said["max-user-code-retries"]), said.get("ubf-context"))
    decorators = getattr(obj.flow, step_name).decorators
    for decorator in decorators:
        decorator.runtime_init(obj.flow, obj.graph, package, said["run-id"])
    for decorator in decorators:
        decorator.runtime_task_created(None, *task)
    for decorator in decorators:
        decorator.runtime_step_cli(command, *attempt)
    code = subprocess.call(command.get_args(), env=dict(os.environ, **command.get_env()))
    if code != 0:
        sys.exit(code if code > 0 else 1)
    kept = obj.flow_datastore.get_task_datastore(said["run-id"], step_name, said["task-id"])
    with open(os.environ["SKAFD_OUTPUT"], "w") as file:
        json.dump(what_is_left(Kept(kept)), file)


class Command:
    """The command of a task, as decorators change it; the names are those that they know."""

    def __init__(self, step_name, arguments):
        self.entrypoint = [sys.executable, "-u", sys.argv[0]]
        self.top_level_options = {}
        self.commands = ["step"]
        self.command_args = [step_name]
        self.command_options = dict(_pairs(arguments))
        self.env = {}
        self._given = sys.argv[1 : sys.argv.index("skafd")]

    def get_args(self):
        """All of it."""
        options = [*_as_arguments(self.top_level_options), *self.commands, *self.command_args]
        return [str(one) for one in (*self.entrypoint, *self._given, *options, *_as_arguments(self.command_options))]

    def get_env(self):
        """Variables besides those that there are."""
        return self.env


class Kept:
    """What a task has left in the datastore, as if it were still at hand."""

    def __init__(self, datastore):
        self._datastore = datastore

    def __getattr__(self, name):
        if name not in self._datastore:
            raise AttributeError(name)
        return self._datastore[name]


def _pairs(arguments):
    """`--a 1 --tag=x --tag=y` as names and values; those of tags are a list."""
    found = {}
    waiting = list(arguments)
    while waiting:
        name, has_value, value = waiting.pop(0).partition("=")
        value = value if has_value else waiting.pop(0)
        name = name[2:]
        found[name] = found.get(name, []) + [value] if name == "tag" else value
    return found.items()


def _as_arguments(options):
    for name, value in options.items():
        if value is None or value is False:
            continue
        for one in value if isinstance(value, (list, tuple, set)) else [value]:
            yield "--" + name.replace("_", "-")
            if one is not True:
                yield one
