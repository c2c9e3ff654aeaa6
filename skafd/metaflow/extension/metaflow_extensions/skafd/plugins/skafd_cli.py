"""`python flow.py skafd ...`"""

from metaflow._vendor import click

from .skafd_elsewhere import hand_over
from .skafd_program import ask, slug_of
from .skafd_project import new_project, project_name, remove_project
from .skafd_runs import list_runs, logs, resume, status, tell_deployer, terminate, trigger
from .skafd_tokens import authorized, resolve_token, token_prefix


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
@click.option("--authorize", default=None, help="The production token of what another user has deployed.")
@click.option("--generate-new-token", is_flag=True, help="Move the flow to a new production namespace.")
@click.option("--new-token", "given_token", default=None, help="Move the flow to this production namespace.")
@click.option("--tag", "tags", multiple=True, default=None, help="Tag all runs with this; once for each tag.")
@click.option("--namespace", "user_namespace", default=None, help="What steps see of other runs, if not their own.")
@click.option("--max-workers", default=None, type=int, help="So many tasks at once.")
@click.option("--workflow-timeout", default=None, type=int, help="Seconds after which a run is ended.")
@click.option("--workflow-priority", default=None, type=int, help="Runs of a higher one are admitted first.")
@click.option("--deployer-attribute-file", default=None, hidden=True)
@click.pass_obj
def create(
    obj,
    authorize=None,
    generate_new_token=False,
    given_token=None,
    tags=None,
    user_namespace=None,
    max_workers=None,
    workflow_timeout=None,
    workflow_priority=None,
    deployer_attribute_file=None,
):
    """Makes the project folder, and hands it over."""
    tell_deployer(obj, deployer_attribute_file, flow_name=obj.flow.name)
    token = resolve_token(obj, authorize, given_token, generate_new_token)
    settings = {"max_parallel": max_workers, "timeout": workflow_timeout, "priority": workflow_priority}
    folder = new_project(obj, token, tags or (), user_namespace, settings)
    ask("up", folder, "--detach")
    obj.echo("*%s* is deployed; `skafd status` shows it." % obj.skafd_name, bold=True)


@skafd.command(help="Take the flow off skafd; its runs stay where Metaflow keeps them.")
@click.option("--authorize", default=None, help="The production token of what another user has deployed.")
@click.pass_obj
def delete(obj, authorize=None):
    """Nothing new of it starts; what runs goes on."""
    authorized(obj, authorize, token_prefix(obj))
    ask("forget", slug_of(obj.skafd_name))
    remove_project(obj.skafd_name)
    obj.echo("*%s* is deleted." % obj.skafd_name)


for command in (hand_over, trigger, resume, status, logs, terminate, list_runs):
    skafd.add_command(command)
