"""skafd: a single-node scheduler daemon for data and machine-learning pipelines."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from skafd.client import Client, current_namespace, namespace

__version__ = "0.1.0"
__all__ = ["Client", "__version__", "current_namespace", "namespace"]
_OF_CLIENT = frozenset({"Client", "current_namespace", "namespace"})


def __getattr__(name: str) -> Any:
    """The client of notebooks, when it is asked for: everything else imports this package and stays light."""
    if name in _OF_CLIENT:
        return getattr(import_module("skafd.client"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
