"""A process that has imported Metaflow, and forks a process for each step that it is asked for.

    python -u serve_steps.py IDLE_SECONDS

It is asked at the socket `steps` in its working folder, by skafd alone. Standard library and Metaflow, Python 3.6.
"""

import atexit
import builtins
import contextlib
import gc
import importlib
import importlib.machinery
import importlib.util
import json
import os
import resource
import select
import signal
import socket
import struct
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SOCKET = "steps"
READY, REFUSED, SAID, ENDED = b"r", b"n", b"s", b"e"
"""How lines to whoever asked begin: it may go on; it may not, for this reason; its exit code; its wait status."""
_GO = b"go"
_BACKLOG = 256
_LOOK_AGAIN_SECONDS = 1.0
_MODULES = (
    "metaflow",
    "metaflow.cli",
    "metaflow.cli_components.run_cmds",
    "metaflow.cli_components.step_cmd",
    "metaflow.cli_components.utils",
    "metaflow.client",
    "metaflow.datastore.flow_datastore",
    "metaflow.datastore.task_datastore",
    "metaflow.plugins",
    "metaflow.plugins.datastores.local_storage",
    "metaflow.plugins.metadata_providers.local",
    "metaflow.task",
)
"""What a step imports at the latest when it runs; those that a version does not have are left out."""
_OF_ONE_FLOW = ("cli", "cli_components")
"""Parts of Metaflow that each step imports itself, though not what they import in turn: their commands get parameters,
configs and options of the one flow that is there, at the moment when they are imported.
"""


def load(name, path):
    """A module from a file, under a name that no flow uses."""
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


run_step = load("_skafd_run_step", os.path.join(HERE, "run_step.py"))
answered_once = load("_skafd_answered_once", os.path.join(HERE, "answered_once.py"))


def preload():
    """Imports Metaflow. Returns why no step may be forked from what came of it, or ""."""
    try:
        importlib.import_module("metaflow")
    except BaseException as error:
        return "Metaflow cannot be imported: %s: %s" % (type(error).__name__, error)
    for name in _MODULES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    _forget_commands()
    answered_once.answer_once()
    if len(os.listdir("/proc/self/task")) > 1:
        return "importing Metaflow starts a thread here"
    if any(_is_gpu(one) for one in os.listdir("/proc/self/fd")):
        return "importing Metaflow opens a GPU here"
    return ""


def _forget_commands():
    for name in list(sys.modules):
        parts = name.split(".")
        if parts[0] == "metaflow" and len(parts) > 1 and parts[1] in _OF_ONE_FLOW:
            del sys.modules[name]
    for part in _OF_ONE_FLOW:
        sys.modules["metaflow"].__dict__.pop(part, None)


def _is_gpu(descriptor):
    try:
        return os.readlink("/proc/self/fd/" + descriptor).startswith(("/dev/nvidia", "/dev/kfd", "/dev/dri/"))
    except OSError:
        return False


class Freshness:
    """Whether what was imported and configured is still what is on disk."""

    def __init__(self):
        files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
        home = os.environ.get("METAFLOW_HOME", "~/.metaflowconfig")
        self._config = os.path.expanduser(home)
        self._files = sorted({file for file in files if file})
        metaflow = sys.modules.get("metaflow")
        if metaflow is not None:
            self._files.append(os.path.dirname(os.path.dirname(metaflow.__file__)))
        self._seen = self._look()
        self._next_look = time.time() + _LOOK_AGAIN_SECONDS

    def is_lost(self):
        """Looks, but not more often than once a second."""
        now = time.time()
        # A clock that was set back is no reason not to look.
        if 0 <= self._next_look - now <= _LOOK_AGAIN_SECONDS:
            return False
        self._next_look = now + _LOOK_AGAIN_SECONDS
        return self._look() != self._seen

    def _look(self):
        try:
            names = sorted(os.listdir(self._config))
        except OSError:
            names = []
        # Tokens are there too, and each deployment of a flow writes one.
        settings = [os.path.join(self._config, one) for one in names if one.endswith(".json")]
        return [(path, _changed_at(path)) for path in self._files + settings]


