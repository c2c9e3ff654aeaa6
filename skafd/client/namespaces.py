"""Whose runs are looked at: those of one person, those that run by themselves, or all."""

from __future__ import annotations

from skafd.errors import Refused

_USER = "user:"
_chosen: list[str | None] = [None]


def namespace(name: str | None) -> str | None:
    """From now on only runs of that namespace are found in lists and as the latest; None: all, as at first.

    `user:NAME` has what NAME asked for by hand, `production` what nobody asked for: schedules, events, deployments.
    A run that is named by its number is found in any. Returns the namespace. Raises Refused for what is none.
    """
    if name is not None and name != "production" and not name.removeprefix(_USER if name.startswith(_USER) else name):
        raise Refused(f"there is no namespace {name!r}", "it is `production`, or `user:NAME`; None means all")
    _chosen[0] = name
    return name


def current_namespace() -> str | None:
    """The one that was chosen last; None for all."""
    return _chosen[0]
