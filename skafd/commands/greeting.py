"""What `skafd` alone says: what is here, and what to type next."""

from __future__ import annotations

from pathlib import Path

from skafd.api.client import Client, Json
from skafd.commands.here import project_folder
from skafd.errors import NotFound, SkafdError
from skafd.home import Home
from skafd.looks.words import FAILURES, count


def greeting() -> str:
    """A few lines, of this folder and of the daemon."""
    client = Client(Home.default().api_socket)
    folder = project_folder()
    try:
        status: Json | None = client.status()
    except SkafdError:
        status = None
    lines = _of_folder(client, folder, status is not None) if folder else _of_machine(status)
    return "\n".join([*lines, "", "`skafd --help` lists all commands."])


def _of_folder(client: Client, folder: Path, is_up: bool) -> list[str]:
    from skafd.config import find_config, load

    config = find_config(folder)
    reading = load(config) if config else None
    if reading is None or reading.project is None:
        return [f"{folder} is a project, with errors in its config.", "next: skafd validate"]
    jobs = ", ".join(job.name for job in reading.project.jobs)
    said = [f"This is the project {reading.project.name}: {count(len(reading.project.jobs), 'job')} ({jobs})."]
    if not is_up:
        return [*said, "No daemon runs.", "next: skafd up"]
    try:
        project = client.project(str(folder))
    except NotFound:
        return [*said, "It is not deployed.", "next: skafd up"]
    return [*said, *_of_project(project)]


def _of_project(project: Json) -> list[str]:
    if project["problem"]:
        return ["Its last save is not deployed.", f"next: skafd why {project['project']}"]
    live = f"#{project['deployment']['number']} is live" if project["deployment"] else "nothing is live yet"
    failed = [job for job in project["jobs"] if job["state"] in FAILURES]
    if failed:
        return [f"{live}; {failed[0]['name']} failed.", f"next: skafd why {project['project']}/{failed[0]['name']}"]
    return [f"{live}.", "next: skafd status, or skafd run"]


def _of_machine(status: Json | None) -> list[str]:
    if status is None:
        return ["No daemon runs, and this folder is no project.", "next: skafd init NAME, then skafd up NAME"]
    if not status["projects"]:
        return ["The daemon runs and has no projects.", "next: skafd init NAME, then skafd up NAME"]
    jobs = [job for project in status["projects"] for job in project["jobs"]]
    failed = sum(job["state"] in FAILURES for job in jobs)
    said = f"{count(len(status['projects']), 'project')}, {count(len(jobs), 'job')}, {failed} failed."
    return [said, "next: skafd status"]
