"""What Metaflow asks in every step, or several times in one, and what is answered the same each time.

Called once in a fork server, after Metaflow was imported. Standard library, Python 3.6.
"""

import ast
import contextlib
import functools
import inspect
import linecache
import sys
import types


def answer_once():
    """A third of what a forked step would cost: two runs of git, regular expressions, its source read three times."""
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
        graph.inspect = Remembering(inspect, getsourcelines=lines_of, getsourcefile=inspect.getsourcefile)
        graph.ast = Remembering(ast, parse=ast.parse)


def lines_of(function):
    """What `inspect.getsourcelines` says, which reads the rest of the file word by word for each function."""
    if isinstance(function, types.FunctionType) and not hasattr(function, "__wrapped__"):
        path, first = inspect.getsourcefile(function), function.__code__.co_firstlineno
        last = _ends(path).get(first) if path else None
        if last is not None:
            return linecache.getlines(path)[first - 1 : last], first
    return inspect.getsourcelines(function)


@functools.lru_cache(maxsize=None)
def _ends(path):
    """The last lines of all functions in a file, by their first ones; none where Python does not know them."""
    try:
        tree = ast.parse("".join(linecache.getlines(path)))
    except (SyntaxError, ValueError):
        return {}
    found = [one for one in ast.walk(tree) if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef))]
    return {_first(one): one.end_lineno for one in found if hasattr(one, "end_lineno")}


def _first(function):
    return min([function.lineno] + [one.lineno for one in function.decorator_list])


class Remembering:
    """A module of which some functions, as they are given, answer what they were asked before as they did then."""

    def __init__(self, module, **functions):
        self._module = module
        for name, function in functions.items():
            setattr(self, name, _remembering(function))

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
