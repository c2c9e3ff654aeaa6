"""The service under systemd 252 with cgroup v2: it starts, its limits hold, and its end or its upgrade ends no job."""

from __future__ import annotations

import json
import signal

from tests.vm.service import Service

HUNGRY = "keep = [b'x' * (1 << 20) for _ in range(200)]\nprint('nothing stopped it')\n"
BURNER = """\
import time
began = time.monotonic()
while time.monotonic() - began < 10:
    pass
group = "/sys/fs/cgroup" + open("/proc/self/cgroup").read().strip().split("::")[1]
print("used", time.process_time() / (time.monotonic() - began))
print(open(group + "/cpu.stat").read())
"""
BOMB = """\
import os
group = "/sys/fs/cgroup" + open("/proc/self/cgroup").read().strip().split("::")[1]
print("at most", open(group + "/pids.max").read(), flush=True)
while True:
    try:
        os.fork()
    except OSError:
        pass
"""
ESCAPER = """\
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execvp("sleep", ["sleep", "987654"])
    os._exit(0)
print("escaped", flush=True)
time.sleep(600)
"""
SLEEPER = """\
import os, time
print("began", os.getpid(), flush=True)
while not os.path.exists(os.environ["GO_ON"]):
    time.sleep(0.2)
print("ended", os.getpid())
"""


def test_the_unit_starts_and_doctor_says_cgroup_v2(service: Service) -> None:
    shown = service.skafd("service", "status", *(["--user"] if service.is_users else []))
    assert "active (running)" in shown
    assert "enabled" in shown
    limits = next(
        finding
        for finding in json.loads(service.run("/opt/skafd/bin/skafd", "doctor", "--json").output)
        if finding["topic"] == "limits"
    )
    assert limits["severity"] == "ok", limits
    assert "cgroup v2: the kernel keeps limits of memory, cpu, pids" in limits["says"]
    assert json.loads(service.skafd("status", "--json"))["daemon"]["enforcement"] == "cgroup v2"


def test_two_hundred_megabytes_in_64_are_an_out_of_memory_kill_and_the_neighbours_live(service: Service) -> None:
    service.deploy("neighbour", SLEEPER, project=_going_on(service))
    neighbour = service.start("neighbour")
    service.deploy("hungry", HUNGRY, "    resources: {limits: {memory: 64Mi}}\n")
    task = service.ended("hungry")
    assert task["state"] == "oom_killed", task
    evidence = task["attempts"][0]["evidence"]
    assert evidence["limit_bytes"] == 64 * 2**20
    assert 56 * 2**20 <= evidence["peak_bytes"] <= 64 * 2**20
    assert service.task(neighbour)["state"] == "running"
    _let_go_on(service)
    assert service.wait_for_end(neighbour)["state"] == "succeeded"


def test_half_a_processor_is_half_a_processor(service: Service) -> None:
    service.deploy("burner", BURNER, "    resources: {limits: {cpu: 0.5}}\n")
    assert service.ended("burner")["state"] == "succeeded"
    log = service.log("burner/1")
    figures = dict(line.split() for line in log.splitlines() if len(line.split()) == 2)
    # How exactly it holds is for a real processor to say: the time of an emulated one is as uneven as the host is busy.
    assert float(figures["used"]) <= 0.65
    assert int(figures["nr_throttled"]) > 0


def test_a_fork_bomb_is_held_and_ended(service: Service) -> None:
    service.deploy("bomb", BOMB, "    timeout: 10s\n    resources: {limits: {memory: 100Mi, cpu: 0.5}}\n")
    assert service.ended("bomb")["state"] in ("timed_out", "oom_killed")
    assert "at most 4096" in service.log("bomb/1")
    assert service.cgroups_of_attempts() == ""


def test_the_end_of_a_job_leaves_nothing_of_an_escaper(service: Service) -> None:
    service.deploy("escaper", ESCAPER)
    run = service.start("escaper")
    service.machine.wait_for("the escape", lambda: "escaped" in service.log(run))
    assert service.machine.run("pgrep", "-f", "sleep 987654").code == 0
    service.skafd("kill", "escaper")
    ended = service.wait_for_end(run)
    assert ended["state"] == "cancelled"
    assert service.machine.run("pgrep", "-f", "sleep 987654").code == 1
    assert service.cgroups_of_attempts() == "", ended


def test_jobs_are_in_the_slice_and_not_below_the_daemon(service: Service) -> None:
    service.deploy("placed", SLEEPER, project=_going_on(service))
    run = service.start("placed")
    folder = service.cgroups_of_attempts()
    assert "/skafd.slice/skafd-jobs.slice/skafd-jobs-" in folder
    assert "skafd.service" not in folder
    _let_go_on(service)
    service.wait_for_end(run)


def test_a_restart_an_upgrade_and_a_kill_end_no_job(service: Service) -> None:
    service.deploy("lasting", SLEEPER, project=_going_on(service))
    run = service.start("lasting")
    service.restart()
    assert service.task(run)["state"] == "running"
    service.machine.shell(
        "/opt/skafd/bin/pip install --quiet --no-index --no-deps --force-reinstall /payload/skafd-*.whl"
    )
    service.restart()
    assert service.task(run)["state"] == "running"
    daemon = service.pid()
    service.machine.ok("kill", f"-{signal.SIGKILL.value}", str(daemon))
    service.machine.wait_for("another daemon", lambda: service.pid() not in (0, daemon))
    service.machine.wait_for("its answer", lambda: service.run("/opt/skafd/bin/skafd", "status").code == 0)
    assert service.task(run)["state"] == "running"
    _let_go_on(service)
    task = service.wait_for_end(run)
    assert task["state"] == "succeeded", task
    assert len(task["attempts"]) == 1
    began, ended = [line.split() for line in service.log(run).splitlines() if line.startswith(("began", "ended"))]
    assert began[1] == ended[1]


def test_the_watchdog_ends_a_daemon_that_is_stuck_and_no_job(service: Service) -> None:
    service.deploy("watched", SLEEPER, project=_going_on(service))
    run = service.start("watched")
    folder = "/home/worker/.config/systemd/user" if service.is_users else "/etc/systemd/system"
    service.machine.write(f"{folder}/skafd.service.d/soon.conf", "[Service]\nWatchdogSec=20\n", service.user)
    assert service.systemctl("daemon-reload").code == 0
    service.restart()
    stuck = service.pid()
    service.machine.ok("kill", f"-{signal.SIGSTOP.value}", str(stuck))
    service.machine.wait_for("another daemon", lambda: service.pid() not in (0, stuck))
    service.machine.wait_for("its answer", lambda: service.run("/opt/skafd/bin/skafd", "status").code == 0)
    assert "Watchdog timeout" in service.machine.ok("journalctl", "--no-pager", "--lines=200")
    service.machine.ok("rm", f"{folder}/skafd.service.d/soon.conf")
    assert service.systemctl("daemon-reload").code == 0
    assert service.task(run)["state"] == "running"
    _let_go_on(service)
    assert service.wait_for_end(run)["state"] == "succeeded"


def _going_on(service: Service) -> str:
    """The part of a config by which a sleeper knows what to wait for."""
    service.machine.ok("rm", "-f", f"{service.projects}/go-on")
    return f"env: {{GO_ON: {service.projects}/go-on}}\n"


def _let_go_on(service: Service) -> None:
    service.machine.ok("touch", f"{service.projects}/go-on")
