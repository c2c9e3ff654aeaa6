"""A process that has imported Metaflow, and forks a process for each step that it is asked for.

    python -u serve_steps.py IDLE_SECONDS

It is asked at the socket `steps` in its working folder, by skafd alone. Standard library and Metaflow, Python 3.6.
"""

import contextlib
import gc
import importlib.util
import os
import select
import signal
import socket
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SOCKET = "steps"
_BACKLOG = 256


def load(name, path):
    """A module from a file, under a name that no flow uses."""
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


answered_once, forked_step, imported, run_step = (
    load("_skafd_" + name, os.path.join(HERE, name + ".py"))
    for name in ("answered_once", "forked_step", "imported", "run_step")
)


def preload():
    """Imports Metaflow. Returns why no step may be forked from what came of it, or ""."""
    return imported.preload(answered_once.answer_once)


class Server:
    """Forks, and says how what it forked has ended. Whoever asked and is gone takes its step with it."""

    def __init__(self, listener, idle_seconds, unfit):
        self._listener = listener
        self._idle_milliseconds = int(idle_seconds * 1000)
        self._unfit = unfit
        self._freshness = imported.Freshness()
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
        forked_step.say(connection, forked_step.REFUSED, self._unfit)
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
            forked_step.say(connection, forked_step.REFUSED, "it could not fork: %s" % error)
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
            forked_step.say(connection, forked_step.ENDED, str(status))
            with contextlib.suppress(KeyError):
                self._poll.unregister(connection)
            connection.close()


def run(connection, command, foreign):
    """Becomes the step of this command, with the options that it gets where it is started cold. Never returns."""
    run_step.secrets(os.environ)
    sys.argv = [command[2]] + run_step.configs() + command[3:]
    sys.orig_argv = command
    forked_step.run(connection, command, foreign)


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
        run(connection, forked_step.prepare(connection), foreign)


if __name__ == "__main__":
    # As another module, since this one is to be the flow's.
    load("_skafd_serve_steps", os.path.abspath(__file__)).main(sys.argv[1:], set(globals()))
