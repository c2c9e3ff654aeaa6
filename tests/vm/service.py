"""skafd as a service in the machine, and what checks ask of it."""

from __future__ import annotations

import json
from typing import Any

from tests.vm.image import WORKER_ID
from tests.vm.machine import Answer, Machine

SKAFD = "/opt/skafd/bin/skafd"


class Service:
    """The service of the machine, run by root, or that of the ordinary user."""

    def __init__(self, machine: Machine, is_users: bool) -> None:
        self.machine = machine
        self.is_users = is_users
        self.user = "worker" if is_users else "root"
        self.projects = "/home/worker" if is_users else "/srv"
        self.home = "/home/worker/.local/state/skafd" if is_users else "/var/lib/skafd"
        self._option = ["--user"] if is_users else []

    def install(self) -> None:
        """Installs it by its own command, and waits until it answers."""
        if self.is_users:
            self.machine.ok("loginctl", "enable-linger", self.user)
            self.machine.wait_for("the user's systemd", lambda: self.systemctl("is-system-running").code in (0, 1))
        self.skafd("service", "install", *self._option)

    def uninstall(self) -> None:
        """Removes it by its own command."""
        self.skafd("service", "uninstall", *self._option)

    def run(self, *command: str) -> Answer:
        """Runs a command as whoever owns the service, whatever its exit code."""
        return self.machine.run("env", *self._variables(), *command, user=self.user)

    def skafd(self, *arguments: str) -> str:
        """Runs `skafd ARGUMENTS`, which has to succeed."""
        return self.machine.ok("env", *self._variables(), SKAFD, *arguments, user=self.user)

    def systemctl(self, *arguments: str) -> Answer:
        """Asks the systemd that has the service."""
        return self.run("systemctl", *self._option, *arguments)

    def restart(self) -> None:
        """`systemctl restart skafd`, which has to succeed, and to bring another process."""
        before = self.pid()
        done = self.systemctl("restart", "skafd")
        assert done.code == 0, f"{done.output}\n{self.journal()}"
        assert self.pid() not in (0, before)

    def pid(self) -> int:
        """The daemon's process; 0 when it is not up."""
        return int(self.systemctl("show", "--property=MainPID", "--value", "skafd").output)

    def journal(self) -> str:
        """The end of what the service has said."""
        field = "_SYSTEMD_USER_UNIT" if self.is_users else "_SYSTEMD_UNIT"
        return self.machine.run("journalctl", "--no-pager", "--lines=60", f"{field}=skafd.service").output

    def deploy(self, name: str, script: str, job: str = "", project: str = "") -> None:
        """Deploys a project with one job, `it`, which waits to be run; its name is the project's short name."""
        folder = f"{self.projects}/{name}"
        rights = "" if self.is_users else "run_as: root\n"
        config = (
            f"name: {name}\n{rights}{project}jobs:\n  - name: it\n    entrypoint: it.py\n    on_deploy: wait\n{job}"
        )
        self.machine.write(f"{folder}/it.py", script, self.user)
        self.machine.write(f"{folder}/metis.config.yml", config, self.user)
        self.skafd("up", folder, "--detach")

    def start(self, name: str) -> str:
        """Starts a run and returns its name once its job runs."""
        run = self._run(name)
        self.wait_for_state(run, "running")
        return run

    def task(self, run: str) -> dict[str, Any]:
        """The only task of a run."""
        (task,) = json.loads(self.skafd("show", run, "--json"))["tasks"]
        return dict(task)

    def ended(self, name: str) -> dict[str, Any]:
        """Runs a project to its end and returns its task."""
        return self.wait_for_end(self._run(name))

    def wait_for_end(self, run: str) -> dict[str, Any]:
        """Waits for the end of a run and returns its task."""
        return self.wait_for_state(
            run, *("succeeded", "failed", "oom_killed", "timed_out", "cancelled", "lost", "skipped", "upstream_failed")
        )

    def wait_for_state(self, run: str, *states: str) -> dict[str, Any]:
        """Waits until the task of a run is in one of the states, and returns it."""
        seen: dict[str, Any] = {}

        def is_there() -> bool:
            seen.update(self.task(run))
            return seen["state"] in states

        try:
            self.machine.wait_for(f"{run} to be {' or '.join(states)}", is_there)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{json.dumps(seen, indent=2)}\n{self.journal()}") from None
        return seen

    def log(self, run: str) -> str:
        """What the job printed."""
        return self.skafd("logs", f"{run}/it", "-n", "1000")

    def cgroups_of_attempts(self) -> str:
        """The control groups in which attempts are, one a line."""
        return self.machine.shell("find /sys/fs/cgroup -path '*skafd-jobs.slice/*' -type d -path '*/jobs/*'").strip()

    def _run(self, name: str) -> str:
        return self.skafd("run", name).split()[0]

    def _variables(self) -> list[str]:
        if not self.is_users:
            return ["HOME=/root", "PATH=/usr/local/bin:/usr/bin:/usr/sbin"]
        runtime = f"/run/user/{WORKER_ID}"
        return ["HOME=/home/worker", "USER=worker", "PATH=/usr/local/bin:/usr/bin", f"XDG_RUNTIME_DIR={runtime}"]
