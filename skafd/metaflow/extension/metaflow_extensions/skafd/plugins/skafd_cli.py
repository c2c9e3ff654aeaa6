"""`python flow.py skafd ...`"""

import json
import os
import time

from metaflow import parameters
from metaflow._vendor import click
from metaflow.parameters import JSONType

from .skafd_program import ask, call, run_of, show, slug_of
from .skafd_project import SkafdException, project_name, remove_project, write_project

WAIT = "SKAFD_METAFLOW_WAIT"
"""Set it, and `trigger` waits for the end of the run and fails where that has."""


@click.group()
def cli():
    """The group of Metaflow's command line to which ours is added."""


@cli.group(help="Commands related to skafd, the scheduler of this machine.")
@click.option("--name", default=None, help="What the deployment is called, if not as the flow.")
@click.pass_obj
def skafd(obj, name=None):
    """All commands of skafd's."""
    obj.check(obj.graph, obj.flow, obj.environment, pylint=False)
    obj.skafd_name = project_name(obj, name)


@skafd.command(hidden=True, help="Internal command: writes down what the flow is.")
@click.option("--output", required=True, help="The file to write.")
@click.pass_obj
def describe(obj, output):
    """Called when a project is deployed."""
    from .skafd_description import write_description

    write_description(obj, output)


@skafd.command(help="Deploy this version of the flow to skafd.")
@click.option("--tag", "tags", multiple=True, default=None, help="Tag all runs with this; once for each tag.")
@click.option("--max-workers", default=None, type=int, help="So many tasks at once.")
@click.option("--deployer-attribute-file", default=None, hidden=True)
@click.pass_obj
def create(obj, tags=None, max_workers=None, deployer_attribute_file=None):
    """Makes the project folder, and hands it over."""
    _tell_deployer(obj, deployer_attribute_file, flow_name=obj.flow.name)
    folder = write_project(obj, obj.skafd_name, tags or (), max_workers)
    ask("up", folder, "--detach")
    obj.echo("*%s* is deployed; `skafd status` shows it." % obj.skafd_name, bold=True)


@parameters.add_custom_parameters(deploy_mode=False)
@skafd.command(help="Run the flow that is deployed.")
@click.option("--run-id-file", default=None, type=str, help="Write the id of the run to this file.")
@click.option("--deployer-attribute-file", default=None, hidden=True)
@click.pass_obj
def trigger(obj, run_id_file=None, deployer_attribute_file=None, **given):
    """Starts a run by hand."""
    options = [part for one in _given(obj.flow, given) for part in ("--param", one)]
    run = ask("run", slug_of(obj.skafd_name), *options).split()[0]
    pathspec = show(run)["flows"][obj.flow.name]
    _tell_deployer(obj, deployer_attribute_file, pathspec=pathspec)
    if run_id_file:
        with open(run_id_file, "w") as file:
            file.write(pathspec.split("/")[1])
    obj.echo("*%s* runs (run-id *%s*); `skafd show %s` shows it." % (obj.skafd_name, pathspec.split("/")[1], run))
    if os.environ.get(WAIT):
        _wait(run)


@skafd.command(help="Say how a run is doing.")
@click.argument("run-id", required=True, type=str)
@click.pass_obj
def status(obj, run_id):
    """One word: running, succeeded, failed or cancelled."""
    click.echo(show(run_of(slug_of(obj.skafd_name), run_id))["summary"]["state"])


@skafd.command(help="Print what the tasks of a run, or of a step of it, have printed.")
@click.argument("run-id", required=True, type=str)
@click.argument("step", required=False, type=str)
@click.pass_obj
def logs(obj, run_id, step=None):
    """Both streams, as they came."""
    run = run_of(slug_of(obj.skafd_name), run_id)
    click.echo(ask("logs", "/".join((run, obj.flow.name, step)) if step else run))


@skafd.command(help="End a run.")
@click.argument("run-id", required=True, type=str)
@click.pass_obj
def terminate(obj, run_id):
    """Gracefully first."""
    ask("kill", run_of(slug_of(obj.skafd_name), run_id))
    obj.echo("*%s* is asked to end." % run_id)


@skafd.command(help="Take the flow off skafd; its runs stay where Metaflow keeps them.")
@click.pass_obj
def delete(obj):
    """Nothing new of it starts; what runs goes on."""
    ask("forget", slug_of(obj.skafd_name))
    remove_project(obj.skafd_name)
    obj.echo("*%s* is deleted." % obj.skafd_name)


@skafd.command(name="list-runs", help="List the runs of the flow, newest first.")
@click.option("--running", is_flag=True, default=False, help="Only those that run.")
@click.pass_obj
def list_runs(obj, running=False):
    """One line each."""
    for run in json.loads(ask("runs", slug_of(obj.skafd_name), "--json")):
        if run["state"] == "running" or not running:
            run_id = show(run["run"])["flows"][obj.flow.name].split("/")[1]
            click.echo("%s  %s  %s" % (run_id, run["state"], run["created_at"]))


def _given(flow, given):
    """What the command line or, as for `run`, a variable says of each parameter."""
    for _, parameter in flow._get_parameters():
        if getattr(parameter, "IS_CONFIG_PARAMETER", False):
            continue
        value = given.get(parameter.name.replace("-", "_").lower())
        if value is None:
            value = os.environ.get("METAFLOW_RUN_" + parameter.name.replace("-", "_").upper())
        if isinstance(value, parameters.DelayedEvaluationParameter):
            value = value(return_str=True)
        if value is not None:
            is_json = parameter.kwargs.get("type") is JSONType and not isinstance(value, str)
            yield "%s=%s" % (parameter.name, json.dumps(value) if is_json else value)


def _tell_deployer(obj, path, **more):
    """What `Deployer` waits for."""
    if path:
        with open(path, "w") as file:
            json.dump(dict(more, name=obj.skafd_name, metadata=obj.metadata.metadata_str()), file)


def _wait(run):
    while show(run)["summary"]["ended_at"] is None:
        time.sleep(0.2)
    if show(run)["summary"]["state"] != "succeeded":
        raise SkafdException(call("why", run).stdout.strip())
