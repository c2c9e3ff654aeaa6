"""Production tokens: whose a deployment is, and the namespace of its runs.

As for Metaflow's other schedulers, who deployed a flow may deploy it again, and so may whoever has its token. Tokens
are kept where those of the other schedulers are, under names of their own.
"""

import base64
import hashlib

from metaflow import current
from metaflow.exception import MetaflowException
from metaflow.plugins.aws.step_functions.production_token import load_token, new_token, store_token
from metaflow.util import get_username

from .skafd_project import deployed_description, is_production

_START = "production:"


class IncorrectProductionToken(MetaflowException):
    """Somebody else has deployed it."""

    headline = "Incorrect production token"


def token_prefix(obj):
    """One for each flow, or for all flows of a branch of a project."""
    project, branch = current.get("project_name"), current.get("branch_name")
    if not project:
        return "skafd-%s" % obj.skafd_name.lower()
    digest = hashlib.sha1(("%s.%s" % (project, branch)).encode()).digest()
    return "skafd-mfprj-%s" % base64.b32encode(digest).decode()[:16].lower()


def authorized(obj, given, prefix):
    """The token of what is deployed, None where nothing is. Raises IncorrectProductionToken."""
    deployed = deployed_description(obj.skafd_name) or {}
    token, owner = deployed.get("token"), deployed.get("owner")
    if token is None or owner == get_username():
        return token
    if _plain(given or load_token(prefix)) != token:
        raise IncorrectProductionToken(
            "*%s* was deployed by the user *%s*: ask them for its production token, and give it with "
            "--authorize." % (obj.skafd_name, owner)
        )
    store_token(prefix, token)
    return token


def resolve_token(obj, authorize, given, generate):
    """The token for what is being deployed: that which it has, or another where that is asked for."""
    prefix = token_prefix(obj)
    before = authorized(obj, authorize, prefix)
    if given and current.get("project_name"):
        raise MetaflowException("--new-token is not for a @project: --generate-new-token makes a new one.")
    token = _plain(given) if given else before
    if token is None or (generate and not given):
        token = new_token(prefix, before)
    if token is None:
        raise MetaflowException("After --new-token there is nothing to generate: give another one with --new-token.")
    store_token(prefix, token)
    obj.echo("The production token is %s" % token)
    obj.echo(
        "Its runs are in the namespace\n    %s" % (_START + token if is_production() else "user:" + get_username())
    )
    return token


def _plain(token):
    return token[len(_START) :] if token and token.startswith(_START) else token
