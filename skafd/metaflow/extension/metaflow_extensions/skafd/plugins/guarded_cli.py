"""The commands, or what says why there are none: an error here would break every command of every flow."""

from metaflow._vendor import click

from .skafd_fault import fault

try:
    from .skafd_cli import cli
except Exception as error:
    # Its text asks Metaflow for its version, and Metaflow is not yet imported.
    _FAULT = error

    @click.group()
    def cli():
        """The group of Metaflow's command line to which ours is added."""

    @cli.command(add_help_option=False, context_settings={"ignore_unknown_options": True})
    @click.argument("arguments", nargs=-1, type=str)
    def skafd(arguments):
        """Says what is wrong, whatever is asked."""
        raise fault(_FAULT)
