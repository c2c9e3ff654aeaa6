"""What Metaflow asks in every step, or several times in one, and what is answered the same each time.

Called once in a fork server, after Metaflow was imported. Standard library, Python 3.6.
"""

import ast
import contextlib
import functools
import inspect
import sys


def answer_once():
    """Half of what a forked step would cost: two runs of git, regular expressions, and its source read three times."""
    with contextlib.suppress(Exception):
        # Asks git about Metaflow's own folder, and keeps the answer.
        sys.modules["metaflow.metaflow_version"].get_version()
    if "metaflow.metaflow_git" in sys.modules:
        # Asked about the folder of an attempt, which is in no repository.
        sys.modules["metaflow.metaflow_git"]._git_info_cache = {}
    source = "".join(inspect.getsourcelines(answer_once)[0])
    ast.parse(source)
    graph = sys.modules.get("metaflow.graph")
    if graph is not None:
        getattr(graph, "deindent_docstring", str)(source)
        # A flow's graph is made again whenever its decorators may have changed. Its source has not.
        graph.inspect = Remembering(inspect, "getsourcelines", "getsourcefile")
        graph.ast = Remembering(ast, "parse")


class Remembering:
    """A module of which some functions answer what they were asked before as they did then."""

    def __init__(self, module, *names):
        self._module = module
        for name in names:
            setattr(self, name, _remembering(getattr(module, name)))

    def __getattr__(self, name):
        return getattr(self._module, name)


def _remembering(function):
    known = functools.lru_cache(maxsize=None)(function)

    @functools.wraps(function)
    def ask(*arguments, **named):
        try:
            return known(*arguments, **named)
        except TypeError:
            # Of something that cannot be looked up.
            return function(*arguments, **named)

    return ask
