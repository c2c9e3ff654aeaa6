"""Stands in the place of a command that a borrowed process runs: keeps its output, and ends as it ends."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import NoReturn

from skafd.errors import SandboxError
from skafd.sandbox.borrowed import Borrowed

_CANNOT_ATTEND = 126


def attend(borrowed: Borrowed, command: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    """In the place of the command: does with the output of the borrowed process what the command does, ends as it."""
    try:
        program = command.index("-S") + 1
        attendant = _load(command[program])
        options, own = attendant.split_arguments(list(command[program + 1 :]))
        status = attendant.attend(options, own, dict(environment), borrowed.outputs, borrowed)
        os._exit(attendant.end_as(status))
    except BaseException as error:
        # To the log: nobody else listens any more. The process that was borrowed is ended with this one.
        os.write(2, f"its output could not be attended to: {type(error).__name__}: {error}\n".encode())
        os._exit(_CANNOT_ATTEND)


def _load(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location("attendant", path)
    if spec is None or spec.loader is None:
        raise SandboxError(f"{path} is no program")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