def _changed_at(path):
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


class Server:
    """Forks, and says how what it forked has ended. Whoever asked and is gone takes its step with it."""

    def __init__(self, listener, idle_seconds, unfit):
        self._listener = listener
        self._idle_milliseconds = int(idle_seconds * 1000)
        self._unfit = unfit
        self._freshness = Freshness()
        self._connections = {}
        """By the process that has the other copy of it."""
        self._poll = select.poll()
        self._woken, self._waking = os.pipe()
        os.set_blocking(self._woken, False)
        os.set_blocking(self._waking, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._waking)
        self._poll.register(self._woken, select.POLLIN)
        self._poll.register(listener, select.POLLIN)

    def serve(self):
        """In each forked process: the connection to whoever asked for it. In this one: None, when it is to end."""
        while self._connections or self._listener.fileno() >= 0:
            ready = dict(self._poll.poll(None if self._connections else self._idle_milliseconds))
            if not self._connections and not ready:
                return None
            if self._woken in ready:
                os.read(self._woken, 4096)
            self._reap()
            for pid, connection in list(self._connections.items()):
                if connection.fileno() in ready:
                    os.kill(pid, signal.SIGKILL)
                    self._poll.unregister(connection)
            if self._listener.fileno() in ready:
                connection = self._accept()
                if connection is not None and self._fork(connection):
                    return connection
        return None

    def _accept(self):
        connection, _ = self._listener.accept()
        peer = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        if struct.unpack("3i", peer)[1] not in (0, os.getuid()):
            connection.close()
            return None
        if self._freshness.is_lost():
            self._retire("its packages or settings have changed since it began")
        if not self._unfit:
            return connection
        say(connection, REFUSED, self._unfit)
        connection.close()
        return None

    def _retire(self, reason):
        """Nobody can ask it any more; it ends when what it has forked has ended."""
        self._unfit = reason
        self._poll.unregister(self._listener)
        self._listener.close()

    def _fork(self, connection):
        """True in the forked process."""
        try:
            pid = os.fork()
        except OSError as error:
            say(connection, REFUSED, "it could not fork: %s" % error)
            connection.close()
            return False
        if pid == 0:
            self._let_go()
            return True
        self._connections[pid] = connection
        self._poll.register(connection, 0)
        return False

    def _let_go(self):
        """What is the server's alone is not its child's; signals are what they are for any program."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.close(self._woken)
        os.close(self._waking)
        self._listener.close()
        for other in self._connections.values():
            other.close()

    def _reap(self):
        while self._connections:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            connection = self._connections.pop(pid)
            say(connection, ENDED, str(status))
            with contextlib.suppress(KeyError):
                self._poll.unregister(connection)
            connection.close()


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
    """Executes the flow's file as `python -u FILE ...` does, in the real `__main__`: pickles refer to it.

    Metaflow has left things there too; what is `foreign` to both goes.
    """
    sys.argv = command[2:]
    sys.orig_argv = command
    run_step.secrets(os.environ)
    sys.argv[1:1] = run_step.configs()
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


def main(arguments, foreign):
    """Serves to the end; each process that is forked runs its step."""
    if not getattr(sys.flags, "safe_path", False):
        sys.path.pop(0)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    unfit = preload()
    # What is here now is never garbage: untouched by the collector, its pages stay shared.
    gc.collect()
    if hasattr(gc, "freeze"):
        gc.freeze()
    before = os.umask(0o177)
    listener.bind(SOCKET + ".new")
    os.umask(before)
    listener.listen(_BACKLOG)
    # Who finds it is heard.
    os.rename(SOCKET + ".new", SOCKET)
    connection = Server(listener, float(arguments[0]), unfit).serve()
    if connection is not None:
        run(connection, prepare(connection), foreign)


if __name__ == "__main__":
    # As another module, since this one is to be the flow's.
    load("_skafd_serve_steps", os.path.abspath(__file__)).main(sys.argv[1:], set(globals()))
