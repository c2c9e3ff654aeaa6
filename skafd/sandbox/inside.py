"""The first process in the namespace of a strictly isolated job. Run as a text, by whatever Python the job's user has.

Its arguments: a descriptor that is closed by a successful exec, and is told why one failed; one that is told the wait
status of the job, as the kernel gave it; and the command.
"""

import os
import signal
import sys


def main() -> None:
    """Starts the job and reaps until nobody is left; the kernel ends the namespace with this process."""
    report, status = int(sys.argv[1]), int(sys.argv[2])
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.write(status, b"begun ")
    pid = os.fork()
    if pid == 0:
        become_job(report, sys.argv[3:])
    os.close(report)
    while True:
        try:
            ended, how = os.wait()
        except ChildProcessError:
            return
        if ended == pid:
            os.write(status, b"%d." % how)


def become_job(report: int, command: "list[str]") -> None:
    """Execs it with the signals that every program expects."""
    for number in (signal.SIGTERM, signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    os.set_inheritable(report, False)
    os.set_inheritable(int(sys.argv[2]), False)
    os.setsid()
    try:
        os.execvp(command[0], command)
    except OSError as error:
        os.write(report, f"cannot execute {command[0]}: {error.strerror}".encode())
    os._exit(127)


if __name__ == "__main__":
    main()
