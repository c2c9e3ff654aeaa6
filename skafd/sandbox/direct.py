"""Commands that need no shell although they are one's: it would only look for the program and execute it.

So `make` does it too. Where the program cannot be executed the shell is, and says so in its own words, or reads a
script that has no first line.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence

_SHELL = ("/bin/sh", "-c")
_PLAIN = re.compile(r"[\w./][\w./+-]*(?:[ \t]+[\w./+@%:,=-]+)*", re.ASCII)
"""Words of characters that mean nothing to any shell."""
_OF_SHELLS = """
    . alias bg bind break builtin caller case cd chdir command compgen complete compopt continue coproc declare dirs
    disown do done echo elif else enable esac eval exec exit export false fc fg fi for function getopts hash help
    history if in jobs kill let local logout mapfile popd print printf pushd pwd read readarray readonly return select
    set shift shopt source suspend test then time times trap true type typeset ulimit umask unalias unset until wait
    whence while
"""
_OWN_WORDS = frozenset(_OF_SHELLS.split())
"""What dash, bash, ksh or busybox may do itself."""
_FUNCTION = "BASH_FUNC_"


def find_direct(command: Sequence[str], environment: Mapping[str, str]) -> tuple[str, ...]:
    """The path of the program that the shell would execute, and the words it is called with; empty where it would do
    more than that."""
    if len(command) != 3 or tuple(command[:2]) != _SHELL or not _PLAIN.fullmatch(command[2]):
        return ()
    words = command[2].split()
    if words[0] in _OWN_WORDS or _FUNCTION in " ".join(environment):
        return ()
    program = words[0] if "/" in words[0] else _find(words[0], environment.get("PATH", ""))
    return (program, *words) if program else ()


def execute(command: tuple[str, ...], direct: tuple[str, ...], environment: Mapping[str, str]) -> None:
    """Becomes the command; `direct` is what `find_direct` gave. Raises OSError where that is impossible."""
    if direct:
        try:  # noqa: SIM105 a context manager touches more pages, and each has to be copied
            # As the shell would say it.
            os.execve(direct[0], direct[1:], {**environment, "PWD": os.getcwd()})
        except OSError:
            pass
    if "/" in command[0]:
        os.execve(command[0], command, environment)
    os.execvpe(command[0], command, environment)


def _find(word: str, path: str) -> str:
    """The first program of that name that we may execute: whoever may not, or finds another, asks the shell."""
    for folder in path.split(":"):
        if not folder.startswith("/"):
            return ""
        program = f"{folder}/{word}"
        if os.access(program, os.X_OK) and os.path.isfile(program):
            return program
    return ""
