"""Commands about runs of a flow that is deployed."""

import json
import os
import subprocess
import sys
import time

from metaflow import parameters
from metaflow._vendor import click
from metaflow.parameters import JSONType

from .skafd_program import ask, call, run_of, runs_of, show, slug_of
from .skafd_project import SkafdException
from .skafd_tokens import authorized, token_prefix

WAIT = "SKAFD_METAFLOW_WAIT"
"""Set it, and `trigger` waits for the end of the run and fails where that has."""


@parameters.add_custom_parameters(deploy_mode=False)
@click.command(help="Run the flow that is deployed.")
@click.option("--run-id-file", default=None, type=str, help="Write the id of the run to this file.")
@click.option("--deployer-attribute-file", default=None, hidden=True)
@click.pass_obj
def trigger(obj, run_id_file=None, deployer_attribute_file=None, **given):
    """Starts a run by hand."""
    said = ask("run", slug_of(obj.skafd_name), "--json", *_options(_given(obj.flow, given)))
    _tell(obj, json.loads(said), "runs", run_id_file, deployer_attribute_file)


@parameters.add_custom_parameters(deploy_mode=False)
@click.command(help="Run again what did not succeed in a run; what did is taken over.")
@click.option("--origin-run-id", default=None, help="The run; left out: the newest.")
@click.option("--step-to-rerun", default=None, help="Run this step again too, and all that follows.")
@click.option("--run-id-file", default=None, type=str, help="Write the id of the run to this file.")
@click.option("--deployer-attribute-file", default=None, hidden=True)
@click.pass_obj
def resume(obj, origin_run_id=None, step_to_rerun=None, run_id_file=None, deployer_attribute_file=None, **given):
    """On the version that is deployed now. Parameters that are not given are those of that run."""
    slug = slug_of(obj.skafd_name)
    origin = run_of(slug, origin_run_id) if origin_run_id else _newest(slug)
    step = ["--from-step", step_to_rerun] if step_to_rerun else []
    changed = [one for one in _given(obj.flow, given) if _is_said(one.split("=")[0])]
    said = ask("run", "--resume", origin, "--latest", "--even-succeeded", "--json", *step, *_options(changed))
    _tell(obj, json.loads(said), "resumes %s" % origin, run_id_file, deployer_attribute_file)


@click.command(help="Say how a run is doing.")
@click.argument("run-id", required=True, type=str)
@click.pass_obj
def status(obj, run_id):
    """One word: running, succeeded, failed or cancelled."""
    click.echo(show(run_of(slug_of(obj.skafd_name), run_id))["summary"]["state"])


@click.command(help="Print what the tasks of a run, or of a step of it, have printed.")
@click.argument("run-id", required=True, type=str)
@click.argument("step", required=False, type=str)
@click.pass_obj
def logs(obj, run_id, step=None):
    """Both streams, as they came."""
    run = run_of(slug_of(obj.skafd_name), run_id)
    click.echo(ask("logs", "/".join((run, obj.flow.name, step)) if step else run))


@click.command(help="End a run.")
@click.option("--authorize", default=None, help="The production token of what another user has deployed.")
@click.argument("run-id", required=True, type=str)
@click.pass_obj
def terminate(obj, run_id, authorize=None):
    """Gracefully first."""
    authorized(obj, authorize, token_prefix(obj))
    ask("kill", run_of(slug_of(obj.skafd_name), run_id))
    obj.echo("*%s* is asked to end." % run_id)


@click.command(name="list-runs", help="List the runs of the flow, newest first.")
@click.option("--running", is_flag=True, default=False, help="Only those that run.")
@click.pass_obj
def list_runs(obj, running=False):
    """One line each."""
    for run in runs_of(slug_of(obj.skafd_name)):
        if run["state"] == "running" or not running:
            run_id = show(run["run"])["flows"][obj.flow.name].split("/")[1]
            click.echo("%s  %s  %s" % (run_id, run["state"], run["created_at"]))


def tell_deployer(obj, path, **more):
    """What `Deployer` waits for."""
    if path:
        with open(path, "w") as file:
            json.dump(dict(more, name=obj.skafd_name, metadata=obj.metadata.metadata_str()), file)


def _tell(obj, started, does, run_id_file, deployer_attribute_file):
    """Who started a run is told what Metaflow calls it; who wants to wait does."""
    run, pathspec = started["summary"]["run"], started["flows"][obj.flow.name]
    run_id = pathspec.split("/")[1]
    if run_id_file:
        with open(run_id_file, "w") as file:
            file.write(run_id)
    tell_deployer(obj, deployer_attribute_file, pathspec=pathspec)
    obj.echo("*%s* %s (run-id *%s*); `skafd show %s` shows it." % (obj.skafd_name, does, run_id, run))
    if os.environ.get(WAIT):
        _wait(run)


def _newest(slug):
    runs = runs_of(slug)
    if not runs:
        raise SkafdException("%s has no run that could be resumed" % slug)
    return runs[0]["run"]


def _options(given):
    return [part for one in given for part in ("--param", one)]


def _is_said(name):
    """The command line itself names the parameter; click cannot tell that from a default."""
    return any(one == "--" + name or one.startswith("--%s=" % name) for one in sys.argv)


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


def _wait(run):
    while True:
        call("logs", run, "--follow", output=subprocess.DEVNULL)  # It ends with the run.
        summary = show(run)["summary"]
        if summary["ended_at"] is not None:
            break
        time.sleep(0.2)
    if summary["state"] != "succeeded":
        raise SkafdException(call("why", run).stdout.strip())
