"""Asks skafd, by its command line."""

import json
import os
import shutil
import subprocess

from .skafd_project import SkafdException, project_folder

_HERE = os.path.dirname(os.path.abspath(__file__))
_PACKAGE = os.path.join(_HERE, *[os.pardir] * 5)
"""`skafd`, from `skafd/metaflow/extension/metaflow_extensions/skafd/plugins`."""


def program():
    """The path of skafd: as `SKAFD_PROGRAM` says, on the path, or beside the package that this belongs to."""
    places = [os.environ.get("SKAFD_PROGRAM"), shutil.which("skafd")]
    places += [os.path.join(_PACKAGE, *up, "bin", "skafd") for up in ([os.pardir] * 4, [os.pardir, ".venv"])]
    for place in places:
        if place and os.access(place, os.X_OK):
            return place
    raise SkafdException("the program `skafd` is not found: put it on the path, or name it in SKAFD_PROGRAM")


def ask(*arguments):
    """What skafd prints. Raises SkafdException with what it says where it refuses."""
    done = call(*arguments)
    if done.returncode != 0:
        raise SkafdException("\n".join(filter(None, (done.stderr.strip(), done.stdout.strip()))) + "\n")
    return done.stdout


def call(*arguments, output=subprocess.PIPE):
    """The command, run to its end whatever its exit code. What is printed may be of any encoding, and long."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(
        [program(), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        check=False,
        env=environment,
    )


def slug_of(name):
    """What skafd calls the deployment of that name. Raises SkafdException where there is none."""
    folder = os.path.realpath(project_folder(name))
    for project in json.loads(ask("status", "--json"))["projects"]:
        if os.path.realpath(project["path"]) == folder:
            return project["project"]
    raise SkafdException("%s is not deployed: `python <flow>.py skafd create` does that" % name)


def run_of(slug, run_id):
    """`hello/3` of `skafd-3-1f3a9c02`. Raises SkafdException for an id that is none of skafd's."""
    parts = run_id.split("-")
    if len(parts) != 3 or parts[0] != "skafd" or not parts[1].isdigit():
        raise SkafdException("%s is no run of skafd's: their ids look like skafd-3-1f3a9c02" % run_id)
    return "%s/%s" % (slug, parts[1])


def runs_of(slug):
    """All runs of a deployment, newest first."""
    return json.loads(ask("runs", slug, "--limit", "1000000", "--json"))


def show(run):
    """All that is known of a run."""
    return json.loads(ask("show", run, "--json"))
