"""A process that was forked with Metaflow imported, and becomes a step of a flow. Standard library, Python 3.6."""

import atexit
import builtins
import contextlib
import gc
import importlib.machinery
import json
import os
import resource
import socket
import struct
import sys
import threading

READY, REFUSED, SAID, ENDED = b"r", b"n", b"s", b"e"
"""How lines to whoever asked begin: it may go on; it may not, for this reason; its exit code; its wait status."""
_GO = b"go"


def say(connection, kind, text=""):
    """One line; whoever is gone does not hear it."""
    with contextlib.suppress(OSError):
        connection.sendall(kind + text.replace("\n", " ").encode("utf-8", "replace") + b"\n")


class Doubt(Exception):
    """The step had better be started by a Python of its own; `str()` is the reason."""


def receive(connection):
    """What is asked for, and the descriptors for its output."""
    head, sent, _, _ = connection.recvmsg(8, socket.CMSG_SPACE(struct.calcsize("2i")))
    if len(head) < 8 or not sent:
        raise Doubt("nothing was asked for")
    (length,) = struct.unpack("!Q", head)
    content = bytearray()
    while len(content) < length:
        piece = connection.recv(min(length - len(content), 1 << 20))
        if not piece:
            raise Doubt("the request is not whole")
        content += piece
    return json.loads(content.decode()), struct.unpack("2i", sent[0][2])


def prepare(connection):
    """Makes this process one that runs a step, up to its first line. Returns the command, or ends the process."""
    try:
        os.setsid()
        request, outputs = receive(connection)
        _surround(request, outputs)
        command = list(request["command"])
        if len(command) < 3 or command[1] != "-u":
            raise Doubt("it is no step")
        _look_for_shadows(_folder_of(command[2]))
        for path in request["entrances"]:
            with open(path, "w") as file:
                file.write("0")
    except (Doubt, OSError, ValueError) as error:
        say(connection, REFUSED, str(error))
        os._exit(0)
    say(connection, READY)
    if connection.recv(len(_GO)) != _GO:
        os._exit(0)
    return command


def _surround(request, outputs):
    """Environment, folder, descriptors and limits."""
    # What Python sets for itself where the locale is C; steps with other settings come to another server.
    coerced = {name: os.environ[name] for name in ("LC_CTYPE",) if name in os.environ}
    os.environ.clear()
    os.environ.update(coerced, **request["environment"])
    os.chdir(request["folder"])
    null = os.open("/dev/null", os.O_RDONLY)
    for target, descriptor in enumerate((null,) + tuple(outputs)):
        os.dup2(descriptor, target)
        os.close(descriptor)
    if request["open_files"] is not None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (request["open_files"],) * 2)


def _folder_of(script):
    return os.path.dirname(os.path.realpath(script))


def _look_for_shadows(folder):
    """A module beside the flow would be found before one of its name that is imported already."""
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        if name == "metaflow_extensions":
            raise Doubt("there is a %s beside the flow" % name)
        is_module = name.endswith((".py", ".pyc", ".so")) or os.path.exists(os.path.join(path, "__init__.py"))
        if is_module and name.split(".")[0] in sys.modules:
            raise Doubt("%s beside the flow has the name of a module that Metaflow imports" % name)


def run(connection, command, foreign):
    """Executes the flow's file as `python -u FILE ...` does, and never returns.

    In the real `__main__`, since pickles refer to it. Metaflow has left things there too; what is `foreign` to both
    goes.
    """
    path = os.path.abspath(command[2])
    if not getattr(sys.flags, "safe_path", False):
        sys.path.insert(0, _folder_of(path))
    main = sys.modules["__main__"]
    for name in foreign:
        main.__dict__.pop(name, None)
    main.__dict__.update(__name__="__main__", __doc__=None, __package__=None, __spec__=None, __builtins__=builtins)
    main.__dict__.update(__file__=path, __cached__=None, __annotations__={})
    main.__loader__ = importlib.machinery.SourceFileLoader("__main__", path)
    _reseed()
    code, pid, known = 0, os.getpid(), set(sys.modules)
    try:
        exec(_compile(path), main.__dict__)
    except SystemExit as error:
        code = _code_of(error)
    except BaseException as error:
        # As the interpreter says it, which knows nothing of what is here.
        trace = error.__traceback__.tb_next
        sys.excepthook(type(error), error.with_traceback(trace), trace)
        code = 1
    code = _finish(known) or code
    if os.getpid() == pid:
        # The server says how this ended; should it be gone by then, this is what counts.
        say(connection, SAID, str(code))
    os._exit(code)


def _finish(known):
    """What the interpreter does at its end, but for taking apart what was imported before the fork: an exit code.

    That would take longer than the step, and copy every page that is shared with the server.
    """
    threading._shutdown()
    atexit._run_exitfuncs()
    for name in set(sys.modules) - known:
        del sys.modules[name]
    sys.modules["__main__"].__dict__.clear()
    # Files that are still open are written, and whoever wants to know of the end is told.
    gc.collect()
    code = 0
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            code = 120
    return code


def _compile(path):
    with open(path, "rb") as file:
        return compile(file.read(), path, "exec", dont_inherit=True)


def _code_of(error):
    if error.code is None or isinstance(error.code, int):
        return (error.code or 0) & 0xFF
    print(error.code, file=sys.stderr)
    return 1


def _reseed():
    """Python's own generator is seeded anew by each fork; numpy's is not."""
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()
