"""Runs one command of a flow, passes its output on, and keeps it as Metaflow keeps logs. Standard library, Python 3.6.

    python -I -S run_step.py [--logs=FOLDER/ATTEMPT] [--save=TYPE --root=ROOT --task=FLOW/RUN/STEP/TASK] -- COMMAND...

It ends as its command ends: with its exit code, or by its signal.
"""

import atexit
import contextlib
import os
import resource
import select
import signal
import sys
import time

_READ_BYTES = 65536
_MOST_LOG_BYTES = 64 * 2**20
_SHORTEST_SECRET_BYTES = 4


class Log:
    """One stream in Metaflow's format: a head with an instant that is later than any before, then the line."""

    last = 0.0

    def __init__(self, path, secrets):
        self._file = open(path, "wb", buffering=0) if path else None
        self._secrets = secrets
        self._left = b""
        self._size = 0
        self._count = 0
        self._mark = os.urandom(6).hex().encode()

    def add(self, data):
        """Takes more output; writes the lines that are whole."""
        lines = (self._left + data).split(b"\n")
        self._left = lines.pop()
        if lines:
            self._write(b"".join(self._line(line) for line in lines))

    @property
    def is_within_line(self):
        """What was written last has no end yet."""
        return bool(self._left)

    def close(self):
        """Writes the last line, which may have no end."""
        if self._left:
            self._write(self._line(self._left))
        if self._file:
            self._file.close()

    def _line(self, line):
        for secret in self._secrets:
            line = line.replace(secret, b"***")
        self._count += 1
        Log.last = max(time.time(), Log.last + 0.000001)
        seconds, micros = divmod(int(Log.last * 1000000), 1000000)
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)).encode()
        return b"[MFLOG|0|%s.%06dZ|runtime|%s-%d]%s\n" % (at, micros, self._mark, self._count, line)

    def _write(self, data):
        if self._file and self._size < _MOST_LOG_BYTES:
            self._size += len(data)
            self._file.write(data)


def secrets(environment):
    """Values that no log is to show, in the order in which they are looked for."""
    names = environment.pop("SKAFD_SECRET_NAMES", "").split(",")
    values = [environment[name].encode("utf-8", "surrogateescape") for name in names if environment.get(name)]
    lines = [line for value in values for line in value.split(b"\n") if len(line) >= _SHORTEST_SECRET_BYTES]
    return sorted(set(lines), key=len, reverse=True)


def configs():
    """The options by which the flow's configs are what they were when it was deployed."""
    text = os.environ.pop("SKAFD_METAFLOW_CONFIGS", "")
    if not text:
        return []
    import json
    import tempfile

    descriptor, path = tempfile.mkstemp(prefix="flow-configs-", suffix=".json")
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    atexit.register(os.unlink, path)
    options = ["--local-config-file=" + path]
    for name in json.loads(text)["user_configs"]:
        options += ["--config-value", name, "kv." + name]
    return options


def start(command, outputs):
    """Forks the command with these as its output; returns its pid."""
    pid = os.fork()
    if pid == 0:
        os.dup2(outputs[0], 1)
        os.dup2(outputs[1], 2)
        try:
            os.execvp(command[0], command)
        except OSError as error:
            os.write(2, ("cannot execute %s: %s\n" % (command[0], error)).encode())
        os._exit(127)
    return pid


def copy(streams, ending):
    """Copies until the command has ended, whoever else holds its output; returns its wait status."""
    poll = select.poll()
    for descriptor in list(streams) + [ending.fileno()]:
        poll.register(descriptor, select.POLLIN)
    status = None
    while True:
        ready = [descriptor for descriptor, _ in poll.poll(None if status is None else 0)]
        for descriptor in ready:
            if descriptor in streams and not pass_on(descriptor, *streams[descriptor]):
                poll.unregister(descriptor)
        if status is None:
            status = ending.status()
            if status is not None:
                poll.unregister(ending.fileno())
        elif not ready:
            return status


