"""`python flow.py skafd ...`"""

from metaflow._vendor import click


@click.group()
def cli():
    """The group of Metaflow's command line to which ours is added."""


@cli.group(help="Commands related to skafd, the scheduler of this machine.")
@click.pass_obj
def skafd(obj):
    """All commands of skafd's."""
    obj.check(obj.graph, obj.flow, obj.environment, pylint=False)


@skafd.command(hidden=True, help="Internal command: writes down what the flow is.")
@click.option("--output", required=True, help="The file to write.")
@click.pass_obj
def describe(obj, output):
    """Called when a project is deployed."""
    from .skafd_description import write_description

    write_description(obj, output)
