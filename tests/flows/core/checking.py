"""Runs a check of Metaflow's suite. Commands that it starts are forked from one process that has imported Metaflow.

    python checking.py check_flow.py CliCheck RUN OPTION...

Run by the interpreter that has metaflow. There are dozens of commands in a check, and each would import all anew; what
becomes of them is the same, as it is for steps that are started warm.
"""

import importlib.util
import json
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

_SERVE_STEPS = Path(__file__).resolve().parents[3] / "skafd" / "metaflow" / "inside" / "serve_steps.py"


def main(command, foreign):
    """Forks the check, then what the check asks for; ends as the check does."""
    steps = load("_serve_steps", _SERVE_STEPS)
    unfit = steps.preload()
    if unfit:
        sys.exit(unfit)
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    check = os.fork()
    if check == 0:
        ours.close()
        subprocess.run = Asking(its, subprocess.run)
        _become(steps, foreign, [sys.executable, "-u", *command])
    its.close()
    while request := ours.recv(1 << 20):
        ours.send(b"%d" % _fork(steps, foreign, json.loads(request)))
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(check, 0)[1]))


class Asking:
    """In place of `subprocess.run`: commands of the flow are asked for, others are run."""

    def __init__(self, connection, run):
        self._connection, self._run = connection, run

    def __call__(self, command, **options):
        """As for `subprocess.run`, with its outputs captured."""
        if command[:2] != [sys.executable, "test_flow.py"]:
            return self._run(command, **options)
        with tempfile.NamedTemporaryFile() as out, tempfile.NamedTemporaryFile() as err:
            self._connection.send(json.dumps([command, out.name, err.name]).encode())
            code = int(self._connection.recv(64))
            done = subprocess.CompletedProcess(command, code, out.read(), err.read())
        if options.get("check"):
            done.check_returncode()
        return done


def _fork(steps, foreign, request):
    """The exit code of a command that was forked."""
    command, *outputs = request
    pid = os.fork()
    if pid == 0:
        for target, path in enumerate(outputs, start=1):
            os.dup2(os.open(path, os.O_WRONLY), target)
        _become(steps, foreign, [command[0], "-u", *command[1:]])
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _become(steps, foreign, command):
    """Runs a file as the `__main__` of this process, and ends it."""
    nobody, _ = socket.socketpair()
    steps.run(nobody, command, foreign)


def load(name, path):
    """A module from a file."""
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    # As another module, since this one is to be the check's.
    load("_checking", Path(__file__).resolve()).main(sys.argv[1:], set(globals()))
