"""A crontab as a project: each line a job. The rules are those of crontab(5)."""

from __future__ import annotations

import re
import shlex
from pathlib import PurePath
from typing import Any

from skafd.commands.importing.imported import Imported, unique_name
from skafd.errors import ScheduleError
from skafd.schedule import parse

_SETTING = re.compile(r"""\s*(?:(?P<quote>["'])(?P<quoted>\w+)(?P=quote)|(?P<name>\w+))\s*=\s*(?P<value>.*?)\s*$""")
_ZONES = ("CRON_TZ", "TZ")
_FIELDS = 5
_IN_HOME = 'cd "$HOME" && '
"""Where cron starts every command; jobs of skafd start in their own copy of the project."""


def read_crontab(text: str, name: str, with_user: bool = False) -> Imported:
    """Reads a user's crontab, or with `with_user` one of the machine, whose sixth field is a user."""
    found = Imported(name)
    for number, line in enumerate(text.splitlines(), start=1):
        content = line.strip()
        if not content or content.startswith("#"):
            continue
        setting = _SETTING.match(line)
        if setting and not content[0].isdigit() and content[0] not in "*@":
            _take_setting(found, number, setting["quoted"] or setting["name"], _unquoted(setting["value"]))
        else:
            _take_job(found, number, content, with_user)
    return found


def _take_setting(found: Imported, line: int, name: str, value: str) -> None:
    if name in _ZONES:
        if found.jobs:
            found.leave_out(line, f"{name}={value}", "the zone changes within the file; it is the project's as a whole")
        found.settings["timezone"] = value
    elif name == "MAILTO":
        found.leave_out(
            line, f"MAILTO={value}", "nothing is mailed; write `notify:` for failures, `skafd logs` has the output"
        )
    elif name in ("SHELL", "RANDOM_DELAY", "MAILFROM", "START_HOURS_RANGE"):
        if name != "SHELL" or value not in ("/bin/sh", "sh"):
            found.leave_out(line, f"{name}={value}", "jobs are run by /bin/sh, without delay and without mail")
    else:
        found.settings.setdefault("env", {})[name] = value


def _take_job(found: Imported, line: int, content: str, with_user: bool) -> None:
    schedule, rest = _split(content, 1 if content.startswith("@") else _FIELDS)
    user, command = _split(rest, 1) if with_user else ("", rest)
    if not command:
        found.leave_out(line, content, "there is no command in this line")
        return
    job: dict[str, Any] = {"name": unique_name(_name_of(command), (job["name"] for job in found.jobs))}
    if schedule == "@reboot":
        found.leave_out(line, content, f"runs at each deployment, not at each start of the machine, as {job['name']}")
    else:
        try:
            parse(schedule, found.settings.get("timezone", "UTC"))
        except ScheduleError as error:
            found.leave_out(line, content, f"{error.message}; {error.hint or 'write another schedule'}")
            return
        job["schedule"] = schedule
    if user:
        found.leave_out(line, user, f"{job['name']} runs as the owner of the project's folder, not as {user}")
    found.add_command(job, _shell(command))


def _shell(command: str) -> str:
    """The command as the shell gets it: `%` begins what it reads, and `\\%` is a percent sign."""
    first, *lines = (part.replace("\\%", "%") for part in re.split(r"(?<!\\)%", command))
    located = first.strip() if first.lstrip().startswith("cd ") else _IN_HOME + first.strip()
    if not lines:
        return located
    return f"{{ {located}; }} <<'END_OF_INPUT'\n" + "\n".join(lines) + "\nEND_OF_INPUT"


def _name_of(command: str) -> str:
    """What people would call it: the script that it runs, else its first word."""
    try:
        words = shlex.split(command, comments=False)
    except ValueError:
        words = command.split()
    scripts = [word for word in words if re.search(r"\.(py|sh|R|rb|pl|js|ipynb)$", word)]
    programs = [word for word in words if "=" not in word and word != "cd" and not word.startswith("-")]
    return PurePath((scripts or programs or ["job"])[0]).stem


def _split(text: str, fields: int) -> tuple[str, str]:
    """The first fields, with one blank between, and the rest."""
    parts = text.split(None, fields)
    return " ".join(parts[:fields]), parts[fields] if len(parts) > fields else ""


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value
