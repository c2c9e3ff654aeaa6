"""Why a program could not be executed, in words."""

from __future__ import annotations

import os


def explain_refusal(error: BaseException, program: str, folder: str) -> str:
    match error:
        case OSError(filename=name) if name == folder:
            return f"cannot enter the working folder: {error.strerror}"
        case FileNotFoundError() if os.path.exists(program):
            return f"the interpreter in the first line of {program} does not exist"
        case FileNotFoundError() | NotADirectoryError():
            return f"no such program: {program}"
        case PermissionError():
            return f"not allowed to execute: {program}{_closed_folder(program)}"
        case OSError(strerror=str(said)):
            return f"cannot execute {program}: {said}"
        case _:
            return f"cannot execute {program}: {type(error).__name__}: {error}"


def _closed_folder(program: str) -> str:
    """Says which folder on the way to a program keeps this user out, if one does."""
    path = os.path.realpath(program) if os.path.isabs(program) else program
    folders = [path[:end] for end in range(1, len(path)) if path[end] == "/"]
    closed = next((folder for folder in folders if not os.access(folder, os.X_OK)), None)
    return f" (user {os.geteuid()} may not enter {closed})" if closed else ""
