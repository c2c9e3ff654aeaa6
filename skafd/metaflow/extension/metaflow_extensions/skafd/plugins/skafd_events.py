"""Events that code publishes with Metaflow's `ArgoEvent` come to skafd where no Argo is configured."""

import functools
import json
import os
import sys

from metaflow.plugins.argo.argo_events import ArgoEventException

_TOLD = "_tells_skafd"


def tell_skafd(kind):
    """Changes the class, once: an event without an address goes to skafd; others go where they say."""
    if getattr(kind, _TOLD, False):
        return
    original = kind.publish

    @functools.wraps(original)
    def publish(self, payload=None, force=True, ignore_errors=True):
        if self._url or not (force or _is_deployed()):
            return original(self, payload=payload, force=force, ignore_errors=ignore_errors)
        try:
            number = _publish(self._name, dict(self._payload, **(payload or {})))
        except Exception as error:
            said = "Unable to publish the event %s: %s" % (self._name, error)
            if not ignore_errors:
                raise ArgoEventException(said) from error
            print(said, file=sys.stderr)
            return None
        print("Event %s published (%s)." % (self._name, number), file=sys.stderr)
        return str(number)

    kind.publish = publish
    setattr(kind, _TOLD, True)


def _is_deployed():
    """What `safe_publish` asks: it does nothing in a run that no scheduler has started."""
    return bool(os.environ.get("SKAFD_METAFLOW_TASK"))


def _publish(name, payload):
    """The number of the event. From a job by its own token, from elsewhere by the command line of the user."""
    parameters = {key: value if isinstance(value, str) else json.dumps(value) for key, value in payload.items()}
    if "SKAFD_TOKEN" in os.environ and "SKAFD_SOCKET" in os.environ:
        from skafossdk.events import publish
        from skafossdk.surroundings import Surroundings

        return publish(Surroundings(), name, parameters)
    from .skafd_program import ask

    given = [part for key, value in parameters.items() for part in ("--param", "%s=%s" % (key, value))]
    return json.loads(ask("event", "publish", name, "--json", *given))["number"]
