"""The project folder that `create` hands to skafd: the flow's code, and what the flow said of itself."""

import json
import os
import re
import shutil
import sys
import tempfile

from metaflow.exception import MetaflowException

from .skafd_description import describe

DESCRIPTION = "skafd-flow.json"
_LEFT_OUT = {"__pycache__", "node_modules", "venv"}


class SkafdException(MetaflowException):
    """skafd said no."""

    headline = "skafd"


def project_name(obj, given=None):
    """What the deployment is called: as the flow, with its project and branch where it has them."""
    from metaflow import current

    name = given or current.get("project_flow_name") or obj.flow.name
    return re.sub(r"[^A-Za-z0-9_.-]", "-", name)


def project_folder(name):
    """Where the project of that name is, of this user."""
    data = os.environ.get("XDG_DATA_HOME") or os.path.join(os.path.expanduser("~"), ".local", "share")
    return os.path.join(data, "skafd", "flows", name)


def remove_project(name):
    """Removes what `write_project` made."""
    shutil.rmtree(project_folder(name), ignore_errors=True)


def write_project(obj, name, tags, max_workers):
    """Makes the folder anew; what is deployed is what is here now. Returns it."""
    flow_file = os.path.abspath(sys.argv[0])
    description = dict(describe(obj), file=os.path.basename(flow_file), python=sys.executable, tags=list(tags))
    folder = project_folder(name)
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    unfinished = tempfile.mkdtemp(prefix=".", dir=os.path.dirname(folder))
    try:
        _copy_code(os.path.dirname(flow_file), unfinished, tuple(obj.package_suffixes))
        shutil.copyfile(flow_file, os.path.join(unfinished, os.path.basename(flow_file)))
        _write(os.path.join(unfinished, DESCRIPTION), description)
        _write(os.path.join(unfinished, "metis.config.yml"), _config(obj, name, description, max_workers))
        _replace(unfinished, folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def _config(obj, name, description, max_workers):
    """JSON is YAML."""
    job = {"name": obj.flow.name, "type": "metaflow", "entrypoint": description["file"], "on_deploy": "wait"}
    if max_workers:
        job["max_parallel"] = max_workers
    settings = {key: value for key, value in os.environ.items() if re.match(r"METAFLOW_(?!RUN_)[A-Z0-9_]+$", key)}
    if description["datastore"] == "local":
        settings["METAFLOW_DATASTORE_SYSROOT_LOCAL"] = os.path.dirname(os.path.abspath(description["datastore_root"]))
    return {"project_token": "metaflow:" + name, "name": name, "env": settings, "jobs": [job]}


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
        json.dump(value, file, indent=1, sort_keys=True)
