"""The project folder that `create` hands to skafd: the flow's code, and what the flow said of itself."""

import json
import os
import re
import shlex
import shutil
import sys
import tempfile

from metaflow import current
from metaflow.exception import MetaflowException
from metaflow.util import get_username

from .skafd_description import describe

DESCRIPTION = "skafd-flow.json"
_LEFT_OUT = {"__pycache__", "node_modules", "venv"}
_EXTENSION = os.path.abspath(os.path.join(os.path.dirname(__file__), *[os.pardir] * 3))


class SkafdException(MetaflowException):
    """skafd said no."""

    headline = "skafd"


def project_name(obj, given=None):
    """What the deployment is called: as the flow, with its project and branch where it has them."""
    name = given or current.get("project_flow_name") or obj.flow.name
    return re.sub(r"[^A-Za-z0-9_.-]", "-", name)


def is_production():
    """It is deployed with `--production`, so that its steps see only runs of the same kind."""
    branch = current.get("branch_name") or ""
    return branch == "prod" or branch.startswith("prod.")


def project_folder(name):
    """Where the project of that name is, of this user."""
    data = os.environ.get("XDG_DATA_HOME") or os.path.join(os.path.expanduser("~"), ".local", "share")
    return os.path.join(data, "skafd", "flows", name)


def remove_project(name):
    """Removes what `write_project` made."""
    shutil.rmtree(project_folder(name), ignore_errors=True)


def deployed_names():
    """What this user has deployed."""
    parent = os.path.dirname(project_folder("any"))
    names = sorted(os.listdir(parent)) if os.path.isdir(parent) else []
    return [name for name in names if name[0] != "." and deployed_description(name) is not None]


def deployed_description(name):
    """What the flow that is deployed under the name said of itself; None where there is none."""
    try:
        with open(os.path.join(project_folder(name), DESCRIPTION)) as file:
            return json.load(file)
    except (OSError, ValueError):
        return None


def new_project(obj, token, tags, namespace, settings):
    """Makes the folder anew; what is deployed is what is here now. Returns it."""
    name, flow_file = obj.skafd_name, os.path.abspath(sys.argv[0])
    owner = get_username()
    production = is_production()
    description = dict(
        describe(obj),
        file=os.path.basename(flow_file),
        folder=_folder_of_flow(flow_file),
        python=sys.executable,
        owner=owner,
        token=token,
        production_token=token if production else None,
        namespace=namespace,
        # The runs are in the namespace of the token; who deployed them finds them in their own too.
        tags=list(tags) + (["user:%s" % owner] if production else []),
    )
    folder = project_folder(name)
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    unfinished = tempfile.mkdtemp(prefix=".", dir=os.path.dirname(folder))
    try:
        if description["folder"]:
            _copy_code(os.path.dirname(flow_file), unfinished, tuple(obj.package_suffixes))
        shutil.copyfile(flow_file, os.path.join(unfinished, os.path.basename(flow_file)))
        _write(os.path.join(unfinished, DESCRIPTION), description)
        _write(os.path.join(unfinished, "metis.config.yml"), _config(obj, name, description, settings))
        _replace(unfinished, folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def _config(obj, name, description, settings):
    """JSON is YAML."""
    job = {
        "name": obj.flow.name,
        "type": "metaflow",
        "entrypoint": shlex.quote(description["file"]),
        "on_deploy": "wait",
    }
    job.update((key, settings[key]) for key in ("max_parallel", "priority") if settings[key] is not None)
    project = {"project_token": "metaflow:" + name, "name": name, "env": _variables(description), "jobs": [job]}
    if settings["timeout"]:
        project["timeout"] = "%ds" % settings["timeout"]
    return project


def _variables(description):
    """Of those that are set now, what counts for the flow later."""
    found = {key: value for key, value in os.environ.items() if re.match(r"METAFLOW_(?!RUN_)[A-Z0-9_]+$", key)}
    found.pop("METAFLOW_PRODUCTION_TOKEN", None)
    if description["owner"]:
        found["METAFLOW_USER"] = description["owner"]
    path = os.pathsep.join(_path_of_user())
    if path:
        found["PYTHONPATH"] = path
    if description["datastore"] == "local":
        found["METAFLOW_DATASTORE_SYSROOT_LOCAL"] = os.path.dirname(os.path.abspath(description["datastore_root"]))
    return found


def _folder_of_flow(flow_file):
    """Where what belongs to the flow is; nowhere, where all kinds of things are."""
    folder = os.path.dirname(flow_file)
    shared = ("/", os.path.realpath(tempfile.gettempdir()), os.path.realpath(os.path.expanduser("~")))
    return "" if os.path.realpath(folder) in shared else folder


def _path_of_user():
    """What the interpreter finds beside its packages; skafd puts its own part there itself."""
    for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep):
        if entry and os.path.abspath(entry) != _EXTENSION:
            yield os.path.abspath(entry)


def _copy_code(source, target, suffixes):
    for folder, folders, files in os.walk(source):
        folders[:] = [one for one in folders if _is_code_folder(os.path.join(folder, one), one)]
        for file in files:
            if file.endswith(suffixes):
                to = os.path.join(target, os.path.relpath(folder, source))
                os.makedirs(to, exist_ok=True)
                shutil.copyfile(os.path.join(folder, file), os.path.join(to, file))


def _is_code_folder(path, name):
    return name not in _LEFT_OUT and name[0] != "." and not os.path.exists(os.path.join(path, "pyvenv.cfg"))


def _replace(unfinished, folder):
    """The content of the folder, not the folder: skafd watches that."""
    os.makedirs(folder, exist_ok=True)
    wanted = set(os.listdir(unfinished))
    for name in os.listdir(folder):
        if name not in wanted:
            _remove(os.path.join(folder, name))
    for name in sorted(wanted):
        if os.path.isdir(os.path.join(unfinished, name)):
            _remove(os.path.join(folder, name))
        os.replace(os.path.join(unfinished, name), os.path.join(folder, name))


def _remove(path):
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)


def _write(path, value):
    with open(path, "w") as file:
        # As it is: configs of the flow are given back in their order.
        json.dump(value, file, indent=1)