def pass_on(descriptor, target, log):
    """Copies what is there; returns False at the end of the stream."""
    data = os.read(descriptor, _READ_BYTES)
    log.add(data)
    rest = data
    while rest:
        rest = rest[os.write(target, rest) :]
    return bool(data)


class ChildEnding:
    """The end of a child of this process. Made before the child, so that no end is missed."""

    pid = 0

    def __init__(self):
        self._reading, writing = os.pipe()
        os.set_blocking(self._reading, False)
        os.set_blocking(writing, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        # The whole tree is asked to end at once; who keeps the output ends when the command does.
        signal.signal(signal.SIGTERM, lambda *_: None)
        signal.set_wakeup_fd(writing)

    def fileno(self):
        """Readable when it may have ended."""
        return self._reading

    def status(self):
        """The wait status; None as long as it runs."""
        with contextlib.suppress(BlockingIOError):
            os.read(self._reading, _READ_BYTES)
        found, value = os.waitpid(self.pid, os.WNOHANG)
        return value if found else None


def split_arguments(arguments):
    """The options by their names, and the command."""
    split = arguments.index("--")
    options = dict(one[2:].split("=", 1) for one in arguments[:split])
    return options, arguments[split + 1 :]


def attend(options, command, environment, outputs, ending):
    """Passes on what comes out of two descriptors and keeps it, until the command has ended; its wait status.

    What is not to be shown, as `environment` names it, is hidden; the names go.
    """
    hidden = secrets(environment)
    if "save" not in options:
        return _keep(options.get("logs", ""), hidden, outputs, ending)
    import shutil
    import tempfile

    folder = tempfile.mkdtemp(prefix="flow-logs-", dir=environment.get("TMPDIR"))
    try:
        path = os.path.join(folder, options["logs"])
        status = _keep(path, hidden, outputs, ending)
        _save(options, command[0], environment, path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return status


def _save(options, python, environment, path):
    program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "save_logs.py")
    task = (options["save"], options["root"], options["task"], os.path.basename(path))
    command = (python, program) + task + tuple(_log_of(path, name) for name in ("stdout", "stderr"))
    pid = os.fork()
    if pid == 0:
        with contextlib.suppress(OSError):
            os.execve(python, command, environment)
        os._exit(127)
    os.waitpid(pid, 0)


def _log_of(path, name):
    return "%s.runtime_%s.log" % (path, name)


def _keep(path, hidden, outputs, ending):
    if path:
        os.makedirs(os.path.dirname(path), exist_ok=True)
    logs = [Log(path and _log_of(path, name), hidden) for name in ("stdout", "stderr")]
    status = copy({outputs[0]: (1, logs[0]), outputs[1]: (2, logs[1])}, ending)
    if os.WIFSIGNALED(status):
        logs[1].add(b"\n" * logs[1].is_within_line + end_by(os.WTERMSIG(status)))
    for log in logs:
        log.close()
    return status


def end_by(number):
    """What Metaflow's own runtime writes below what a task has printed, which can say nothing any more."""
    names = {signal.SIGSEGV: b"a segmentation fault", signal.SIGKILL: b"SIGKILL", signal.SIGTERM: b"SIGTERM"}
    return b"Task failed with %s.\n" % names.get(number, b"signal %d" % number)


def main(arguments):
    """Runs the command; returns its wait status."""
    options, command = split_arguments(arguments)
    environment = dict(os.environ)
    os.environ.pop("SKAFD_SECRET_NAMES", None)
    command[3:3] = configs()
    ending = ChildEnding()
    pipes = [os.pipe(), os.pipe()]
    ending.pid = start(command, [pipe[1] for pipe in pipes])
    for _, writing in pipes:
        os.close(writing)
    return attend(options, command, environment, [pipe[0] for pipe in pipes], ending)


def end_as(status):
    """Ends this process as the command ended, if by a signal; else returns its exit code."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if number not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    return os.WEXITSTATUS(status)


if __name__ == "__main__":
    sys.exit(end_as(main(sys.argv[1:])))
